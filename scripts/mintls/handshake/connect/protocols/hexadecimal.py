"""Bytes of the user's, for a protocol that is not known here: the reply is compared with that for the baseline."""

from mintls.errors import UsageError
from mintls.handshake.connect.probe import Exchange, Probe, unclear
from mintls.handshake.connect.protocols.protocol import Protocol, Request


def _probe(request: Request) -> Probe:
    try:
        sent = bytes.fromhex(request.value)
    except ValueError:
        raise UsageError(f"--probe hex:{request.value}: write pairs of hexadecimal digits, such as hex:00ff") from None
    if not sent:
        raise UsageError("--probe hex: write the bytes to send after it, or --probe none")
    return Probe("hex", (Exchange(sent, bool),), unclear, compares=True)


HEX = Protocol(name="hex", about="hex:BYTES sends bytes; --accepted-if TEXT says which reply accepts", probe=_probe)
