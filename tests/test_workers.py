"""The pool: results as they are ready, in order for in_parallel, and an end as soon as anything goes wrong."""

import subprocess
import sys
import threading
import time
from functools import partial

from mintls.workers import Workers, in_parallel

import pytest
from deadline import patient
from processes import SCRIPTS


def test_results_are_in_the_order_of_the_items() -> None:
    """Although the first is ready last."""
    others = threading.Barrier(3)
    first_may_end = threading.Event()

    def job(item: int) -> int:
        if item == 0:
            assert first_may_end.wait(patient(10))
        else:
            others.wait(patient(10))
            first_may_end.set()
        return item * 10

    assert in_parallel(4, lambda: None, job, [0, 1, 2, 3]) == [0, 10, 20, 30]
    assert in_parallel(4, lambda: None, job, []) == []


def test_no_more_jobs_run_at_once_than_there_are_workers() -> None:
    lock, running, most = threading.Lock(), 0, 0

    def job(item: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.001)
        with lock:
            running -= 1

    in_parallel(3, lambda: None, job, range(50))
    assert 1 < most <= 3


def test_results_come_as_they_are_ready() -> None:
    may_end = threading.Event()
    with Workers[str, int](2, lambda: None) as pool:
        pool.submit("slow", lambda: int(may_end.wait(patient(10))))
        pool.submit("fast", lambda: 7)
        assert pool.next() == ("fast", 7)
        may_end.set()
        assert pool.next() == ("slow", 1)
        assert pool.pending == 0


def test_an_error_stops_the_others_and_begins_no_more() -> None:
    stopped, begun = threading.Event(), []

    def job(item: int) -> None:
        begun.append(item)
        if item == 0:
            raise LookupError("no")
        assert stopped.wait(patient(10))

    with pytest.raises(LookupError, match="no"):
        in_parallel(2, stopped.set, job, range(100))
    assert stopped.is_set()
    assert len(begun) < 10


def test_what_waits_for_a_thread_is_not_begun_after_an_error() -> None:
    stopped, begun = threading.Event(), []

    def job(item: int) -> None:
        begun.append(item)
        assert stopped.wait(patient(10))

    def fail() -> None:
        with Workers[int, None](2, stopped.set) as pool:
            for item in range(100):
                pool.submit(item, partial(job, item))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert len(begun) < 10


def test_stop_is_not_called_when_all_went_well() -> None:
    def stop() -> None:
        raise AssertionError

    assert in_parallel(2, stop, str, [1, 2]) == ["1", "2"]


WAITING = """
import signal, threading
from mintls.signals import handle_signals
from mintls.workers import in_parallel
handle_signals()
stopped = threading.Event()
def job(item):
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)
    stopped.wait(60)
try:
    in_parallel(1, stopped.set, job, [1])
except KeyboardInterrupt:
    print("interrupted", "stopped" if stopped.is_set() else "waiting")
"""


def test_a_signal_that_does_not_wake_the_main_thread_ends_it_within_a_slice() -> None:
    """The kernel gives it to another thread, and Python runs its handler in the main thread, once that runs."""
    done = subprocess.run(
        [sys.executable, "-c", WAITING], cwd=SCRIPTS, capture_output=True, text=True, timeout=patient(20)
    )
    assert (done.stdout, done.stderr) == ("interrupted stopped\n", "")
