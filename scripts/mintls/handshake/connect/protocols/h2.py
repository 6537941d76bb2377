"""HTTP/2 (RFC 9113): a GET request, whose :status decides. HPACK (RFC 7541) only as far as a status needs it."""

from collections.abc import Iterator

from mintls.handshake.connect.probe import Answer, Exchange, Probe, Reply, unclear
from mintls.handshake.connect.protocols.http import by_status, path_of
from mintls.handshake.connect.protocols.protocol import Protocol, Request

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # RFC 9113 section 3.4
_DATA, _HEADERS, _RESET, _SETTINGS, _GOAWAY = 0, 1, 3, 4, 7
_END_STREAM, _END_HEADERS, _PADDED, _PRIORITY = 0x1, 0x4, 0x8, 0x20
_STATIC = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}  # RFC 7541 appendix A
_DIGITS = {"00000": "0", "00001": "1", "00010": "2"} | {f"{0b011001 + n:06b}": str(n + 3) for n in range(7)}  # B
_REASONS = {2: "INTERNAL_ERROR", 7: "REFUSED_STREAM", 11: "ENHANCE_YOUR_CALM", 12: "INADEQUATE_SECURITY",
            13: "HTTP_1_1_REQUIRED"}  # fmt: skip


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame (RFC 9113 section 4.1)."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def frames(received: bytes) -> Iterator[tuple[int, int, bytes]]:
    """The type, flags and payload of each complete frame."""
    at = 0
    while len(received) >= at + 9:
        end = at + 9 + int.from_bytes(received[at : at + 3], "big")
        if len(received) < end:
            return
        yield received[at + 3], received[at + 4], received[at + 9 : end]
        at = end


def literal(name: str, value: str) -> bytes:
    """A header field that is not indexed (RFC 7541 section 6.2.2), with a name of its own."""
    return b"\0" + b"".join(_length(len(text)) + text.encode() for text in (name, value))


def hello(fields: bytes, flags: int = _END_STREAM) -> bytes:
    """The preface, empty settings, and a request with these header fields as stream 1."""
    return PREFACE + frame(_SETTINGS, 0, 0) + frame(_HEADERS, flags | _END_HEADERS, 1, fields)


def header_blocks(received: bytes) -> list[bytes]:
    """The blocks of HEADERS frames, without padding and priority."""
    blocks = []
    for kind, flags, payload in frames(received):
        if kind == _HEADERS and payload:
            start = (1 if flags & _PADDED else 0) + (5 if flags & _PRIORITY else 0)
            blocks.append(payload[start : len(payload) - (payload[0] if flags & _PADDED else 0)])
    return blocks


def status_of(block: bytes) -> int | None:
    """The :status, which is the first field of a response; None when the block has none there."""
    while block and block[0] & 0xE0 == 0x20:  # a new size of the table (RFC 7541 section 6.3)
        block = block[1:]
    if not block:
        return None
    if block[0] & 0x80:
        return _STATIC.get(block[0] & 0x7F)
    if block[0] not in (0x08, 0x18, 0x48) or len(block) < 2:
        return None
    size, text = block[1] & 0x7F, block[2 : 2 + (block[1] & 0x7F)]
    digits = _digits(text) if block[1] & 0x80 else text[:size].decode("latin-1")
    return int(digits) if len(digits) == 3 and digits.isascii() and digits.isdigit() else None


def is_complete(received: bytes) -> bool:
    """Whether the response, or the end of the connection or stream, has come; or something that is not HTTP/2."""
    if received[:1] not in (b"", b"\0"):
        return True
    return any(kind in (_HEADERS, _RESET, _GOAWAY) for kind, _, _ in frames(received))


def reason(received: bytes) -> Answer:
    """The answer where there was no response."""
    for kind, _, payload in frames(received):
        if kind in (_RESET, _GOAWAY):
            code = int.from_bytes(payload[:4] if kind == _RESET else payload[4:8], "big")
            what = "RST_STREAM" if kind == _RESET else "GOAWAY"
            return Answer(Reply.UNCLEAR, f"{what} {_REASONS.get(code, code)}")
    return unclear(received)


def _probe(request: Request) -> Probe:
    fields = {":method": "GET", ":scheme": "https", ":authority": request.authority, ":path": path_of(request)}
    extra = dict(line.split(": ", 1) for line in request.headers)
    fields |= {name.lower(): value for name, value in extra.items()} | {"user-agent": "mintls"}
    sent = hello(b"".join(literal(name, value) for name, value in fields.items()))

    def read(received: bytes) -> Answer:
        statuses = [status for block in header_blocks(received) if (status := status_of(block))]
        final = [status for status in statuses if status >= 200]
        return by_status(final[0], request) if final else reason(received)

    return Probe("h2", (Exchange(sent, is_complete),), read, has_content=True)


def _length(number: int) -> bytes:
    """An integer with a prefix of seven bits (RFC 7541 section 5.1), not Huffman-coded."""
    if number < 127:
        return bytes([number])
    octets, number = [127], number - 127
    while number >= 128:
        octets.append(number % 128 + 128)
        number //= 128
    return bytes([*octets, number])


def _digits(coded: bytes) -> str:
    bits, digits = "".join(f"{octet:08b}" for octet in coded), ""
    while len(digits) < 3 and (size := next((n for n in (5, 6) if bits[:n] in _DIGITS), 0)):
        digits, bits = digits + _DIGITS[bits[:size]], bits[size:]
    return digits


H2 = Protocol(name="h2", about="GET / or h2:PATH by HTTP/2", probe=_probe, alpn="h2", has_host=True)
