"""Syslog over TLS (RFC 5425): the server never replies, so that only the fate of the connection shows its verdict."""

from mintls.handshake.connect.protocols.none import NONE
from mintls.handshake.connect.protocols.protocol import Protocol

SYSLOG = Protocol(name="syslog", about="sends nothing, like none", probe=NONE.probe, ports=(6514,))
