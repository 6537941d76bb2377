"""Files, directories and HOST:PORT -> an inventory of the certificates, keys and revocation lists in them.

A certificate that several files contain (its own and a chain file) is listed once.
"""

import errno
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mintls.errors import MintlsError, UsageError
from mintls.input_file import read_beginning
from mintls.inspection.file_formats import Container, Ignored, Material, PrivateKey, Unreadable, parse_file
from mintls.inspection.inventory import Bundle, CertificateEntry, Inventory, KeyFile, Server
from mintls.inspection.key_matching import match_keys
from mintls.inspection.live_server import ServerOptions, is_address, read_server
from mintls.inspection.pkcs_containers import open_container, with_public_key
from mintls.minting.snapshot import Snapshot, read_snapshot
from mintls.openssl.binary import Openssl
from mintls.workers import in_parallel
from mintls.x509.certificate import Certificate
from mintls.x509.revocation_list import RevocationList

from msgspec import Struct
from msgspec.structs import replace

MAX_BYTES = 16 * 1024 * 1024  # of one file; the largest bundle in use, a country's list of roots, has 5 MiB
MAX_FILES = 50_000  # of one directory
SUFFIXES = (".crt", ".cer", ".der", ".pem", ".p7b", ".p7c", ".p12", ".pfx")  # expected to contain certificates
_HASHED = re.compile(r"[0-9a-f]{8}\.r?[0-9]+")  # the links of openssl-rehash(1)
_NO_FILE = (errno.EINVAL, errno.ELOOP, errno.ENXIO)  # a directory, a pipe, a socket, a device, a link to itself


class _Raw(NamedTuple):
    """What a file contained when it was read, its mode then, and why it could not be read, if so."""

    path: Path
    named: bool
    data: bytes = b""
    mode: int | None = None
    error: str = ""


class _File(Struct, frozen=True):
    path: Path
    mode: int | None
    materials: tuple[Material, ...]


def read_inventory(
    sources: Sequence[str | Path],
    openssl: Openssl,
    password: str | None = None,
    options: ServerOptions | None = None,
) -> Inventory:
    """Read the files, those in the directories, and what the servers send.

    Raises UsageError if there is no certificate in them, MintlsError if a directory cannot be read.
    """
    addresses = [str(one) for one in sources if is_address(str(one)) and not Path(one).exists()]
    paths = [Path(one) for one in sources if str(one) not in addresses]
    named = {path for path in paths if not path.is_dir()}
    raw = [file for path in paths for file in ([_named(path)] if path in named else _listing(path))]
    replies = in_parallel(
        openssl.jobs, openssl.stop, lambda one: read_server(one, options or ServerOptions(), openssl), addresses
    )
    files = [_parsed(one) for one in raw]
    bundles = [*_bundles(files), *(_bundle(Path(one.address), one.sent) for one in replies if isinstance(one, Server))]
    closed = {index for index, file in enumerate(files) if _needs_openssl(file)}
    opened = in_parallel(
        openssl.jobs, openssl.stop, lambda index: _opened(files[index], openssl, password, raw[index].named), closed
    )
    for index, file in zip(closed, opened, strict=True):
        files[index] = file
    for address, reply in zip(addresses, replies, strict=True):
        materials = reply.sent if isinstance(reply, Server) else (reply,)
        files.append(_File(Path(address), None, materials))
    servers = tuple(reply for reply in replies if isinstance(reply, Server))
    return _inventory(files, tuple(bundles), servers, [*map(str, paths), *addresses])


def _bundles(files: Sequence[_File]) -> Iterator[Bundle]:
    """Files with several certificates; in a PKCS container their order means nothing."""
    for file in files:
        certificates = [one for one in file.materials if isinstance(one, Certificate)]
        if len(certificates) > 1:
            yield _bundle(file.path, certificates)


def _bundle(path: Path, certificates: Sequence[Certificate]) -> Bundle:
    return Bundle(path, tuple(one.fingerprint for one in certificates))


def _inventory(
    files: Sequence[_File], bundles: tuple[Bundle, ...], servers: tuple[Server, ...], sources: Sequence[str]
) -> Inventory:
    pairs = [(file, one) for file in files for one in file.materials]
    unreadable = tuple(_sentence(file, one.reason) for file, one in pairs if isinstance(one, Unreadable))
    unreadable += tuple(_without_key(files))
    notes = tuple(_sentence(file, one.reason) for file, one in pairs if isinstance(one, Ignored))
    keys = [KeyFile(file.path, file.mode, one.public_key) for file, one in pairs if isinstance(one, PrivateKey)]
    entries = _entries(files, keys)
    if not entries:
        none = f"no certificate in {', '.join(sources)}; name a directory, files or HOST:PORT with certificates"
        error = MintlsError if servers or all(map(is_address, sources)) else UsageError
        raise error("\n".join([*unreadable, *notes, none]))
    crls = dict.fromkeys(one for _, one in pairs if isinstance(one, RevocationList))
    return Inventory(entries, tuple(crls), tuple(keys), unreadable, notes, bundles, servers)


