"""Scalars with a grammar of their own: each reads itself from text, or raises ValueError with a sentence.

They remain text, so that messages can quote them; `schema` is their JSON Schema for editors.
"""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

from mintls.errors import not_known

_OID = r"(?:[01]\.[1-3]?[0-9]|2\.(?:0|[1-9][0-9]{0,8}))(?:\.(?:0|[1-9][0-9]{0,17}))*"
BIDIRECTIONAL = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")  # they change the display order of text
# openssl interprets a value that starts with one of these (x509v3_config(5)).
RESERVED = ("critical,", "ASN1:", "DER:")


def is_oid(text: str) -> bool:
    """Whether it is a dotted object identifier (X.660: the first arc 0 to 2, below 0 and 1 at most 39)."""
    return bool(re.fullmatch(_OID, text))


def check_text(text: str, reserved: tuple[str, ...] = RESERVED) -> str:
    """Text that openssl's configuration can carry literally. Raises ValueError for what it cannot."""
    for character in text if not (text.isascii() and text.isprintable()) else "":
        turns = unicodedata.bidirectional(character) in BIDIRECTIONAL
        if turns or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
            raise ValueError(f"contains the control character U+{ord(character):04X}; remove it")
    if not text:
        raise ValueError("is empty; write a value or leave the field out")
    for prefix in reserved:
        if text.lower().startswith(prefix.lower()):
            raise ValueError(f"starts with {prefix!r}, which openssl would interpret; start differently")
    return text


class Text(str):
    """A scalar with a grammar: `parse` raises ValueError with a sentence; `schema` is for editors."""

    __slots__ = ()
    schema: ClassVar[dict[str, Any]] = {"type": "string"}

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(check_text(text))


class Oid(Text):
    """A dotted object identifier."""

    __slots__ = ()
    schema: ClassVar[dict[str, Any]] = {"type": "string", "pattern": r"^[0-2](\.[0-9]+)+$"}

    @classmethod
    def parse(cls, text: str) -> Self:
        if not is_oid(text):
            raise ValueError(f"{text!r} is not an object identifier such as 1.3.6.1.4.1.99999.1")
        return cls(text)


class Purpose(Text):
    """An extended key usage: openssl's name of it, or a dotted OID (RFC 5280 4.2.1.12)."""

    __slots__ = ()
    NAMES: ClassVar[tuple[str, ...]] = (
        "serverAuth", "clientAuth", "codeSigning", "emailProtection", "timeStamping", "OCSPSigning",
        "ipsecIKE", "msSmartcardLogin", "anyExtendedKeyUsage",
    )  # fmt: skip
    schema: ClassVar[dict[str, Any]] = {
        "anyOf": [{"enum": list(NAMES)}, {"type": "string", "pattern": r"^[0-2](\.[0-9]+)+$"}]
    }

    @classmethod
    def parse(cls, text: str) -> Self:
        if text not in cls.NAMES and not is_oid(text):
            raise ValueError(not_known(text, cls.NAMES, "or a dotted OID"))
        return cls(text)


class Comment(Text):
    """ASCII text for nsComment, which is an IA5String."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        if not text.isascii():
            raise ValueError(f"{text!r} must be ASCII")
        return super().parse(text)


class Serial(Text):
    """A serial number, decimal or 0x hexadecimal: positive and at most 20 octets (RFC 5280 4.1.2.2)."""

    __slots__ = ()
    schema: ClassVar[dict[str, Any]] = {"type": ["string", "integer"], "examples": ["0x01", "4096"]}

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch(r"0[xX][0-9A-Fa-f]{1,40}|[0-9]{1,48}", text):
            raise ValueError(f"{text!r} is not a serial number: write it decimal, or hexadecimal after 0x")
        number = int(text, 16) if text[1:2] in ("x", "X") else int(text)
        if not 0 < number < 1 << 159:
            raise ValueError(f"{text!r} must be positive and fit in 159 bits")
        return cls("0x" + number.to_bytes((number.bit_length() + 7) // 8).hex().upper())  # as openssl prints it


class FilePattern(Text):
    """A file name pattern; {name} is replaced by the entry's name."""

    __slots__ = ()
    schema: ClassVar[dict[str, Any]] = {
        "type": "string",
        "pattern": r"^[A-Za-z0-9._-]*\{name\}[A-Za-z0-9._-]*$",
    }

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch(r"(?![.-])[A-Za-z0-9._-]*\{name\}[A-Za-z0-9._-]*", text):
            raise ValueError(
                f"{text!r} is not a file name pattern: write {{name}} once, with only letters, digits and ._- around it"
            )
        return cls(text)


