"""The user's CA, client certificate and keys for --connect: read from a directory or from files, and checked."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from mintls.errors import OutputError, UsageError
from mintls.handshake.private_keys import decrypted, is_encrypted, is_plain, public_key, read_text
from mintls.input_file import is_readable
from mintls.manifest import Manifest, Record
from mintls.minting.snapshot import Result, Snapshot, read_snapshot
from mintls.openssl.binary import Openssl
from mintls.x509.certificate import Certificate, read_certificate

from msgspec import Struct

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)


class Credential(Struct, frozen=True):
    """A certificate, its key, and its issuers, which are sent after it, as PEM text."""

    leaf: Certificate
    key: Path
    issuers: str


class ClientFiles(Struct, frozen=True, kw_only=True):
    """The user's trust anchors, valid client credential, invalid ones by name, and CA.

    `authority` is the CA whose key is given, or else the one that issued the valid credential; `authority_issuers` the
    PEM text that is sent after a certificate that it signed; `depth` its path length, None for no limit.
    """

    anchors: Path
    good: Credential
    bad: Mapping[str, Credential]
    authority: Certificate
    issuer_names: tuple[str, ...]
    authority_key: Path | None
    authority_issuers: str
    depth: int | None


class FilePaths(Struct, frozen=True, kw_only=True):
    """The paths that were given; None where one was not. `issuers`: further files of the chain."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    ca_key: Path | None = None
    issuers: tuple[Path, ...] = ()
    key_pass: str = ""  # env:NAME or file:PATH, as openssl-passphrase-options(1) writes it
    ca_key_pass: str = ""  # the same of ca_key; empty: that of key, if it is encrypted

    def over(self, other: "FilePaths") -> "FilePaths":
        """These; where one is not given, that of the other."""
        own = self.certificate is not None
        return FilePaths(
            ca=self.ca or other.ca,
            certificate=self.certificate or other.certificate,
            key=self.key or other.key,
            ca_key=self.ca_key or (None if self.ca else other.ca_key),
            issuers=self.issuers if own else other.issuers,
            key_pass=self.key_pass or ("" if self.key else other.key_pass),
            ca_key_pass="" if self.ca or self.ca_key else other.ca_key_pass,
        )


def files_of(directory: Path) -> FilePaths:
    """The files of a set that generate.py made (its client), or ca.crt, client.crt, client.key and perhaps ca.key.

    Raises UsageError when the directory has no client, OutputError when its manifest cannot be read.
    """
    return _look(directory, _files_of)


def revoked_files(directory: Path) -> dict[str, FilePaths]:
    """The revoked clients of a set whose keys are available, as `revoked-NAME`.

    Raises OutputError when the directory's manifest cannot be read.
    """
    return _look(directory, _revoked_files)


def _look(directory: Path, read: Callable[[Snapshot], Result]) -> Result:
    try:
        return read_snapshot(directory, read)
    except OSError as error:
        raise OutputError(f"{error.filename or directory}: {error.strerror}; name another directory") from None


def _files_of(snapshot: Snapshot) -> FilePaths:
    if (manifest := snapshot.manifest()) is None:
        key = snapshot.path("ca.key")
        return FilePaths(
            ca=snapshot.path("ca.crt"),
            certificate=snapshot.path("client.crt"),
            key=snapshot.path("client.key"),
            ca_key=key if key.exists() else None,
        )
    client = manifest.end_of("client", without=_revoked(manifest))
    if client is None:
        raise UsageError(f"{snapshot.directory} has no client with its key; name one with --cert and --key")
    ca_key, ca_key_pass = _signing_key(issuers[0], snapshot) if (issuers := manifest.issuers(client)) else (None, "")
    return FilePaths(
        ca=snapshot.path(manifest.root_of(client).files["certificate"]),
        certificate=snapshot.path(client.files["certificate"]),
        key=snapshot.path(client.files["key"]),
        ca_key=ca_key,
        ca_key_pass=ca_key_pass,
        issuers=_issuers(client, manifest, snapshot),
        key_pass=_usable(client.passphrase),
    )


def _revoked_files(snapshot: Snapshot) -> dict[str, FilePaths]:
    if (manifest := snapshot.manifest()) is None:
        return {}
    return {
        f"revoked-{name}": FilePaths(
            certificate=snapshot.path(record.files["certificate"]),
            key=key,
            issuers=_issuers(record, manifest, snapshot),
        )
        for name, record in _revoked(manifest).items()
        if (key := _plain_key(record, snapshot)) and record.role in ("client", "peer")
    }


