"""Runs the rows, several at once: the controls before and after all others."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import chain

from mintls.handshake.cases.case import Row, Turn
from mintls.handshake.result import Result
from mintls.openssl.binary import Openssl

TICK = 0.5  # seconds
Done = Callable[[Result], None]


def try_rows(
    openssl: Openssl,
    rows: Iterable[Row],
    workers: int,
    connect: Callable[[Row], Result],
    leave_out: Callable[[Iterable[Row], Iterable[Result]], Iterable[Result]],
    done: Done,
) -> tuple[Result, ...]:
    """Every row's result, in the order of the rows; `done` is called with each as soon as it is known.

    The controls `good` go first and `good-again` last. `leave_out` returns the results of the rows that
    need no connection, given the results so far.
    """
    rows = tuple(rows)
    results: dict[str, Result] = {}
    with ThreadPoolExecutor(workers) as pool:
        try:
            for group in (
                [row for row in rows if row.case.turn is Turn.FIRST],
                [row for row in rows if row.case.turn is Turn.BETWEEN],
                [row for row in rows if row.case.turn is Turn.LAST],
            ):
                left_out = tuple(leave_out(group, tuple(results.values())))
                idle = {result.row.id for result in left_out}
                tried = _as_done([pool.submit(connect, row) for row in group if row.id not in idle])
                for result in chain(left_out, tried):
                    results[result.row.id] = result
                    done(result)
        except BaseException:  # also ^C: end running processes, start no more
            openssl.stop()
            pool.shutdown(cancel_futures=True)
            raise
    return tuple(results[row.id] for row in rows)


def _as_done(futures: Iterable[Future[Result]]) -> Iterator[Result]:
    """Each result as soon as it is known. Wakes up now and then: a signal that arrives just before the main thread
    goes to sleep does not wake it, and a ^C would wait as long as the slowest connection.
    """
    pending = set(futures)
    while pending:
        finished, pending = wait(pending, TICK, FIRST_COMPLETED)
        yield from (future.result() for future in finished)
