"""A survey -> its issuers and leaves as a drawing: Mermaid flowchart or Graphviz DOT text (pure).

Every character of a stranger's text that means something in the language is written as that language's escape:
https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters and https://graphviz.org/doc/info/lang.html
"""

from collections.abc import Iterator
from enum import StrEnum

from mintls.escape import printable
from mintls.inspection.report import Survey, Surveyed

from msgspec import Struct

SOON = 30  # days


class State(StrEnum):
    """How a node is coloured; its text says the same."""

    GOOD = "good"
    SOON = "soon"
    EXPIRED = "expired"
    ABSENT = "absent"  # not a file of the set: an issuer that is only named


FILL = {State.GOOD: "#c9ecd2", State.SOON: "#fbe3a2", State.EXPIRED: "#f6c4c0", State.ABSENT: "#ffffff"}
INK, INVALID_INK = "#1f2328", "#b3261e"


class Node(Struct, frozen=True):
    """One box: lines of plain text. Authorities have square corners, leaves round ones."""

    lines: tuple[str, ...]
    state: State
    invalid: bool = False
    is_authority: bool = False


class Graph(Struct, frozen=True):
    """Boxes, and arrows from an issuer's index to that of what it signed."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[int, int], ...]


def graph(result: Survey) -> Graph:
    """The boxes of a survey, issuers before what they signed, and what could not be read."""
    nodes: list[Node] = []
    edges: list[tuple[int, int]] = []
    absent: dict[str, int] = {}
    indices: dict[str, int] = {}
    elsewhere: list[tuple[str, int]] = []  # below an issuer that is drawn in another place

    def add(found: Surveyed, issuer: int | None) -> None:
        if issuer is None and found.issuer is not None and not found.issuer_fingerprint:
            if found.issuer not in absent:
                absent[found.issuer] = len(nodes)
                nodes.append(Node((found.issuer, "is not here"), State.ABSENT, is_authority=True))
            issuer = absent[found.issuer]
        index = indices[found.fingerprint] = len(nodes)
        nodes.append(_node(found))
        if issuer is not None:
            edges.append((issuer, index))
        elif found.issuer_fingerprint:
            elsewhere.append((found.issuer_fingerprint, index))
        for other in found.signed:
            add(other, index)

    for root in result.roots:
        add(root, None)
    edges += ((indices[fingerprint], index) for fingerprint, index in elsewhere)
    nodes += (Node(("unreadable", sentence), State.ABSENT, invalid=True) for sentence in result.unreadable)
    return Graph(tuple(nodes), tuple(edges))


def as_mermaid(result: Survey) -> str:
    """A flowchart, as GitHub and GitLab draw it in a ```mermaid block (up to 500 arrows)."""
    drawing = graph(result)
    lines = ["flowchart LR"]
    for index, node in enumerate(drawing.nodes):
        label = "<br/>".join(map(_mermaid, node.lines))
        lines.append(f'    n{index}["{label}"]' if node.is_authority else f'    n{index}("{label}")')
    lines += [f"    n{issuer} --> n{signed}" for issuer, signed in drawing.edges]
    for state in State:
        dashed = ",stroke-dasharray:4" if state is State.ABSENT else ""
        lines.append(f"    classDef {state} fill:{FILL[state]},stroke:{INK},color:{INK}{dashed}")
    lines.append(f"    classDef invalid stroke:{INVALID_INK},stroke-width:3px")
    lines += [f"    class n{index} {node.state}" for index, node in enumerate(drawing.nodes)]
    lines += [f"    class n{index} invalid" for index, node in enumerate(drawing.nodes) if node.invalid]
    return "\n".join(lines) + "\n"


def as_dot(result: Survey) -> str:
    """A digraph for `dot -Tsvg`."""
    drawing = graph(result)
    lines = [
        "digraph certificates {",
        "    rankdir=LR",
        f'    node [shape=box, fontname="sans-serif", fontcolor="{INK}"]',
    ]
    for index, node in enumerate(drawing.nodes):
        styles = ["filled", *(["rounded"] if not node.is_authority else []), *(["dashed"] * (node.state == "absent"))]
        label = "\\n".join(map(_dot, node.lines))
        border = f'color="{INVALID_INK}", penwidth=3' if node.invalid else f'color="{INK}"'
        fill = f'fillcolor="{FILL[node.state]}"'
        lines.append(
            f'    n{index} [label="{label}", class="{node.state}", style="{",".join(styles)}", {fill}, {border}]'
        )
    lines += [f"    n{issuer} -> n{signed}" for issuer, signed in drawing.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _node(found: Surveyed) -> Node:
    state = State.EXPIRED if found.days_left < 0 else State.SOON if found.days_left < SOON else State.GOOD
    return Node(tuple(_lines(found)), state, not found.is_valid, found.role == "authority")


def _lines(found: Surveyed) -> Iterator[str]:
    day = found.not_after.partition("T")[0]
    yield f"{found.name} ({found.role})"
    yield found.subject
    yield f"expires {day}, {found.days_left} days left" if found.days_left >= 0 else f"expired {day}"
    errors = (check.error for check in found.checks if check.error)
    for error in dict.fromkeys((*errors, *found.failures)):
        yield f"INVALID: {error}"


def _mermaid(text: str) -> str:
    """Letters, digits, and what has no meaning anywhere in Mermaid or HTML; the rest as `#N;`."""
    return "".join(c if c.isalnum() or c in " ,.()=-_/" else f"#{ord(c)};" for c in printable(text))


def _dot(text: str) -> str:
    """For a quoted label: a backslash begins an escape (graphviz.org/docs/attr-types/escString), `&` an entity."""
    escapes = {"\\": "\\\\", '"': '\\"', "&": "&amp;", "<": "&lt;", ">": "&gt;"}
    return "".join(escapes.get(c, c) for c in printable(text))
