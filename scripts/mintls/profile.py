"""YAML -> Profile: converted field by field, so that every mistake is found, each with file:line and its path."""

import types
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from mintls import rules
from mintls.errors import ProfileError, UsageError, not_known
from mintls.grammar import Text, check_text
from mintls.names import Subject, check_attribute
from mintls.printable import printable
from mintls.settings import Authority, Certificate, Document, Entry, Leaf, Profile, Role
from mintls.yamltext import Complaint, Mapping, Node, Scalar, Sequence, Unreadable, read_yaml

import msgspec
from msgspec import Struct, structs

Steps = tuple[str | int, ...]
ROLES: dict[str, tuple[Role, type[Authority | Leaf]]] = {
    "authorities": ("authority", Authority),
    "servers": ("server", Leaf),
    "clients": ("client", Leaf),
    "peers": ("peer", Leaf),
}
_KINDS = {Scalar: "one value", Sequence: "a list", Mapping: "a mapping"}
_INVALID = object()  # a mistake stood here and has been told


def load_profile(path: Path) -> Profile:
    """Read a profile's file. Raises UsageError when it cannot be read, ProfileError with every mistake in it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a profile such as profiles/dev.yaml") from None
    return read_profile(data, str(path), path.stem)


def read_profile(data: bytes, source: str, name: str) -> Profile:
    """Read a profile's text; `source` is what complaints call it. Raises ProfileError with every mistake."""
    try:
        root, complaints = read_yaml(data)
    except Unreadable as error:
        raise ProfileError([f"{source}:{error.complaint}"]) from None
    reader = _Reader(source, complaints)
    profile = reader.profile(root, name)
    if profile is None or reader.complaints:
        told = sorted(dict.fromkeys(reader.complaints), key=lambda complaint: complaint.line)
        raise ProfileError([f"{source}:{complaint}" for complaint in told])
    return profile


