"""What was seen of one connection, for the page: the reason, the messages of both ends, the commands (pure)."""

from shlex import join
from xml.etree.ElementTree import Element

from mintls.handshake.result import Result
from mintls.report.html.markup import element, mark
from mintls.report.messages import CLIENT, Rung, rungs


def evidence(result: Result) -> Element:
    """One row's."""
    row, seen = result.row, result.evidence
    commands = element("ul", *(element("li", join(command)) for command in seen.commands), class_="commands")
    return element(
        "div",
        element("h3", f"{row.verifier} verifies, TLS {row.version}"),
        element("p", mark(result.outcome), f" {result.verdict.kind}: {result.verdict.reason}"),
        element("p", f"{row.id}, {seen.milliseconds:.0f} ms", class_="soft"),
        element("ol", *map(_rung, rungs(result)), class_="ladder"),
        element("details", element("summary", "The commands"), commands) if seen.commands else "",
        class_="row",
    )


def _rung(rung: Rung) -> Element:
    way = "client → server" if rung.sender == CLIENT else "client ← server"
    unread = f", not read by the {rung.unread_by}" if rung.unread_by else ""
    return element(
        "li",
        element("span", way, class_="way"),
        element("span", rung.name + unread, class_="name"),
        element("span", f"{rung.length} B", class_="size"),
        element("span", rung.step, class_="step") if rung.step else "",
        class_=f"{rung.sender} fatal" if rung.is_fatal else rung.sender,
    )