def _without_key(files: Sequence[_File]) -> Iterator[str]:
    """Files whose name says that they are the private key of a certificate beside them, and that contain none."""
    certified = {
        (file.path.parent, file.path.stem.removesuffix("-cert")): file.path.name
        for file in files
        if any(isinstance(one, Certificate) for one in file.materials)
    }
    for file in files:
        path, stem = file.path, file.path.stem.removesuffix("-key")
        is_key = path.suffix == ".key" or stem != path.stem
        if is_key and (path.parent, stem) in certified and all(isinstance(one, Ignored) for one in file.materials):
            whose = certified[path.parent, stem]
            yield f"{path}: named as the private key of {whose}, but contains none that can be read"


def _named(path: Path) -> _Raw:
    """A file that the user named, whatever it is. Raises UsageError if it does not exist."""
    try:
        status = path.stat()
        mode = stat.S_IMODE(status.st_mode) if stat.S_ISREG(status.st_mode) else None
        return _Raw(path, True, read_beginning(path, MAX_BYTES + 1, pipes=True), mode)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file or directory; name a directory or files with certificates") from None
    except OSError as error:
        return _Raw(path, True, error=os.strerror(error.errno or 0))


def _listing(directory: Path) -> list[_Raw]:
    try:
        return read_snapshot(directory, _in_directory)
    except OSError as error:
        raise MintlsError(f"{directory}: {error.strerror}; run this as a user who may read it") from None


def _in_directory(snapshot: Snapshot) -> list[_Raw]:
    """Its regular files. Raises UsageError if there are too many."""
    names = snapshot.names()
    if len(names) > MAX_FILES:
        raise UsageError(
            f"{snapshot.directory} contains {len(names)} files; the limit is {MAX_FILES}: name some of them"
        )
    files = []
    for name in names:
        path = snapshot.directory / name
        try:
            files.append(_Raw(path, False, *snapshot.read(name, MAX_BYTES)))
        except FileNotFoundError:
            continue  # a dangling link
        except OSError as error:
            if error.errno == errno.EFBIG:
                files.append(_Raw(path, False, bytes(MAX_BYTES + 1)))
            elif error.errno not in _NO_FILE:
                files.append(_Raw(path, False, error=os.strerror(error.errno or 0)))
    return files


def _parsed(raw: _Raw) -> _File:
    if raw.error:
        return _File(raw.path, raw.mode, (Unreadable(f": {raw.error}"),))
    expected = raw.named or raw.path.suffix in SUFFIXES
    if len(raw.data) > MAX_BYTES:
        reason = f"is larger than {MAX_BYTES // 1024 // 1024} MiB and was not read"
        return _File(raw.path, raw.mode, (Unreadable(reason) if expected else Ignored(reason),))
    some = tuple(parse_file(raw.data))
    return _File(
        raw.path, raw.mode, some or ((Ignored("contains no certificate in a known format"),) if expected else ())
    )


def _needs_openssl(file: _File) -> bool:
    return any(
        isinstance(one, Container) or (isinstance(one, PrivateKey) and not one.public_key) for one in file.materials
    )


def _opened(file: _File, openssl: Openssl, password: str | None, named: bool) -> _File:
    """With the contents of its containers and the public keys of its keys; a named one that stays shut is an error."""
    parts: list[Material] = []
    for one in file.materials:
        parts += open_container(openssl, one, password) if isinstance(one, Container) else [one]
    some = [with_public_key(openssl, one, password) if isinstance(one, PrivateKey) else one for one in parts]
    if named and isinstance(file.materials[0], Container) and isinstance(some[0], Ignored):
        return _File(file.path, file.mode, (Unreadable(some[0].reason),))
    return _File(file.path, file.mode, tuple(some))


def _sentence(file: _File, rest: str) -> str:
    return f"{file.path}{rest if rest.startswith((':', ' ')) else ' ' + rest}"


def _entries(files: Sequence[_File], keys: Sequence[KeyFile]) -> tuple[CertificateEntry, ...]:
    contents = [(file.path, [one for one in file.materials if isinstance(one, Certificate)]) for file in files]
    # the file with the fewest certificates and the shortest name is a certificate's own; chain files come after it
    contents.sort(key=lambda pair: (len(pair[1]), bool(_HASHED.fullmatch(pair[0].name)), len(pair[0].name)))
    where: dict[str, tuple[Certificate, dict[Path, int]]] = {}
    for path, certificates in contents:
        for place, certificate in enumerate(certificates, 1):
            where.setdefault(certificate.fingerprint, (certificate, {}))[1].setdefault(path, place)
    own = Counter(next(iter(places)) for _, places in where.values())
    modes = {file.path: file.mode for file in files}
    entries = []
    for certificate, places in where.values():
        first, place = next(iter(places.items()))
        entries.append(CertificateEntry(certificate, tuple(places), place=place if own[first] > 1 else 0))
    matched = match_keys(entries, contents, keys)
    return tuple(
        replace(
            one,
            keys=matched.keys[index],
            mismatched=matched.mismatched[index],
            modes=tuple((path, modes[path]) for path in (*one.files, *(key.path for key in matched.keys[index]))),
        )
        for index, one in enumerate(entries)
    )
