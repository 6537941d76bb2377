"""An inspection report -> a drawing of issuers and leaves: Mermaid flowchart or Graphviz DOT text (pure).

Characters of foreign text that have a meaning in the language are escaped:
https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters and https://graphviz.org/doc/info/lang.html
"""

from collections.abc import Iterator
from enum import StrEnum

from mintls.escape import printable
from mintls.inspection.report import ROLES, CertificateReport, InspectionReport

from msgspec import Struct

SOON = 30  # days


class State(StrEnum):
    """How a node is coloured; its text says the same."""

    GOOD = "good"
    SOON = "soon"
    EXPIRED = "expired"
    ABSENT = "absent"  # an issuer that was not read


FILL = {State.GOOD: "#c9ecd2", State.SOON: "#fbe3a2", State.EXPIRED: "#f6c4c0", State.ABSENT: "#ffffff"}
INK, INVALID_INK = "#1f2328", "#b3261e"


class Node(Struct, frozen=True):
    """One box: lines of plain text. CAs have square corners, leaves round ones."""

    lines: tuple[str, ...]
    state: State
    invalid: bool = False
    is_ca: bool = False


class Graph(Struct, frozen=True):
    """Boxes, and arrows from the index of an issuer to that of what it issued."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[int, int], ...]


def graph(report: InspectionReport) -> Graph:
    """The boxes of a report, issuers before what they issued, and what could not be read."""
    nodes: list[Node] = []
    edges: list[tuple[int, int]] = []
    absent: dict[str, int] = {}
    indices: dict[str, int] = {}
    elsewhere: list[tuple[str, int]] = []  # below an issuer that is drawn in another place

    def add(one: CertificateReport, issuer: int | None) -> None:
        if issuer is None and not one.self_issued and not one.issuer_fingerprint:
            if one.issuer not in absent:
                absent[one.issuer] = len(nodes)
                nodes.append(Node((one.issuer, "not read"), State.ABSENT, is_ca=True))
            issuer = absent[one.issuer]
        index = indices[one.fingerprint] = len(nodes)
        nodes.append(_node(one))
        if issuer is not None:
            edges.append((issuer, index))
        elif one.issuer_fingerprint:
            elsewhere.append((one.issuer_fingerprint, index))
        for other in one.issued:
            add(other, index)

    for root in report.roots:
        add(root, None)
    edges += ((indices[fingerprint], index) for fingerprint, index in elsewhere)
    nodes += (Node(("unreadable", sentence), State.ABSENT, invalid=True) for sentence in report.unreadable)
    return Graph(tuple(nodes), tuple(edges))


def as_mermaid(report: InspectionReport) -> str:
    """A flowchart, as GitHub and GitLab draw it in a ```mermaid block (up to 500 arrows)."""
    drawing = graph(report)
    lines = ["flowchart LR"]
    for index, node in enumerate(drawing.nodes):
        label = "<br/>".join(map(_mermaid, node.lines))
        lines.append(f'    n{index}["{label}"]' if node.is_ca else f'    n{index}("{label}")')
    lines += [f"    n{issuer} --> n{signed}" for issuer, signed in drawing.edges]
    for state in State:
        dashed = ",stroke-dasharray:4" if state is State.ABSENT else ""
        lines.append(f"    classDef {state} fill:{FILL[state]},stroke:{INK},color:{INK}{dashed}")
    lines.append(f"    classDef invalid stroke:{INVALID_INK},stroke-width:3px")
    lines += [f"    class n{index} {node.state}" for index, node in enumerate(drawing.nodes)]
    lines += [f"    class n{index} invalid" for index, node in enumerate(drawing.nodes) if node.invalid]
    return "\n".join(lines) + "\n"


def as_dot(report: InspectionReport) -> str:
    """A digraph for `dot -Tsvg`."""
    drawing = graph(report)
    lines = [
        "digraph certificates {",
        "    rankdir=LR",
        f'    node [shape=box, fontname="sans-serif", fontcolor="{INK}"]',
    ]
    for index, node in enumerate(drawing.nodes):
        styles = ["filled", *(["rounded"] if not node.is_ca else []), *(["dashed"] * (node.state == "absent"))]
        label = "\\n".join(map(_dot, node.lines))
        border = f'color="{INVALID_INK}", penwidth=3' if node.invalid else f'color="{INK}"'
        fill = f'fillcolor="{FILL[node.state]}"'
        lines.append(
            f'    n{index} [label="{label}", class="{node.state}", style="{",".join(styles)}", {fill}, {border}]'
        )
    lines += [f"    n{issuer} -> n{signed}" for issuer, signed in drawing.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _node(one: CertificateReport) -> Node:
    state = State.EXPIRED if one.days_left < 0 else State.SOON if one.days_left < SOON else State.GOOD
    return Node(tuple(_lines(one)), state, not one.valid, one.role == "authority")


def _lines(one: CertificateReport) -> Iterator[str]:
    day = one.not_after.partition("T")[0]
    yield f"{one.name} ({ROLES.get(one.role, one.role)})"
    yield one.subject
    yield f"expires {day}, {one.days_left} days left" if one.days_left >= 0 else f"expired {day}"
    errors = (check.error for check in one.checks if check.error)
    for error in dict.fromkeys((*errors, *one.failures)):
        yield f"INVALID: {error}"


def _mermaid(text: str) -> str:
    """Letters, digits, and what has no meaning anywhere in Mermaid or HTML; the rest as `#N;`."""
    return "".join(c if c.isalnum() or c in " ,.()=-_/" else f"#{ord(c)};" for c in printable(text))


def _dot(text: str) -> str:
    """For a quoted label: a backslash begins an escape (graphviz.org/docs/attr-types/escString), `&` an entity."""
    escapes = {"\\": "\\\\", '"': '\\"', "&": "&amp;", "<": "&lt;", ">": "&gt;"}
    return "".join(escapes.get(c, c) for c in printable(text))
