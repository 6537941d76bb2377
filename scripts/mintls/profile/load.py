"""YAML -> Profile: sections, defaults, issuers and fleets; every mistake with file:line and the path of the field."""

from collections import abc
from collections.abc import Iterator
from pathlib import Path

from mintls.errors import ProfileError, UsageError
from mintls.escape import printable
from mintls.profile import rules
from mintls.profile.choices import Role
from mintls.profile.convert import INVALID, KINDS, MAX_VALUES, Converter, Steps, TooMuch, dotted, fields_of
from mintls.profile.cross_signing import NOT_ITS_OWN, with_cross_certificates, with_shared_files
from mintls.profile.document import Document
from mintls.profile.fields import Authority, Leaf
from mintls.profile.file_names import FileNames
from mintls.profile.fleets import Numbers, every, fleet_size, made_of, numbered, values_in
from mintls.profile.inheritance import WITH_EXISTING, inherited, merge
from mintls.profile.issuers import issuers_first
from mintls.profile.model import Entry, Profile
from mintls.profile.names import ATTRIBUTES, GeneralName, Subject
from mintls.profile.passwords import Secret
from mintls.profile.yaml_nodes import (
    MAX_BYTES,
    Complaint,
    Mapping,
    Node,
    Scalar,
    Unreadable,
    as_node,
    read_yaml,
)

from msgspec import structs

ROLES: dict[str, tuple[Role, type[Authority | Leaf]]] = {
    "authorities": ("authority", Authority),
    "servers": ("server", Leaf),
    "clients": ("client", Leaf),
    "peers": ("peer", Leaf),
    "responders": ("responder", Leaf),
}
MAX_ENTRIES = 250_000  # of a run: each takes 5 KB
MAX_CN = ATTRIBUTES["CN"]  # characters


def load_profile(path: Path, numbers: Numbers = every) -> Profile:
    """Read a profile's file; see read_profile. Raises UsageError when it cannot be read, ProfileError."""
    try:
        with path.open("rb") as file:  # it may be a pipe, as in generate.py <(...)
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a profile such as profiles/dev.yaml") from None
    if not path.stem.isprintable() or path.stem in ("", ".", ".."):
        sentence = f"{printable(str(path))}: the profile's name is also the name of the output directory"
        raise UsageError(f"{sentence}; rename the file to printable UTF-8, such as dev.yaml")
    return read_profile(data, str(path), path.stem, path.parent, numbers)


def read_profile(data: bytes, source: str, name: str, folder: Path = Path(), numbers: Numbers = every) -> Profile:
    """Read a profile's text; `source` is its name in messages; its paths are relative to `folder`. Of a fleet only the
    certificates with these `numbers` are made.

    Raises ProfileError with every mistake.
    """
    try:
        root, complaints = read_yaml(data)
    except Unreadable as error:
        raise ProfileError([f"{source}:{error.complaint}"]) from None
    return _read(root, complaints, source, name, folder, numbers)


def build_profile(document: abc.Mapping[str, object], source: str, name: str) -> Profile:
    """The profile for a document built by the program. Raises ProfileError as `read_profile` does."""
    return _read(as_node(document), [], source, name, Path(), every)


def _read(root: Node, complaints: list[Complaint], source: str, name: str, folder: Path, numbers: Numbers) -> Profile:
    reader = _Reader(source, complaints, folder, numbers)
    try:
        profile = reader.profile(root, name)
    except TooMuch as error:
        sentence = (
            f"more than {MAX_VALUES} values up to here (each certificate of a fleet and each use of an alias counts)"
        )
        raise ProfileError([f"{source}:{error.line}: {sentence}; write fewer"]) from None
    if profile is None or reader.complaints:
        ordered = sorted(dict.fromkeys(reader.complaints), key=lambda complaint: complaint.line)
        raise ProfileError([f"{source}:{complaint}" for complaint in ordered])
    return profile


