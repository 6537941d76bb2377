"""A set of files -> the certificates, keys and revocation lists in them, whoever made them.

A certificate that stands in several files (its own and a chain) is one.
"""

import errno
import os
import stat
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from mintls.errors import MintlsError, UsageError
from mintls.input_file import read_beginning
from mintls.inspection.pkcs_containers import open_container, with_public_key
from mintls.inspection.key_matching import Found, KeyFile, match_keys
from mintls.inspection.file_formats import Container, Material, PrivateKey, Unknown, Unreadable, materials
from mintls.minting.snapshot import Snapshot, read_snapshot
from mintls.openssl.binary import Openssl
from mintls.x509.certificate import Certificate
from mintls.x509.revocation_list import RevocationList

from msgspec import Struct
from msgspec.structs import replace

MAX_BYTES = 16 * 1024 * 1024  # of one file; the largest bundle in use, a country's list of roots, has 5 MiB
MAX_FILES = 50_000  # of one directory
SUFFIXES = (".crt", ".cer", ".der", ".pem", ".p7b", ".p7c", ".p12", ".pfx")  # files of these names hold certificates
_NO_FILE = (errno.EINVAL, errno.ELOOP, errno.ENXIO)  # a directory, a pipe, a socket, a device, a link to itself


class _Raw(NamedTuple):
    """What a file held when it was read, its mode then, and why it could not be read, if so."""

    path: Path
    named: bool
    data: bytes = b""
    mode: int | None = None
    trouble: str = ""


class Inspection(Struct, frozen=True):
    """Everything found, why what could not be read could not, and what was passed over."""

    certificates: tuple[Found, ...]
    crls: tuple[RevocationList, ...]
    keys: tuple[KeyFile, ...]
    unreadable: tuple[str, ...]
    notes: tuple[str, ...] = ()


class _File(Struct, frozen=True):
    path: Path
    mode: int | None
    materials: tuple[Material, ...]


def inspect(paths: Sequence[Path], openssl: Openssl, workers: int, password: str | None = None) -> Inspection:
    """Read the files, and those in the directories.

    Raises UsageError when there is no certificate in them, MintlsError when a directory cannot be read.
    """
    named = {path for path in paths if not path.is_dir()}
    raw = [file for path in paths for file in ([_named(path)] if path in named else _listing(path))]
    with ThreadPoolExecutor(workers) as pool:
        files = list(pool.map(lambda file: _opened(_read(file), openssl, password, file.named), raw))
    unreadable = [
        _sentence(file, one.reason) for file in files for one in file.materials if isinstance(one, Unreadable)
    ]
    notes = [_sentence(file, one.what) for file in files for one in file.materials if isinstance(one, Unknown)]
    keys = [
        KeyFile(file.path, file.mode, one.public_key)
        for file in files
        for one in file.materials
        if isinstance(one, PrivateKey)
    ]
    found = _certificates(files, keys)
    if not found:
        none = f"no certificate in {', '.join(map(str, paths))}; name a directory or files that hold one"
        raise UsageError("\n".join([*unreadable, *notes, none]))
    crls = dict.fromkeys(one for file in files for one in file.materials if isinstance(one, RevocationList))
    return Inspection(found, tuple(crls), tuple(keys), tuple(unreadable), tuple(notes))


def _named(path: Path) -> _Raw:
    """A file that the user named, whatever it is. Raises UsageError when there is none."""
    try:
        status = path.stat()
        mode = stat.S_IMODE(status.st_mode) if stat.S_ISREG(status.st_mode) else None
        return _Raw(path, True, read_beginning(path, MAX_BYTES + 1, pipes=True), mode)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file or directory; name a directory or files with certificates") from None
    except OSError as error:
        return _Raw(path, True, trouble=os.strerror(error.errno or 0))


def _listing(directory: Path) -> list[_Raw]:
    try:
        return read_snapshot(directory, _in_directory)
    except OSError as error:
        raise MintlsError(f"{directory}: {error.strerror}; run this as a user who may read it") from None


def _in_directory(snapshot: Snapshot) -> list[_Raw]:
    """Its regular files. Raises UsageError when there are too many."""
    names = snapshot.names()
    if len(names) > MAX_FILES:
        raise UsageError(
            f"{snapshot.directory} holds {len(names)} files; at most {MAX_FILES} are read: name some of them"
        )
    files = []
    for name in names:
        path = snapshot.directory / name
        try:
            files.append(_Raw(path, False, *snapshot.read(name, MAX_BYTES)))
        except FileNotFoundError:
            continue  # a link to nothing
        except OSError as error:
            if error.errno == errno.EFBIG:
                files.append(_Raw(path, False, bytes(MAX_BYTES + 1)))
            elif error.errno not in _NO_FILE:
                files.append(_Raw(path, False, trouble=os.strerror(error.errno or 0)))
    return files


def _read(raw: _Raw) -> _File:
    if raw.trouble:
        return _File(raw.path, raw.mode, (Unreadable(f": {raw.trouble}"),))
    expected = raw.named or raw.path.suffix in SUFFIXES
    if len(raw.data) > MAX_BYTES:
        what = f"is larger than {MAX_BYTES // 1024 // 1024} MiB and was not read"
        return _File(raw.path, raw.mode, (Unreadable(what) if expected else Unknown(what),))
    some = tuple(materials(raw.data))
    return _File(
        raw.path, raw.mode, some or ((Unknown("holds no certificate that is known here"),) if expected else ())
    )


def _opened(file: _File, openssl: Openssl, password: str | None, named: bool) -> _File:
    """With what its containers hold, and the public halves of its keys; what a named file keeps shut is told."""
    parts: list[Material] = []
    for one in file.materials:
        parts += open_container(openssl, one, password) if isinstance(one, Container) else [one]
    some = [with_public_key(openssl, one, password) if isinstance(one, PrivateKey) else one for one in parts]
    shut = named and file.materials and isinstance(file.materials[0], Container)
    if shut and isinstance(some[0], Unknown):
        return _File(file.path, file.mode, (Unreadable(some[0].what),))
    return _File(file.path, file.mode, tuple(some))


def _sentence(file: _File, rest: str) -> str:
    return f"{file.path}{rest if rest.startswith(':') else ' ' + rest}"


def _certificates(files: Sequence[_File], keys: Sequence[KeyFile]) -> tuple[Found, ...]:
    held = [(file.path, [one for one in file.materials if isinstance(one, Certificate)]) for file in files]
    # the file with the fewest certificates and the shortest name is a certificate's own; a chain comes after it
    held.sort(key=lambda pair: (len(pair[1]), len(pair[0].name)))
    where: dict[str, tuple[Certificate, dict[Path, int]]] = {}
    for path, certificates in held:
        for place, certificate in enumerate(certificates, 1):
            where.setdefault(certificate.fingerprint, (certificate, {}))[1].setdefault(path, place)
    own = Counter(next(iter(places)) for _, places in where.values())
    modes = {file.path: file.mode for file in files}
    found = []
    for certificate, places in where.values():
        first, place = next(iter(places.items()))
        found.append(Found(certificate, tuple(places), place=place if own[first] > 1 else 0))
    matched = match_keys(found, held, keys)
    return tuple(
        replace(
            one,
            keys=matched.keys[index],
            mismatched=matched.mismatched[index],
            modes=tuple((path, modes[path]) for path in (*one.files, *(key.path for key in matched.keys[index]))),
        )
        for index, one in enumerate(found)
    )