def read_client_files(
    files: FilePaths, bad: Mapping[str, FilePaths], openssl: Openssl, scratch: Path | None = None
) -> ClientFiles:
    """Read the files and check that they belong together. `scratch`: a private directory for a key that is decrypted.

    Raises UsageError with what to give instead.
    """
    if not files.ca or not files.certificate or not files.key:
        raise UsageError("--connect needs DIR with ca.crt, client.crt and client.key; or --ca, --cert and --key")
    key = (
        decrypted(files.key, files.key_pass, scratch / "key.pem", openssl) if files.key_pass and scratch else files.key
    )
    ca_key, of_ca = files.ca_key, files.ca_key_pass or files.key_pass
    if ca_key and of_ca and scratch and is_encrypted(ca_key):
        ca_key = decrypted(ca_key, of_ca, scratch / "ca-key.pem", openssl)
    anchors = [_certificate(pem, files.ca) for pem in _certificates(files.ca)]
    good = _credential(openssl, files.certificate, key, files.issuers)
    if (wanted := good.leaf.public_key) != public_key(openssl, key):
        assert wanted
        raise UsageError(f"{files.key} is not the key of {files.certificate}; give the matching key")
    issuers = [_certificate(pem, files.certificate) for pem in _CERTIFICATE.findall(good.issuers)]
    authority = _authority(good.leaf, anchors, issuers, files, public_key(openssl, ca_key) if ca_key else None)
    is_anchor = authority.fingerprint in {anchor.fingerprint for anchor in anchors}
    return ClientFiles(
        anchors=files.ca.absolute(),
        good=good,
        bad={
            name: _credential(openssl, one.certificate, one.key, one.issuers)
            for name, one in bad.items()
            if one.certificate and one.key
        },
        authority=authority,
        issuer_names=(good.leaf.issuer, *(certificate.issuer for certificate in issuers)),
        authority_key=ca_key.absolute() if ca_key else None,
        authority_issuers="" if is_anchor else good.issuers,
        depth=authority.path_length,
    )


def _authority(
    leaf: Certificate,
    anchors: list[Certificate],
    issuers: list[Certificate],
    files: FilePaths,
    wanted: str | None,
) -> Certificate:
    """The CA with the public key that is wanted, that of the given key; without one the trust anchor of the leaf."""
    if wanted:
        for certificate in (*anchors, *issuers):
            if certificate.public_key == wanted:
                return certificate
        raise UsageError(f"{files.ca_key} does not match any certificate in {files.ca}; give the key of one of them")
    chain = (leaf, *issuers)
    found = [anchor for anchor in anchors if any(anchor.may_have_signed(one) for one in chain)]
    return (found or anchors)[0]


def _credential(openssl: Openssl, certificate: Path, key: Path, issuers: tuple[Path, ...]) -> Credential:
    leaf, *rest = _certificates(certificate)
    read_text(key)
    more = "".join(read_text(path) for path in issuers) or "".join(rest)
    return Credential(_certificate(leaf, certificate), key.absolute(), more)


def _certificate(pem: str, path: Path) -> Certificate:
    try:
        return read_certificate(pem)
    except ValueError as error:
        raise UsageError(f"{path}: cannot read this certificate: {error}; give one in PEM") from None


def _certificates(path: Path) -> list[str]:
    if not (found := _CERTIFICATE.findall(read_text(path))):
        raise UsageError(f"{path} does not contain a certificate; give a PEM file")
    return found


def _revoked(manifest: Manifest) -> dict[str, Record]:
    """Those that a CRL of the set lists, by name."""
    records = manifest.certificates
    listed = {(record.name, one.serial) for record in records if record.crl for one in record.crl.revoked}
    return {record.name: record for record in records if (record.issuer, record.serial) in listed}


def _issuers(record: Record, manifest: Manifest, snapshot: Snapshot) -> tuple[Path, ...]:
    """The files of its issuers, without the root."""
    return tuple(snapshot.path(issuer.files["certificate"]) for issuer in manifest.between(record))


def _plain_key(record: Record, snapshot: Snapshot) -> Path | None:
    """Its key file, if it exists and is not encrypted."""
    key = snapshot.path(record.files["key"]) if "key" in record.files else None
    return key if key and is_plain(key) else None


def _signing_key(record: Record, snapshot: Snapshot) -> tuple[Path | None, str]:
    """Its key file and the source of its passphrase, if it can be used: without it some cases are left out."""
    if key := _plain_key(record, snapshot):
        return key, ""
    kind, _, name = (source := _usable(record.passphrase)).partition(":")
    usable = source and "key" in record.files and (kind != "env" or name in os.environ)
    key = snapshot.path(record.files["key"]) if usable else None
    return (key, source) if key and is_readable(key) else (None, "")


def _usable(source: str) -> str:
    """The source of a passphrase that a manifest names; empty if it is a file that cannot be read."""
    kind, _, path = source.partition(":")
    return source if kind != "file" or is_readable(path) else ""
