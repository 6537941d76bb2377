"""Nodes -> values of the types declared in fields.py, field by field; every mistake is reported, none stops it."""

import re
import types
from collections.abc import Callable, Iterator
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from mintls.errors import closest
from mintls.escape import printable
from mintls.profile import synonyms
from mintls.profile.document import Document
from mintls.profile.fields import Authority, Certificate, Defaults, Leaf
from mintls.profile.names import Subject, check_attribute
from mintls.profile.passwords import Secret
from mintls.profile.scalars import Text, check_text
from mintls.profile.yaml_nodes import Complaint, Mapping, Node, Scalar, Sequence

import msgspec
from msgspec import Struct, structs

Steps = tuple[str | int, ...]
KINDS = {Scalar: "one value", Sequence: "a list", Mapping: "a mapping"}
INVALID = object()  # a mistake that has been reported


MAX_VALUES = 1_750_000  # of a run: a fleet of 250 000 with three names each fits
_SPAN = "([0-9]{1,5})([smhdwy])"
_DAYS = {"d": 1, "w": 7, "y": 365}
LONG = 16  # items of a list that is converted once for all who share it


class TooMuch(Exception):
    """A profile with too many values; `line` is where the limit was exceeded."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class Converter:
    """Records the line of each path, and every complaint."""

    def __init__(self, complaints: list[Complaint]) -> None:
        self.complaints = complaints
        self.lines: dict[Steps, int] = {}
        self.broken: set[Steps] = set()
        self.values = 0
        self.shared: dict[tuple[int, int], tuple[Node, Any]] = {}

    def charge(self, values: int, node: Node) -> None:
        """Count what is about to be converted. Raises TooMuch before it would take long."""
        self.values += values
        if self.values > MAX_VALUES:
            raise TooMuch(node.line)

    def convert(self, kind: Any, node: Node, path: Steps) -> Any:
        """A node -> a value of the type, or INVALID after a complaint. Raises TooMuch."""
        self.charge(1, node)
        self.lines[path] = node.line
        if kind is Subject:
            return self.subject(node, path)
        if isinstance(kind, type) and issubclass(kind, Struct):
            return self.struct(kind, node, path)
        origin = get_origin(kind)
        if origin is Annotated:
            inner = get_args(kind)[0]
            return self.scalar(kind, inner, node, path) if inner in (int, bool) else self.convert(inner, node, path)
        if origin in (Union, types.UnionType):  # X | None
            kind = next(choice for choice in get_args(kind) if choice is not type(None))
            return self.convert(kind, node, path)
        if origin is dict:
            return self.pairs(get_args(kind), node, path)
        if origin is tuple:
            return self.items(get_args(kind)[0], node, path)
        return self.scalar(kind, kind, node, path)

    def struct(self, kind: type[Struct], node: Node, path: Steps) -> Any:
        if not isinstance(node, Mapping):
            hint = "a secret is never in a profile: write {env: NAME} or {file: PATH}" if kind is Secret else ""
            return self.complain(path, hint or f"write a mapping; this is {KINDS[type(node)]}")
        fields = fields_of(kind)
        values = {}
        for key, child in node.items.items():
            if key not in fields:
                self.lines[(*path, key)] = child.line
                self.complain((*path, key), _unknown_key(key, kind, fields))
                self.broken |= {(*path, meant) for meant in _meant(key, kind, fields)}
            elif (value := self.convert(fields[key].type, child, (*path, key))) is not INVALID:
                values[fields[key].name] = value
        return kind(**values)  # an invalid field keeps its default, so that the rules can check the others

    def items(self, kind: Any, node: Node, path: Steps) -> Any:
        if not isinstance(node, Sequence):
            return self.complain(path, f"write a list, as in [a, b]; this is {KINDS[type(node)]}")
        known = (id(node), id(kind))  # an alias, or one of the defaults
        if known in self.shared:
            self.charge(len(node.items), node)
            return self.shared[known][1]
        values = [self.convert(kind, child, (*path, index)) for index, child in enumerate(node.items)]
        if INVALID in values:
            return INVALID
        if len(values) >= LONG:
            self.shared[known] = (node, tuple(values))  # with the node, because ids are reused
        return tuple(values)

    def pairs(self, kinds: tuple[Any, ...], node: Node, path: Steps) -> Any:
        if not isinstance(node, Mapping):
            return self.complain(path, f"write a mapping; this is {KINDS[type(node)]}")
        keys = [self.convert(kinds[0], Scalar(key, child.line), (*path, key)) for key, child in node.items.items()]
        values = [self.convert(kinds[1], child, (*path, key)) for key, child in node.items.items()]
        return INVALID if INVALID in (*keys, *values) else dict(zip(keys, values, strict=True))

    def subject(self, node: Node, path: Steps) -> Any:
        if not isinstance(node, Mapping):
            return self.complain(path, f"write a mapping, as in {{CN: localhost}}; this is {KINDS[type(node)]}")
        pairs, sound = [], True
        for name, child in node.items.items():
            values = child.items if isinstance(child, Sequence) else (child,)
            for index, value in enumerate(values):
                here = (*path, name, index) if isinstance(child, Sequence) else (*path, name)
                text = self.convert(Text, value, here)
                sound = sound and text is not INVALID
                if text is not INVALID and self.passes(here, check_attribute, name, text):
                    pairs.append((name, str(text)))
                else:
                    sound = False
        return Subject(pairs) if sound else INVALID

    def scalar(self, annotated: Any, kind: Any, node: Node, path: Steps) -> Any:
        if not isinstance(node, Scalar):
            return self.complain(path, f"write one value; this is {KINDS[type(node)]}")
        if node.empty:
            return self.complain(path, "has no value; write one or leave the field out")
        if get_origin(kind) is Literal:
            words = {str(word): word for word in get_args(kind)}
            if node.text in words:
                return words[node.text]
            return self.complain(path, synonyms.unknown(node.text, words, synonyms.KEYS if path[-1] == "key" else {}))
        try:
            if isinstance(kind, type) and issubclass(kind, Text):
                return kind.parse(node.text)
            if kind is str:
                return check_text(node.text)
        except ValueError as error:
            return self.complain(path, str(error))
        try:
            if kind is int and not node.text.lstrip("-").isdecimal():
                raise msgspec.ValidationError  # msgspec would read 1e3 and 5.0 too; here a number is its digits
            return msgspec.convert(node.text, annotated, strict=False)
        except msgspec.ValidationError:
            hint = _expected(annotated)
            if path[-1] == "days" and (match := re.fullmatch(_SPAN, node.text)):
                hint = f"days: {int(match[1]) * _DAYS[match[2]]}" if match[2] in _DAYS else f"lifetime: {node.text}"
            return self.complain(path, f"{_shown(node.text)} does not fit; write {hint}")

    def passes(self, path: Steps, check: Callable[[str, str], None], *words: str) -> bool:
        try:
            check(*words)
        except ValueError as error:
            self.complain(path, str(error))
            return False
        return True

    def complain(self, path: Steps, sentence: str) -> Any:
        self.broken.add(path[:3])
        self.complaints.append(Complaint(self.line(path), dotted(path), printable(sentence)))
        return INVALID

    def line(self, path: Steps) -> int:
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


@cache
def fields_of(kind: type[Struct]) -> dict[str, Any]:
    """The fields of a Struct by name; msgspec evaluates its annotations each time."""
    return {field.encode_name: field for field in structs.fields(kind)}


def dotted(path: Steps) -> str:
    """A path as complaints write it: servers.server.san[1]."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_shown(step)[1:-1]}" for step in path)
    return text.removeprefix(".")


