"""manifest.json: describes the set in a directory, for verify.py, handshake_check.py and CI; it contains no secret."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Annotated, Literal

from mintls.errors import OutputError
from mintls.profile.choices import RevocationReason, Role
from mintls.profile.file_rules import MANIFEST

import msgspec
from msgspec import Meta, Struct, structs

__all__ = ["MANIFEST", "Manifest", "Record", "decode_manifest", "encode_manifest"]


EARLIEST = 1900  # no certificate starts earlier, and a duration can be subtracted from it
FileName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*\Z")]  # not a path, not hidden
Source = Annotated[str, Meta(pattern=r"^((env|file):[^\0\r\n]+)?\Z")]
Date = Annotated[str, Meta(pattern="^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T[0-9:]{8}Z$")]


class Revocation(Struct, frozen=True):
    """A revoked certificate: serial in upper-case hexadecimal, date RFC 3339."""

    serial: str
    date: Date
    reason: RevocationReason


class CrlRecord(Struct, frozen=True):
    """The latest CRL of a CA: its number, its nextUpdate, and every certificate ever revoked."""

    number: int
    next_update: Date
    revoked: tuple[Revocation, ...]


class Record(Struct, frozen=True, kw_only=True):
    """One certificate of the set.

    serial is upper-case hexadecimal; fingerprint the SHA-256 of the DER, hexadecimal, and x5t_s256 in base64url (RFC
    8705); pin_sha256 the SHA-256 of the public key (SubjectPublicKeyInfo) in base64; the dates are RFC 3339 in UTC;
    settings is a digest of the profile's settings, signer of the issuer's subject and key, exported of the contents of
    the outputs; access is mode and group of the files with the key, if the profile sets them; passphrase is the source
    of that of an encrypted key, as in openssl-passphrase-options(1); files maps a file's content to its name, sha256
    every name ever written to its digest.
    """

    name: FileName
    role: Role
    issuer: str | None
    subject: str
    san: tuple[str, ...]
    key: str
    serial: str
    fingerprint: str
    not_before: Date
    not_after: Date
    settings: str
    files: dict[str, FileName]
    sha256: dict[FileName, str]
    encrypted: bool = False
    access: str = ""
    passphrase: Source = ""
    x5t_s256: str = ""
    pin_sha256: str = ""
    signer: str = ""
    exported: str = ""
    crl: CrlRecord | None = None


class Manifest(Struct, frozen=True, kw_only=True, dict=True):
    """The set: the profile's name, the openssl that made the latest part, and the certificates, issuers first."""

    version: Literal[1] = 1
    profile: str
    openssl: str
    certificates: tuple[Record, ...]

    @cached_property
    def named(self) -> Mapping[str, Record]:
        """The records by name."""
        return {record.name: record for record in self.certificates}

    def end_of(self, role: Literal["server", "client"], without: Container[str] = ()) -> Record | None:
        """The record with a key for that side of a connection: by name, else by role, else a peer."""
        fit = (one for one in self.certificates if one.role in (role, "peer") and "key" in one.files)
        chosen = (one for one in fit if one.name not in without)
        return min(chosen, key=lambda one: (one.name != role, one.role != role), default=None)

    def issuers(self, record: Record) -> tuple[Record, ...]:
        """Its issuers in the set, up to the root; each once, so that a loop ends."""
        found: dict[str, Record] = {}
        while (issuer := self.named.get(record.issuer or "")) and issuer.name not in found:
            found[issuer.name] = record = issuer
        return tuple(found.values())

    def between(self, record: Record) -> tuple[Record, ...]:
        """Its issuers without the root: what a peer sends after it."""
        return tuple(issuer for issuer in self.issuers(record) if issuer.issuer is not None)

    def root_of(self, record: Record) -> Record:
        """The root of its chain."""
        return (record, *self.issuers(record))[-1]


def joined(manifests: Sequence[Manifest]) -> Manifest:
    """Several manifests as one; of two records of one name the later one wins, within a second that of a shard."""
    records: dict[str, Record] = {}
    for manifest in manifests:
        for record in manifest.certificates:
            if record.name not in records or records[record.name].not_before <= record.not_before:
                records[record.name] = record
    return structs.replace(manifests[0], certificates=tuple(records.values()))


def encode_manifest(manifest: Manifest) -> bytes:
    """Indented JSON."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def decode_manifest(data: bytes, source: str) -> Manifest:
    """Raises OutputError when it is not a manifest of ours."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
        for record in manifest.certificates:
            if "certificate" not in record.files:
                raise ValueError(f"{record.name} has no certificate among its files")
            for date in (record.not_before, record.not_after, *_dates(record.crl)):
                if datetime.fromisoformat(date).year < EARLIEST:
                    raise ValueError(f"{record.name} has a date before {EARLIEST}")
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise OutputError(
            f"{source} is not a manifest written by mintls ({error}); move it away, or choose a different -o"
        ) from None
    return manifest


def check_issuers(manifest: Manifest, source: str) -> None:
    """Raises OutputError when issuers form a loop, in which no certificate has a root."""
    ended: set[str] = set()  # names whose chain is known to end
    for record in manifest.certificates:
        way: set[str] = set()
        name: str | None = record.name
        while name and name in manifest.named and name not in ended:
            if name in way:
                raise OutputError(f"{source}: the issuers of {name} form a loop; move it away, or name a different one")
            way.add(name)
            name = manifest.named[name].issuer
        ended |= way


def _dates(crl: CrlRecord | None) -> list[str]:
    return [crl.next_update, *(revocation.date for revocation in crl.revoked)] if crl else []
