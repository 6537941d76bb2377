"""One handshake as a sequence diagram: inline SVG, client left, server right, fatal alerts in red (pure)."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from mintls.report.html.markup import element
from mintls.report.messages import CLIENT, SentMessage

# Pixels: the picture, which is readable on a telephone too, and the lines of the client and the server.
WIDTH, LEFT, RIGHT = 360, 24, 336
TOP, ROW = 24, 38


def diagram(messages: tuple[SentMessage, ...], title: str) -> Element:
    """An arrow for each message: its name and length above, its step of mTLS below, dashed if it was not read."""
    height = TOP + ROW * len(messages) + 8
    return element(
        "svg",
        *_peer("client", LEFT, height),
        *_peer("server", RIGHT, height),
        *(part for number, message in enumerate(messages) for part in _arrow(message, TOP + ROW * (number + 0.6))),
        viewBox=f"0 0 {WIDTH} {height}",
        role="group",
        aria_label=title,
        class_="sequence",
    )


def _peer(name: str, x: int, height: int) -> Iterator[Element]:
    yield element("text", name, x=f"{x}", y="14", text_anchor="middle", class_="peer")
    yield element("line", x1=f"{x}", y1="20", x2=f"{x}", y2=f"{height}", class_="life")


def _arrow(message: SentMessage, y: float) -> Iterator[Element]:
    kind = "fatal" if message.is_fatal else "mtls" if message.step else "other"
    unread = " unread" if message.unread_by else ""
    begin, end = (LEFT, RIGHT) if message.sender == CLIENT else (RIGHT, LEFT)
    back = -7 if end == RIGHT else 7
    middle = f"{(LEFT + RIGHT) // 2}"
    label = f"{message.name}, {message.length} B" + (" (not read)" if unread else "")
    yield element("line", x1=f"{begin}", y1=f"{y:g}", x2=f"{end}", y2=f"{y:g}", class_=f"arrow {kind}{unread}")
    points = f"{end},{y:g} {end + back},{y - 4:g} {end + back},{y + 4:g}"
    yield element("polygon", points=points, class_=f"head {kind}")
    yield element("text", label, x=middle, y=f"{y - 5:g}", text_anchor="middle", class_=f"label {kind}")
    if message.step:
        yield element("text", message.step, x=middle, y=f"{y + 12:g}", text_anchor="middle", class_="step")