def _shown(text: str) -> str:
    """Quoted and escaped for a terminal, and not longer than a line."""
    return (
        ascii(text[:80] + "..." if len(text) > 80 else text) if not text.isprintable() or len(text) > 80 else repr(text)
    )


def _unknown_key(key: str, kind: type[Struct], fields: dict[str, Any]) -> str:
    if issubclass(kind, Certificate):
        for other, whose in ((Authority, "a CA"), (Leaf, "a leaf")):
            if key in fields_of(other):
                return f"only {whose} has this field; remove it"
    names = synonyms.FIELDS if issubclass(kind, Defaults) else synonyms.SECTIONS if kind is Document else {}
    return synonyms.unknown(key, fields, names)


def _meant(key: str, kind: type[Struct], fields: dict[str, Any]) -> Iterator[str]:
    """The fields whose absence is not to be reported, because an unknown key may be a misspelling of them."""
    if issubclass(kind, Defaults):
        meant = (synonyms.synonym(key, synonyms.FIELDS) or closest(key, fields) or "").partition(":")[0]
        yield meant
        if meant in ("san", "existing", "cross_signs"):  # with each of these no subject is needed
            yield "subject"


def _expected(annotated: Any) -> str:
    meta = next((extra for extra in get_args(annotated) if isinstance(extra, msgspec.Meta)), None)
    if bool in (annotated, *get_args(annotated)):
        return "true or false"
    return f"a whole number from {meta.ge} to {meta.le}" if meta and meta.le is not None else "a whole number"
