"""A certificate's DER -> its fields as frozen data (pure). RFC 5280 section 4.1.

No process is started, so that thousands are read in a second. An extension that cannot be decoded is named, and its
value left out.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from mintls.profile.scalars import rfc3339
from mintls.x509 import extension_values as values
from mintls.x509.der import (
    SEQUENCE,
    Element,
    children,
    hexadecimal,
    read,
    read_integer,
    read_oid,
    read_time,
)  # fmt: skip
from mintls.x509.distinguished_name import folded, name_text
from mintls.x509.general_names import access, distribution_points, general_names
from mintls.x509.pem import as_pem, pem_blocks
from mintls.x509.public_key import key_kind
from mintls.x509.signature_algorithm import signature_name

from msgspec import Struct

LABELS = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")


class Certificate(Struct, frozen=True, kw_only=True):
    """The fields of a certificate.

    subject and issuer: RFC 4514 text; folded_...: as openssl compares them. serial, key identifiers and fingerprint
    (SHA-256 of the DER): upper-case hexadecimal. Dates: RFC 3339. key: as in profiles. names: KIND:value. Usages:
    openssl's long names. signature: the algorithm in the signed part, outer_signature: the one beside the signature.
    extensions: the names of all; critical and undecodable: of those that are. crls, ocsp: URIs.
    """

    pem: str
    subject: str
    issuer: str
    serial: str
    not_before: str
    not_after: str
    fingerprint: str
    public_key: str
    key: str
    signature: str
    is_authority: bool
    key_usage: tuple[str, ...]
    purposes: tuple[str, ...]
    names: tuple[str, ...]
    key_identifier: str
    issuer_key_identifier: str
    path_length: int | None = None
    version: int = 3
    outer_signature: str = ""
    folded_subject: bytes = b""
    folded_issuer: bytes = b""
    extensions: tuple[str, ...] = ()
    critical: tuple[str, ...] = ()
    undecodable: tuple[str, ...] = ()
    crls: tuple[str, ...] = ()
    ocsp: tuple[str, ...] = ()

    @property
    def is_self_issued(self) -> bool:
        """Whether it names itself as its issuer, and does not name a different key."""
        same = (self.folded_subject or self.subject) == (self.folded_issuer or self.issuer)
        return same and self.issuer_key_identifier in ("", self.key_identifier)

    def may_have_signed(self, other: "Certificate") -> bool:
        """Whether name, and key identifier if both have one, are those of the other's issuer (RFC 5280 4.2.1.1)."""
        both = other.issuer_key_identifier and self.key_identifier
        same = (self.folded_subject or self.subject) == (other.folded_issuer or other.issuer)
        return same and (not both or both == other.issuer_key_identifier)


def read_certificate(pem: str) -> Certificate:
    """The first certificate in PEM text. Raises ValueError if there is none."""
    for block in pem_blocks(pem.encode(errors="replace")):
        if block.label in LABELS and block.der:
            return parse_certificate(block.der)
    raise ValueError("it does not contain a certificate in PEM")


def parse_certificate(der: bytes) -> Certificate:
    """The certificate at the beginning of the bytes. Raises ValueError with the reason if there is none."""
    try:
        return _parse(der)
    except (IndexError, TypeError):  # fewer or more elements than the structure has
        raise ValueError("it does not have the structure of a certificate") from None


def _parse(der: bytes) -> Certificate:
    whole = read(der)
    body, outer, _ = children(whole, SEQUENCE)
    parts = children(body, SEQUENCE)
    version = read_integer(read(der, parts[0].begin, parts[0].end)) + 1 if parts[0].tag == 0xA0 else 1
    serial, inner, issuer, validity, subject, key, *rest = parts[1 if parts[0].tag == 0xA0 else 0 :]
    begin, end = children(validity, SEQUENCE)
    not_before, not_after = rfc3339(read_time(begin)), rfc3339(read_time(end))
    extensions = [child for part in rest if part.tag == 0xA3 for child in children(read(der, part.begin, part.end))]
    facts: dict[str, Any] = {}
    every, critical, undecodable = [], [], []
    for extension in extensions:
        kind, *flag, value = children(extension, SEQUENCE)
        oid = read_oid(kind)
        every.append(name := values.NAMES.get(oid, oid))
        if flag and flag[0].content != b"\0":
            critical.append(name)
        try:
            if oid in _READERS:
                facts |= _READERS[oid](read(der, value.begin, value.end))
        except (ValueError, IndexError, TypeError):
            undecodable.append(name)
    return Certificate(
        pem=as_pem("CERTIFICATE", whole.encoded),
        subject=name_text(subject),
        issuer=name_text(issuer),
        serial=hexadecimal(read_integer(serial)),
        not_before=not_before,
        not_after=not_after,
        fingerprint=hashlib.sha256(whole.encoded).hexdigest().upper(),
        public_key=as_pem("PUBLIC KEY", key.encoded),
        key=_key(key),
        signature=signature_name(inner),
        outer_signature=signature_name(outer),
        version=version,
        folded_subject=folded(subject),
        folded_issuer=folded(issuer),
        extensions=tuple(every),
        critical=tuple(critical),
        undecodable=tuple(undecodable),
        **{**_NOTHING, **facts},
    )


def _key(key: Element) -> str:
    """A key that cannot be decoded does not hide the rest."""
    try:
        return key_kind(key)
    except (ValueError, IndexError):
        return "malformed"


_NOTHING: Mapping[str, Any] = {
    "is_authority": False, "key_usage": (), "purposes": (), "names": (), "key_identifier": "",
    "issuer_key_identifier": "",
}  # fmt: skip
_READERS: Mapping[str, Callable[[Element], dict[str, Any]]] = {
    "2.5.29.14": lambda value: {"key_identifier": value.content.hex().upper()},
    "2.5.29.15": lambda value: {"key_usage": values.key_usage(value)},
    "2.5.29.17": lambda value: {"names": general_names(value)},
    "2.5.29.19": lambda value: dict(zip(("is_authority", "path_length"), values.basic_constraints(value), strict=True)),
    "2.5.29.31": lambda value: {"crls": distribution_points(value)},
    "2.5.29.35": lambda value: {"issuer_key_identifier": values.authority_key_identifier(value)},
    "2.5.29.37": lambda value: {"purposes": values.extended_key_usage(value)},
    "1.3.6.1.5.5.7.1.1": lambda value: {"ocsp": access(value, "1.3.6.1.5.5.7.48.1")},
}
