"""Text of a stranger (a certificate, a peer, a profile), made harmless for a terminal, a log and a report."""


def printable(text: str) -> str:
    r"""Text of a stranger, made safe for a terminal and a line of a log: others become `\` and hex pairs.

    This is the escape of RFC 4514 section 2.4. Control, bidirectional and line-breaking characters go.
    """
    return "".join(
        character if character.isprintable() else "".join(f"\\{byte:02X}" for byte in _utf8(character))
        for character in text
    )


def _utf8(character: str) -> bytes:
    return character.encode(errors="surrogatepass")
