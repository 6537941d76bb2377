"""The names that a certificate binds: subject attributes and alternative names, read from text and checked.

Rules: RFC 5280 4.1.2.6 and appendix A (subject and its upper bounds), 4.2.1.6 (subjectAltName);
RFC 1034 3.5 and RFC 6125 6.4.3 (host names and their wildcard). openssl signs names that break them.
"""

import ipaddress
import re
from functools import lru_cache
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from mintls.errors import not_known
from mintls.profile import synonyms
from mintls.profile.scalars import Oid, Text, Uri, check_text, is_oid
from mintls.x509 import distinguished_name

# Short names that `openssl req` knows, with the upper bound of their length in characters.
ATTRIBUTES = {
    "CN": 64, "O": 64, "OU": 64, "L": 128, "ST": 128, "C": 2, "DC": 63, "UID": 256, "emailAddress": 128,
    "serialNumber": 64, "street": 128, "postalCode": 40, "title": 64, "GN": 32768, "SN": 32768,
    "initials": 32768, "name": 32768, "pseudonym": 128, "generationQualifier": 32768, "dnQualifier": 64,
    "businessCategory": 128, "organizationIdentifier": 256,
}  # fmt: skip
_IA5 = ("DC", "emailAddress")
# The same as OIDs: openssl bounds them likewise, so they are written by name (RFC 5280 appendix A.1, RFC 4519).
_OIDS = {
    "2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
    "2.5.4.9": "street", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.15": "businessCategory",
    "2.5.4.17": "postalCode", "2.5.4.41": "name", "2.5.4.42": "GN", "2.5.4.43": "initials",
    "2.5.4.44": "generationQualifier", "2.5.4.46": "dnQualifier", "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier", "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}  # fmt: skip
_PRINTABLE = ("C", "serialNumber", "dnQualifier")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_EMAIL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(.+)"
_PRINTABLE_STRING = r"[A-Za-z0-9 '()+,./:=?-]+"
_OTHER_NAME = r"([0-9.]+);(UTF8|IA5|PRINTABLE):(.+)"


class KindedName(Text):
    """A name as `KIND:value`."""

    __slots__ = ()
    KINDS: ClassVar[tuple[str, ...]]

    @property
    def kind(self) -> str:
        return self.partition(":")[0]

    @property
    def value(self) -> str:
        return self.partition(":")[2]

    @classmethod
    def split_kind(cls, text: str) -> tuple[str, str]:
        """The kind and the value. Raises ValueError for a kind that it cannot have."""
        kind, colon, value = text.partition(":")
        if not colon or kind not in cls.KINDS:
            plain = not colon or _is_address(text) or value.startswith("//")
            hint = f"did you mean {_guess_kind(text)}?" if plain else synonyms.unknown(kind, cls.KINDS, synonyms.KINDS)
            raise ValueError(f"{text!r} does not start with the kind of name; {hint}")
        return kind, check_text(value)


class GeneralName(KindedName):
    """One subjectAltName entry as `KIND:value`, openssl's own spelling of the kind."""

    __slots__ = ()
    KINDS: ClassVar[tuple[str, ...]] = ("DNS", "IP", "email", "URI", "RID", "otherName")
    schema: ClassVar[dict[str, Any]] = {
        "type": "string",
        "pattern": f"^({'|'.join(KINDS)}):.+$",
        "examples": ["DNS:localhost", "IP:127.0.0.1", "URI:spiffe://example.org/web", "email:a@example.org"],
    }

    @classmethod
    def parse(cls, text: str) -> Self:
        kind, value = cls.split_kind(text)
        match kind:
            case "DNS":
                check_host(value, wildcard=True)
            case "IP":
                value = _check_ip(value)
            case "email":
                _check_email(value)
            case "URI":
                Uri.parse(value)
            case "RID":
                Oid.parse(value)
            case "otherName":
                _check_other_name(value)
        return cls(f"{kind}:{value}")


# called many times; the functions are looked up when they are called, because ipaddress is imported late
_address = lru_cache(1024)(lambda text: ipaddress.ip_address(text))
_network = lru_cache(1024)(lambda text: ipaddress.ip_network(text))


class Subtree(KindedName):
    """A name constraint as `KIND:base`; an IP network in CIDR notation (RFC 5280 4.2.1.10)."""

    __slots__ = ()
    KINDS: ClassVar[tuple[str, ...]] = ("DNS", "IP", "email", "URI")
    schema: ClassVar[dict[str, Any]] = {
        "type": "string",
        "pattern": f"^({'|'.join(KINDS)}):.+$",
        "examples": ["DNS:example.org", "IP:10.0.0.0/8", "email:example.org", "URI:.example.org"],
    }

    @classmethod
    def parse(cls, text: str) -> Self:
        kind, value = cls.split_kind(text)
        if kind == "IP":
            try:
                value = str(ipaddress.ip_network(value))
            except ValueError as error:
                raise ValueError(f"'IP:{value}' is not a network such as 10.0.0.0/8: {error}") from None
        elif kind == "email" and "@" in value:
            _check_email(value)
        else:
            check_host(value.removeprefix("."), wildcard=False)
        return cls(f"{kind}:{value}")

    def contains(self, name: GeneralName) -> bool:
        """Whether a name of the same kind lies in it."""
        value, base = name.value.lower(), self.value.lower()
        if self.kind == "IP":
            return _address(value) in _network(base)
        if self.kind == "DNS":
            value = value.removeprefix("*.")
            return value == base.removeprefix(".") or value.endswith("." + base.removeprefix("."))
        if self.kind == "URI":
            value = (urlsplit(value).hostname or "").lower()
        elif "@" not in base:
            value = value.rpartition("@")[2]
        return value.endswith(base) if base.startswith(".") else value == base


class Subject(tuple[tuple[str, str], ...]):
    """A distinguished name: (attribute, value) in their order; an attribute may come more than once."""

    __slots__ = ()
    schema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "description": "Attributes in their order: short names or dotted OIDs; a list for several of one kind.",
        "properties": {
            name: {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]} for name in ATTRIBUTES
        },
        "patternProperties": {Oid.schema["pattern"]: {"type": "string"}},
        "additionalProperties": False,
    }

    def __str__(self) -> str:
        """RFC 4514, as in messages and the manifest: the last attribute first."""
        return ",".join(distinguished_name.attribute_text(name, value) for name, value in reversed(self))


