"""The output directory: a private staging directory in it, and the atomic publication of a set.

New files are created in DIR/.mintls-stage-XXXX (0700, on the same file system by construction). When all are ready
and verified, they are fsynced and that directory is renamed to DIR/.mintls-commit: from then on the new set is valid.
Its files are then moved into place; if this process is killed meanwhile, the next writer completes that. Readers
(snapshot.py) read that directory before DIR and move nothing.
"""

import errno
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from mintls.errors import OutputError
from mintls.input_file import open_input, read_input
from mintls.manifest import MANIFEST, Manifest, encode_manifest
from mintls.minting.output_directory import check_private, group_number, lock, make_directory
from mintls.minting.snapshot import COMMIT, Snapshot, digests
from mintls.plan.plan import Plan
from mintls.plan.shard import SHARD_MANIFEST, Shard
from mintls.plan.step import Output

STAGING = ".mintls-stage-"
STAGE = re.compile(re.escape(STAGING) + "[0-9a-f]{16}")  # names of staging directories, which may be removed
REMOVED = ".removed"  # in a commit: the names of files to remove, hidden from readers
NEW_COMMIT = "+commit"  # no entry's name has a +
MANY = 100  # files


class Stage(NamedTuple):
    """The staging directory: its path, for openssl, and a descriptor, which stays valid if the path is replaced."""

    path: Path
    handle: int


class Store:
    """A locked directory: what is read from it does not change until publication."""

    def __init__(self, directory: Path, handle: int) -> None:
        self.directory, self._handle = directory, handle
        snapshot = Snapshot(directory)
        self.manifest = snapshot.manifest()
        self.digests = digests(snapshot, self.manifest)

    def foreign(self, outputs: Sequence[Output]) -> list[str]:
        """Outputs that would overwrite a file that mintls did not write, or that has changed since."""
        written = {
            name: d
            for record in (self.manifest.certificates if self.manifest else ())
            for name, d in record.sha256.items()
        }
        return [output.name for output in outputs if self._is_foreign(output.name, written.get(output.name))]

    def _is_foreign(self, name: str, written: str | None) -> bool:
        try:
            os.lstat(name, dir_fd=self._handle)
        except FileNotFoundError:
            return False
        try:
            handle = open_input(name, folder=self._handle, follow=False)
        except OSError:
            return True
        os.close(handle)
        return written is None or self.digests.get(name, self._digest(name)) != written

    def _digest(self, name: str) -> str:
        """The digest of a file that is not in the manifest."""
        with suppress(OSError):
            return hashlib.sha256(read_input(name, folder=self._handle).data).hexdigest()
        return ""

    @contextmanager
    def staging(self, plan: Plan) -> Iterator[Stage]:
        """A private directory for the run, removed afterwards, with copies of the files that the plan borrows.

        Raises OutputError if another user could read the private keys.
        """
        if any(output.secret for output in plan.outputs):
            check_private(self.directory)
        name = f"{STAGING}{os.urandom(8).hex()}"
        os.mkdir(name, 0o700, dir_fd=self._handle)
        try:
            stage = Stage(self.directory / name, _open_own(name, self._handle))
            try:
                os.fchmod(stage.handle, 0o700)
                for borrowed in plan.borrowed:
                    _write(borrowed, self._unchanged(borrowed), stage.handle)
                for config in plan.configs:
                    _write(config.name, config.text.encode(), stage.handle)
                yield stage
            finally:
                os.close(stage.handle)
        finally:
            shutil.rmtree(name, ignore_errors=True, dir_fd=self._handle)

    def _unchanged(self, name: str) -> bytes:
        """A file of the set, unchanged since the plan was made."""
        data = read_input(name, folder=self._handle).data
        if name in self.digests and hashlib.sha256(data).hexdigest() != self.digests[name]:
            raise OutputError(f"{self.directory / name} was changed during the run; run this again")
        return data

    def publish(
        self,
        stage: Stage,
        outputs: Sequence[Output],
        manifest: Manifest,
        shard: Shard | None,
        removed: Sequence[str] = (),
    ) -> None:
        """Make the staged outputs and the manifest the set, and remove these files. All or nothing, also if the machine
        stops.
        """
        name = shard.manifest if shard else MANIFEST
        os.mkdir(NEW_COMMIT, 0o700, dir_fd=stage.handle)
        commit = _open_own(NEW_COMMIT, stage.handle)
        try:
            for output in outputs:
                if output.group:
                    os.chown(output.name, -1, group_number(output.group), dir_fd=stage.handle)
                os.chmod(output.name, output.mode, dir_fd=stage.handle)
                os.rename(output.name, output.name, src_dir_fd=stage.handle, dst_dir_fd=commit)
            _write(name, encode_manifest(manifest), commit, 0o644)
            if removed:
                _write(REMOVED, "\n".join(removed).encode(), commit)
            if len(outputs) > MANY:
                os.sync()  # all at once is faster than the many waits of the next lines, which then only confirm it
            for made in os.listdir(commit):
                _fsync(made, commit)
            os.fchmod(commit, os.fstat(self._handle).st_mode & 0o755)  # readable like DIR until it is moved
            os.fsync(commit)
        finally:
            os.close(commit)
        self._check_stage(stage)
        os.rename(NEW_COMMIT, COMMIT, src_dir_fd=stage.handle, dst_dir_fd=self._handle)
        os.fsync(self._handle)
        carry_on(self.directory, self._handle)
        if not shard:
            for share in filter(SHARD_MANIFEST.fullmatch, os.listdir(self._handle)):
                os.unlink(share, dir_fd=self._handle)  # its records are in the manifest now

    def _check_stage(self, stage: Stage) -> None:
        """openssl used its path: check that this is still the directory that is published."""
        with suppress(FileNotFoundError):
            here = os.path.samestat(os.stat(self.directory), os.fstat(self._handle))
            if here and os.path.samestat(os.lstat(stage.path.name, dir_fd=self._handle), os.fstat(stage.handle)):
                return
        sentence = f"{stage.path} was moved or replaced during use, so nothing was published"
        raise OutputError(f"{sentence}; choose a different -o, one that no other user can write")


