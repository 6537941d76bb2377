"""What the user has to prove a foreign server with: read from a directory or from files, and looked over."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from mintls.errors import OutputError, UsageError
from mintls.handshake.credentials import between
from mintls.input_file import is_readable, read_input
from mintls.manifest import Record, end_of, root_of
from mintls.minting.snapshot import Result, Snapshot, read_snapshot
from mintls.openssl.binary import Openssl
from mintls.x509.certificate import Certificate, read_certificate

from msgspec import Struct

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)


class Credential(Struct, frozen=True):
    """A certificate, its key, and the PEM text of what is sent after it."""

    leaf: Certificate
    key: Path
    above: str


class Holdings(Struct, frozen=True, kw_only=True):
    """The user's trust anchors, his good client credential, his bad ones by name, and his authority.

    `authority` is the CA whose key there is, or else the one above the good credential; `upper` the PEM text of what
    is sent after a certificate of it; `depth` how many authorities it allows below it, None for any number.
    """

    anchors: Path
    good: Credential
    bad: Mapping[str, Credential]
    authority: Certificate
    authority_key: Path | None
    upper: str
    depth: int | None


class Files(Struct, frozen=True, kw_only=True):
    """Where things are; what is None is not given. `above` may hold more of the chain."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    ca_key: Path | None = None
    above: tuple[Path, ...] = ()

    def over(self, other: "Files") -> "Files":
        """These, and where one is not given, that of the other."""
        own = self.certificate is not None
        return Files(
            ca=self.ca or other.ca,
            certificate=self.certificate or other.certificate,
            key=self.key or other.key,
            ca_key=self.ca_key or (None if self.ca else other.ca_key),
            above=self.above if own else other.above,
        )


def files_of(directory: Path) -> Files:
    """The files of a set that generate.py made (its client), or ca.crt, client.crt, client.key and perhaps ca.key.

    Raises UsageError when the directory has no client, OutputError when its manifest cannot be read.
    """
    return _look(directory, _files_of)


def revoked_files(directory: Path) -> dict[str, Files]:
    """The clients of a set that its own lists name, as far as their keys are at hand, by `revoked-NAME`.

    Raises OutputError when the directory's manifest cannot be read.
    """
    return _look(directory, _revoked_files)


def _look(directory: Path, read: Callable[[Snapshot], Result]) -> Result:
    try:
        return read_snapshot(directory, read)
    except OSError as error:
        raise OutputError(f"{error.filename or directory}: {error.strerror}; name another directory") from None


def _files_of(snapshot: Snapshot) -> Files:
    if (manifest := snapshot.manifest()) is None:
        key = snapshot.path("ca.key")
        return Files(
            ca=snapshot.path("ca.crt"),
            certificate=snapshot.path("client.crt"),
            key=snapshot.path("client.key"),
            ca_key=key if key.exists() else None,
        )
    records = {record.name: record for record in manifest.certificates}
    revoked = _revoked(records)
    client = end_of((record for record in records.values() if record.name not in revoked), "client")
    if client is None:
        raise UsageError(f"{snapshot.directory} has no client with its key; name one with --cert and --key")
    return Files(
        ca=snapshot.path(root_of(client, records).files["certificate"]),
        certificate=snapshot.path(client.files["certificate"]),
        key=snapshot.path(client.files["key"]),
        ca_key=_plain_key(records[client.issuer], snapshot) if client.issuer in records else None,
        above=_line(client, records, snapshot),
    )


def _revoked_files(snapshot: Snapshot) -> dict[str, Files]:
    manifest = snapshot.manifest()
    records = {record.name: record for record in manifest.certificates} if manifest else {}
    return {
        f"revoked-{name}": Files(
            certificate=snapshot.path(records[name].files["certificate"]),
            key=key,
            above=_line(records[name], records, snapshot),
        )
        for name in _revoked(records)
        if (key := _plain_key(records[name], snapshot)) and records[name].role in ("client", "peer")
    }


