"""Deadlines that follow the machine: only ever used up by a failure, however busy it is with other things."""

import time
from functools import cache

PIECE = 0.02  # seconds of processor time: several turns of the scheduler


def slowness() -> float:
    """How many times longer a piece of work takes now than on an idle machine; at least 1."""
    start, spent = time.monotonic(), time.thread_time()
    while time.thread_time() - spent < PIECE:
        pass
    return max(1.0, (time.monotonic() - start) / PIECE)


class Deadline:
    """So many seconds on an idle machine, counted from now. The machine is measured only when they are over."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.start = seconds, time.monotonic()

    @property
    def over(self) -> bool:
        """Whether it has taken longer than the machine, as busy as it is now, excuses."""
        spent = time.monotonic() - self.start
        return spent > self.seconds and spent > self.seconds * 2 * slowness()


def slow(seconds: float) -> float:
    """What an idle machine must do within so many seconds may take on this one, as busy as it is now."""
    return seconds * slowness()


def patient(seconds: float) -> float:
    """How long to wait for something that takes well under so many seconds, where waiting cannot ask a Deadline."""
    return 3 * seconds * _lately(int(time.monotonic()) // 30)


@cache
def _lately(moment: int) -> float:
    return slowness()
