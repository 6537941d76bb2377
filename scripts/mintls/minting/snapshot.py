"""Reads a directory of certificates as one set, also while generate.py publishes to it; nothing is written there.

A publication that has been decided is a directory DIR/.mintls-commit, whose files count instead of those of DIR.
What is read while that directory, or a manifest, changes is read again.
"""

import errno
import hashlib
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

from mintls.errors import MintlsError, OutputError
from mintls.input_file import MAX_BYTES, Input, read_input
from mintls.manifest import MANIFEST, Manifest, check_issuers, decode_manifest, joined
from mintls.plan.shard import SHARD_MANIFEST, Shard, missing_shares

COMMIT = ".mintls-commit"
MAX_MANIFEST = 512 * 1024 * 1024  # bytes; 100 000 certificates take 120 MB
PATIENCE, PAUSE = 20.0, 0.01  # seconds

Result = TypeVar("Result")


class Snapshot(NamedTuple):
    """The files of a directory, those of its commit before its own."""

    directory: Path
    committed: frozenset[str] = frozenset()

    def path(self, name: str) -> Path:
        """Where the file of that name is now."""
        return self.directory / COMMIT / name if name in self.committed else self.directory / name

    def names(self) -> list[str]:
        """Every name that is not hidden, sorted. Raises OSError."""
        return sorted(name for name in {*os.listdir(self.directory), *self.committed} if not name.startswith("."))

    def read(self, name: str, most: int = MAX_BYTES) -> Input:
        """Raises OSError."""
        if name in self.committed:
            with suppress(FileNotFoundError):  # it has just been moved to its place
                return read_input(self.directory / COMMIT / name, most)
        return read_input(self.directory / name, most)

    def manifest(self) -> Manifest | None:
        """The manifest and those of the shards as one, or None. Raises OutputError for one that mintls did not write,
        OSError for one that cannot be read.
        """
        names = [MANIFEST, *sorted(name for name in self._listed() if SHARD_MANIFEST.fullmatch(name))]
        manifests = []
        for name in names:
            with suppress(FileNotFoundError):
                source = str(self.directory / name)
                manifests.append(decode_manifest(self.read(name, MAX_MANIFEST).data, source))
        if not manifests:
            return None
        manifest = joined(manifests)
        check_issuers(manifest, str(self.directory / MANIFEST))
        return manifest

    def missing_shares(self) -> tuple[Shard, ...]:
        """The shares that are not here beside others of the same fleets."""
        return missing_shares(self._listed())

    def _listed(self) -> set[str]:
        return {*_listing(self.directory), *self.committed}


def read_snapshot(directory: Path, read: Callable[[Snapshot], Result]) -> Result:
    """What `read` makes of the directory, called again when a publication changed it meanwhile.

    Raises what `read` raises, OSError, and OutputError when it never stays as it is for long enough.
    """
    end = time.monotonic() + PATIENCE
    while True:
        before = _state(directory)
        trouble: Exception | None = None
        try:
            result = read(Snapshot(directory, before.committed))
        except (OSError, MintlsError) as error:
            trouble = error
        if _state(directory) == before:
            if trouble:
                raise trouble
            return result
        if time.monotonic() > end:
            raise OutputError(f"{directory} changes continually; end what writes to it, or try later")
        time.sleep(PAUSE)


def read_manifest(directory: Path) -> Manifest | None:
    """The manifest of a set, with those of its shards, or None. Raises OutputError when it cannot be read."""
    try:
        return read_snapshot(directory, Snapshot.manifest)
    except OSError as error:
        where = error.filename or directory / MANIFEST
        raise OutputError(f"{where}: {error.strerror}; move it away, or name a different directory") from None


def digests(snapshot: Snapshot, manifest: Manifest | None) -> dict[str, str]:
    """The SHA-256 of each file that the manifest names and that is there; empty for one too large to be ours.

    Raises OSError when one cannot be read.
    """
    found = {}
    for name in (name for record in (manifest.certificates if manifest else ()) for name in record.files.values()):
        try:
            found[name] = hashlib.sha256(snapshot.read(name)[0]).hexdigest()
        except OSError as error:
            if error.errno == errno.EFBIG:
                found[name] = ""
            elif error.errno not in (errno.ENOENT, errno.EINVAL, errno.ELOOP, errno.ENXIO):
                raise
    return found


class _State(NamedTuple):
    """What changes with every publication: the commit as it is moved, and the manifests."""

    commit: tuple[int, int] | None
    committed: frozenset[str]
    manifests: tuple[tuple[str, int, int, int], ...]


def _state(directory: Path) -> _State:
    manifests = []
    for name in sorted(_listing(directory)):
        if name == MANIFEST or SHARD_MANIFEST.fullmatch(name):
            with suppress(FileNotFoundError):
                status = os.lstat(directory / name)
                manifests.append((name, status.st_ino, status.st_mtime_ns, status.st_size))
    try:
        status = os.lstat(directory / COMMIT)
        if not stat.S_ISDIR(status.st_mode):  # a link would bring in files from elsewhere
            return _State(None, frozenset(), tuple(manifests))
        committed = frozenset(os.listdir(directory / COMMIT))
    except FileNotFoundError:
        return _State(None, frozenset(), tuple(manifests))
    return _State((status.st_ino, status.st_mtime_ns), committed, tuple(manifests))


def _listing(directory: Path) -> list[str]:
    """Its names: none if it does not exist; if it cannot be listed, the manifest's."""
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return []
    except PermissionError:
        return [MANIFEST]
