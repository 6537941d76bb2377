"""MySQL and MariaDB: the login of a user without a password, which REQUIRE X509 rejects without a certificate.

https://mariadb.com/kb/en/connection/: HandshakeResponse41 after the SSLRequest that s_client has sent.
"""

import struct

from mintls.handshake.connect.probe import Answer, Exchange, Probe, Reply, quoted, unclear
from mintls.handshake.connect.protocols.protocol import Protocol, Request

_CAPABILITIES, _UTF8 = 0x007FAE85, 33  # those that s_client has sent; CONNECT_ATTRS and PLUGIN_AUTH are among them
_SEQUENCE = 2  # after the greeting and the SSLRequest
_OK, _ERROR, _MORE = 0x00, 0xFF, 0xFE
_DENIED = (1044, 1045, 1698, 3159)  # access denied, secure transport required


def _read(received: bytes) -> Answer:
    if len(received) < 7:
        return unclear(received)
    kind = received[4]
    if kind == _OK:
        return Answer(Reply.ACCEPTED, "OK")
    if kind == _ERROR:
        code = int.from_bytes(received[5:7], "little")
        reply = Reply.REFUSED if code in _DENIED else Reply.UNCLEAR
        return Answer(reply, f"error {code} {quoted(received[13:])}")
    return Answer(Reply.UNCLEAR, "a request for a password" if kind == _MORE else quoted(received))


def _is_complete(received: bytes) -> bool:
    return len(received) >= 4 + int.from_bytes(received[:3], "little") and len(received) >= 7


def _probe(request: Request) -> Probe:
    user = request.database_user("mysql", "mintls")
    body = struct.pack("<IIB23x", _CAPABILITIES, 1 << 24, _UTF8) + user + b"\0\0mysql_native_password\0\0"
    packet = len(body).to_bytes(3, "little") + bytes([_SEQUENCE]) + body
    return Probe("mysql", (Exchange(packet, _is_complete),), _read)


MYSQL = Protocol(
    name="mysql",
    about="logs in without a password; mysql:USER, by default the CN of the certificate",
    probe=_probe,
    starttls="mysql",
    upgrades=True,
    starttls_ports=(3306,),
)
