"""The files that a profile names: read only if they are regular, and no more of them than is wanted.

To open a pipe can wait for ever, and a device may have no end.
"""

import errno
from pathlib import Path


def read_input(path: Path, most: int) -> bytes:
    """At most so many bytes from its beginning. Raises OSError, also when it is no regular file."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "Not a regular file")
    with path.open("rb") as file:
        return file.read(most)
