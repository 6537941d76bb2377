"""Processes that run now, each in a group of its own, and ended, whatever happens, when its context is left."""

import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from mintls.errors import MintlsError
from mintls.signals import at_interruption, postponed_signals

Process = subprocess.Popen[bytes]
TICK = 0.25  # seconds between two looks at the clock


class Processes:
    """What runs, each with its deadline, so that a different thread can end it."""

    def __init__(self) -> None:
        self._running: dict[Process, float] = {}
        self._lock = threading.RLock()  # a signal may arrive while the main thread has it
        self._watched = self._stopped = False
        at_interruption(self.stop)

    @property
    def stopped(self) -> bool:
        """Whether the run was interrupted: nothing is worth waiting for."""
        return self._stopped

    @contextmanager
    def running(self, program: str, start: Callable[[], Process], seconds: float = math.inf) -> Iterator[Process]:
        """The process that `start` starts in a new session; it is killed if it runs longer than `seconds`.

        Raises MintlsError if it cannot be started.
        """
        process = None
        try:
            with self._lock:
                if self._stopped:
                    raise MintlsError("interrupted")
                try:
                    with postponed_signals():  # one that came meanwhile raises here, when there is a process to end
                        process = start()
                        self._running[process] = time.monotonic() + seconds
                except OSError as error:
                    raise MintlsError(f"{program} cannot be started: {error.strerror}") from None
                if seconds < math.inf and not self._watched:
                    self._watched = True
                    threading.Thread(target=self._watch, daemon=True).start()
            yield process
        finally:
            if process is not None:
                _end(process)
                with self._lock:
                    self._running.pop(process, None)

    def _watch(self) -> None:
        """Kill what is past its deadline; one thread for all, since each Popen.wait(timeout) polls: 1 ms."""
        while self._watched:
            time.sleep(TICK)
            self._end_late()

    def _end_late(self) -> None:
        """A sleeping thread must hold no process: plumbum's has a __del__, which fails while Python shuts down."""
        with self._lock:
            for process, end in self._running.items():
                if time.monotonic() > end:
                    send(process, signal.SIGKILL)
            self._watched = any(end < math.inf for end in self._running.values())

    def stop(self) -> None:
        """End every process that still runs and start no more: for ^C, which only the main thread sees."""
        with self._lock:
            self._stopped = True
            for process in list(self._running):
                send(process, signal.SIGKILL)


def send(process: Process, number: int) -> None:
    """Signal its whole group, if it has not ended."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def _end(process: Process) -> None:
    """SIGTERM, then SIGKILL: s_server frees its port on SIGTERM at once."""
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
