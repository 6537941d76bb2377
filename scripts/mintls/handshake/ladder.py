"""The handshake of a row as it happened, a line a message, with the five steps of mTLS pointed out (pure)."""

from collections.abc import Iterator

from mintls.handshake.case import Verifier
from mintls.handshake.messages import Message
from mintls.handshake.result import Result
from mintls.handshake.verdict import EMPTY_CERTIFICATE
from mintls.printable import printable

# The steps of RFC 8446 section 2 and RFC 5246 section 7.3 that make TLS mutual, by the message and its sender.
CLIENT, SERVER = "client", "server"
STEPS = {
    (CLIENT, "ClientHello"): "1 what the client offers",
    (SERVER, "ServerHello"): "2 what the server chose",
    (SERVER, "Certificate"): "2 who the server is",
    (SERVER, "CertificateRequest"): "2 the server asks who the client is",
    (CLIENT, "Certificate"): "3 who the client is",
    (CLIENT, "CertificateVerify"): "4 the client holds the key of its certificate",
    (CLIENT, "Finished"): "5 the client saw the same handshake",
    (SERVER, "Finished"): "5 the server saw the same handshake",
}
NOBODY = "3 the client shows no certificate"


def ladder(result: Result) -> str:
    """The row's id and verdict, then its messages: who sent it, its name and its length in bytes."""
    lines = [f"{result.row.id}: {result.verdict.kind}, {printable(result.verdict.reason)}"]
    lines += _lines(result) if result.evidence.presenter.messages else ["  no message"]
    return "\n".join(lines) + "\n"


def _lines(result: Result) -> Iterator[str]:
    ends = (CLIENT, SERVER) if result.row.verifier is Verifier.SERVER else (SERVER, CLIENT)
    for message in result.evidence.presenter.messages:
        sender = ends[not message.sent]
        arrow = "client --> server" if sender == CLIENT else "client <-- server"
        step = STEPS.get((sender, message.name), "")
        if (sender, message.name) == (CLIENT, "Certificate") and message.length <= EMPTY_CERTIFICATE:
            step = NOBODY
        yield f"  {arrow}  {_name(message):<28} {message.length:>5} B  {step}".rstrip()


def _name(message: Message) -> str:
    return f"{message.content} {message.name}" if message.content == "Alert" else message.name or message.content
