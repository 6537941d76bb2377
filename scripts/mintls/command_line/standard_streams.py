"""The standard streams of a script: always open, in UTF-8, and without influence on its exit status."""

import io
import os
import sys
from typing import Any

from mintls.errors import MintlsError


def open_streams() -> None:
    """Replace sys.stdout and sys.stderr by streams whose reader may close them, as in `| true`; the script continues.

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
    """Discards its output once its reader has closed it. Raises MintlsError for any other failure."""

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
            raise MintlsError(f"the output cannot be written: {error.strerror}; redirect it elsewhere") from None


class _Errors(_Output):
    """Standard error: a failure to write there cannot be reported."""

    def failed(self, error: OSError) -> None:
        pass


def _text(stream: _Output) -> io.TextIOWrapper:
    """File names that are not UTF-8 are escaped; a terminal and standard error get each line at once."""
    at_once = stream.isatty() or isinstance(stream, _Errors)
    buffer = io.BufferedWriter(stream)
    return io.TextIOWrapper(buffer, encoding="utf-8", errors="backslashreplace", line_buffering=at_once)
