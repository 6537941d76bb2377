"""The files that a profile names: read only if they are regular, and no more of them than is wanted.

To open a pipe can wait for ever, and a device may have no end.
"""

from pathlib import Path


def read_input(path: Path, most: int) -> bytes:
    """At most so many bytes from its beginning. Raises ValueError with the end of a sentence about the path."""
    try:
        if not path.is_file():
            path.stat()  # says what is not there
            raise ValueError("is no regular file; name one")
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
