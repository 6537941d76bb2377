"""A set of files -> the certificates, keys and revocation lists in them, whoever made them.

A certificate that stands in several files (its own and a chain) is one.
"""

import os
import stat
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mintls.certificate import Certificate
from mintls.containers import open_container, with_public_key
from mintls.errors import MintlsError, UsageError
from mintls.found import Found, KeyFile, match_keys
from mintls.inputs import read_input
from mintls.materials import Container, Material, PrivateKey, Unknown, Unreadable, materials
from mintls.openssl import Openssl
from mintls.revocation_list import RevocationList
from mintls.store import settle

from msgspec import Struct
from msgspec.structs import replace

MAX_BYTES = 16 * 1024 * 1024  # of one file; the largest bundle in use, a country's list of roots, has 5 MiB
MAX_FILES = 50_000  # of one directory
SUFFIXES = (".crt", ".cer", ".der", ".pem", ".p7b", ".p7c", ".p12", ".pfx")  # files of these names hold certificates


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
    listed = [file for path in paths for file in ([path] if path in named else _listing(path))]
    with ThreadPoolExecutor(workers) as pool:
        opened = pool.map(lambda file: _opened(_load(file, file in named), openssl, password, file in named), listed)
        files = list(opened)
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


def _listing(directory: Path) -> list[Path]:
    try:
        settle(directory)
        files = sorted(child for child in directory.iterdir() if child.is_file() and not child.name.startswith("."))
    except OSError as error:
        raise MintlsError(f"{directory}: {error.strerror}; run this as somebody who may read it") from None
    if len(files) > MAX_FILES:
        raise UsageError(f"{directory} holds {len(files)} files; at most {MAX_FILES} are read: name some of them")
    return files


def _load(path: Path, named: bool) -> _File:
    try:
        status = path.stat()
        mode = stat.S_IMODE(status.st_mode) if stat.S_ISREG(status.st_mode) else None
        data = read_input(path, MAX_BYTES + 1, pipes=named)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file or directory; name a directory or files with certificates") from None
    except OSError as error:
        return _File(path, None, (Unreadable(f": {os.strerror(error.errno or 0)}"),))
    expected = named or path.suffix in SUFFIXES
    if len(data) > MAX_BYTES:
        what = f"is larger than {MAX_BYTES // 1024 // 1024} MiB and was not read"
        return _File(path, mode, (Unreadable(what) if expected else Unknown(what),))
    some = tuple(materials(data))
    return _File(path, mode, some or ((Unknown("holds no certificate that is known here"),) if expected else ()))


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
