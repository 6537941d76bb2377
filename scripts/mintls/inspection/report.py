"""What verify.py reports, as data and as JSON (pure). schemas/verify.schema.json describes it."""

from collections.abc import Iterator
from typing import Annotated, Literal

from mintls.escape import printable_json
from mintls.inspection.verification import Purpose

import msgspec
from msgspec import Meta, Struct

Role = Literal["authority", "server", "client", "peer", "leaf"]
ROLES = {"authority": "CA"}  # what people read instead
Date = Annotated[str, Meta(description="RFC 3339, UTC.")]
Name = Annotated[str, Meta(description="A distinguished name as RFC 4514 writes it; empty: no name.")]
Hexadecimal = Annotated[str, Meta(pattern="^-?([0-9A-F]{2})*$")]


class FileReport(Struct, frozen=True):
    """A file that contains the certificate or its key; mode in octal, null for a pipe or a server."""

    path: str
    mode: str | None


class KeyReport(Struct, frozen=True):
    """A private key; matches is null if the key is encrypted and no password was given."""

    path: str
    matches: bool | None


class CheckReport(Struct, frozen=True):
    """A check by `openssl verify`; name is empty if no name was checked.

    server is HOST:PORT if only the certificates that this server sends were allowed to complete the chain, else empty.
    """

    outcome: Literal["pass", "fail"]
    purpose: Purpose
    name: str
    error: str
    server: str


class ExtensionReport(Struct, frozen=True):
    """An extension by openssl's name, or its OID."""

    name: str
    critical: bool


class CertificateReport(Struct, frozen=True, kw_only=True):
    """A certificate with everything that is known about it, and those that it issued.

    issuer_name is the issuer's file and issuer_fingerprint its fingerprint, null if the issuer was not read, or for a
    root. chain is the certificate and its issuers by file or subject. failures are problems beside the checks.
    """

    name: str
    role: Role
    valid: bool
    subject: Name
    issuer: Name
    self_issued: bool
    names: Annotated[tuple[str, ...], Meta(description="Subject alternative names as KIND:value.")]
    key_usage: tuple[str, ...]
    extended_key_usage: tuple[str, ...]
    key: Annotated[str, Meta(examples=["ec:P-256", "rsa:2048"])]
    signature: str
    serial: Hexadecimal
    fingerprint: Annotated[Hexadecimal, Meta(description="SHA-256 of the DER.")]
    not_before: Date
    not_after: Date
    days_left: int
    x509_version: int
    extensions: tuple[ExtensionReport, ...]
    path_length: int | None
    key_identifier: Hexadecimal
    issuer_key_identifier: Hexadecimal
    crls: Annotated[tuple[str, ...], Meta(description="Addresses of CRLs.")]
    ocsp: Annotated[tuple[str, ...], Meta(description="Addresses of OCSP responders.")]
    files: tuple[FileReport, ...]
    private_keys: tuple[KeyReport, ...]
    issuer_name: str | None
    issuer_fingerprint: str | None
    chain: tuple[str, ...]
    trusted: Annotated[bool, Meta(description="Whether the chain ends with a trust anchor.")]
    checks: tuple[CheckReport, ...]
    failures: tuple[str, ...]
    advice: tuple[str, ...]
    issued: "tuple[CertificateReport, ...]"


class InspectionReport(Struct, frozen=True, kw_only=True):
    """What `verify.py --json` writes. `version` is incremented when the meaning of a field changes.

    roots are the certificates whose issuer was not read as well. only names the one certificate that decides.
    """

    version: Literal[2] = 2
    answer: str
    valid: bool
    certificates: int
    roots: tuple[CertificateReport, ...]
    unreadable: tuple[str, ...]
    notes: tuple[str, ...]
    trusted: Annotated[str, Meta(description="Which trust anchors were used, and why.")]
    only: str


def as_json(report: InspectionReport) -> bytes:
    """Everything, for a program."""
    return printable_json(msgspec.json.format(msgspec.json.encode(report), indent=2).decode()).encode() + b"\n"


def walk(roots: tuple[CertificateReport, ...]) -> Iterator[CertificateReport]:
    """Every certificate, issuers first."""
    for one in roots:
        yield one
        yield from walk(one.issued)
