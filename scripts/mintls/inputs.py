"""The files that a user names: no more of them is read than is wanted.

To open a pipe can wait for ever, and a device may have no end: so only a regular file is opened, but for a path that
the user named in order to have it read whatever it is (`<(...)` of a shell is a pipe).
"""

import errno
from pathlib import Path


def read_input(path: Path, most: int, *, pipes: bool = False) -> bytes:
    """At most so many bytes from its beginning. Raises OSError, also when it is no regular file, unless `pipes`."""
    if not pipes and path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "Not a regular file")
    with path.open("rb") as file:
        return file.read(most)
