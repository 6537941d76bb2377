"""The evidence of one connection, for the page: the reason, the sequence of messages, the commands (pure)."""

from shlex import join
from xml.etree.ElementTree import Element

from mintls.handshake.result import Result
from mintls.report.html.markup import element, mark
from mintls.report.html.sequence import diagram
from mintls.report.messages import sent_messages


def evidence(result: Result) -> Element:
    """The evidence of one row."""
    row, found, messages = result.row, result.evidence, sent_messages(result)
    commands = element("ul", *(element("li", join(command)) for command in found.commands), class_="commands")
    return element(
        "div",
        element("h3", f"{row.verifier} verifies, TLS {row.version}"),
        element("p", mark(result.outcome), f" {result.verdict.kind}: {result.verdict.reason}"),
        element("p", row.id, f", {found.milliseconds:.0f} ms" if found.milliseconds else "", class_="soft"),
        diagram(messages, f"Messages of {row.id}") if messages else "",
        element("details", element("summary", "Commands"), commands) if found.commands else "",
        class_="row",
    )
