"""PEM text -> its blocks, and DER -> PEM (pure). RFC 7468.

Text around the blocks is ignored. So is an example in a document: a block without a single line of base64 between BEGIN
and END. A block without END was cut off.
"""

import base64
import re
from collections.abc import Iterator
from typing import NamedTuple

_BEGIN = re.compile(rb"^[ \t]*-----BEGIN ([A-Z0-9#. ]+)-----[ \t\r]*$", re.MULTILINE)
_BASE64 = re.compile(rb"^[ \t]*(?:[A-Za-z0-9+/]{16,}={0,2}|[A-Za-z0-9+/]+={1,2}|(?:[A-Za-z0-9+/]{4})+)[ \t\r]*$")
MOST_BLOCKS = 100_000


class Block(NamedTuple):
    """One block: its label, its content (None if it is not base64), and whether its END is missing.

    `text` is the whole block, for what only openssl can read: a key encrypted as in RFC 1421.
    """

    label: str
    der: bytes | None
    cut_off: bool = False
    text: bytes = b""

    @property
    def is_encrypted(self) -> bool:
        return b"ENCRYPTED" in self.text.partition(b"\n\n")[0] or self.label == "ENCRYPTED PRIVATE KEY"


def pem_blocks(data: bytes) -> Iterator[Block]:
    """Every block, in order."""
    at = 0
    data = data.replace(b"\r\n", b"\n")
    for _ in range(MOST_BLOCKS):
        begin = _BEGIN.search(data, at)
        if not begin:
            return
        label = begin[1]
        following = _BEGIN.search(data, begin.end())
        limit = following.start() if following else len(data)
        end = data.find(b"-----END " + label + b"-----", begin.end(), limit)
        body = data[begin.end() : end if end >= 0 else limit]
        lines = body.strip().split(b"\n")
        headers = any(b":" in line for line in lines[:3])
        at = begin.end() if end < 0 else end
        if end < 0:
            if headers or _BASE64.match(lines[0]):
                yield Block(label.decode(), None, cut_off=True)
        elif headers:
            yield Block(label.decode(), _decoded(body.partition(b"\n\n")[2]), text=_whole(label, body))
        elif (der := _decoded(body)) is not None or any(map(_BASE64.match, lines)):
            yield Block(label.decode(), der, text=_whole(label, body))


def as_pem(label: str, der: bytes) -> str:
    """PEM with lines of 64 characters, as openssl writes it."""
    text = base64.b64encode(der).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


def _decoded(body: bytes) -> bytes | None:
    try:
        return base64.b64decode(b"".join(body.split()), validate=True) or None
    except ValueError:
        return None


def _whole(label: bytes, body: bytes) -> bytes:
    return b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (label, body.strip(b"\n"), label)
