"""Makes text from others (certificates, peers, profiles) safe for a terminal, a log and a report."""

from collections.abc import Iterator


def printable(text: str) -> str:
    r"""The text on one line, with characters that are not printable as `\` and hex pairs.

    This is the escape of RFC 4514 section 2.4. It covers control, bidirectional and line-breaking characters.
    """
    return "".join(
        character if character.isprintable() else "".join(f"\\{byte:02X}" for byte in _utf8(character))
        for character in text
    )


def printable_json(text: str) -> str:
    r"""JSON with everything that is not printable as \uXXXX, which means the same (RFC 8259 section 7)."""
    return "".join(
        character
        if character.isprintable() or character == "\n"
        else "".join(map("\\u{:04x}".format, _utf16(character)))
        for character in text
    )


def _utf16(character: str) -> Iterator[int]:
    units = character.encode("utf-16-be", errors="surrogatepass")
    return (int.from_bytes(units[start : start + 2]) for start in range(0, len(units), 2))


def _utf8(character: str) -> bytes:
    return character.encode(errors="surrogatepass")
