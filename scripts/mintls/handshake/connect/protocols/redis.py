"""Redis: PING, which every user may send."""

from mintls.handshake.connect.probe import Exchange, Probe
from mintls.handshake.connect.protocols.protocol import Protocol, Request
from mintls.handshake.connect.protocols.replies import by_pattern

_READ = by_pattern(accepted=rb"^\+PONG", refused=rb"certificate")


def _probe(request: Request) -> Probe:
    return Probe("redis", (Exchange(b"PING\r\n"),), _READ)


REDIS = Protocol(name="redis", about="PING", probe=_probe, ports=(6379, 6380))
