"""Processes that run now: each in a group of its own, and ended, whatever happens, when its context is left."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from mintls.errors import MintlsError

Process = subprocess.Popen[bytes]


class Processes:
    """What runs, so that another thread can end it."""

    def __init__(self) -> None:
        self._running: set[Process] = set()
        self._lock = threading.Lock()
        self._stopped = False

    @contextmanager
    def running(self, program: str, start: Callable[[], Process]) -> Iterator[Process]:
        """The process that `start` starts in a new session. Raises MintlsError when it cannot be started."""
        with self._lock:
            if self._stopped:
                raise MintlsError("interrupted")
            try:
                process = start()
            except OSError as error:
                raise MintlsError(f"{program} cannot be started: {error.strerror}") from None
            self._running.add(process)
        try:
            yield process
        finally:
            _end(process)
            with self._lock:
                self._running.discard(process)

    def stop(self) -> None:
        """End every process that still runs and start no more: for ^C, seen by the main thread alone."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                send(process, signal.SIGKILL)


def send(process: Process, number: int) -> None:
    """Signal its whole group, if it has not ended."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def _end(process: Process) -> None:
    """Ask it to end, then make it: s_server leaves its port on SIGTERM at once."""
    if process.poll() is None:
        send(process, signal.SIGTERM)
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            send(process, signal.SIGKILL)
            process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            with suppress(BrokenPipeError):
                stream.close()
