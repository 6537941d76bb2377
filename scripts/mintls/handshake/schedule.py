"""Tries the rows of a run, some at once, with the controls before and after the rest."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import chain

from mintls.handshake.case import Row
from mintls.handshake.result import FIRST, LAST, Result, not_tried, weigh
from mintls.openssl import Openssl

TICK = 0.5  # seconds
Done = Callable[[Result], None]


def run_rows(
    rows: Iterable[Row], connect: Callable[[Row], Result], openssl: Openssl, workers: int, done: Done
) -> tuple[Result, ...]:
    """Every row's result, in the order of the rows; `done` is called with each as soon as it is there.

    The controls `good` go first and `good-again` last. Where `good` came to no end, the rest of its verifier and
    version is not tried: each row would only wait as long again. What `connect` raises ends the run.
    """
    rows = tuple(rows)
    results: dict[str, Result] = {}
    with ThreadPoolExecutor(workers) as pool:
        try:
            for group in (
                [row for row in rows if row.case.id == FIRST],
                [row for row in rows if row.case.id not in (FIRST, LAST)],
                [row for row in rows if row.case.id == LAST],
            ):
                left_out = not_tried(group, results.values())
                idle = {result.row.id for result in left_out}
                tried = _as_done([pool.submit(connect, row) for row in group if row.id not in idle])
                for result in chain(left_out, tried):
                    results[result.row.id] = result
                    done(result)
        except BaseException:  # also ^C: end what runs, begin nothing more
            openssl.stop()
            pool.shutdown(cancel_futures=True)
            raise
    return weigh(results[row.id] for row in rows)


def _as_done(futures: Iterable[Future[Result]]) -> Iterator[Result]:
    """Each result as soon as it is there. Wakes up now and then: a signal that arrives just before the main thread
    goes to sleep does not wake it, and a ^C would wait as long as the slowest connection.
    """
    pending = set(futures)
    while pending:
        finished, pending = wait(pending, TICK, FIRST_COMPLETED)
        yield from (future.result() for future in finished)
