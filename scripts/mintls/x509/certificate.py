"""A certificate's DER -> its facts, as frozen data: nothing is asked of openssl, so that thousands take no time (pure).

RFC 5280 section 4.1. What stands in an extension that cannot be decoded is left out, and the extension is named.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
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
    """What a certificate holds.

    subject and issuer as RFC 4514 writes them, and folded as openssl compares them; serial, key identifiers and
    fingerprint (SHA-256 of the DER) upper-case hexadecimal; the dates RFC 3339; key as profiles spell it; names as
    KIND:value; usages in openssl's long names; signature is the algorithm inside, outer_signature the one outside.
    extensions are all there are, critical those that are, undecodable those that break their own rules, by name.
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
        """Whether it names itself as its issuer, and no other key than its own."""
        same = (self.folded_subject or self.subject) == (self.folded_issuer or self.issuer)
        return same and self.issuer_key_identifier in ("", self.key_identifier)

    def may_have_signed(self, other: "Certificate") -> bool:
        """Whether it has the name, and the key identifier if both say one, that the other names (RFC 5280 4.2.1.1)."""
        said = other.issuer_key_identifier and self.key_identifier
        same = (self.folded_subject or self.subject) == (other.folded_issuer or other.issuer)
        return same and (not said or said == other.issuer_key_identifier)


def read_certificate(pem: str) -> Certificate:
    """The first certificate in PEM text. Raises ValueError with the reason when there is none."""
    for block in pem_blocks(pem.encode(errors="replace")):
        if block.label in LABELS and block.der:
            return parse_certificate(block.der)
    raise ValueError("it holds no certificate in PEM")


def parse_certificate(der: bytes) -> Certificate:
    """The certificate that the octets begin with. Raises ValueError with the reason when they hold none."""
    try:
        return _parse(der)
    except (IndexError, TypeError):  # fewer or more elements than the structure has
        raise ValueError("its structure is not that of a certificate") from None


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
        fingerprint=sha256(whole.encoded).hexdigest().upper(),
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
    """A key that cannot be decoded is no reason not to show the rest."""
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
