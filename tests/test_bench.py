"""The bench's arithmetic: what it says is met was met, and who is absent is named. No time is asserted."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, ModuleType]:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "bench"))
    return importlib.import_module("measure"), importlib.import_module("results")


def test_a_ratio_of_medians_stands_beside_its_bound(bench: tuple[ModuleType, ModuleType]) -> None:
    measure, results = bench
    ours, theirs = measure.Contestant("mintls", "", 10), measure.Contestant("floor", "", 5)
    work = measure.Work("W", "", 3, [ours, theirs, measure.Contestant("absent", "", 1)])
    runs = {
        "mintls": [measure.Run(seconds, 1.0, 2048) for seconds in (1.0, 9.0, 2.0)],
        "floor": [measure.Run(seconds, 1.0, 1024) for seconds in (2.0, 1.0, 2.0)],
        "absent": [],
    }
    rows = results.rows(work, runs)
    over, under = ("W", "mintls"), ("W", "floor")
    asked = [
        results.Ratio("as it is", 0.9, over, under),
        results.Ratio("a leaf", 0.9, over, under, per_leaf=True),
        results.Ratio("without", 1, over, ("W", "absent")),
    ]
    targets = results.targets(rows, asked)
    assert [(target.ratio, target.met) for target in targets] == [(1.0, False), (0.5, True)]
    text = results.table({}, [work], rows, targets)
    assert "| absent | not installed |" in text
    assert "| as it is | 1 | 0.9 | not met |" in text
    assert "| a leaf | 0.5 | 0.9 | met |" in text
