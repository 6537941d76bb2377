"""The handshake of a row as it happened, a rung a message, with the five steps of mTLS pointed out (pure)."""

from collections.abc import Iterable, Iterator

from mintls.escape import printable
from mintls.handshake.result import Result
from mintls.handshake.verdict import EMPTY_CERTIFICATE
from mintls.handshake.wire.transcript import COMPRESSED, Message

from msgspec import Struct

# The steps of RFC 8446 section 2 and RFC 5246 section 7.3 that make TLS mutual, by the message and its sender.
CLIENT, SERVER = "client", "server"
STEPS = {
    (CLIENT, "ClientHello"): "1 what the client offers",
    (SERVER, "ServerHello"): "2 what the server chose",
    (SERVER, "Certificate"): "2 who the server is",
    (SERVER, "CertificateRequest"): "2 the server asks who the client is",
    (CLIENT, "Certificate"): "3 who the client is",
    (SERVER, COMPRESSED): "2 who the server is",
    (CLIENT, COMPRESSED): "3 who the client is",
    (CLIENT, "CertificateVerify"): "4 the client holds the key of its certificate",
    (CLIENT, "Finished"): "5 the client saw the same handshake",
    (SERVER, "Finished"): "5 the server saw the same handshake",
}
NOBODY = "3 the client shows no certificate"
UNSEEN = "ChangeCipherSpec"  # TLS 1.3 drops it without a word (RFC 8446 section 5)


def ladder(result: Result) -> str:
    """The row's id and verdict, then its messages: who sent it, its name, its length in bytes, its step in mTLS."""
    lines = [f"{result.row.id}: {result.verdict.kind}, {printable(result.verdict.reason)}"]
    lines += _lines(result) if result.evidence.presenter.messages else ["  no message"]
    return "\n".join(lines) + "\n"


class Rung(Struct, frozen=True):
    """One message: which end sent it, its name, its length in bytes, its step in mTLS, and whether it was read."""

    sender: str
    name: str
    length: int
    step: str
    unread_by: str  # the end that it did not reach, where that is known

    @property
    def is_fatal(self) -> bool:
        """Whether it is the alert that ended the handshake."""
        return self.name.startswith("Alert fatal ")


def rungs(result: Result) -> Iterator[Rung]:
    """The messages in the order in which the presenting end saw them, then what the other sent and it never read."""
    seen = result.evidence
    shown = seen.presenter.messages
    presenter, verifier = (CLIENT, SERVER) if seen.verifier_is_server else (SERVER, CLIENT)
    left = len(_counted(seen.verifier.messages, sent=False)) if seen.verifier else len(shown)
    for message in shown:
        counts = message.sent and message.content != UNSEEN
        left -= counts
        yield _rung(message, presenter if message.sent else verifier, verifier if counts and left < 0 else "")
    if seen.verifier:
        read = len(_counted(shown, sent=False))
        for message in _counted(seen.verifier.messages, sent=True)[read:]:
            yield _rung(message, verifier, presenter)


def _lines(result: Result) -> Iterator[str]:
    for rung in rungs(result):
        arrow = "client --> server" if rung.sender == CLIENT else "client <-- server"
        unread = f"not read by the {rung.unread_by}" if rung.unread_by else ""
        told = "; ".join(filter(None, (rung.step, unread)))
        yield f"  {arrow}  {rung.name:<32} {rung.length:>5} B  {told}".rstrip()


def _counted(messages: Iterable[Message], *, sent: bool) -> list[Message]:
    """Those of a direction that the other end tells of when it reads them."""
    return [message for message in messages if message.sent is sent and message.content != UNSEEN]


def _rung(message: Message, sender: str, unread_by: str) -> Rung:
    step = STEPS.get((sender, message.name), "")
    if (sender, message.name) == (CLIENT, "Certificate") and message.length <= EMPTY_CERTIFICATE:
        step = NOBODY
    name = f"{message.content} {message.name}" if message.content == "Alert" else message.name or message.content
    return Rung(sender, name, message.length, step, unread_by)
