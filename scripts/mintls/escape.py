"""Makes text from others (certificates, peers, profiles) safe for a terminal, a log and a report."""

import re
from collections.abc import Iterator

_UNUSUAL = re.compile(r"[^\n -~]")


def printable(text: str) -> str:
    r"""The text on one line, with characters that are not printable as `\` and hex pairs.

    This is the escape of RFC 4514 section 2.4. It covers control, bidirectional and line-breaking characters.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else "".join(f"\\{byte:02X}" for byte in _utf8(character))
        for character in text
    )


def printable_json(text: str) -> str:
    r"""JSON in which what is not printable is written as \uXXXX, which means the same (RFC 8259 section 7)."""
    return _UNUSUAL.sub(lambda match: match[0] if match[0].isprintable() else _escaped(match[0]), text)


def _escaped(character: str) -> str:
    return "".join(map("\\u{:04x}".format, _utf16(character)))


def _utf16(character: str) -> Iterator[int]:
    units = character.encode("utf-16-be", errors="surrogatepass")
    return (int.from_bytes(units[start : start + 2]) for start in range(0, len(units), 2))


def _utf8(character: str) -> bytes:
    return character.encode(errors="surrogatepass")