class FileName(Text):
    """A file name, in which {name} is replaced by the entry's name."""

    __slots__ = ()
    schema: ClassVar[dict[str, Any]] = {
        "type": "string",
        "pattern": r"^([A-Za-z0-9._-]|\{name\})+$",
    }

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch(r"(?![.-])[A-Za-z0-9._-]*(\{name\})?[A-Za-z0-9._-]*", text) or not text:
            raise ValueError(f"{text!r} is not a file name: write letters, digits and inner ._-")
        return cls(text)


class GroupName(Text):
    """A group of users: its name (useradd(8)) or its number."""

    __slots__ = ()
    schema: ClassVar[dict[str, Any]] = {
        "type": ["string", "integer"],
        "pattern": "^([a-z_][a-z0-9_-]{0,31}|[0-9]{1,9})$",
    }

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch("[a-z_][a-z0-9_-]{0,31}|[0-9]{1,9}", text):
            raise ValueError(f"{text!r} is not a group: write its name in lowercase letters, or its number")
        return cls(text)


class KeyIdentifier(Text):
    """A subject key identifier: `hash` of the key (RFC 5280 4.2.1.2, method 1), `none`, or its own hexadecimal."""

    __slots__ = ()
    schema: ClassVar[dict[str, Any]] = {"type": "string", "pattern": "^(hash|none|([0-9A-Fa-f]{2}){1,64})$"}

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch("hash|none|([0-9A-Fa-f]{2}){1,64}", text):
            raise ValueError(f"{text!r} is not a key identifier; write hash, none, or pairs of hexadecimal digits")
        return cls(text)


class Uri(Text):
    """An absolute URI in ASCII."""

    __slots__ = ()
    schema: ClassVar[dict[str, Any]] = {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$"}

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch("[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", text):
            raise ValueError(f"{text!r} is not a URI: write scheme:rest in ASCII without spaces")
        return cls(text)


class RawExtension(Text):
    """An extension's value in openssl syntax, as in `critical,DER:0500` (x509v3_config(5))."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        if "@" in text.removeprefix("critical,")[:1] or "file:" in text:
            raise ValueError(f"{text!r} refers to a different section or file; write the value itself, as in DER:0500")
        return cls(check_text(text, reserved=()))


class Variable(Text):
    """The name of an environment variable (POSIX, 8.1)."""

    __slots__ = ()
    schema: ClassVar[dict[str, Any]] = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", text):
            # the text is not repeated: it may be the passphrase itself
            raise ValueError("is not the name of an environment variable; write its name, never the secret")
        return cls(text)


class ExtensionName(Text):
    """An extension by its dotted OID or by openssl's short name."""

    __slots__ = ()
    schema: ClassVar[dict[str, Any]] = {"type": "string"}

    @classmethod
    def parse(cls, text: str) -> Self:
        if not is_oid(text) and (not re.fullmatch("[A-Za-z][A-Za-z0-9]*", text) or text == "proxyCertInfo"):
            raise ValueError(f"{text!r} is not an extension: write a dotted OID, or openssl's short name")
        return cls(text)


def rfc3339(moment: datetime) -> str:
    """In UTC and whole seconds, like every date that mintls writes."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
