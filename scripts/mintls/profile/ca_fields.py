"""The fields that only CAs have: `name_constraints`, `crl` and `existing`."""

from datetime import timedelta
from typing import Annotated

from mintls.profile.field_docs import about
from mintls.profile.names import Subtree
from mintls.profile.times import Span

from msgspec import Struct


class NameConstraints(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names that a CA may certify (RFC 5280 4.2.1.10)."""

    permitted: Annotated[
        tuple[Subtree, ...],
        about("Names of these kinds must be within one of these subtrees.", ["DNS:example.org", "IP:10.0.0.0/8"]),
    ] = ()
    excluded: Annotated[
        tuple[Subtree, ...], about("No name may be within one of these subtrees.", ["DNS:secret.example.org"])
    ] = ()


class Crl(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate revocation list, created even if nothing is revoked."""

    days: Annotated[int, about("Days until the next update.", 7, ge=1, le=36525)] = 30
    lifetime: Annotated[Span | None, about("Time until the next update, instead of `days`.", "12h")] = None

    @property
    def span(self) -> timedelta:
        """The time until the next update."""
        return self.lifetime.span if self.lifetime else timedelta(self.days)


class Existing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The files of a CA that exists already. They are only read."""

    certificate: Annotated[
        str, about("Path of its certificate (PEM), relative to the profile.", "rootCA.pem", required="yes")
    ] = ""
    key: Annotated[
        str, about("Path of its private key (PEM), relative to the profile.", "rootCA-key.pem", required="yes")
    ] = ""
