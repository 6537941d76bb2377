"""Which entries of a profile a run may issue (pure)."""

from datetime import timedelta
from fnmatch import fnmatchcase

from mintls.profile.model import Entry

from msgspec import Struct


class Shard(Struct, frozen=True):
    """The share of every fleet that a run mints: number 1 to `of`. Entries without count are in the first."""

    number: int
    of: int

    def covers(self, entry: Entry) -> bool:
        """CAs are in no share: they must exist before, or each share would have its own."""
        return not entry.is_authority and ((entry.index or 1) - 1) % self.of == self.number - 1


class Selection(Struct, frozen=True, kw_only=True):
    """Which entries a run may issue, and what it reissues although it is current."""

    only: tuple[str, ...] = ()
    shard: Shard | None = None
    renew_within: timedelta | None = None
    rotate_keys: bool = False
    force: bool = False
    prune: bool = False

    def covers(self, entry: Entry) -> bool:
        """Whether the run may issue it."""
        named = not self.only or any(fnmatchcase(entry.name, glob) for glob in self.only)
        return named and (self.shard is None or self.shard.covers(entry))