class _Reader:
    """Walks the tree once; remembers the line of each path, and every complaint."""

    def __init__(self, source: str, complaints: list[Complaint]) -> None:
        self.source, self.complaints = source, complaints
        self.lines: dict[Steps, int] = {}
        self.broken: set[Steps] = set()

    def profile(self, root: Node, name: str) -> Profile | None:
        if not isinstance(root, Mapping):
            self.complain(
                (), f"a profile is a mapping with authorities, servers, clients; this is {_KINDS[type(root)]}"
            )
            return None
        sections = {key: node for key, node in root.items.items() if key in ROLES}
        plain = Mapping({key: node for key, node in root.items.items() if key not in ROLES}, root.line)
        document = self.struct(Document, plain, ())
        defaults = self.sound_defaults(root)
        entries = [entry for section, node in sections.items() for entry in self.section(section, node, defaults)]
        profile = Profile(name=name, files=document.files, entries=rules.issuers_first(self.with_issuers(entries)))
        for path, sentence in rules.mistakes(profile):
            if not any(path[:depth] in self.broken for depth in range(1, len(path) + 1)):
                self.complain(path, sentence)
        warnings = [f"{self.source}:{self.line(path)}: {dotted(path)}: {text}" for path, text in rules.doubts(profile)]
        return structs.replace(profile, warnings=tuple(warnings))

    def sound_defaults(self, root: Mapping) -> dict[str, Node]:
        """The defaults without the fields that were complained about: once is enough."""
        node = root.items.get("defaults")
        wrong = {path[1] for path in self.broken if path[0] == "defaults" and len(path) > 1}
        items = node.items if isinstance(node, Mapping) else {}
        return {key: value for key, value in items.items() if key not in wrong}

    def section(self, section: str, node: Node, defaults: dict[str, Node]) -> list[Entry]:
        role, kind = ROLES[section]
        self.lines[(section,)] = node.line
        if isinstance(node, Scalar) and node.empty:
            return []
        if not isinstance(node, Mapping):
            self.complain((section,), f"write a mapping of names to settings; this is {_KINDS[type(node)]}")
            return []
        inherited = {key: value for key, value in defaults.items() if (role, key) != ("authority", "issuer")}
        entries = []
        for name, child in node.items.items():
            path = (section, name)
            self.lines[path] = child.line
            if isinstance(child, Scalar) and child.empty:
                child = Mapping({}, child.line)
            if isinstance(child, Mapping):
                child = merge(Mapping(inherited, child.line), child)
            settings = self.convert(kind, child, path)
            if settings is _INVALID:
                settings = kind()
            where = f"{self.source}:{child.line}: {dotted(path)}"
            entries.append(Entry(name=name, role=role, issuer=settings.issuer, settings=settings, where=where))
        return entries

    def with_issuers(self, entries: list[Entry]) -> list[Entry]:
        """Fill in the issuer that need not be said: the one authority there is."""
        authorities = [entry.name for entry in entries if entry.is_authority]
        only = authorities[0] if len(authorities) == 1 else None
        return [
            entry if entry.is_authority or entry.issuer else structs.replace(entry, issuer=only) for entry in entries
        ]

    def convert(self, kind: Any, node: Node, path: Steps) -> Any:
        """A node -> a value of the type, or _INVALID after a complaint."""
        self.lines[path] = node.line
        if get_origin(kind) is Annotated:
            inner = get_args(kind)[0]
            return self.scalar(kind, inner, node, path) if inner in (int, bool) else self.convert(inner, node, path)
        if get_origin(kind) in (Union, types.UnionType):  # X | None
            kind = next(choice for choice in get_args(kind) if choice is not type(None))
            return self.convert(kind, node, path)
        if kind is Subject:
            return self.subject(node, path)
        if isinstance(kind, type) and issubclass(kind, Struct):
            return self.struct(kind, node, path)
        if get_origin(kind) is dict:
            return self.pairs(get_args(kind), node, path)
        if get_origin(kind) is tuple:
            return self.items(get_args(kind)[0], node, path)
        return self.scalar(kind, kind, node, path)

    def struct(self, kind: type[Struct], node: Node, path: Steps) -> Any:
        if not isinstance(node, Mapping):
            return self.complain(path, f"write a mapping; this is {_KINDS[type(node)]}")
        fields = {field.encode_name: field for field in structs.fields(kind)}
        values = {}
        for key, child in node.items.items():
            if key not in fields:
                self.lines[(*path, key)] = child.line
                self.complain((*path, key), _unknown_key(key, kind, fields))
            elif (value := self.convert(fields[key].type, child, (*path, key))) is not _INVALID:
                values[key] = value
        return kind(**values)  # a broken field keeps its default, so that the rules can look at the others

    def items(self, kind: Any, node: Node, path: Steps) -> Any:
        if not isinstance(node, Sequence):
            return self.complain(path, f"write a list, as in [a, b]; this is {_KINDS[type(node)]}")
        values = [self.convert(kind, child, (*path, index)) for index, child in enumerate(node.items)]
        return _INVALID if _INVALID in values else tuple(values)

    def pairs(self, kinds: tuple[Any, ...], node: Node, path: Steps) -> Any:
        if not isinstance(node, Mapping):
            return self.complain(path, f"write a mapping; this is {_KINDS[type(node)]}")
        keys = [self.convert(kinds[0], Scalar(key, child.line), (*path, key)) for key, child in node.items.items()]
        values = [self.convert(kinds[1], child, (*path, key)) for key, child in node.items.items()]
        return _INVALID if _INVALID in (*keys, *values) else dict(zip(keys, values, strict=True))

    def subject(self, node: Node, path: Steps) -> Any:
        if not isinstance(node, Mapping):
            return self.complain(path, f"write a mapping, as in {{CN: localhost}}; this is {_KINDS[type(node)]}")
        pairs, sound = [], True
        for name, child in node.items.items():
            values = child.items if isinstance(child, Sequence) else (child,)
            for index, value in enumerate(values):
                here = (*path, name, index) if isinstance(child, Sequence) else (*path, name)
                text = self.convert(Text, value, here)
                sound = sound and text is not _INVALID
                if text is not _INVALID and self.holds(here, check_attribute, name, text):
                    pairs.append((name, str(text)))
                else:
                    sound = False
        return Subject(pairs) if sound else _INVALID

    def scalar(self, annotated: Any, kind: Any, node: Node, path: Steps) -> Any:
        if not isinstance(node, Scalar):
            return self.complain(path, f"write one value; this is {_KINDS[type(node)]}")
        if node.empty:
            return self.complain(path, "has no value; write one or leave the field out")
        if get_origin(kind) is Literal:
            words = {str(word): word for word in get_args(kind)}
            return words[node.text] if node.text in words else self.complain(path, not_known(node.text, words))
        try:
            if isinstance(kind, type) and issubclass(kind, Text):
                return kind.parse(node.text)
            if kind is str:
                return check_text(node.text)
        except ValueError as error:
            return self.complain(path, str(error))
        try:
            return msgspec.convert(node.text, annotated, strict=False)
        except msgspec.ValidationError:
            return self.complain(path, f"{_shown(node.text)} does not fit; write {_expected(annotated)}")

    def holds(self, path: Steps, check: Callable[[str, str], None], *words: str) -> bool:
        try:
            check(*words)
        except ValueError as error:
            self.complain(path, str(error))
            return False
        return True

    def complain(self, path: Steps, sentence: str) -> Any:
        self.broken.add(path[:3])
        self.complaints.append(Complaint(self.line(path), dotted(path), printable(sentence)))
        return _INVALID

    def line(self, path: Steps) -> int:
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def merge(defaults: Mapping, own: Mapping) -> Mapping:
    """Mappings merge over the defaults, at every depth; anything else replaces them."""
    items = dict(defaults.items)
    for key, node in own.items.items():
        below = items.get(key)
        items[key] = merge(below, node) if isinstance(below, Mapping) and isinstance(node, Mapping) else node
    return Mapping(items, own.line)


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
    if issubclass(kind, Certificate) and not get_close_matches(key, fields, 1):
        for other, whose in ((Authority, "an authority"), (Leaf, "a leaf")):
            if key in (field.encode_name for field in structs.fields(other)):
                return f"only {whose} has this field; take it away"
    return not_known(key, fields)


def _expected(annotated: Any) -> str:
    meta = next((extra for extra in get_args(annotated) if isinstance(extra, msgspec.Meta)), None)
    if bool in (annotated, *get_args(annotated)):
        return "true or false"
    return f"a whole number from {meta.ge} to {meta.le}" if meta and meta.le is not None else "a whole number"