class _Reader(Converter):
    """Walks the tree once."""

    def __init__(self, source: str, complaints: list[Complaint], folder: Path, numbers: Numbers) -> None:
        super().__init__(complaints)
        self.source, self.folder, self.numbers = source, folder, numbers
        self.total, self.is_too_much = 0, False  # certificates up to here, and whether in all they are

    def profile(self, root: Node, name: str) -> Profile | None:
        if not isinstance(root, Mapping):
            self.complain((), f"a profile is a mapping with authorities, servers, clients; this is {KINDS[type(root)]}")
            return None
        sections = {key: node for key, node in root.items.items() if key in ROLES}
        plain = Mapping({key: node for key, node in root.items.items() if key not in ROLES}, root.line)
        document = self.struct(Document, plain, ())
        self.check_periods(root.items.get("defaults", root), ("defaults",))
        defaults = self.sound_defaults(root)
        self.is_too_much = sum(made_of(node, self.numbers) for node in sections.values()) > MAX_ENTRIES
        entries = [entry for section, node in sections.items() for entry in self.section(section, node, defaults)]
        own = {entry.name: entry.settings.files for entry in entries if entry.settings.files}
        files = with_shared_files(FileNames(document.files, own), entries)
        entries = with_cross_certificates(self.with_issuers(entries))
        profile = Profile(name=name, files=files, entries=issuers_first(entries))
        for path, sentence in rules.mistakes(profile):
            inherited_from = ("defaults", *path[2:3])
            if not any(path[:depth] in self.broken for depth in range(1, len(path) + 1)) and (
                inherited_from not in self.broken or len(path) < 3
            ):
                self.complain(path, sentence)
        warnings = [f"{self.source}:{self.line(path)}: {dotted(path)}: {text}" for path, text in rules.doubts(profile)]
        return structs.replace(profile, warnings=tuple(warnings))

    def sound_defaults(self, root: Mapping) -> dict[str, Node]:
        """The defaults without the fields that have been reported already."""
        node = root.items.get("defaults")
        wrong = {path[1] for path in self.broken if len(path) > 1 and path[0] == "defaults"}
        items = node.items if isinstance(node, Mapping) else {}
        return {key: value for key, value in items.items() if key not in wrong}

    def section(self, section: str, node: Node, defaults: dict[str, Node]) -> list[Entry]:
        role, kind = ROLES[section]
        self.lines[(section,)] = node.line
        if isinstance(node, Scalar) and node.empty:
            return []
        if not isinstance(node, Mapping):
            self.complain((section,), f"write a mapping of names to settings; this is {KINDS[type(node)]}")
            return []
        entries: list[Entry] = []
        slipped = [name for name, child in node.items.items() if name in fields_of(kind) and slid(child, name)]
        for name in slipped:
            self.lines[(section, name)] = node.items[name].line
            self.complain((section, name), "is a field and not an entry; indent it below the name of an entry")
        for name, child in node.items.items():
            if name in slipped:
                continue
            path = (section, name)
            self.lines[path] = child.line
            if isinstance(child, Scalar) and child.empty:
                child = Mapping({}, child.line)
            if isinstance(child, Mapping):
                self.check_periods(child, path)
                self.check_decided(child, path)
                child = merge(Mapping(inherited(defaults, role, child), child.line), child)
            entries += self.fleet(name, role, kind, child, path)
        return entries

    def check_periods(self, node: Node, path: Steps) -> None:
        """A lifetime excludes days and not_after."""
        items = node.items if isinstance(node, Mapping) else {}
        for key in ("days", "not_after"):
            if key in items and "lifetime" in items:
                self.lines[(*path, "lifetime")] = items["lifetime"].line
                self.complain((*path, "lifetime"), f"cannot be combined with {key}; remove one of them")
        if isinstance(items.get("crl"), Mapping):
            self.check_periods(items["crl"], (*path, "crl"))

    def check_decided(self, node: Mapping, path: Steps) -> None:
        """What a certificate that exists, or the CA that is cross-signed, already decides cannot be written."""
        for key, child in node.items.items():
            if "existing" in node.items and key not in WITH_EXISTING and role_has(path, key):
                self.lines[(*path, key)] = child.line
                self.complain((*path, key), "the existing certificate decides this; remove it")
            elif "cross_signs" in node.items and key in NOT_ITS_OWN:
                self.lines[(*path, key)] = child.line
                self.complain((*path, key), "the CA that is cross-signed decides this; remove it")

    def fleet(self, name: str, role: Role, kind: type[Authority | Leaf], node: Node, path: Steps) -> Iterator[Entry]:
        """One entry, or the `count` of them, of which each has its own subject and san."""
        settings = self.convert(kind, numbered(node, 1) if fleet_size(node) else node, path)
        settings = kind() if settings is INVALID else self.with_paths(settings)
        where = f"{self.source}:{node.line}: {dotted(path)}"
        unnamed = isinstance(node, Mapping) and "subject" not in node.items
        entry = Entry(name=name, role=role, issuer=settings.issuer, settings=settings, where=where)
        count = settings.count if isinstance(settings, Leaf) else None
        share = range(1) if count is None else self.numbers(count)
        self.total += len(share)
        if self.total > MAX_ENTRIES:
            if self.total - len(share) <= MAX_ENTRIES:
                much = f"{self.total} certificates up to here; a run can make at most {MAX_ENTRIES}"
                self.complain(path, f"{much}: make it in shares, with --shard K/N")
            return
        if count is None or self.is_too_much or not isinstance(node, Mapping):
            yield with_common_name(entry) if unnamed else entry
            return
        varied = [key for key in ("subject", "san") if key in node.items]
        size = sum(values_in(node.items[key]) for key in varied)
        if self.values + len(share) * size > MAX_VALUES:  # before any of them is made
            self.charge(len(share) * size, node)
        for index in share:
            before = len(self.complaints)
            kinds = {"subject": Subject, "san": tuple[GeneralName, ...]}
            own = {key: self.convert(kinds[key], numbered(node.items[key], index), (*path, key)) for key in varied}
            if len(self.complaints) > before:  # the others have the same mistakes
                yield entry
                return
            one = structs.replace(settings, **own)
            one_entry = structs.replace(entry, name=f"{name}-{index:0{len(str(count))}d}", settings=one, index=index)
            yield with_common_name(one_entry) if unnamed else one_entry

    def with_paths(self, settings: Authority | Leaf) -> Authority | Leaf:
        """Paths in a profile are relative to the profile, not to the current directory."""

        def beside(secret: Secret | None) -> Secret | None:
            return structs.replace(secret, file=self.beside(secret.file)) if secret and secret.file else secret

        pkcs12 = structs.replace(settings.pkcs12, password=beside(settings.pkcs12.password))
        csr = self.beside(settings.csr) if settings.csr else None
        if isinstance(settings, Authority) and (existing := settings.existing):
            files = {name: self.beside(file) for name in ("certificate", "key") if (file := getattr(existing, name))}
            settings = structs.replace(settings, existing=structs.replace(existing, **files))
        return structs.replace(settings, passphrase=beside(settings.passphrase), pkcs12=pkcs12, csr=csr)

    def beside(self, file: str) -> str:
        return str((self.folder / file).absolute())

    def with_issuers(self, entries: list[Entry]) -> list[Entry]:
        """Fill in the issuer where there is only one CA."""
        authorities = [entry.name for entry in entries if entry.is_authority]
        only = authorities[0] if len(authorities) == 1 else None
        return [
            entry if entry.is_authority or entry.issuer else structs.replace(entry, issuer=only) for entry in entries
        ]


def slid(node: Node, name: str) -> bool:
    """Whether the node of an entry is in fact the value of a field with wrong indentation."""
    entry = isinstance(node, Mapping) and (
        not node.items or any(key in fields_of(Leaf) or key in fields_of(Authority) for key in node.items)
    )
    return not entry and not (isinstance(node, Scalar) and node.empty) and name != "key"


def role_has(path: Steps, key: str) -> bool:
    """Whether the entries of a section have such a field; if not, it is reported as unknown."""
    return key in ROLES[str(path[0])][1].__struct_fields__


def with_common_name(entry: Entry) -> Entry:
    """A leaf without subject has its name as CN; one that has only URIs, such as a SPIFFE ID, has none."""
    san = entry.settings.san
    named = san and not all(name.kind == "URI" for name in san)
    if entry.is_authority or not (named or entry.role == "responder") or len(entry.name) > MAX_CN:
        return entry
    settings = structs.replace(entry.settings, subject=Subject([("CN", entry.name)]))
    return structs.replace(entry, settings=settings)