def check_attribute(name: str, value: str) -> None:
    """One attribute of a subject. Raises ValueError with a sentence."""
    if name not in ATTRIBUTES and not is_oid(name):
        hint = synonyms.unknown(name, ATTRIBUTES, synonyms.ATTRIBUTES)
        raise ValueError(hint if hint.endswith("?") else not_known(name, ATTRIBUTES, "or a dotted OID"))
    if name in _OIDS:
        raise ValueError(f"{name} has a short name; write {_OIDS[name]}")
    check_text(value)
    if name == "C" and not re.fullmatch("[A-Za-z]{2}", value):
        raise ValueError(f"{value!r} is not a country: write its two-letter code, such as NO (ISO 3166)")
    most = ATTRIBUTES.get(name, 32768)
    if len(value) > most:
        raise ValueError(f"is {len(value)} characters long; at most {most} fit (RFC 5280, appendix A.1)")
    if name in _IA5 and not value.isascii():
        raise ValueError(f"{value!r} must be ASCII")
    if name in _PRINTABLE and not re.fullmatch(_PRINTABLE_STRING, value):
        raise ValueError(f"{value!r} may contain only letters, digits, space and '()+,-./:=? (PrintableString)")


def check_host(name: str, *, wildcard: bool) -> None:
    """A host name, with a leading `*.` if `wildcard`. Raises ValueError that names the slip."""
    try:
        address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        pass
    else:
        raise ValueError(f"'DNS:{name}' is an IP address; write IP:{address}")
    if not name.isascii():
        raise ValueError(f"{name!r} is not ASCII; write it as {_punycode(name)}")
    for mark, what in (("://", "a URL"), ("/", "a path"), (":", "a port"), ("@", "an email address"), (" ", "a space")):
        if mark in name:
            raise ValueError(f"{name!r} contains {what}; write only the host name")
    if "*" in name.removeprefix("*.") or (name.startswith("*") and not wildcard):
        raise ValueError(f"{name!r}: a wildcard can only be the whole leftmost label, as in *.example.org (RFC 6125)")
    if name.startswith("*.") and "." not in name[2:]:
        raise ValueError(f"{name!r} would match a whole top-level domain; no client accepts it")
    if name.endswith("."):
        raise ValueError(f"{name!r} ends with a dot; write it without the dot, as certificates do")
    labels = name.removeprefix("*.").split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{name!r} is not a host name: labels of 1 to 63 letters, digits and inner hyphens (RFC 1034)")


def _check_ip(value: str) -> str:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        hint = "; write one address, not a network" if "/" in value else ""
        raise ValueError(
            f"'IP:{value}' is not an IP address{hint or '; a host name is written DNS:' + value}"
        ) from None
    if "%" in value:
        raise ValueError(f"'IP:{value}' has a zone, which a certificate cannot contain; leave it out")
    return str(address)


def _check_email(value: str) -> None:
    match = re.fullmatch(_EMAIL, value)
    if not match:
        raise ValueError(f"{value!r} is not an ASCII email address such as user@example.org")
    check_host(match[1], wildcard=False)


def _check_other_name(value: str) -> None:
    match = re.fullmatch(_OTHER_NAME, value)
    if not match or not is_oid(match[1]):
        raise ValueError(f"{value!r} is not an otherName: write OID;UTF8:text (or IA5, PRINTABLE)")
    if match[2] != "UTF8" and not match[3].isascii():
        raise ValueError(f"{match[3]!r} is not ASCII; write UTF8: before it")
    if match[2] == "PRINTABLE" and not re.fullmatch(_PRINTABLE_STRING, match[3]):
        raise ValueError(f"{match[3]!r} does not fit a PrintableString; write UTF8: before it")


def _guess_kind(text: str) -> str:
    if "://" in text:
        return f"URI:{text}"
    if _is_address(text):
        return f"IP:{text.strip('[]')}"
    return f"email:{text}" if "@" in text else f"DNS:{text}"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


def _punycode(name: str) -> str:
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return "its xn-- form"
