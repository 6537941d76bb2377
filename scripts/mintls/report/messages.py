"""The messages of a row's handshake in order, with the steps of mTLS numbered and named (pure)."""

from collections.abc import Iterable, Iterator

from mintls.escape import printable
from mintls.handshake.result import Result
from mintls.handshake.verdict import EMPTY_CERTIFICATE
from mintls.handshake.wire.transcript import COMPRESSED, Message

from msgspec import Struct

# The steps of RFC 8446 section 2 and RFC 5246 section 7.3 that make TLS mutual, by the message and its sender.
CLIENT, SERVER = "client", "server"
STEPS = {
    (CLIENT, "ClientHello"): "client offers versions and ciphers",
    (SERVER, "ServerHello"): "server chooses version and cipher",
    (SERVER, "Certificate"): "server presents its certificate",
    (SERVER, COMPRESSED): "server presents its certificate",
    (SERVER, "CertificateVerify"): "server proves possession of its key",
    (SERVER, "CertificateRequest"): "server requests a client certificate",
    (CLIENT, "Certificate"): "client presents its certificate",
    (CLIENT, COMPRESSED): "client presents its certificate",
    (CLIENT, "CertificateVerify"): "client proves possession of its key",
    (CLIENT, "Finished"): "client confirms the handshake",
    (SERVER, "Finished"): "server confirms the handshake",
}
NO_CERTIFICATE = "client presents no certificate"
IGNORED = "ChangeCipherSpec"  # TLS 1.3 drops it silently (RFC 8446 section 5)


class SentMessage(Struct, frozen=True):
    """One message: its sender, name, length in bytes, numbered step of mTLS, and the peer that did not read it."""

    sender: str
    name: str
    length: int
    step: str
    unread_by: str

    @property
    def is_fatal(self) -> bool:
        """Whether it is the alert that ended the handshake."""
        return self.name.startswith("Alert fatal ")


def sequence(result: Result) -> str:
    """The row's id and verdict, then its messages: sender, name, length in bytes, step of mTLS."""
    lines = [f"{result.row.id}: {result.verdict.kind}, {printable(result.verdict.reason)}"]
    lines += _lines(result) if result.evidence.presenter.messages else ["  no messages"]
    return "\n".join(lines) + "\n"


def sent_messages(result: Result) -> tuple[SentMessage, ...]:
    """The messages in the order in which the presenting peer saw them, then those that it did not read."""
    evidence = result.evidence
    messages = evidence.presenter.messages
    presenter, verifier = (CLIENT, SERVER) if evidence.verifier_is_server else (SERVER, CLIENT)
    left = len(_counted(evidence.verifier.messages, sent=False)) if evidence.verifier else len(messages)
    found: list[tuple[Message, str, str]] = []
    for message in messages:
        counts = message.sent and message.content != IGNORED
        left -= counts
        found.append((message, presenter if message.sent else verifier, verifier if counts and left < 0 else ""))
    if evidence.verifier:
        read = len(_counted(messages, sent=False))
        found += [(message, verifier, presenter) for message in _counted(evidence.verifier.messages, sent=True)[read:]]
    return tuple(_numbered(found))


def _numbered(found: Iterable[tuple[Message, str, str]]) -> Iterator[SentMessage]:
    """Each message, its step with its number in the order of this handshake."""
    number = 0
    for message, sender, unread_by in found:
        step = STEPS.get((sender, message.name), "")
        if (sender, message.name) == (CLIENT, "Certificate") and message.length <= EMPTY_CERTIFICATE:
            step = NO_CERTIFICATE
        if step:
            number += 1
            step = f"{number} {step}"
        name = f"{message.content} {message.name}" if message.content == "Alert" else message.name or message.content
        yield SentMessage(sender, name, message.length, step, unread_by)


def _lines(result: Result) -> Iterator[str]:
    for message in sent_messages(result):
        arrow = "client --> server" if message.sender == CLIENT else "client <-- server"
        unread = f"sent, but the {message.unread_by} had already closed" if message.unread_by else ""
        notes = "; ".join(filter(None, (message.step, unread)))
        yield f"  {arrow}  {message.name:<32} {message.length:>5} B  {notes}".rstrip()


def _counted(messages: Iterable[Message], *, sent: bool) -> list[Message]:
    """Those in one direction that the receiver lists when it reads them."""
    return [message for message in messages if message.sent is sent and message.content != IGNORED]
