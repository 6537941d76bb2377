"""An entry with `count`: the node of each certificate, with its number filled in (pure)."""

import re
from collections.abc import Callable
from operator import is_

from mintls.profile.yaml_nodes import Mapping, Node, Scalar, Sequence

from msgspec import structs

Numbers = Callable[[int], range]  # of a fleet with that `count`, those that a run makes
_COUNT = re.compile("[0-9]{1,7}")
_INDEX = re.compile(r"\{index(?::(0[1-9]d))?\}")


def values_in(node: Node) -> int:
    """The number of nodes in it, including itself."""
    children = node.items if isinstance(node, Sequence) else node.items.values() if isinstance(node, Mapping) else ()
    return 1 + sum(map(values_in, children))


def every(count: int) -> range:
    """For a run that makes all certificates of a fleet."""
    return range(1, count + 1)


def made_of(section: Node, numbers: Numbers) -> int:
    """How many certificates of fleets a section of a profile is in a run, as far as each `count` in it can be one."""
    nodes = section.items.values() if isinstance(section, Mapping) else ()
    counts = (node.items.get("count") for node in nodes if isinstance(node, Mapping))
    return sum(len(numbers(int(one.text))) for one in counts if isinstance(one, Scalar) and _COUNT.fullmatch(one.text))


def fleet_size(node: Node) -> bool:
    """Whether an entry is a fleet."""
    return isinstance(node, Mapping) and "count" in node.items


def numbered(node: Node, index: int) -> Node:
    """The node with {index} and {index:04d} replaced by its number."""
    match node:
        case Scalar(text=text) if "{index" in text:
            return structs.replace(node, text=_INDEX.sub(lambda match: f"{index:{match[1] or ''}}", text))
        case Sequence():  # the same node if nothing has a number, so that it is converted only once
            items = tuple(numbered(child, index) for child in node.items)
            return node if all(map(is_, items, node.items)) else Sequence(items, node.line)
        case Mapping():
            own = {key: numbered(child, index) for key, child in node.items.items()}
            return node if all(map(is_, own.values(), node.items.values())) else Mapping(own, node.line)
    return node
