"""The profile reference as Markdown, made from the Structs.

Run `python -m mintls.profile.reference` in scripts/ to print it.
"""

import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from mintls.profile.ca_fields import Crl, Existing, NameConstraints
from mintls.profile.document import Document
from mintls.profile.fields import Authority, Leaf, Netscape
from mintls.profile.file_names import Files, OwnFiles
from mintls.profile.kubernetes import Kubernetes
from mintls.profile.names import Subject
from mintls.profile.passwords import Pkcs12, Secret
from mintls.profile.scalars import Text

from msgspec import NODEFAULT, Meta, Struct, structs
from msgspec.structs import FieldInfo

SECTIONS: tuple[tuple[str, type[Struct]], ...] = (
    ("A profile", Document),
    ("Every certificate, and `defaults`", Leaf),
    ("`authorities` also", Authority),
    ("`files`", Files),
    ("`files` of an entry", OwnFiles),
    ("`kubernetes`", Kubernetes),
    ("`passphrase` and `pkcs12: password`", Secret),
    ("`pkcs12`", Pkcs12),
    ("`name_constraints`", NameConstraints),
    ("`crl`", Crl),
    ("`existing`", Existing),
    ("`netscape`", Netscape),
)


def reference() -> str:
    """A table for each part of the language: field, whether it is required, values, default, example, meaning."""
    return "\n".join(line for title, kind in SECTIONS for line in _table(title, kind))


def _table(title: str, kind: type[Struct]) -> Iterator[str]:
    shared = {field.encode_name for field in structs.fields(Leaf)} if kind is Authority else set()
    yield f"\n**{title}**\n"
    yield "| field | required | value | default | example | meaning |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for field in structs.fields(kind):
        if field.encode_name not in shared or field.encode_name == "days":
            meta, name = _meta(field.type), field.encode_name
            required = (meta.extra or {}).get("required", "no")
            example = f"`{name}: {_flow((meta.examples or [''])[0])}`"
            cells = (f"`{name}`", required, _may_be(field.type), _default(field), example, meta.description or "")
            yield f"| {' | '.join(cells)} |"


def _may_be(kind: Any) -> str:
    if get_origin(kind) is Annotated:
        inner, meta = get_args(kind)[0], _meta(kind)
        return f"{meta.ge} to {meta.le}" if inner is int and meta.le is not None else _may_be(inner)
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join(_may_be(choice) for choice in get_args(kind) if choice is not type(None))
    if get_origin(kind) is Literal:
        return ", ".join(f"`{word}`" for word in get_args(kind))
    if get_origin(kind) is tuple:
        return f"a list: {_may_be(get_args(kind)[0])}"
    if get_origin(kind) is dict:
        return "a mapping"
    if kind is Subject or (isinstance(kind, type) and issubclass(kind, Struct)):
        return "a mapping"
    examples = kind.schema.get("examples") if isinstance(kind, type) and issubclass(kind, Text) else None
    return ", ".join(f"`{example}`" for example in examples) if examples else "text"


def _flow(value: object) -> str:
    """The value in YAML's flow style, with quotes only where YAML needs them."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(_flow(one) for one in value) + "]"
        case str() if re.search(r"[{}\[\],#&*!|>'\"%@`]|[a-zA-Z]{3}:|://", value):
            return f'"{value}"'
    return str(value)


def _default(field: FieldInfo) -> str:
    default = field.default_factory() if field.default_factory is not NODEFAULT else field.default
    if default in (None, (), {}) or default is NODEFAULT or isinstance(default, Struct | Subject):
        return ""
    return f"`{default}`"


def _meta(kind: Any) -> Meta:
    return next((extra for extra in get_args(kind) if isinstance(extra, Meta)), Meta())


if __name__ == "__main__":
    print(reference())
