"""Certificates of the set that are not in the profile any more (pure)."""

from collections.abc import Mapping

from mintls.manifest import Manifest
from mintls.profile.model import Profile

from msgspec import Struct


class Orphan(Struct, frozen=True):
    """A certificate that is not in the profile, and its files that are as mintls wrote them."""

    name: str
    files: tuple[str, ...]


def find_orphans(profile: Profile, manifest: Manifest | None, digests: Mapping[str, str]) -> tuple[Orphan, ...]:
    """`digests` has the SHA-256 of the existing files. A file whose name an entry uses now is not among them."""
    gone = [record for record in (manifest.certificates if manifest else ()) if record.name not in profile.named]
    used = {name for entry in profile.entries for name in profile.files.of(entry.name).values()} if gone else set()
    return tuple(
        Orphan(
            record.name,
            tuple(
                name
                for name in record.files.values()
                if name not in used and name in digests and digests[name] == record.sha256.get(name)
            ),
        )
        for record in gone
    )
