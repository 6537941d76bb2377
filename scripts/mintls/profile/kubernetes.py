"""The field `kubernetes`: metadata of the Secret and the ConfigMap."""

import re
from typing import Annotated, ClassVar, Self

from mintls.profile.field_docs import about
from mintls.profile.scalars import Text

from msgspec import Struct, field


class _Word(Text):
    """Text that a pattern describes whole, for the parser and for editors alike."""

    __slots__ = ()
    PATTERN: ClassVar[str]
    EXPECTED: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.schema = {"type": "string", "pattern": f"^{cls.PATTERN}$"}

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch(cls.PATTERN, text):
            raise ValueError(f"{text!r} is not {cls.EXPECTED}")
        return cls(text)


class DnsLabel(_Word):
    """A name of up to 63 lowercase letters, digits and inner hyphens (RFC 1123)."""

    __slots__ = ()
    PATTERN = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    EXPECTED = "a Kubernetes name: write lowercase letters, digits, inner hyphens"


class LabelKey(_Word):
    """The key of a label: a name with an optional DNS prefix."""

    __slots__ = ()
    PATTERN = "([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
    EXPECTED = "the key of a Kubernetes label such as app.kubernetes.io/name"


class LabelValue(_Word):
    """The value of a label: up to 63 letters, digits and inner ._-"""

    __slots__ = ()
    PATTERN = "[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
    EXPECTED = "the value of a Kubernetes label: write letters, digits, inner ._-"


class Kubernetes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Metadata of the outputs kubernetes and kubernetes-ca."""

    namespace: Annotated[DnsLabel | None, about("Namespace of the object.", "shop")] = None
    labels: Annotated[dict[LabelKey, LabelValue], about("Labels of the object.", {"app.kubernetes.io/name": "web"})] = (
        field(default_factory=dict)
    )
