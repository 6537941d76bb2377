"""A report written to a file that the user names, whole or not at all, or to standard output (`-`)."""

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from mintls.errors import OutputError

STDOUT = "-"


def check_output(path: str) -> None:
    """Before the work whose report goes there. Raises OutputError when it could not be written."""
    if path == STDOUT:
        return
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(path):
        raise OutputError(f"{path} is a directory; name a file")
    if not os.path.isdir(folder):
        raise OutputError(f"{path}: {folder} is not a directory; create it, or name another file")
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise OutputError(f"{path}: Permission denied; name a file that you can write")


def write_output(path: str, data: bytes) -> None:
    """The report. Raises OutputError when it cannot be written."""
    try:
        if path == STDOUT:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            write_whole(Path(path), data)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}; name a file that can be written") from None


def write_whole(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write beside it and rename, with the mode less the umask, or that of the file that is replaced. Raises OSError.

    What is not a regular file, such as /dev/stdout or a pipe, is written to; a symbolic link is followed.
    """
    with suppress(FileNotFoundError):
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            path.write_bytes(data)
            return
        mode = stat.S_IMODE(status.st_mode)
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name[:200]}.{os.urandom(4).hex()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        os.rename(beside, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise
