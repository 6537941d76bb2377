"""The bytes of a file -> what they contain: certificates, keys, revocation lists, or a PKCS container (pure).

PEM text may contain several. Anything else is one object, recognised by its first bytes and not by the file's name.
"""

import re
from collections.abc import Iterator

from mintls.x509.certificate import LABELS, Certificate, parse_certificate
from mintls.x509.der import OCTET_STRING, OID, SEQUENCE, children, read
from mintls.x509.pem import Block, pem_blocks
from mintls.x509.public_key import public_half
from mintls.x509.revocation_list import RevocationList, parse_revocation_list

from msgspec import Struct

# PEM labels (RFC 7468, openssl) of objects that verify.py has no use for.
_IGNORED = ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", "PUBLIC KEY", "RSA PUBLIC KEY", "EC PARAMETERS",
            "DH PARAMETERS", "X9.42 DH PARAMETERS", "DSA PARAMETERS", "ATTRIBUTE CERTIFICATE")  # fmt: skip
_PKCS7 = ("PKCS7", "PKCS #7 SIGNED DATA", "CMS")
_SIGNED_DATA, _DATA = bytes.fromhex("06092A864886F70D010702"), bytes.fromhex("06092A864886F70D010701")
_LIKE_A_CERTIFICATE = re.compile(rb"0(?:\x80|\x81.|\x82..|\x83...)0(?:\x80|\x81.|\x82..|\x83...)\xa0\x03\x02\x01", re.S)
_VERSION_3 = bytes.fromhex("020103")


class PrivateKey(Struct, frozen=True):
    """A private key as openssl reads it (`text`, which is DER for `is_der`), and its public key if it can be read."""

    text: bytes
    is_der: bool
    is_encrypted: bool
    public_key: str | None


class Container(Struct, frozen=True):
    """What openssl has to open: `kind` is PKCS#7 or PKCS#12, in DER or BER."""

    kind: str
    der: bytes


class Unreadable(Struct, frozen=True):
    """Something relevant that cannot be read: the rest of a sentence that begins with the file's name."""

    reason: str


class Ignored(Struct, frozen=True):
    """Something irrelevant; also the rest of a sentence."""

    reason: str


Material = Certificate | RevocationList | PrivateKey | Container | Unreadable | Ignored


def parse_file(data: bytes) -> Iterator[Material]:
    """Everything in it, in order; nothing for a file that has nothing to do with certificates."""
    found = False
    for block in pem_blocks(data):
        found = True
        yield from _of_block(block)
    if not found:
        yield from _of_octets(data)


def _of_block(block: Block) -> Iterator[Material]:
    label = block.label
    is_key = label.endswith("PRIVATE KEY")
    kind = "certificate" if label in LABELS else "CRL" if label == "X509 CRL" else "private key" if is_key else ""
    if label == "OPENSSH PRIVATE KEY":
        yield Ignored("contains an OpenSSH key, which TLS does not use")
    elif block.cut_off:
        yield (
            Unreadable(f"is cut off: BEGIN {label} without END") if kind else Ignored(f"has BEGIN {label} without END")
        )
    elif kind and block.der is None:
        yield Unreadable(f": cannot read this {kind}: invalid base64")
    elif label in LABELS:
        yield _parsed(block.der or b"")
    elif label == "X509 CRL":
        yield _parsed_list(block.der or b"")
    elif is_key:
        public = None if block.is_encrypted else public_half(label, block.der or b"")
        yield PrivateKey(block.text, is_der=False, is_encrypted=block.is_encrypted, public_key=public)
    elif label in _PKCS7 and block.der:
        yield Container("PKCS#7", block.der)
    elif label not in _IGNORED:
        yield Ignored(f"contains {label}, which is ignored")


def _parsed(der: bytes) -> Material:
    try:
        return parse_certificate(der)
    except ValueError as error:
        return Unreadable(f": cannot read this certificate: {error}")


def _parsed_list(der: bytes) -> Material:
    try:
        return parse_revocation_list(der)
    except ValueError as error:
        return Unreadable(f": cannot read this CRL: {error}")


def _of_octets(data: bytes) -> Iterator[Material]:
    if data[:1] != b"\x30":
        return
    head = data[:64]
    if _SIGNED_DATA in head[:20]:
        yield Container("PKCS#7", data)
    elif _VERSION_3 in head[:10] and (_DATA in head or _SIGNED_DATA in head):
        yield Container("PKCS#12", data)
    elif _LIKE_A_CERTIFICATE.match(data):
        yield _parsed(data)
    else:
        for parse in (parse_certificate, parse_revocation_list, _parse_key):
            try:
                yield parse(data)
                return
            except ValueError:
                pass


def _parse_key(der: bytes) -> PrivateKey:
    """PKCS#8, plain or encrypted, PKCS#1, or RFC 5915. Raises ValueError otherwise."""
    parts = children(read(der), SEQUENCE)
    public = public_half("", der)
    tags = [part.tag for part in parts]
    encrypted = tags == [SEQUENCE, OCTET_STRING] and children(parts[0])[0].tag == OID
    if public is None and not encrypted and tags[1:3] not in ([SEQUENCE, OCTET_STRING], [OCTET_STRING, 0xA0]):
        raise ValueError("not a private key")
    return PrivateKey(der, is_der=True, is_encrypted=encrypted, public_key=public)
