"""Scripts and programs that a test runs, and waiting for a fact with a deadline."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parent.parent / "scripts"
DEADLINE = 20.0  # seconds; only ever used up by a failure


def until(fact: Callable[[], object], what: str) -> object:
    """Wait for a fact and hand it over; fail after the deadline."""
    end = time.monotonic() + DEADLINE
    while not (found := fact()):
        if time.monotonic() > end:
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
        return self.process.wait(DEADLINE)


def run_script(name: str, *words: object, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run one of scripts/ to its end; what it said is text."""
    argv = [sys.executable, str(SCRIPTS / name), *map(str, words)]
    settings = {"stdin": subprocess.DEVNULL, "timeout": 100, **options}
    return subprocess.run(argv, capture_output=True, encoding="utf-8", **settings)
