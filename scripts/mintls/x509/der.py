"""Reads DER: elements, and the plain values in them (pure).

X.690 section 8.1 defines tag and length, 10.1 that lengths are definite. Nothing here recurses, and nothing is copied
before its length is known to fit, so that hostile input costs no more than its size. Every function raises ValueError
with a short reason if the bytes are something else.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
SEQUENCE, SET, UTC_TIME, GENERALIZED_TIME, UTF8_STRING = 0x30, 0x31, 0x17, 0x18, 0x0C
# X.680 section 8.6: the string types, and how Python decodes each. A TeletexString is read as openssl reads it.
STRINGS = {
    0x0C: "utf-8", 0x12: "ascii", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1A: "ascii", 0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}  # fmt: skip
_LONG_TAG, _INDEFINITE = 0x1F, 0x80
LONGEST_OID = 128  # bytes; no registered one has more than 40


class Element(NamedTuple):
    """One element: its tag octet, the input it is in, and where it starts, its content begins, and it ends."""

    tag: int
    source: bytes
    start: int
    begin: int
    end: int

    @property
    def content(self) -> bytes:
        return self.source[self.begin : self.end]

    @property
    def encoded(self) -> bytes:
        """With its tag and length."""
        return self.source[self.start : self.end]


def read(source: bytes, at: int = 0, end: int | None = None) -> Element:
    """The element that starts there and must end by `end`."""
    end = len(source) if end is None else end
    if at + 2 > end:
        raise ValueError("it is cut off")
    tag, length, begin = source[at], source[at + 1], at + 2
    if tag & _LONG_TAG == _LONG_TAG or length == _INDEFINITE:
        raise ValueError("it is not DER")
    if length > _INDEFINITE:
        begin += length & 0x7F
        length = int.from_bytes(source[at + 2 : begin])
    if begin + length > end:
        raise ValueError("it is cut off")
    return Element(tag, source, at, begin, begin + length)


def children(parent: Element, tag: int | None = None) -> list[Element]:
    """The elements of a constructed one, which must have that tag."""
    if tag is not None and parent.tag != tag:
        raise ValueError("its structure is not the expected one")
    found, at = [], parent.begin
    while at < parent.end:
        found.append(read(parent.source, at, parent.end))
        at = found[-1].end
    return found


def encode(tag: int, content: bytes) -> bytes:
    """An element from a tag and its content, to combine parts that were read."""
    if len(content) < _INDEFINITE:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8)
    return bytes([tag, _INDEFINITE | len(length)]) + length + content


def read_oid(element: Element) -> str:
    """An OBJECT IDENTIFIER with dots (X.690 section 8.19)."""
    content = element.content
    if element.tag != OID:
        raise ValueError("its structure is not the expected one")
    return dotted(content)


def dotted(content: bytes) -> str:
    """The content octets of an OBJECT IDENTIFIER, with dots."""
    if not content or len(content) > LONGEST_OID or content[-1] & 0x80:
        raise ValueError("an object identifier in it is malformed")
    arcs, value = [], 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def read_integer(element: Element) -> int:
    """An INTEGER, signed."""
    if element.tag != INTEGER or element.begin == element.end:
        raise ValueError("its structure is not the expected one")
    return int.from_bytes(element.content, signed=True)


def hexadecimal(number: int) -> str:
    """As openssl prints a serial number: upper-case, whole octets, a minus sign before a negative one."""
    digits = f"{abs(number):X}"
    return ("-" if number < 0 else "") + "0" * (len(digits) % 2) + digits


def read_bits(element: Element) -> bytes:
    """The octets of a BIT STRING without those that say how many bits are unused (X.690 section 8.6)."""
    if element.tag != BIT_STRING or element.begin == element.end or element.source[element.begin] > 7:
        raise ValueError("its structure is not the expected one")
    return element.source[element.begin + 1 : element.end]


def read_text(element: Element) -> str | None:
    """The text of a string type; None for other types, and for octets that are invalid for the type."""
    try:
        return element.content.decode(STRINGS[element.tag])
    except (KeyError, UnicodeDecodeError):
        return None


def read_time(element: Element) -> datetime:
    """A UTCTime or GeneralizedTime, rounded down to whole seconds.

    RFC 5280 section 4.1.2.5 requires UTC with seconds; what else X.680 sections 46 and 47 allow (fractions, an offset,
    no seconds) is read as well, since openssl reads it. Two digits are a year from 1950 to 2049.
    """
    text = element.content.decode("ascii", errors="replace")
    try:
        if element.tag == UTC_TIME:
            text = ("19" if text >= "50" else "20") + text
        elif element.tag != GENERALIZED_TIME:
            raise ValueError
        digits = text[: len(text) - len(text.lstrip("0123456789"))]
        zone = text[len(digits) :]
        if zone[:1] == "." and element.tag == GENERALIZED_TIME:
            zone = zone[1:].lstrip("0123456789")
        if not digits.isascii() or len(digits) not in (12, 14):
            raise ValueError
        moment = datetime(*(int(digits[a:b]) for a, b in _FIELDS if digits[a:b]), tzinfo=UTC)  # type: ignore[misc,arg-type]
        if zone == "Z":
            return moment
        if len(zone) != 5 or zone[0] not in "+-" or not (zone[1:].isascii() and zone[1:].isdigit()):
            raise ValueError
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
        return moment - offset if zone[0] == "+" else moment + offset
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} in it is not a date") from None


_FIELDS = ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))
