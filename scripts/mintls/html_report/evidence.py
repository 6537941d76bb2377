"""What was seen of one connection, for the page: the reason, the messages of both ends, the commands (pure)."""

from collections.abc import Iterable, Iterator
from shlex import join
from xml.etree.ElementTree import Element

from mintls.handshake.messages import Message
from mintls.handshake.result import Result
from mintls.html_report.markup import element, mark

CLIENT, SERVER = "client", "server"
UNSEEN = "ChangeCipherSpec"  # TLS 1.3 drops it without a word (RFC 8446 section 5)


def evidence(result: Result) -> Element:
    """One row's."""
    row, seen = result.row, result.evidence
    commands = element("ul", *(element("li", join(command)) for command in seen.commands), class_="commands")
    return element(
        "div",
        element("h3", f"{row.verifier} verifies, TLS {row.version}"),
        element("p", mark(result.outcome), f" {result.verdict.kind}: {result.verdict.reason}"),
        element("p", f"{row.id}, {seen.milliseconds:.0f} ms", class_="soft"),
        element("ol", *_ladder(result), class_="ladder"),
        element("details", element("summary", "The commands"), commands) if seen.commands else "",
        class_="row",
    )


def _ladder(result: Result) -> Iterator[Element]:
    """The messages in the order in which the presenting end saw them, then what the other sent and it never read."""
    seen = result.evidence
    shown = seen.presenter.messages
    presenter, verifier = (CLIENT, SERVER) if seen.verifier_is_server else (SERVER, CLIENT)
    left = len(_counted(seen.verifier.messages, sent=False)) if seen.verifier else len(shown)
    for message in shown:
        counts = message.sent and message.content != UNSEEN
        left -= counts
        yield _message(message, presenter if message.sent else verifier, verifier if counts and left < 0 else "")
    if seen.verifier:
        read = len(_counted(shown, sent=False))
        for message in _counted(seen.verifier.messages, sent=True)[read:]:
            yield _message(message, verifier, presenter)


def _counted(messages: Iterable[Message], *, sent: bool) -> list[Message]:
    """Those of a direction that the other end tells of when it reads them."""
    return [message for message in messages if message.sent is sent and message.content != UNSEEN]


def _message(message: Message, sender: str, unread_by: str) -> Element:
    way = "client → server" if sender == CLIENT else "client ← server"
    name = f"Alert {message.name}" if message.content == "Alert" else message.name or message.content
    unread = f", not read by the {unread_by}" if unread_by else ""
    return element(
        "li",
        element("span", way, class_="way"),
        element("span", name + unread, class_="name"),
        element("span", f"{message.length} B", class_="size"),
        class_=f"{sender} fatal" if message.name.startswith("fatal ") else sender,
    )
