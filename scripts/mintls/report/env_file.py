"""The paths of a set as NAME=VALUE, for a test process or docker compose (pure)."""

import re
from collections.abc import Iterator

from mintls.profile.model import Entry, Profile

_SAFE = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")


def env_file(profile: Profile, directory: str) -> str:
    """A line for each file of each entry: SERVER_CERTIFICATE, SERVER_KEY, CA_CERTIFICATE ..."""
    return "\n".join(line for entry in profile.entries for line in _lines(profile, entry, directory))


def _lines(profile: Profile, entry: Entry, directory: str) -> Iterator[str]:
    files = profile.files.of(entry.name)
    has_key = not (entry.settings.csr or entry.existing)
    has_crl = getattr(entry.settings, "crl", None) is not None
    for what in ("certificate", *(["key"] if has_key else []), *(["crl"] if has_crl else []), *entry.outputs):
        name = re.sub("[^A-Z0-9]", "_", f"{entry.name}_{what}".upper())
        yield f"{'_' if name[0].isdigit() else ''}{name}={_value(f'{directory}/{files[what]}')}"


def _value(path: str) -> str:
    """Single quotes keep everything literal, both in sh and in docker compose."""
    return path if _SAFE.fullmatch(path) else "'" + path.replace("'", "'\\''") + "'"
