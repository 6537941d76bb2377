"""Reads files that others may have created: regular files only, bounded in size, without waiting.

To open a pipe can wait for ever, a device may have no end, and a sparse file is larger than any memory.
"""

import errno
import os
import stat
from contextlib import suppress
from typing import NamedTuple

MAX_BYTES = 64 * 1024 * 1024  # of one file of a set: a CRL of a million entries fits


class Input(NamedTuple):
    """What a file held, and its mode, as of one moment."""

    data: bytes
    mode: int


def open_input(path: str | os.PathLike[str], *, folder: int | None = None, follow: bool = True) -> int:
    """A descriptor to read a regular file with; `folder` is an open directory that a relative path begins in.

    Raises OSError when it cannot be opened or is not a regular file, or a symbolic link that is not to be followed.
    """
    return _open(path, folder, 0 if follow else os.O_NOFOLLOW)[0]


def read_beginning(path: str | os.PathLike[str], most: int, *, pipes: bool = False) -> bytes:
    """At most so many bytes from its beginning. Raises OSError, also when it is not a regular file.

    `pipes`: it may be anything that can be read, because the user named it: `<(...)` of a shell is a pipe.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOCTTY) if pipes else open_input(path)
    try:
        return _read(handle, most)
    finally:
        os.close(handle)


def read_input(path: str | os.PathLike[str], most: int = MAX_BYTES, *, folder: int | None = None) -> Input:
    """The whole file. Raises OSError, also when it is not a regular file, or larger than `most` bytes."""
    handle, status = _open(path, folder, 0)
    try:
        size = status.st_size
        if size <= most:
            data = os.read(handle, size + 1)
            if len(data) != size:  # it is being written, or is one of proc(5), whose size is 0
                data += _read(handle, most + 1 - len(data))
            if len(data) <= most:
                return Input(data, stat.S_IMODE(status.st_mode))
    finally:
        os.close(handle)
    raise OSError(errno.EFBIG, f"File larger than {most} bytes", os.fspath(path))


def is_readable(path: str | os.PathLike[str]) -> bool:
    """Whether there is a regular file that can be opened."""
    with suppress(OSError):
        os.close(open_input(path))
        return True
    return False


def _read(handle: int, most: int) -> bytes:
    chunks = []
    while most > 0 and (chunk := os.read(handle, min(most, 1 << 20))):
        chunks.append(chunk)
        most -= len(chunk)
    return b"".join(chunks)


def _open(path: str | os.PathLike[str], folder: int | None, more: int) -> tuple[int, os.stat_result]:
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | more, dir_fd=folder)
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "Not a regular file", os.fspath(path))
    return handle, status
