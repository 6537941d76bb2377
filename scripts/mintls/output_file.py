"""A file that is written for the user: whole or not at all, so that a full disk or a signal leaves the old one."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write beside it and rename, with the mode less the umask, or that of the file that is replaced. Raises OSError.

    What is no regular file, such as /dev/stdout or a pipe, is written to; a symbolic link is followed.
    """
    with suppress(FileNotFoundError):
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            path.write_bytes(data)
            return
        mode = stat.S_IMODE(status.st_mode)
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}")
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
