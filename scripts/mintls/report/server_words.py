"""What a foreign server itself said about a connection, in one line: its status, and the text of its page (pure)."""

import re

from mintls.handshake.verdict import Evidence

MOST = 4096  # bytes of a reply that are looked at
LONGEST = 160  # characters
_TAG = re.compile(r"<[^<>]*>")


def server_words(seen: Evidence) -> str:
    """The status line of HTTP with the first text of its body, or else the last line of text; empty without text."""
    text = (seen.answer or seen.received)[:MOST].decode("latin-1")
    head, _, body = text.partition("\r\n\r\n")
    if head.startswith("HTTP/"):
        chunked = "transfer-encoding: chunked" in head.lower()
        lines = body.split("\n")[1 if chunked else 0 :]  # the first one is the size of a chunk (RFC 9112 section 7.1)
        page = next((line for line in (_TAG.sub(" ", line).strip() for line in lines) if line), "")
        return _cut(": ".join(filter(None, (head.split("\r\n")[0], page))))
    lines = [line.strip() for line in text.split("\n")]
    is_text = bool(text) and all(character.isprintable() for line in lines for character in line)
    return _cut(next((line for line in reversed(lines) if line), "")) if is_text else ""


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."
