"""Scripts and programs that a test runs, and waiting for a fact with a deadline."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from deadline import Deadline, patient
from in_process import call, needs_a_process

SCRIPTS = Path(__file__).parent.parent / "scripts"
DEADLINE = 20.0  # seconds of an idle machine; only ever used up by a failure
PATIENCE = 100.0  # the same for a whole script


def until(fact: Callable[[], object], what: str) -> object:
    """Wait for a fact and hand it over; fail after the deadline."""
    deadline = Deadline(DEADLINE)
    while not (found := fact()):
        if deadline.over:
            pytest.fail(f"waited {DEADLINE:g} s in vain for {what}")
        time.sleep(0.005)
    return found


class Running:
    """A process of a test; what it says goes to files, so that no pipe can fill."""

    def __init__(self, argv: Sequence[object], directory: Path) -> None:
        self.argv = [str(word) for word in argv]
        self._out, self._err = directory / "stdout", directory / "stderr"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    @property
    def stdout(self) -> str:
        return self._out.read_text()

    @property
    def stderr(self) -> str:
        return self._err.read_text()

    def first_line(self) -> str:
        until(lambda: "\n" in self.stdout or self.process.poll() is not None, f"a line of {self.argv}")
        assert "\n" in self.stdout, self.stderr
        return self.stdout.splitlines()[0]

    def says(self, text: str) -> str:
        """Wait until stderr has a line with `text`; return that line."""
        until(lambda: any(text in line for line in self.stderr.splitlines()), f"{text!r} in {self.stderr!r}")
        return next(line for line in self.stderr.splitlines() if text in line)

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return ended(self.process)


def ended(process: "subprocess.Popen[Any]") -> int:
    """Its exit status, once it has ended by itself."""
    until(lambda: process.poll() is not None, f"the end of {process.args!r}")
    return int(process.returncode)


def run_script(name: str, *words: object, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run one of scripts/ to its end, within this process where nothing but `cwd` and `env` is asked of it."""
    if options.keys() <= {"cwd", "env"} and not needs_a_process(options.get("env") or os.environ):
        settings = {"cwd": None, "env": None, **options}
        return call(SCRIPTS / name, list(map(str, words)), seconds=PATIENCE, **settings)
    return run_alone(name, *words, **options)


def run_alone(name: str, *words: object, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run one of scripts/ to its end in a process of its own, with what subprocess.run() takes; it says text."""
    argv = [sys.executable, str(SCRIPTS / name), *map(str, words)]
    settings = {"stdin": subprocess.DEVNULL, "timeout": patient(PATIENCE), **options}
    return subprocess.run(argv, capture_output=True, encoding="utf-8", **settings)
