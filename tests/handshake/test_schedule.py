"""The order in which rows are tried, and what is left out or stopped on the way."""

import threading

from mintls.errors import MintlsError
from mintls.handshake.cases.case import Row, Turn, Verifier, rows
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.result import Result
from mintls.handshake.schedule import try_rows
from mintls.handshake.verdict import Evidence, Kind, Verdict
from mintls.openssl.binary import Openssl

import pytest
from deadline import patient

ROWS = tuple(row for row in rows(CATALOGUE, ("1.2", "1.3")) if row.verifier is Verifier.SERVER)


def accepted(row: Row) -> Result:
    return Result(row, Verdict(Kind.ACCEPTED, "so it is"), Evidence(verifier_is_server=True))


def test_the_controls_go_before_and_after_all_others() -> None:
    tried: list[str] = []

    def connect(row: Row) -> Result:
        tried.append(row.case.id)
        return accepted(row)

    told: list[str] = []
    results = try_rows(
        Openssl(), ROWS, 1, connect, lambda group, known: (), lambda result: told.append(result.row.case.id)
    )
    assert [result.row.id for result in results] == [row.id for row in ROWS]
    assert tried[:2] == ["good", "good"]
    assert tried[-2:] == ["good-again", "good-again"]
    assert sorted(told) == sorted(tried)


def test_what_is_left_out_is_not_tried() -> None:
    def leave_out(group: object, known: object) -> list[Result]:
        knows.append({result.row.case.id for result in known})
        return [accepted(row) for row in group if row.case.id == "none"]

    knows: list[set[str]] = []
    tried: list[str] = []
    results = try_rows(
        Openssl(),
        ROWS,
        2,
        lambda row: tried.append(row.case.id) or accepted(row),
        leave_out,
        lambda result: None,
    )
    assert len(results) == len(ROWS)
    assert "none" not in tried
    assert knows[0] == set()
    assert knows[1] == {"good"}
    assert knows[2] == {row.case.id for row in ROWS} - {"good-again"}


def test_more_are_tried_at_once_when_the_first_controls_say_so() -> None:
    """The barrier lets nobody on before five have come; one by one they would never meet."""
    barrier = threading.Barrier(5, timeout=patient(20))
    between = [row for row in ROWS if row.case.turn is Turn.BETWEEN][:5]
    rows_ = [row for row in ROWS if row.case.turn is Turn.FIRST] + between
    asked: list[int] = []

    def connect(row: Row) -> Result:
        if row in between:
            barrier.wait()
        return accepted(row)

    def at_once(workers: int) -> int:
        asked.append(workers)
        return 5

    results = try_rows(Openssl(), rows_, 1, connect, lambda group, known: (), lambda result: None, at_once)
    assert len(results) == len(rows_)
    assert asked == [1, 1], "not before the first controls"


def test_an_error_ends_all_that_runs() -> None:
    openssl, running = Openssl(), threading.Event()

    def connect(row: Row) -> Result:
        if row.version == "1.2":
            running.wait(patient(10))
            raise MintlsError("no more")
        with openssl.spawn(["s_server", "-accept", "127.0.0.1:0"]) as process:
            running.set()
            process.wait(patient(60))
        return accepted(row)

    with pytest.raises(MintlsError, match="no more"):
        try_rows(openssl, ROWS, 2, connect, lambda group, known: (), lambda result: None)
