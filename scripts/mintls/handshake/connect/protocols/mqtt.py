"""MQTT 3.1.1: CONNECT, whose CONNACK decides (sections 3.1 and 3.2 of the OASIS standard)."""

from mintls.handshake.connect.probe import Answer, Exchange, Probe, Reply, unclear
from mintls.handshake.connect.protocols.protocol import Protocol, Request

# Clean session, no client identifier: one of ours would end the session of another connection.
_CONNECT = bytes.fromhex("100c 0004 4d515454 04 02 003c 0000")
_NOT_AUTHORISED = (4, 5)


def _read(received: bytes) -> Answer:
    if len(received) < 4 or received[:2] != b"\x20\x02":
        return unclear(received)
    code = received[3]
    reply = Reply.ACCEPTED if code == 0 else Reply.REFUSED if code in _NOT_AUTHORISED else Reply.UNCLEAR
    return Answer(reply, f"CONNACK {code}")


def _probe(request: Request) -> Probe:
    return Probe("mqtt", (Exchange(_CONNECT, lambda received: len(received) >= 4),), _read)


MQTT = Protocol(name="mqtt", about="CONNECT without a user", probe=_probe, ports=(8883,))
