"""Runs one of scripts/ within this process: what a process of its own would do and say, without starting one.

A new Python and its imports cost more than what most calls of a script do. Real are the script's source, run as
`__main__`, and every openssl that it starts. Given and taken back is what belongs to a process: arguments, environment
(plumbum's copy of it as well), working directory, streams, the handler of SIGTERM, and what was cached of all that.
"""

import gc
import io
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, FrameType

from deadline import Deadline
from plumbum import local

# what Python reads once, as it starts: for these a process is needed
AT_START = ("PYTHON", "LC_", "LANG")


def needs_a_process(environment: Mapping[str, str]) -> bool:
    """Whether the environment says something that Python itself reads, other than ours does."""
    names = {name for name in (*environment, *os.environ) if name.startswith(AT_START)}
    return any(environment.get(name) != os.environ.get(name) for name in names)


def call(
    script: Path, words: Sequence[str], *, cwd: Path | str | None, env: Mapping[str, str] | None, seconds: float
) -> "subprocess.CompletedProcess[str]":
    """Run it to its end. Its standard input is empty. Raises subprocess.TimeoutExpired."""
    argv = [str(script), *words]
    out, err = _stream("strict"), _stream("backslashreplace")
    before = sys.argv, sys.stdin, sys.stdout, sys.stderr
    with _environment(os.environ.copy() if env is None else env), _directory(cwd), _signals(seconds):
        sys.argv, sys.stdin, sys.stdout, sys.stderr = argv, io.TextIOWrapper(io.BytesIO()), out, err
        try:
            exec(_code(script), {"__name__": "__main__", "__file__": str(script), "__builtins__": __builtins__})
            status = 0
        except SystemExit as leave:
            status = _status(leave)
        except _TooLateError:
            raise subprocess.TimeoutExpired(argv, seconds, _text(out), _text(err)) from None
        except BaseException:
            traceback.print_exc(file=err)
            status = 1
        finally:
            sys.argv, sys.stdin, sys.stdout, sys.stderr = before
            gc.unfreeze()  # the script froze what there was
    return subprocess.CompletedProcess([sys.executable, *argv], status, _text(out), _text(err))


class _TooLateError(BaseException):
    """No Exception, which a script might catch."""


@cache
def _code(script: Path) -> CodeType:
    return compile(script.read_bytes(), str(script), "exec", dont_inherit=True)


def _stream(errors: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors=errors, write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    said = stream.buffer.getvalue()  # type: ignore[attr-defined]  # it is a BytesIO
    return bytes(said).decode()


def _status(leave: SystemExit) -> int:
    """As Python ends: nothing is 0, a number itself, anything else is said and 1."""
    if isinstance(leave.code, str):
        sys.stderr.write(f"{leave.code}\n")
    return leave.code if isinstance(leave.code, int) else int(leave.code is not None)


@contextmanager
def _environment(environment: Mapping[str, str]) -> Iterator[None]:
    before = os.environ.copy()
    with local.env():
        _replace(os.environ, environment)
        local.env.clear()
        local.env.update(environment)
        tempfile.tempdir = None  # it remembers TMPDIR
        local._program_cache.clear()  # and this what PATH led to
        try:
            yield
        finally:
            _replace(os.environ, before)
            tempfile.tempdir = None
            local._program_cache.clear()


def _replace(environment: "os._Environ[str]", by: Mapping[str, str]) -> None:
    """Only what differs: while it changes, other threads may read it."""
    for name in environment.keys() - by.keys():
        del environment[name]
    environment.update({name: value for name, value in by.items() if environment.get(name) != value})


@contextmanager
def _directory(cwd: Path | str | None) -> Iterator[None]:
    before = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        if cwd is not None:
            os.chdir(cwd)
        yield
    finally:
        os.fchdir(before)
        os.close(before)


@contextmanager
def _signals(seconds: float) -> Iterator[None]:
    """SIGTERM is as a new process finds it, and SIGALRM ends what takes too long."""
    deadline = Deadline(seconds)

    def look(number: int, frame: FrameType | None) -> None:
        if deadline.over:
            raise _TooLateError
        signal.alarm(5)

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGALRM)}
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, look)
    signal.alarm(max(1, round(seconds)))
    try:
        yield
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)
