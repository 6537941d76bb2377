"""Signals that end a script: its child processes are ended first, then Python's `finally` cleans up.

A thread that waits for a process would otherwise keep the script as long as that process lasts.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGTERM, signal.SIGHUP)  # by CI, and by a terminal that is closed
Stop = Callable[[], None]

_stops: list[Stop] = []
_postponing: list[bool] = []  # not empty while the main thread must not be interrupted
_postponed: list[int] = []


def at_interruption(stop: Stop) -> None:
    """Call `stop` before a signal ends the script. It must not wait for a lock that the main thread may hold."""
    _stops.append(stop)


@contextmanager
def postponed_signals() -> Iterator[None]:
    """A signal that arrives in this context takes effect at its end.

    Between the start of a process and the line that remembers it, an exception would leave that process behind. Blocked
    signals are not an alternative: the process would inherit the block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _postponing.append(True)
    try:
        yield
    finally:
        _postponing.pop()
        if _postponed and not _postponing:
            number = _postponed.pop(0)
            (_interrupt if number == signal.SIGINT else _leave)(number, None)


def handle_signals() -> None:
    """From now on SIGTERM and SIGHUP raise SystemExit with 128 + their number, ^C KeyboardInterrupt."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as for what a shell starts with &
        signal.signal(signal.SIGINT, _interrupt)
    end_with(_leave)


def end_with(handler: Callable[[int, FrameType | None], None]) -> None:
    """Handle SIGTERM and SIGHUP with this, except one that is ignored, as under nohup(1)."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def ignore_signals() -> None:
    """Ignore further signals during clean-up, which would otherwise be incomplete."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


def _leave(number: int, frame: FrameType | None) -> None:
    if _postponing:
        _postponed.append(number)
        return
    ignore_signals()
    _stop()
    raise SystemExit(128 + number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _postponing:
        _postponed.append(number)
        return
    _stop()
    raise KeyboardInterrupt


def _stop() -> None:
    for stop in _stops:
        stop()
