"""What every script shares at the terminal: errors become a sentence and an exit status."""

import io
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from mintls.errors import INTERRUPTED, MintlsError, UsageError

from plumbum import cli
from plumbum.cli.application import ShowHelp, ShowHelpAll, ShowVersion
from plumbum.cli.switches import SwitchError


class Script(cli.Application):
    """A command line whose mistakes end in a sentence, never in a traceback."""

    VERSION = "0.1.0"

    def _parse_args(self, argv: list[str]) -> Any:
        """plumbum prints a mistake and the whole help to stdout, which may be a pipe into sh."""
        with _usage(str(self.PROGNAME)):
            return super()._parse_args(argv)

    def _validate_args(self, swfuncs: Any, tailargs: Any) -> Any:
        with _usage(str(self.PROGNAME)):
            return super()._validate_args(swfuncs, tailargs)

    @classmethod
    def start(cls) -> NoReturn:
        """Run with sys.argv and leave with the exit status that errors.py lists."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # scripts and JSON are UTF-8 whatever the locale says
        signal.signal(signal.SIGTERM, _leave)
        try:
            _, status = cls.run(exit=False)
            sys.stdout.flush()
        except MintlsError as error:
            sys.stderr.write(f"{error}\n")
            status = error.status
        except KeyboardInterrupt:
            sys.stderr.write("interrupted\n")
            status = INTERRUPTED
        except BrokenPipeError:  # the reader of a pipe has gone: nobody is left to tell
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            status = 0
        sys.exit(status)


def _leave(number: int, frame: FrameType | None) -> None:
    """Told to end, as CI does: with all that runs ended and removed, which the signal's own default would not."""
    raise SystemExit(128 + number)


@contextmanager
def _usage(program: str) -> Iterator[None]:
    try:
        yield
    except (ShowHelp, ShowHelpAll, ShowVersion):  # plumbum's own answers, which it calls mistakes
        raise
    except SwitchError as error:
        raise UsageError(f"{error}; {program} --help lists what can be said") from None


class Progress:
    """One line on a terminal for what lasts over a second; nothing anywhere else."""

    def __init__(self) -> None:
        self.since, self.shown = time.monotonic(), False
        self.wanted = sys.stderr.isatty()

    def __call__(self, title: str, done: int, total: int) -> None:
        if self.wanted and (self.shown or time.monotonic() - self.since > 1):
            sys.stderr.write(f"\r\033[K{done}/{total} {title[:60]}")
            self.shown = True
            if done == total:
                sys.stderr.write("\r\033[K")
            sys.stderr.flush()
