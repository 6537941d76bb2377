"""NATS: PING after CONNECT. The server greets with INFO in the clear, before TLS."""

from mintls.handshake.connect.probe import Exchange, Probe
from mintls.handshake.connect.protocols.protocol import Protocol, Request
from mintls.handshake.connect.protocols.replies import by_pattern, ends_with

_READ = by_pattern(accepted=rb"^PONG", refused=rb"-ERR")


def _probe(request: Request) -> Probe:
    connect = b'CONNECT {"verbose":false,"pedantic":false,"tls_required":true}\r\nPING\r\n'
    return Probe("nats", (Exchange(connect, ends_with(rb"(PONG|-ERR)")),), _READ)


NATS = Protocol(
    name="nats", about="CONNECT and PING", probe=_probe, ports=(4222,), greeting=b"INFO {",
    opens_with_line=True,
)  # fmt: skip