def carry_on(directory: Path, handle: int) -> None:
    """Finish a committed publication and remove staging directories; `handle` is the locked directory.

    Raises OutputError if the commit directory does not belong to this user alone.
    """
    with suppress(FileNotFoundError):
        os.lstat(COMMIT, dir_fd=handle)
        try:
            commit = _open_own(COMMIT, handle)
        except OSError:
            sentence = f"{directory / COMMIT} is not a directory that only this user can write"
            raise OutputError(f"{sentence}; move it away, or run this as the user who started publishing it") from None
        try:
            # the manifests last: they describe the other files
            names = sorted(
                os.listdir(commit), key=lambda name: name == MANIFEST or bool(SHARD_MANIFEST.fullmatch(name))
            )
            for name in (name for name in names if name != REMOVED):
                os.replace(name, name, src_dir_fd=commit, dst_dir_fd=handle)
            if REMOVED in names:
                _remove(read_input(REMOVED, folder=commit).data.decode().split("\n"), handle)
                os.unlink(REMOVED, dir_fd=commit)
        finally:
            os.close(commit)
        os.fsync(handle)
        os.rmdir(COMMIT, dir_fd=handle)
    for leftover in filter(STAGE.fullmatch, os.listdir(handle)):
        with suppress(OSError):
            os.close(_open_own(leftover, handle))
            shutil.rmtree(leftover, ignore_errors=True, dir_fd=handle)


@contextmanager
def open_store(directory: Path) -> Iterator[Store]:
    """Lock a directory (created if necessary, removed if it stays empty) and read its manifest.

    Raises OutputError if it cannot be created, locked or read. Waits for a run that has locked it.
    """
    try:
        made = make_directory(directory)
        handle = lock(directory)
    except OSError as error:
        raise OutputError(f"{directory}: {error.strerror}; choose a different directory with -o") from None
    try:
        carry_on(directory, handle)
        yield Store(directory, handle)
    except OSError as error:
        where = error.filename or directory
        where = directory / where if os.sep not in str(where) else where  # one that was opened by descriptor
        raise OutputError(f"{where}: {error.strerror}; nothing was published") from None
    finally:
        for path in made:
            with suppress(OSError):
                path.rmdir()  # refused unless empty
        os.close(handle)


def sha256_of(path: Path | str) -> str:
    """The SHA-256 of a file, hexadecimal. Raises OSError."""
    return hashlib.sha256(read_input(path).data).hexdigest()


def _open_own(name: str, folder: int) -> int:
    """Open a directory that only this user can write. Raises OSError if it is not one."""
    handle = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    status = os.fstat(handle)
    if status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return handle
    os.close(handle)
    raise OSError(errno.EPERM, "Not this user's alone", name)


def _remove(names: Sequence[str], folder: int) -> None:
    """Files that mintls wrote and nothing uses now; one that is gone already is passed over. Raises OSError."""
    for name in names:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)


def _write(name: str, data: bytes, folder: int, mode: int = 0o600) -> None:
    """A new file of that mode, whatever the umask."""
    handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
    with open(handle, "wb", buffering=0) as file:
        if mode != 0o600:
            os.fchmod(handle, mode)
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]


def _fsync(name: str, folder: int) -> None:
    handle = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
