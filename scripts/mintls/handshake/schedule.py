"""Runs the rows, several at once: the controls before and after all others."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain

from mintls.handshake.cases.case import Row, Turn
from mintls.handshake.result import Result
from mintls.openssl.binary import Openssl
from mintls.workers import Workers

Done = Callable[[Result], None]


def try_rows(
    openssl: Openssl,
    rows: Iterable[Row],
    workers: int,
    connect: Callable[[Row], Result],
    leave_out: Callable[[Iterable[Row], Iterable[Result]], Iterable[Result]],
    done: Done,
    at_once: Callable[[int], int] = lambda workers: workers,
) -> tuple[Result, ...]:
    """Every row's result, in the order of the rows; `done` is called with each as soon as it is known.

    The controls `good` go first and `good-again` last. `leave_out` returns the results of the rows that
    need no connection, given the results so far; `at_once`, once the first controls are known, how many rows are tried
    at a time.
    """
    rows = tuple(rows)
    results: dict[str, Result] = {}
    for turn in (Turn.FIRST, Turn.BETWEEN, Turn.LAST):
        group = [row for row in rows if row.case.turn is turn]
        left_out = tuple(leave_out(group, tuple(results.values())))
        idle = {result.row.id for result in left_out}
        count = workers if turn is Turn.FIRST else at_once(workers)
        with Workers[str, Result](count, openssl.stop) as pool:
            for row in group:
                if row.id not in idle:
                    pool.submit(row.id, partial(connect, row))
            for result in chain(left_out, _as_ready(pool)):
                results[result.row.id] = result
                done(result)
    return tuple(results[row.id] for row in rows)


def _as_ready(pool: Workers[str, Result]) -> Iterator[Result]:
    while pool.pending:
        yield pool.next()[1]
