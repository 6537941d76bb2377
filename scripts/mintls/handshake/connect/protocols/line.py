"""A line of the user's, for a protocol that is not known here: the reply is compared with that for the baseline."""

from mintls.errors import UsageError
from mintls.handshake.connect.probe import Exchange, Probe, unclear
from mintls.handshake.connect.protocols.protocol import Protocol, Request


def _probe(request: Request) -> Probe:
    if any(not character.isprintable() for character in request.value):
        raise UsageError("--probe line: give one line of printable characters; use hex:BYTES for others")
    return Probe("line", (Exchange(f"{request.value}\r\n".encode()),), unclear, compares=True)


LINE = Protocol(name="line", about="line:TEXT sends a line; --accepted-if TEXT says which reply accepts", probe=_probe)