def read_holdings(files: Files, bad: Mapping[str, Files], openssl: Openssl) -> Holdings:
    """Read the files and see that they belong together. Raises UsageError with what to give instead."""
    if not files.ca or not files.certificate or not files.key:
        raise UsageError("--connect needs DIR with ca.crt, client.crt and client.key; or --ca, --cert and --key")
    anchors = [_certificate(pem, files.ca) for pem in _certificates(files.ca)]
    good = _credential(openssl, files.certificate, files.key, files.above)
    if (wanted := good.leaf.public_key) != public_key(openssl, files.key):
        assert wanted
        raise UsageError(f"{files.key} is not the key of {files.certificate}; give the one that belongs to it")
    above = [_certificate(pem, files.certificate) for pem in _CERTIFICATE.findall(good.above)]
    authority = _authority(good.leaf, anchors, above, files, openssl)
    is_anchor = authority.fingerprint in {anchor.fingerprint for anchor in anchors}
    return Holdings(
        anchors=files.ca.absolute(),
        good=good,
        bad={
            name: _credential(openssl, one.certificate, one.key, one.above)
            for name, one in bad.items()
            if one.certificate and one.key
        },
        authority=authority,
        authority_key=files.ca_key.absolute() if files.ca_key else None,
        upper="" if is_anchor else good.above,
        depth=authority.path_length,
    )


def public_key(openssl: Openssl, key: Path) -> str:
    """The public half of a private key, as x509 -pubkey prints it. Raises UsageError when it cannot be read."""
    if "ENCRYPTED" in _read(key):
        raise UsageError(f"{key} is encrypted; decrypt it first: openssl pkey -in {key} -out FILE")
    result = openssl.ask(("pkey", "-in", str(key), "-pubout"))
    if result.status:
        raise UsageError(f"{key} is no private key that openssl can read; name one in PEM")
    return result.stdout


def _authority(
    leaf: Certificate, anchors: list[Certificate], above: list[Certificate], files: Files, openssl: Openssl
) -> Certificate:
    """The one that the CA's key is of; without a key the anchor above the leaf."""
    if files.ca_key:
        wanted = public_key(openssl, files.ca_key)
        for certificate in (*anchors, *above):
            if certificate.public_key == wanted:
                return certificate
        raise UsageError(f"{files.ca_key} is the key of no certificate in {files.ca}; give the one that belongs to it")
    line = (leaf, *above)
    found = [anchor for anchor in anchors if any(anchor.may_have_signed(one) for one in line)]
    return (found or anchors)[0]


def _credential(openssl: Openssl, certificate: Path, key: Path, above: tuple[Path, ...]) -> Credential:
    leaf, *rest = _certificates(certificate)
    _read(key)
    more = "".join(_read(path) for path in above) or "".join(rest)
    return Credential(_certificate(leaf, certificate), key.absolute(), more)


def _certificate(pem: str, path: Path) -> Certificate:
    try:
        return read_certificate(pem)
    except ValueError as error:
        raise UsageError(f"{path}: cannot read this certificate: {error}; name one in PEM") from None


def _certificates(path: Path) -> list[str]:
    if not (found := _CERTIFICATE.findall(_read(path))):
        raise UsageError(f"{path} holds no certificate; name one in PEM")
    return found


def _revoked(records: Mapping[str, Record]) -> list[str]:
    """The names of those that a list of the set names."""
    listed = {(name, one.serial) for name, record in records.items() if record.crl for one in record.crl.revoked}
    return [name for name, record in records.items() if (record.issuer, record.serial) in listed]


def _line(record: Record, records: Mapping[str, Record], snapshot: Snapshot) -> tuple[Path, ...]:
    """The certificates between it and its root."""
    return tuple(snapshot.path(records[name].files["certificate"]) for name in between(record, records))


def _plain_key(record: Record, snapshot: Snapshot) -> Path | None:
    """Its key's file, if that is there and not encrypted."""
    key = snapshot.path(record.files["key"]) if "key" in record.files else None
    return key if key and is_readable(key) and "ENCRYPTED" not in _read(key) else None


def _read(path: Path) -> str:
    try:
        return read_input(path).data.decode("ascii", errors="replace")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a file that can be read") from None
