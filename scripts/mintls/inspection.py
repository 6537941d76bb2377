"""A set of files -> the certificates, keys and revocation lists in them, whoever made them.

A PEM file may hold several, a DER file holds one; a certificate that stands in several files (its own and a chain)
is one.
"""

import errno
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from mintls.certificate import Certificate, read_certificate
from mintls.errors import MintlsError, OpensslError, UsageError
from mintls.inputs import read_input
from mintls.openssl import Openssl
from mintls.snapshot import Snapshot, read_snapshot

from msgspec import Struct

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(?:(?!-----).)*-----END \1-----\n?", re.DOTALL)
_CERTIFICATES = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")
MAX_BYTES = 1024 * 1024
_NO_FILE = (errno.EINVAL, errno.ELOOP, errno.ENXIO)  # a directory, a pipe, a socket, a device, a link to itself
SUFFIXES = (".crt", ".cer", ".der", ".pem")  # files of these names are there to hold a certificate


class KeyFile(Struct, frozen=True):
    """A private key's file, its mode, and the public key in it; None when only a passphrase could tell."""

    path: Path
    mode: int
    public_key: str | None


class Found(Struct, frozen=True):
    """One certificate, the files that it stands in, the key files that match it, and the modes of all of them."""

    certificate: Certificate
    files: tuple[Path, ...]
    keys: tuple[KeyFile, ...]
    modes: tuple[tuple[Path, int], ...]

    @property
    def name(self) -> str:
        """The name of the file that is its own: the one that holds it first."""
        return self.files[0].name


class CrlFile(Struct, frozen=True):
    """A revocation list and the name of its issuer."""

    pem: str
    issuer: str


class _File(NamedTuple):
    """What a file held when it was read, its mode then, and why it could not be read, if so."""

    path: Path
    data: bytes = b""
    mode: int = 0
    trouble: str = ""


class Inspection(Struct, frozen=True):
    """Everything found, and why what could not be read could not."""

    certificates: tuple[Found, ...]
    crls: tuple[CrlFile, ...]
    keys: tuple[KeyFile, ...]
    unreadable: tuple[str, ...]


def inspect(paths: Sequence[Path], openssl: Openssl, workers: int) -> Inspection:
    """Read the files, and those in the directories.

    Raises UsageError when there is no certificate in them, MintlsError when a directory cannot be read.
    """
    if not openssl.can("x509", "-ext"):
        sentence = f"this openssl has no `x509 -ext` ({openssl.version()})"
        raise MintlsError(f"{sentence}; set OPENSSL to OpenSSL 1.1.1 or newer")
    files = [file for path in paths for file in _files(path)]
    blocks = [(file, kind, text) for file in files for kind, text in _blocks(file)]
    modes = {file.path: file.mode for file in files}
    with ThreadPoolExecutor(workers) as pool:
        answers = list(pool.map(lambda block: _read(openssl, *block), blocks))
    found: dict[str, tuple[Certificate, list[Path]]] = {}
    # the file with the fewest certificates and the shortest name is a certificate's own; a chain comes after it
    count = Counter(file for file, kind, _ in blocks if kind in _CERTIFICATES)
    order = sorted(
        range(len(blocks)), key=lambda index: (count[blocks[index][0]] or 1, len(blocks[index][0].path.name), index)
    )
    for index in order:
        if isinstance(answer := answers[index], Certificate):
            found.setdefault(answer.fingerprint, (answer, []))[1].append(blocks[index][0].path)
    if not found:
        none = f"no certificate in {', '.join(map(str, paths))}; name a directory or PEM files that hold one"
        raise UsageError("\n".join([*(answer for answer in answers if isinstance(answer, str)), none]))
    keys = [answer for answer in answers if isinstance(answer, KeyFile)]
    certificates = tuple(
        _found(certificate, tuple(dict.fromkeys(where)), keys, modes) for certificate, where in found.values()
    )
    return Inspection(
        certificates,
        tuple(answer for answer in answers if isinstance(answer, CrlFile)),
        tuple(keys),
        tuple(answer for answer in answers if isinstance(answer, str)),
    )


