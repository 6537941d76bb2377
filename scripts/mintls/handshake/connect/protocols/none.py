"""No question: whether the connection stays open after the handshake is compared with the baseline."""

from mintls.errors import UsageError
from mintls.handshake.connect.probe import Probe, unclear
from mintls.handshake.connect.protocols.protocol import Protocol, Request


def _probe(request: Request) -> Probe:
    if request.value:
        raise UsageError("--probe none: nothing follows it; to send something, write line:TEXT or hex:BYTES")
    return Probe("none", (), unclear)


NONE = Protocol(name="none", about="sends nothing: a connection that stays open is accepted", probe=_probe)
