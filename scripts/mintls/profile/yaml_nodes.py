"""YAML text -> a tree of nodes that know their line, and objects -> YAML; the only module that imports yaml.

A scalar is kept as written (`NO` stays NO, `010` stays 010): the field decides what it means.
Nothing is constructed, so a tag cannot run code; an alias is a reference, so an alias bomb uses no memory.
"""

from collections import abc
from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from msgspec import Struct, field

MAX_BYTES = 16 * 1024 * 1024
LONGEST = 400  # characters of a complaint
MAX_MERGED = 500_000  # keys that << brings in, each time anew
MAX_DEPTH = 32  # a profile is five levels deep

# libyaml's parser where it was built in: the same events, some ten times as fast
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Scalar(Struct, frozen=True):
    """Text as written; `empty` distinguishes `key:` from `key: ""`."""

    text: str
    line: int
    empty: bool = False


class Sequence(Struct, frozen=True):
    """A list."""

    items: tuple["Node", ...]
    line: int


class Mapping(Struct, frozen=True):
    """Keys in their order, each with its node."""

    items: "dict[str, Node]"
    line: int


Node = Scalar | Sequence | Mapping


class Complaint(Struct, frozen=True):
    """A mistake: its line (counted from 1), the path of the field, and the message."""

    line: int
    path: str
    sentence: str

    def __str__(self) -> str:
        message = self.sentence
        if len(message) > LONGEST:  # it quotes something long: the beginning and the end are enough
            message = f"{message[: LONGEST // 2]} ... {message[-LONGEST // 2 :]}"
        return f"{self.line}: {self.path}: {message}" if self.path else f"{self.line}: {message}"


class Unreadable(Exception):
    """Text that is not YAML, or larger than a profile can be: no other mistake can be found in it."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.complaint = Complaint(line, "", sentence)


def read_yaml(data: bytes) -> tuple[Node, list[Complaint]]:
    """The tree, and the mistakes that leave it readable, such as a duplicate key. Raises Unreadable."""
    if len(data) > MAX_BYTES:
        raise Unreadable(1, f"is larger than {MAX_BYTES} bytes; a fleet is written with count:")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(data.count(b"\n", 0, error.start) + 1, "is not UTF-8 text") from None
    try:
        return _Composer(yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as error:
        line = _line(error.problem_mark)
        for number, written in enumerate(text.split("\n")[:line], 1):
            if "\t" in written[: len(written) - len(written.lstrip())]:
                raise Unreadable(number, "is not YAML: the line is indented with a tab; use spaces") from None
        raise Unreadable(line, f"is not YAML: {error.problem}") from None
    except yaml.reader.ReaderError as error:
        # the position counts characters in one parser, bytes in the other: search for the character itself
        line = text.count("\n", 0, text.index(chr(int(error.character)))) + 1
        raise Unreadable(line, "is not YAML: it contains a character that YAML does not allow") from None


def as_node(value: object) -> Node:
    """Settings built by the program, as the tree that their YAML text would give; line 0."""
    match value:
        case Mapping() | Sequence() | Scalar():
            return value
        case abc.Mapping():
            return Mapping({str(key): as_node(child) for key, child in value.items()}, 0)
        case list() | tuple():
            return Sequence(tuple(as_node(child) for child in value), 0)
    return Scalar(str(value).lower() if isinstance(value, bool) else str(value), 0, empty=value is None)


def write_yaml(documents: Iterable[dict[str, Any]]) -> str:
    """A stream of documents, keys in their order."""
    return str(yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True, explicit_start=True))


class _Composer(Struct):
    """Events -> nodes, with a bound on the depth."""

    events: Iterator[yaml.Event]
    anchors: dict[str, Node] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)
    merged: int = 0

    def document(self) -> tuple[Node, list[Complaint]]:
        next(self.events)  # the stream's start
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise Unreadable(1, "is empty; see profiles/dev.yaml for an example")
        root = self.node(next(self.events), 0)
        next(self.events)  # the document's end
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise Unreadable(_line(after.start_mark), "starts a second document; a profile is one document")
        return root, self.complaints

    def node(self, event: yaml.Event, depth: int) -> Node:
        line = _line(event.start_mark)
        if depth > MAX_DEPTH:
            raise Unreadable(line, f"is nested more than {MAX_DEPTH} levels deep")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise Unreadable(line, f"*{event.anchor} refers to an anchor that is not defined before it")
            return self.anchors[event.anchor]
        assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        if event.tag not in (None, "!"):
            self.complaints.append(Complaint(line, "", f"the tag {event.tag!r} is not supported; remove it"))
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = Scalar(event.value, line, empty=event.value == "" and not event.style)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Sequence(tuple(self.children(yaml.SequenceEndEvent, depth)), line)
        else:
            node = Mapping(self.mapping(depth), line)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def children(self, end: type[yaml.Event], depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self.events), end):
            yield self.node(event, depth + 1)

    def mapping(self, depth: int) -> dict[str, Node]:
        own: dict[str, Node] = {}
        lines: dict[str, int] = {}
        merged: dict[str, Node] = {}
        seen: set[int] = set()  # the mappings merged already: the same one adds nothing
        children = self.children(yaml.MappingEndEvent, depth)
        for key in children:
            value = next(children)
            if not isinstance(key, Scalar):
                self.complaints.append(Complaint(key.line, "", "a key must be a scalar, not a list or a mapping"))
            elif key.text == "<<":
                for source in value.items if isinstance(value, Sequence) else (value,):
                    if isinstance(source, Mapping):
                        if id(source) in seen:
                            continue
                        seen.add(id(source))
                        self.merged += len(source.items)
                        if self.merged > MAX_MERGED:
                            raise Unreadable(key.line, f"<< merges more than {MAX_MERGED} keys; write fewer of them")
                        for name, node in source.items.items():
                            merged.setdefault(name, node)
                    else:
                        self.complaints.append(Complaint(key.line, "", "<< merges mappings; this is not a mapping"))
            elif key.text in own:
                sentence = f"duplicate key {key.text!r} (first on line {lines[key.text]}); keep one"
                self.complaints.append(Complaint(key.line, "", sentence))
            else:
                own[key.text], lines[key.text] = value, key.line
        return {**merged, **own}


def _line(mark: Any) -> int:
    """Counted from 1; every event and every error of a parser has a mark."""
    return int(mark.line) + 1