def _files(path: Path) -> list[_File]:
    try:
        if path.is_dir():
            return read_snapshot(path, _in_directory)
        path.stat()
    except FileNotFoundError:
        sentence = f"{path}: no such file or directory"
        raise UsageError(f"{sentence}; name a directory or PEM files with certificates") from None
    except OSError as error:
        raise MintlsError(f"{path}: {error.strerror}; run this as somebody who may read it") from None
    try:
        return [_File(path, *read_input(path, MAX_BYTES))]
    except OSError as error:
        if error.errno in _NO_FILE:
            raise UsageError(f"{path} is not a regular file; name a directory or PEM files with certificates") from None
        return [] if error.errno == errno.EFBIG else [_File(path, trouble=f"{path}: {error.strerror}")]


def _in_directory(snapshot: Snapshot) -> list[_File]:
    """Its files; what is not a regular one, or is larger than certificates are, holds none."""
    files = []
    for name in snapshot.names():
        try:
            files.append(_File(snapshot.directory / name, *snapshot.read(name, MAX_BYTES)))
        except FileNotFoundError:
            continue  # a link to nothing
        except OSError as error:
            if error.errno not in (*_NO_FILE, errno.EFBIG):
                path = snapshot.directory / name
                files.append(_File(path, trouble=f"{path}: {error.strerror}"))
    return files


def _blocks(file: _File) -> list[tuple[str, str]]:
    if file.trouble:
        return [("", file.trouble)]
    text = file.data.decode("ascii", errors="replace")
    blocks = [(match[1], match[0]) for match in _BLOCK.finditer(text)]
    cut_off = "-----BEGIN " in _BLOCK.sub("", text)
    if cut_off:
        return [*blocks, ("", f"{file.path} is cut off: a BEGIN has no END")]
    return blocks or ([("DER", "")] if file.path.suffix in SUFFIXES else [])


def _read(openssl: Openssl, file: _File, kind: str, text: str) -> Certificate | KeyFile | CrlFile | str | None:
    try:
        if kind in _CERTIFICATES:
            return read_certificate(openssl, text)
        if kind == "DER":
            return read_certificate(openssl, openssl.run(("x509", "-inform", "DER"), stdin=file.data).stdout)
        if kind.endswith("PRIVATE KEY"):
            return KeyFile(file.path, file.mode, _public_key(openssl, text))
        if kind == "X509 CRL":
            argv = ("crl", "-noout", "-issuer", "-nameopt", "RFC2253,utf8,-esc_msb")
            return CrlFile(text, openssl.run(argv, stdin=text.encode()).stdout.partition("=")[2].strip())
    except OpensslError as error:
        if kind == "DER":
            return f"{file.path} holds no certificate, neither PEM nor DER"
        return f"{file.path}: openssl cannot read this {kind.lower()}: {str(error).splitlines()[-1].strip()}"
    return None if kind else text


def _public_key(openssl: Openssl, text: str) -> str | None:
    """The public half, as x509 -pubkey prints it; an encrypted key keeps it to itself."""
    if "ENCRYPTED" in text:
        return None
    said = openssl.run(("pkey", "-pubout"), stdin=text.encode()).stdout
    return said[: said.index("-----END PUBLIC")]


def _found(certificate: Certificate, files: tuple[Path, ...], keys: list[KeyFile], modes: Mapping[Path, int]) -> Found:
    """With its keys: those of its public key, and an encrypted one whose file is called like the certificate's."""
    own = tuple(
        key
        for key in keys
        if key.public_key == certificate.public_key or (key.public_key is None and key.path.stem == files[0].stem)
    )
    shown = [(file, modes[file]) for file in files] + [(key.path, key.mode) for key in own]
    return Found(certificate, files, own, tuple(shown))
