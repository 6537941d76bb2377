"""Runs the contestants of one piece of work in turns, A B A B, and notes what each took."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

KILOBYTE = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in: getrusage(2)


class Contestant(NamedTuple):
    """A shell script, run by `sh -e` in a fresh directory; `setup` goes before it and is not timed.

    leaves: how many leaves it makes. needs: the program without which it is left out. every: it takes part in each
    round, each second one, and so on. keep: the directory and its setup serve all rounds. status: that of a success.
    """

    name: str
    script: str
    leaves: int
    setup: str = ""
    needs: str = "sh"
    every: int = 1
    keep: bool = False
    status: int = 0


class Work(NamedTuple):
    """Contestants that are compared with each other, and how often each runs."""

    name: str
    title: str
    rounds: int
    contestants: Sequence[Contestant]


class Run(NamedTuple):
    """One run: wall clock and processor seconds of all its processes; the peak memory of its largest, in bytes."""

    seconds: float
    cpu: float
    memory: int


def measure(work: Work, scratch: Path, env: Mapping[str, str]) -> dict[str, list[Run]]:
    """The runs of each contestant that is installed."""
    runs: dict[str, list[Run]] = {c.name: [] for c in work.contestants if shutil.which(c.needs)}
    for number in range(work.rounds):
        for contestant in work.contestants:
            if contestant.name in runs and number % contestant.every == 0:
                runs[contestant.name].append(_run(contestant, place(scratch, work, contestant), env))
                sys.stderr.write(".")
                sys.stderr.flush()
    sys.stderr.write(f" {work.name}\n")
    for contestant in work.contestants:
        shutil.rmtree(place(scratch, work, contestant), ignore_errors=True)
    return runs


def place(scratch: Path, work: Work, contestant: Contestant) -> Path:
    """Its directory, with a name that every program can read."""
    return scratch / f"{work.name} {contestant.name}".replace(" ", "-")


def _run(contestant: Contestant, directory: Path, env: Mapping[str, str]) -> Run:
    if not (contestant.keep and directory.exists()):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        if contestant.setup:
            _timed(contestant.setup, directory, env)
    return _timed(contestant.script, directory, env, contestant.status)


def _timed(script: str, directory: Path, env: Mapping[str, str], expected: int = 0) -> Run:
    log = directory / "bench.log"
    with log.open("wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            ("sh", "-e", "-c", script), cwd=directory, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expected:
        said = log.read_text(errors="replace")[-2000:]
        raise SystemExit(f"{script}\nended with status {process.returncode}:\n{said}")
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * KILOBYTE)
