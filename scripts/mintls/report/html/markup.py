"""Elements of the page: the one place where text becomes HTML, so that foreign text stays text (pure)."""

from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from mintls.escape import printable
from mintls.handshake.result import Outcome

Part = Element | str


def element(tag: str, *parts: Part, **attributes: str) -> Element:
    """An element with its parts in their order, in printable text. `class_` is class, `aria_label` aria-label;
    an empty attribute is left out.
    """
    node = Element(tag, {_attribute(name): printable(value) for name, value in attributes.items() if value})
    last: Element | None = None
    for part in parts:
        if not isinstance(part, str):
            node.append(part)
            last = part
        elif last is None:
            node.text = (node.text or "") + printable(part)
        else:
            last.tail = (last.tail or "") + printable(part)
    return node


def style(sheet: str) -> Element:
    """A style sheet, which is written unescaped."""
    node = Element("style")
    node.text = sheet
    return node


def pairs(items: Iterable[tuple[str, str]]) -> Element:
    """Terms with their descriptions."""
    return element("dl", *(part for name, text in items for part in (element("dt", name), element("dd", text))))


def mark(outcome: Outcome) -> Element:
    """An outcome: the word, coloured."""
    return element("span", str(outcome), class_=f"mark {outcome}")


def capitalized(text: str) -> str:
    """The text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def written(page: Element) -> str:
    """The document; ElementTree escapes text and attributes as HTML requires."""
    return "<!DOCTYPE html>\n" + ElementTree.tostring(page, encoding="unicode", method="html") + "\n"


def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")
