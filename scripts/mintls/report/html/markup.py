"""Elements of the page: the one place where text becomes HTML, so that a stranger's stays text (pure)."""

from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from mintls.escape import printable
from mintls.handshake.result import Outcome

Part = Element | str


def element(tag: str, *parts: Part, **attributes: str) -> Element:
    """An element with its parts in their order, and their text without what is not for display. `class_` is class,
    `aria_label` aria-label; an empty attribute is left out.
    """
    made = Element(tag, {_attribute(name): printable(value) for name, value in attributes.items() if value})
    last: Element | None = None
    for part in parts:
        if not isinstance(part, str):
            made.append(part)
            last = part
        elif last is None:
            made.text = (made.text or "") + printable(part)
        else:
            last.tail = (last.tail or "") + printable(part)
    return made


def style(sheet: str) -> Element:
    """A sheet of our own."""
    made = Element("style")
    made.text = sheet
    return made


def pairs(items: Iterable[tuple[str, str]]) -> Element:
    """Terms with what is said of them."""
    return element("dl", *(part for name, text in items for part in (element("dt", name), element("dd", text))))


def mark(outcome: Outcome) -> Element:
    """An outcome: its word, with its colour."""
    return element("span", str(outcome), class_=f"mark {outcome.name.lower()}")


def written(page: Element) -> str:
    """The document. ElementTree escapes text and attributes as HTML wants them."""
    return "<!DOCTYPE html>\n" + ElementTree.tostring(page, encoding="unicode", method="html") + "\n"


def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")
