"""gRPC over HTTP/2: a call of a method that does not exist, which is reported only to a client that was accepted."""

import re

from mintls.errors import UsageError
from mintls.handshake.connect.probe import Answer, Exchange, Probe, Reply
from mintls.handshake.connect.protocols.h2 import frame, header_blocks, hello, is_complete, literal, reason, status_of
from mintls.handshake.connect.protocols.protocol import Protocol, Request

_PLAIN = b"grpc-status"
_HUFFMAN = bytes.fromhex("9acac8b21234da8f")  # the same by RFC 7541 appendix B
_STATUS = re.compile(b"(?:\x0b%b|\x88%b)(.)(.{1,2})" % (re.escape(_PLAIN), re.escape(_HUFFMAN)), re.DOTALL)
_REFUSED = ("7", "16")  # PERMISSION_DENIED, UNAUTHENTICATED: https://grpc.github.io/grpc/core/md_doc_statuscodes.html


def _probe(request: Request) -> Probe:
    path = request.value or "/mintls.Probe/Probe"
    if not path.startswith("/") or not path.isascii() or not path.isprintable():
        raise UsageError(f"--probe grpc:{path}: write a method such as /package.Service/Method")
    fields = {
        ":method": "POST", ":scheme": "https", ":path": path, ":authority": request.authority,
        "content-type": "application/grpc", "te": "trailers", "user-agent": "mintls",
    }  # fmt: skip
    sent = hello(b"".join(literal(name, value) for name, value in fields.items()), flags=0)
    return Probe("grpc", (Exchange(sent + frame(0, 1, 1, bytes(5)), is_complete),), _read)


def _read(received: bytes) -> Answer:
    blocks = header_blocks(received)
    status = status_of(blocks[0]) if blocks else None
    if status is None:
        return reason(received)
    if status != 200:
        return Answer(Reply.REFUSED if status in (401, 403) else Reply.UNCLEAR, f"HTTP {status}")
    code = next((_code(found) for block in blocks if (found := _STATUS.search(block))), "")
    reply = Reply.REFUSED if code in _REFUSED else Reply.ACCEPTED
    return Answer(reply, f"HTTP 200, grpc-status {code}" if code else "HTTP 200")


def _code(found: "re.Match[bytes]") -> str:
    """The status, whose digits are plain text or Huffman-coded."""
    length, text = found[1][0], found[2]
    if not length & 0x80:
        return text[: length & 0x7F].decode("latin-1")
    return {b"\x77": "7", b"\x0b\x9f": "16"}.get(text[: length & 0x7F], "?")


GRPC = Protocol(
    name="grpc", about="a call of an unknown method, or grpc:/package.Service/Method", probe=_probe, alpn="h2",
    ports=(50051,), has_host=False,
)  # fmt: skip
