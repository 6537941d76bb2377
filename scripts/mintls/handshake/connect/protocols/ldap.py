"""LDAP (RFC 4511): an anonymous search of the root DSE, which every client may send."""

from mintls.handshake.connect.probe import Answer, Exchange, Probe, Reply, unclear
from mintls.handshake.connect.protocols.protocol import Protocol, Request

# Message 1, a SearchRequest: base "", scope base, (objectClass=*), attribute 1.1 (none)
_SEARCH = (
    bytes.fromhex("302a 020101 6325 0400 0a0100 0a0100 020100 020100 010100 870b")
    + b"objectClass"
    + bytes.fromhex("3005 0403")
    + b"1.1"
)
_DONE, _ENTRY = 0x65, 0x64
_NOT_ALLOWED = (7, 8, 13, 48, 49, 50, 53)  # section 4.1.9: authentication, confidentiality, rights, unwilling


def _read(received: bytes) -> Answer:
    kind = _operation(received)
    if kind == _ENTRY:
        return Answer(Reply.ACCEPTED, "SearchResultEntry")
    at = received.find(b"\x0a\x01")
    if kind != _DONE or not 0 < at < len(received) - 2:
        return unclear(received)
    code = received[at + 2]
    reply = Reply.ACCEPTED if code == 0 else Reply.REFUSED if code in _NOT_ALLOWED else Reply.UNCLEAR
    return Answer(reply, f"SearchResultDone {code}")


def _operation(received: bytes) -> int:
    """The tag of the first message's operation; 0 when it is not LDAP."""
    if len(received) < 7 or received[0] != 0x30:
        return 0
    at = 2 + (received[1] & 0x7F if received[1] & 0x80 else 0)
    return received[at + 3] if received[at : at + 3] == b"\x02\x01\x01" and len(received) > at + 3 else 0


def _probe(request: Request) -> Probe:
    return Probe("ldap", (Exchange(_SEARCH, lambda received: len(received) >= 14),), _read)


LDAP = Protocol(
    name="ldap", about="an anonymous search of the root DSE", probe=_probe, starttls="ldap", ports=(636,),
    starttls_ports=(389,),
)  # fmt: skip
