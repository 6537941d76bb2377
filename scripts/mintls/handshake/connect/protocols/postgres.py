"""PostgreSQL: the start of a session; its certificate is checked then, before a password is asked for.

https://www.postgresql.org/docs/current/protocol-message-formats.html: StartupMessage, AuthenticationRequest (R),
ErrorResponse (E). A user or database that does not exist is reported to clients that have been authenticated.
"""

import re
import struct

from mintls.handshake.connect.probe import Answer, Exchange, Probe, Reply, quoted, unclear
from mintls.handshake.connect.protocols.protocol import Protocol, Request

_VERSION = 0x00030000
_MESSAGE = re.compile(rb"\0M([^\0]*)\0")
_KNOWN = re.compile(rb'^(role|database) ".*" does not exist')
# With clientcert=verify-full a name that does not match is reported by the method of the line, such as "trust".
_REFUSED = re.compile(rb"certificate|no pg_hba.conf entry|^\"\w+\" authentication failed")


def _read(received: bytes) -> Answer:
    if received[:1] == b"R" and len(received) >= 9:
        return Answer(Reply.ACCEPTED, f"AuthenticationRequest {int.from_bytes(received[5:9], 'big')}")
    if received[:1] != b"E" or not (message := _MESSAGE.search(received)):
        return unclear(received)
    known, refused = _KNOWN.search(message[1]), _REFUSED.search(message[1])
    return Answer(
        Reply.ACCEPTED if known else Reply.REFUSED if refused else Reply.UNCLEAR, f"error {quoted(message[1])}"
    )


def _is_complete(received: bytes) -> bool:
    return len(received) >= 5 and len(received) > int.from_bytes(received[1:5], "big")


def _probe(request: Request) -> Probe:
    user = request.database_user("postgres", "postgres")
    parameters = b"user\0" + user + b"\0database\0postgres\0\0"
    start = struct.pack(">II", 8 + len(parameters), _VERSION) + parameters
    return Probe("postgres", (Exchange(start, _is_complete),), _read)


POSTGRES = Protocol(
    name="postgres",
    about="starts a session; postgres:USER, by default the CN of the certificate",
    probe=_probe,
    starttls="postgres",
    upgrades=True,
    alpn="postgresql",  # for TLS at once, from PostgreSQL 17 on
    starttls_ports=(5432,),
)
