"""Which entries of a profile a run may issue (pure)."""

from datetime import timedelta
from fnmatch import fnmatchcase

from mintls.plan.shard import Shard
from mintls.profile.model import Entry

from msgspec import Struct


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
