"""The profile reference as Markdown, made from the Structs.

Run `python -m mintls.profile.reference` in scripts/ to print it.
"""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from mintls.profile.fields import Authority, Crl, Document, Files, Leaf, NameConstraints, Netscape, Pkcs12, Secret
from mintls.profile.names import Subject
from mintls.profile.scalars import Text

from msgspec import NODEFAULT, Meta, Struct, structs
from msgspec.structs import FieldInfo

SECTIONS: tuple[tuple[str, type[Struct]], ...] = (
    ("A profile", Document),
    ("Every certificate, and `defaults`", Leaf),
    ("`authorities` also", Authority),
    ("`files`", Files),
    ("`passphrase` and `pkcs12: password`", Secret),
    ("`pkcs12`", Pkcs12),
    ("`name_constraints`", NameConstraints),
    ("`crl`", Crl),
    ("`netscape`", Netscape),
)


def reference() -> str:
    """A table for each part of the language: field, what it may be, its default, what it means."""
    return "\n".join(line for title, kind in SECTIONS for line in _table(title, kind))


def _table(title: str, kind: type[Struct]) -> Iterator[str]:
    shared = {field.encode_name for field in structs.fields(Leaf)} if kind is Authority else set()
    yield f"\n**{title}**\n"
    yield "| field | may be | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for field in structs.fields(kind):
        if field.encode_name not in shared or field.encode_name == "days":
            meaning = " ".join((_meta(field.type).description or "").split()).replace("|", "\\|")
            yield f"| `{field.encode_name}` | {_may_be(field.type)} | {_default(field)} | {meaning} |"


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


def _default(field: FieldInfo) -> str:
    default = field.default_factory() if field.default_factory is not NODEFAULT else field.default
    if default in (None, (), {}) or default is NODEFAULT or isinstance(default, Struct | Subject):
        return ""
    return f"`{default}`"


def _meta(kind: Any) -> Meta:
    return next((extra for extra in get_args(kind) if isinstance(extra, Meta)), Meta())


if __name__ == "__main__":
    print(reference())
