"""The output directory: its lock, a private staging directory, and the atomic publication of a set.

New files are made in DIR/.mintls-XXXX (0700, on the same file system by construction). When all are made and verified,
they are fsynced and that directory is renamed to DIR/.mintls-commit: from this moment the new set stands, and moving
its files into place is only carried on, by whoever opens the directory next, if this process is killed meanwhile.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from mintls.due import Shard
from mintls.errors import OutputError
from mintls.manifest import MANIFEST, Manifest, decode_manifest, encode_manifest, joined
from mintls.plan import Output, Plan

STAGING, COMMIT = ".mintls-", ".mintls-commit"
MANY = 100  # files
SHARES = "manifest.*-of-*.json"


class Store:
    """A directory that is locked, so that what is read from it stays true until it is published to."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.manifest = read_manifest(directory)

    def digests(self) -> dict[str, str]:
        """The SHA-256 of each file that the manifest names and that is there."""
        records = self.manifest.certificates if self.manifest else ()
        directory = f"{self.directory}/"  # a path object for each of many files costs as much as reading them
        names = [name for record in records for name in record.files.values() if os.path.isfile(directory + name)]
        return {name: sha256_of(directory + name) for name in names}

    def foreign(self, outputs: Sequence[Output]) -> list[str]:
        """Which of these would overwrite something that mintls did not write, or that was changed since."""
        written = {
            name: d
            for record in (self.manifest.certificates if self.manifest else ())
            for name, d in record.sha256.items()
        }
        return [
            output.name
            for output in outputs
            if os.path.lexists(path := self.directory / output.name)
            and (path.is_symlink() or not path.is_file() or sha256_of(path) != written.get(output.name))
        ]

    @contextmanager
    def staging(self, plan: Plan) -> Iterator[Path]:
        """A private directory for the work, gone afterwards; what the plan borrows from the set stands in it."""
        stage = Path(tempfile.mkdtemp(prefix=STAGING, dir=self.directory))
        try:
            for name in plan.borrowed:
                (stage / name).symlink_to(Path("..") / name)
            for config in plan.configs:
                (stage / config.name).write_text(config.text, encoding="utf-8")
            yield stage
        finally:
            shutil.rmtree(stage, ignore_errors=True)

    def publish(self, stage: Path, outputs: Sequence[Output], manifest: Manifest, shard: Shard | None) -> None:
        """Make the staged outputs and the manifest the set. All or nothing, also if the machine stops.

        A shard's manifest has a name of its own, so that shares from many machines can be put into one directory.
        """
        name = f"manifest.{shard.number}-of-{shard.of}.json" if shard else MANIFEST
        commit = stage / "commit"
        commit.mkdir(0o700)
        for output in outputs:
            staged = f"{stage}/{output.name}"
            os.chmod(staged, output.mode)
            os.rename(staged, f"{commit}/{output.name}")
        (commit / name).write_bytes(encode_manifest(manifest))
        os.chmod(commit / name, 0o644)
        if len(outputs) > MANY:
            os.sync()  # all at once is faster than the many waits of the next lines, which then only confirm it
        for path in os.scandir(commit):
            _fsync(path)
        _fsync(commit)
        os.rename(commit, self.directory / COMMIT)
        _fsync(self.directory)
        carry_on(self.directory)
        if not shard:
            for share in self.directory.glob(SHARES):
                share.unlink()  # what it says stands in the manifest now


def read_manifest(directory: Path) -> Manifest | None:
    """The manifest of a set and those of its shards as one, or None. Raises OutputError when one is none of ours."""
    paths = [path for path in (directory / MANIFEST, *sorted(directory.glob(SHARES))) if path.exists()]
    manifests = [decode_manifest(path.read_bytes(), str(path)) for path in paths]
    return joined(manifests) if manifests else None


def settle(directory: Path) -> None:
    """Before a set is read: finish its publication if the process that had decided it was killed."""
    if os.path.lexists(directory / COMMIT):
        with open_store(directory):
            pass


def carry_on(directory: Path) -> None:
    """Finish a publication that was decided, and clear away what was not."""
    commit = directory / COMMIT
    if commit.is_dir() and not commit.is_symlink():  # a link would bring in files from elsewhere
        names = sorted(
            os.listdir(commit), key=lambda name: name == MANIFEST
        )  # the manifest last: it tells of the others
        for name in names:
            os.replace(f"{commit}/{name}", f"{directory}/{name}")
        _fsync(directory)
        commit.rmdir()
    for leftover in directory.glob(STAGING + "*"):
        if leftover.is_symlink():
            leftover.unlink()
        shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def open_store(directory: Path) -> Iterator[Store]:
    """Lock a directory (made if need be, and gone again if it stays empty) and read its manifest.

    Raises OutputError when it cannot be made, locked or read. Another run that holds the lock is waited for.
    """
    try:
        made = [path for path in (directory, *directory.parents) if not path.exists()]
        directory.mkdir(parents=True, exist_ok=True)
        handle = _lock(directory)
    except OSError as error:
        raise OutputError(f"{directory}: {error.strerror}; choose another directory with -o") from None
    try:
        carry_on(directory)
        yield Store(directory)
    except OSError as error:
        raise OutputError(f"{error.filename or directory}: {error.strerror}; nothing was published") from None
    finally:
        for path in made:
            with suppress(OSError):
                path.rmdir()  # refused unless empty
        os.close(handle)


def sha256_of(path: Path | str) -> str:
    """The SHA-256 of a file, hexadecimal."""
    with open(path, "rb") as file:
        return sha256(file.read()).hexdigest()


def _lock(directory: Path) -> int:
    """An exclusive flock on the directory itself, which needs no file; asked again if it was replaced meanwhile."""
    while True:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(directory)):
                return handle
        os.close(handle)
        directory.mkdir(parents=True, exist_ok=True)


def _fsync(path: os.PathLike[str]) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
