"""Threads that work in parallel while the main thread can always be interrupted: the one pool of every script.

A ^C that arrives just before the main thread goes to sleep in a wait without an end does not wake it. Results are
therefore awaited in slices. Whatever ends the work early also ends the processes that it waits for.
"""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent import futures
from functools import partial
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

from mintls.signals import postponed_signals

SLICE = 0.5  # seconds
Item = TypeVar("Item")
Key = TypeVar("Key")
Result = TypeVar("Result")


class Workers(Generic[Key, Result]):
    """A pool whose results come in the order in which they are ready, each with the key that its job was given.

    `stop` is called when the context is left by an exception; it must end what the jobs wait for.
    """

    def __init__(self, count: int, stop: Callable[[], None]) -> None:
        self._pool, self._stop = futures.ThreadPoolExecutor(count), stop
        self._ready: SimpleQueue[tuple[Key, futures.Future[Result]]] = SimpleQueue()
        self.pending = 0

    def submit(self, key: Key, job: Callable[[], Result]) -> None:
        """Begin a job as soon as a thread is free."""
        with postponed_signals():  # the pool would not wait for a thread that it has started and does not know yet
            future = self._pool.submit(job)
        self.pending += 1
        future.add_done_callback(partial(self._put, key))

    def next(self) -> tuple[Key, Result]:
        """The next result. Raises what its job raised. There must be a pending job."""
        while True:
            try:
                key, future = self._ready.get(timeout=SLICE)
            except Empty:
                continue
            self.pending -= 1
            return key, future.result()

    def _put(self, key: Key, future: "futures.Future[Result]") -> None:
        self._ready.put((key, future))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind:
            self._stop()
        self._pool.shutdown(cancel_futures=kind is not None)


def in_parallel(
    count: int, stop: Callable[[], None], function: Callable[[Item], Result], items: Iterable[Item]
) -> list[Result]:
    """The function's result for each item, in their order. Raises what the first failing call raised."""
    queue = deque(enumerate(items))
    results: list[Result | None] = [None] * len(queue)
    with Workers[int, Result](count, stop) as workers:
        while queue or workers.pending:
            while queue and workers.pending < 2 * count:  # few at a time: each waits in the pool with its argument
                index, item = queue.popleft()
                workers.submit(index, partial(function, item))
            index, results[index] = workers.next()
    return results  # type: ignore[return-value]  # each has been set
