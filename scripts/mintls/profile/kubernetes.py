"""The field `kubernetes`: metadata of the Secret and the ConfigMap."""

import re
from typing import Annotated, Any, ClassVar, Self

from mintls.profile.field_docs import about
from mintls.profile.scalars import Text

from msgspec import Struct, field


class DnsLabel(Text):
    """A name of up to 63 lowercase letters, digits and inner hyphens (RFC 1123)."""

    __slots__ = ()
    PATTERN: ClassVar[str] = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    schema: ClassVar[dict[str, Any]] = {"type": "string", "pattern": f"^{PATTERN}$"}

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch(cls.PATTERN, text):
            raise ValueError(f"{text!r} is not a Kubernetes name: write lowercase letters, digits, inner hyphens")
        return cls(text)


class LabelKey(Text):
    """The key of a label: a name with an optional DNS prefix."""

    __slots__ = ()
    PATTERN: ClassVar[str] = "([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
    schema: ClassVar[dict[str, Any]] = {"type": "string", "pattern": f"^{PATTERN}$"}

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch(cls.PATTERN, text):
            raise ValueError(f"{text!r} is not the key of a Kubernetes label such as app.kubernetes.io/name")
        return cls(text)


class LabelValue(Text):
    """The value of a label: up to 63 letters, digits and inner ._-"""

    __slots__ = ()
    PATTERN: ClassVar[str] = "[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
    schema: ClassVar[dict[str, Any]] = {"type": "string", "pattern": f"^{PATTERN}$"}

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch(cls.PATTERN, text):
            raise ValueError(f"{text!r} is not the value of a Kubernetes label: write letters, digits, inner ._-")
        return cls(text)


class Kubernetes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Metadata of the outputs kubernetes and kubernetes-ca."""

    namespace: Annotated[DnsLabel | None, about("Namespace of the object.", "shop")] = None
    labels: Annotated[dict[LabelKey, LabelValue], about("Labels of the object.", {"app.kubernetes.io/name": "web"})] = (
        field(default_factory=dict)
    )
