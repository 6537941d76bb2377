"""Signals that end a script: its child processes are ended first, then Python's `finally` cleans up.

A thread that waits for a process would otherwise keep the script as long as that process lasts.
"""

import signal
from collections.abc import Callable
from types import FrameType

ENDING = (signal.SIGTERM, signal.SIGHUP)  # by CI, and by a terminal that is closed
Stop = Callable[[], None]

_stops: list[Stop] = []


def at_interruption(stop: Stop) -> None:
    """Call `stop` before a signal ends the script. It must not wait for a lock that the main thread may hold."""
    _stops.append(stop)


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
    ignore_signals()
    _stop()
    raise SystemExit(128 + number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _stop()
    raise KeyboardInterrupt


def _stop() -> None:
    for stop in _stops:
        stop()
