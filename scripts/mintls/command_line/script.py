"""The command line of every script: options, --help, and errors as one sentence and an exit status."""

import gc
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from mintls.command_line import help_text
from mintls.command_line.standard_streams import open_streams
from mintls.errors import INTERRUPTED, MintlsError, UsageError, closest, not_known
from mintls.signals import handle_signals, ignore_signals

import plumbum.cli.switches as cli
from plumbum.cli.application import Application, ShowCompletion, ShowHelp, ShowHelpAll, ShowVersion
from plumbum.cli.switches import SwitchCombinationError, SwitchError, UnknownSwitch, WrongArgumentType

SIGNAL = 128  # exit statuses above it: ended by a signal


class Script(Application):
    """A command line that reports mistakes in one sentence, never as a traceback."""

    VERSION = "0.1.0"
    ARGUMENTS = ""  # how the usage line names what follows the options

    @cli.switch(["-h", "--help"], overridable=True, group="Meta-switches", help="Print this help and exit")
    def help(self) -> None:
        """plumbum's own help shows types and placeholders of Python."""
        about = (type(self).__doc__ or "").strip()
        theirs = (Application.help, Application.version)
        own = (one for one in self._switches_by_name.values() if one.func not in theirs)
        print(help_text.help_text(str(self.PROGNAME), self.ARGUMENTS, about, own))

    @cli.switch(["--version"], overridable=True, group="Meta-switches", help="Print the version and exit")
    def version(self) -> None:
        print(f"{self.PROGNAME} {self.VERSION}")

    def _parse_args(self, argv: list[str]) -> Any:
        """plumbum prints a mistake and the whole help on stdout, which may be a pipe into sh."""
        with self._usage():
            return super()._parse_args([_Dash(word) if word == "-" else word for word in argv])

    def _validate_args(self, swfuncs: Any, tailargs: Any) -> Any:
        with self._usage():
            try:
                return super()._validate_args(swfuncs, tailargs)
            except SwitchCombinationError:
                raise UsageError("; ".join(self._clashes(swfuncs))) from None

    def _clashes(self, swfuncs: Any) -> Iterator[str]:
        """Which options exclude each other: plumbum reports them as a list in Python's notation."""
        for func, given in swfuncs.items():
            switch = self._switches_by_func[func]
            for name in switch.requires:
                if self._switches_by_name[name].func not in swfuncs:
                    yield f"{given.swname} needs {_dashed(name)}: give both or neither"
            for name in switch.excludes:
                if self._switches_by_name[name].func in swfuncs:
                    yield f"{given.swname} and {_dashed(name)} do not go together: give one of them"

    @staticmethod
    def _handle_argument(val: str, argtype: Any, name: str) -> Any:
        """plumbum reports a wrong value on two lines, with the name of the exception."""
        try:
            return Application._handle_argument(val, argtype, name)
        except WrongArgumentType as error:
            raise UsageError(f"{_dashed(name)} {val}: {_wanted(argtype, val, error)}") from None

    @contextmanager
    def _usage(self) -> Iterator[None]:
        try:
            yield
        except (ShowHelp, ShowHelpAll, ShowVersion, ShowCompletion):  # requested, although plumbum derives them from it
            raise
        except SwitchError as error:
            hint = f"{self.PROGNAME} --help lists the options"
            if isinstance(error, UnknownSwitch):  # its message ends with the word in every language of plumbum
                guess = closest(str(error).rpartition(" ")[2].lstrip("-"), self._switches_by_name)
                hint = f"did you mean {_dashed(guess)}?" if guess else hint
            raise UsageError(f"{error}; {hint}") from None

    @classmethod
    def start(cls) -> NoReturn:
        """Run with sys.argv and leave with the exit status that errors.py lists."""
        open_streams()  # scripts and JSON are UTF-8 whatever the locale says
        handle_signals()
        gc.freeze()  # what was imported stays to the end: the collector need not walk it then
        gc.enable()  # lazy_imports has disabled it
        try:
            _, status = cls.run(exit=False)
            sys.stdout.flush()
        except MintlsError as error:
            sys.stderr.write(f"{error}\n")
            status = error.status
        except (KeyboardInterrupt, SystemExit) as leave:
            status = _status(leave)
        if status > SIGNAL:
            gc.collect()  # what the exception held: plumbum's processes have a __del__, which fails later
        sys.exit(status)


Script.unbind_switches("--help-all", "--completions")  # of subcommands, which there are none of, and of a shell


class _Dash(str):
    """A lone -, which is standard input or output; plumbum takes what starts with - for a switch."""

    __slots__ = ()

    def startswith(self, *_: Any) -> bool:
        return False


def _status(leave: KeyboardInterrupt | SystemExit) -> int:
    """That of a script that a signal ends."""
    if isinstance(leave, SystemExit):
        return int(leave.code or 0)
    ignore_signals()
    sys.stderr.write("interrupted\n")
    return INTERRUPTED


def _dashed(name: str) -> str:
    return f"-{name}" if len(name) == 1 else f"--{name}"


def _wanted(argtype: Any, word: str, error: WrongArgumentType) -> str:
    """What to write instead; the errors of our own types contain it."""
    if argtype is cli.ExistingFile:
        return "there is no such file; name one that is there"
    if isinstance(argtype, cli.Range):
        return f"write a whole number from {argtype.start} to {argtype.end}"
    if isinstance(argtype, cli.Set):
        return not_known(word, map(str, argtype.values))
    return str(error.__context__)


class Progress:
    """One line on a terminal for work that takes over a second; nothing elsewhere."""

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
