"""What openssl reads in a certificate, as frozen data: the only room that reads openssl's texts about one."""

import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import ip_address

from mintls.errors import OpensslError
from mintls.grammar import rfc3339
from mintls.openssl import Openssl
from mintls.validity import size_of

from msgspec import Struct

# Names may hold line breaks, which openssl prints as they are: so they are asked apart from what they could imitate.
_QUESTIONS = (
    "-noout", "-serial", "-subject", "-issuer", "-startdate", "-enddate", "-pubkey",
    "-nameopt", "RFC2253,utf8,-esc_msb", "-text", "-certopt",
    "no_header,no_version,no_serial,no_validity,no_subject,no_issuer,no_sigdump,no_extensions",
    "-ext", "basicConstraints,keyUsage,extendedKeyUsage,subjectKeyIdentifier",
)  # fmt: skip
_CURVES = {"prime256v1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_BLOCK = re.compile(r"-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----(?P<base64>.*?)-----END \1-----", re.DOTALL)
_GENERAL_NAME = re.compile(r"(?:^|, )(DNS|IP Address|email|URI|Registered ID|othername|DirName):")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class Certificate(Struct, frozen=True, kw_only=True):
    """What a certificate holds.

    subject and issuer as RFC 4514 writes them; serial, key identifiers and fingerprint (SHA-256 of the DER) upper-case
    hexadecimal; the dates RFC 3339; key as profiles spell it; names as KIND:value; usages in openssl's long names.
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

    @property
    def is_self_issued(self) -> bool:
        return self.subject == self.issuer and self.issuer_key_identifier in ("", self.key_identifier)

    def may_have_signed(self, other: "Certificate") -> bool:
        """Whether it has the name, and the key identifier if both say one, that the other names (RFC 5280 4.2.1.1)."""
        said = other.issuer_key_identifier and self.key_identifier
        return self.subject == other.issuer and (not said or said == other.issuer_key_identifier)


def read_certificate(openssl: Openssl, pem: str) -> Certificate:
    """Ask openssl what a PEM certificate holds (x509(1)). Raises OpensslError when it is none."""
    said = openssl.run(("x509", *_QUESTIONS), stdin=pem.encode()).stdout
    extensions = dict(_extensions(said.splitlines()))
    alternative, issuer_key = (
        openssl.run(("x509", "-noout", "-ext", name), stdin=pem.encode()).stdout.partition(": ")[2].partition("\n")[2]
        for name in ("subjectAltName", "authorityKeyIdentifier")
    )
    limit = re.search(r"pathlen:(\d+)", extensions.get("Basic Constraints", ""))
    line: dict[str, str] = {}
    for name, value in re.findall("(?m)^([a-zA-Z0-9 ]+)=(.*)$", said):
        line.setdefault(name, value)
    return Certificate(
        pem=pem,
        subject=line["subject"].strip(),
        issuer=line["issuer"].strip(),
        serial=line["serial"],
        not_before=from_openssl(line["notBefore"]),
        not_after=from_openssl(line["notAfter"]),
        fingerprint=_fingerprint(pem),
        public_key=said[said.index("\n-----BEGIN PUBLIC") + 1 : said.index("\n-----END PUBLIC") + 1],
        key=key_name(said),
        signature=_after("Signature Algorithm: ", said),
        is_authority=extensions.get("Basic Constraints", "").startswith("CA:TRUE"),
        key_usage=_words(extensions.get("Key Usage", "")),
        purposes=_words(extensions.get("Extended Key Usage", "")),
        names=tuple(_names(alternative.strip())),
        key_identifier=extensions.get("Subject Key Identifier", "").replace(":", ""),
        issuer_key_identifier=_key_identifier(issuer_key.splitlines()[0] if issuer_key else ""),
        path_length=int(limit[1]) if limit else None,
    )


def _fingerprint(pem: str) -> str:
    """Of the first certificate in a PEM text, as upper-case hexadecimal. Raises OpensslError when there is none.

    OpenSSL 4.0 hashes with `x509 -fingerprint` what -ext left of the certificate, so it is not asked.
    """
    try:
        block = _BLOCK.search(pem)
        der = b64decode(block["base64"] if block else "")
        # a TRUSTED CERTIFICATE has more after the certificate (openssl-x509(1))
        return sha256(der[: size_of(der)]).hexdigest().upper()
    except (ValueError, IndexError):
        raise OpensslError(("x509",), "exit status 0", "the certificate's base64 cannot be read") from None


def full_text(openssl: Openssl, pem: str) -> str:
    """What `openssl x509 -text` prints, without what would steer a terminal."""
    said = openssl.run(("x509", "-noout", "-text", "-nameopt", "RFC2253,utf8,-esc_msb"), stdin=pem.encode()).stdout
    return "".join(character if character.isprintable() or character == "\n" else "?" for character in said)


def _extensions(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Each extension's name with the first line of its value, which stands below it."""
    for line, value in zip(lines, [*lines[1:], ""], strict=True):
        if match := re.match(r"X509v3 ([^:]+):", line):
            yield match[1], value.strip()


def key_name(said: str) -> str:
    """The key in the text of a certificate or request, as profiles spell it."""
    algorithm = _after("Public Key Algorithm: ", said)
    bits = re.match(r"\((\d+) bit", _after("(?:RSA )?Public-Key: ", said))  # 1.1.1 says RSA before it
    if algorithm == "rsaEncryption" and bits:
        return f"rsa:{bits[1]}"
    if algorithm == "id-ecPublicKey":
        curve = _after("ASN1 OID: ", said)
        return f"ec:{_CURVES.get(curve, curve)}"
    return algorithm.lower()


def _key_identifier(text: str) -> str:
    """Hexadecimal; an authority key identifier may name the issuer in other ways and hold none."""
    text = text.strip().removeprefix("keyid:")
    return text.replace(":", "") if re.fullmatch("[0-9A-F]{2}(:[0-9A-F]{2})*", text) else ""


def _names(text: str) -> Iterator[str]:
    kinds = {"IP Address": "IP", "Registered ID": "RID", "othername": "otherName"}
    parts = _GENERAL_NAME.split(text)[1:]
    for kind, value in zip(parts[::2], parts[1::2], strict=True):
        yield f"{kinds.get(kind, kind)}:{_short_address(value) if kind == 'IP Address' else value}"


def _short_address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:  # openssl prints leading zeros in no address, but older ones print an invalid one as a word
        return text


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(", ")) if text else ()


def _after(label: str, text: str) -> str:
    """What follows a label at the start of a line, where no subject can stand."""
    match = re.search(f"(?m)^ *{label}(.*)$", text)
    return match[1].strip() if match else ""


def from_openssl(date: str) -> str:
    """openssl's `Nov 23 14:57:19 2026 GMT` as 2026-11-23T14:57:19Z."""
    month, day, clock, year, _ = date.split()
    hour, minute, second = map(int, clock.split(":"))
    return rfc3339(datetime(int(year), _MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC))
