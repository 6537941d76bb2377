"""The standard streams as a script needs them: open, in UTF-8, and not what decides its exit status."""

import io
import os
import sys
from typing import Any

from mintls.errors import MintlsError


def open_streams() -> None:
    """Replace sys.stdout and sys.stderr by ones that a reader may leave, as in `| true`: the script goes on to its end.

    A stream that was closed (`>&-`) is opened on /dev/null, or the next file that is opened would take its place.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
    if sys.stdout is sys.__stdout__:  # not one that a caller has put there
        sys.stdout = _text(_Output(1))
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(_Errors(2))


class _Output(io.FileIO):
    """Says nothing any more once its reader has gone. Raises MintlsError when it cannot be written otherwise."""

    def __init__(self, number: int) -> None:
        super().__init__(number, "wb", closefd=False)
        self._gone = False

    def write(self, data: Any, /) -> int:
        if not self._gone:
            try:
                return super().write(data)
            except OSError as error:
                self._gone = True
                self.failed(error)
        return len(data)

    def failed(self, error: OSError) -> None:
        """What to do about it, once."""
        if not isinstance(error, BrokenPipeError):
            raise MintlsError(f"the output cannot be written: {error.strerror}; send it elsewhere") from None


class _Errors(_Output):
    """Where errors are told nobody can be told that this fails."""

    def failed(self, error: OSError) -> None:
        pass


def _text(stream: _Output) -> io.TextIOWrapper:
    """Names of files that are not UTF-8 are escaped; a terminal, and what tells of errors, gets each line at once."""
    at_once = stream.isatty() or isinstance(stream, _Errors)
    buffer = io.BufferedWriter(stream)
    return io.TextIOWrapper(buffer, encoding="utf-8", errors="backslashreplace", line_buffering=at_once)
