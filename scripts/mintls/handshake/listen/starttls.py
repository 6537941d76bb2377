"""The server's part of a conversation before TLS, up to the point where the client starts it (--offer-starttls).

Sources: RFC 3207 (SMTP), RFC 9051 section 6.2.1 (IMAP), RFC 2595 section 4 (POP3), RFC 4511 section 4.14 (LDAP), the
PostgreSQL documentation on SSLRequest, and the MySQL client/server protocol's SSLRequest.
"""

import socket
import struct
from collections.abc import Callable

from mintls.handshake.wire.relayed_connection import READ, wait

LONGEST = 4096  # bytes of what a client may send in one piece before TLS
COMMANDS = 20  # lines of a client before TLS
SHOWN = 40  # bytes of what is not understood
SSL_REQUEST, GSS_REQUEST = 80877103, 80877104  # the numbers of PostgreSQL's requests for encryption
START_TLS = b"1.3.6.1.4.1.1466.20037"
LDAP_SUCCESS = bytes.fromhex("78070a010004000400")  # [APPLICATION 24] ExtendedResponse: success, no DN, no message
MYSQL_SSL = 0x0800  # CLIENT_SSL
MYSQL_GREETING = (
    b"\x0a8.0.0\0" + b"\x01\0\0\0" + b"saltsalt\0"
    + struct.pack("<H", 0xFFFF) + b"\x21" + b"\x02\0" + struct.pack("<H", 0x000F) + b"\x15" + bytes(10)
    + b"saltsaltsalt\0" + b"mysql_native_password\0"
)  # fmt: skip


class NoTls(Exception):
    """The client did not start TLS; the text is why."""


class Dialogue:
    """A client's connection that is read until `deadline` (time.monotonic()), or until `stopped` can be read."""

    def __init__(self, client: socket.socket, stopped: socket.socket, deadline: float) -> None:
        self._client, self._stopped, self._deadline = client, stopped, deadline

    def sendall(self, data: bytes) -> None:
        self._client.sendall(data)  # a few lines, which any socket's buffer takes

    def recv(self, size: int) -> bytes:
        ready = wait({self._client: READ, self._stopped: READ}, self._deadline)
        if self._client not in ready:
            raise NoTls("the client connected and did not start TLS")
        return self._client.recv(size)


def start_tls(protocol: str, client: Dialogue) -> None:
    """Speak with the client until its next byte belongs to TLS. Raises NoTls."""
    try:
        PROTOCOLS[protocol](client)
    except OSError as error:
        raise NoTls(f"the client ended before it started TLS ({type(error).__name__})") from None


def _smtp(client: Dialogue) -> None:
    client.sendall(b"220 mintls ESMTP\r\n")
    _lines(client, {b"EHLO": b"250-mintls\r\n250 STARTTLS\r\n"}, b"STARTTLS", b"220 go ahead\r\n")


def _pop3(client: Dialogue) -> None:
    client.sendall(b"+OK mintls\r\n")
    _lines(client, {b"CAPA": b"+OK\r\nSTLS\r\n.\r\n"}, b"STLS", b"+OK\r\n")


def _imap(client: Dialogue) -> None:
    client.sendall(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] mintls\r\n")
    answers = {b"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n%s OK done\r\n", b"NOOP": b"%s OK done\r\n"}
    _lines(client, answers, b"STARTTLS", b"%s OK done\r\n", tagged=True)


def _lines(client: Dialogue, answers: dict[bytes, bytes], start: bytes, last: bytes, *, tagged: bool = False) -> None:
    """Answer the client's lines until it starts TLS. Each begins with a tag, which the answer repeats, if `tagged`."""
    for _ in range(COMMANDS):
        line = _line(client)
        words = line.split()
        tag = words.pop(0) if tagged and words else b""
        word = words[0].upper() if words else b""
        answer = last if word == start else answers.get(word)
        if answer is None:
            raise _unexpected(line)
        client.sendall(answer.replace(b"%s", tag))
        if word == start:
            return
    raise NoTls(f"the client sent {COMMANDS} lines and did not start TLS")


def _postgres(client: Dialogue) -> None:
    length, code = struct.unpack(">II", request := _exactly(client, 8))
    if (length, code) == (8, GSS_REQUEST):
        client.sendall(b"N")
        length, code = struct.unpack(">II", request := _exactly(client, 8))
    if (length, code) != (8, SSL_REQUEST):
        raise _unexpected(request)
    client.sendall(b"S")


def _mysql(client: Dialogue) -> None:
    client.sendall(len(MYSQL_GREETING).to_bytes(3, "little") + b"\0" + MYSQL_GREETING)
    header = _exactly(client, 4)
    payload = _exactly(client, min(int.from_bytes(header[:3], "little"), LONGEST))
    if len(payload) != 32 or not int.from_bytes(payload[:2], "little") & MYSQL_SSL:
        raise NoTls("the client logs in without TLS")  # with a user's name in it: it is not shown


def _ldap(client: Dialogue) -> None:
    header = _exactly(client, 2)
    body = _exactly(client, header[1]) if header[1] < 0x80 else b""
    if header[0] != 0x30 or START_TLS not in body:
        raise NoTls("the client did not ask for StartTLS")  # a bind has a password: it is not shown
    number = body[: 2 + body[1]]  # messageID INTEGER
    content = number + LDAP_SUCCESS
    client.sendall(bytes((0x30, len(content))) + content)


PROTOCOLS: dict[str, Callable[[Dialogue], None]] = {
    "smtp": _smtp, "imap": _imap, "pop3": _pop3, "postgres": _postgres, "mysql": _mysql, "ldap": _ldap,
}  # fmt: skip


def _line(client: Dialogue) -> bytes:
    """A line without its end. It is read by the byte, since what follows it belongs to TLS."""
    line = b""
    while not line.endswith(b"\n"):
        line += _exactly(client, 1)
        if len(line) > LONGEST:
            raise _unexpected(line)
    return line.rstrip(b"\r\n")


def _exactly(client: Dialogue, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = client.recv(size - len(data))
        if not chunk:
            raise NoTls("the client closed before it started TLS")
        data += chunk
    return data


def _unexpected(data: bytes) -> NoTls:
    """The first word alone: what follows may be a secret."""
    return NoTls(f"the client did not start TLS and sent {data.split(b' ')[0][:SHOWN]!r}")
