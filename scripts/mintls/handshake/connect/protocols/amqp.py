"""AMQP 0-9-1: the protocol header, which a server that serves the client answers with Connection.Start (4.2.2)."""

from mintls.handshake.connect.probe import Answer, Exchange, Probe, Reply, unclear
from mintls.handshake.connect.protocols.protocol import Protocol, Request

_START = bytes.fromhex("000a000a")  # class 10, method 10


def _read(received: bytes) -> Answer:
    is_start = received[:3] == b"\1\0\0" and received[7:11] == _START
    return Answer(Reply.ACCEPTED, "Connection.Start") if is_start else unclear(received)


def _probe(request: Request) -> Probe:
    return Probe("amqp", (Exchange(b"AMQP\0\0\x09\x01", lambda received: len(received) >= 11),), _read)


AMQP = Protocol(name="amqp", about="the protocol header of 0-9-1", probe=_probe, ports=(5671,))
