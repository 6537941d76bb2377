"""The one way to read a file that somebody else may have put there: regular, bounded, and never waited for.

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
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    handle = os.open(path, flags, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "Not a regular file", os.fspath(path))
    return handle


def read_beginning(path: str | os.PathLike[str], most: int) -> bytes:
    """At most so many bytes from its beginning. Raises OSError, also when it is not a regular file."""
    handle = open_input(path)
    try:
        return _read(handle, most)
    finally:
        os.close(handle)


def read_input(path: str | os.PathLike[str], most: int = MAX_BYTES, *, folder: int | None = None) -> Input:
    """The whole file. Raises OSError, also when it is not a regular file, or larger than `most` bytes."""
    handle = open_input(path, folder=folder)
    try:
        status = os.fstat(handle)
        if status.st_size <= most and len(data := _read(handle, most + 1)) <= most:
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
