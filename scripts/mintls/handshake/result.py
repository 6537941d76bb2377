"""What a row came to: its verdict, weighed by the controls beside it (pure)."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from mintls.handshake.case import Row, Severity, Verifier
from mintls.handshake.verdict import Evidence, Kind, Verdict


class Outcome(StrEnum):
    """What a row adds to the answer of a run."""

    HOLDS = "ok"
    WARNS = "warn"  # a policy row; never fails a run that is not strict
    FAILS = "FAIL"
    UNKNOWN = "unknown"  # inconclusive, and that is not a pass


class Result(Struct, frozen=True):
    """One row, the verdict on it and what that rests on."""

    row: Row
    verdict: Verdict
    evidence: Evidence

    @property
    def outcome(self) -> Outcome:
        """Whether that was to be."""
        kind, case = self.verdict.kind, self.row.case
        if kind is Kind.INCONCLUSIVE:
            return Outcome.UNKNOWN
        if kind is (Kind.ACCEPTED if case.accepted else Kind.REFUSED):
            return Outcome.HOLDS
        return Outcome.WARNS if case.severity is Severity.POLICY else Outcome.FAILS


def weigh(results: Iterable[Result]) -> tuple[Result, ...]:
    """The same results, where a refusal beside a control that failed has become inconclusive: a verifier
    that refuses everything would pass each negative case.
    """
    results = tuple(results)
    broken: dict[tuple[Verifier, str], Result] = {}
    for result in results:
        row, kind = result.row, result.verdict.kind
        if row.case.control and kind not in (Kind.ACCEPTED, Kind.NOT_REQUESTED):
            broken.setdefault((row.verifier, row.version), result)
    return tuple(_weighed(result, broken) for result in results)


def _weighed(result: Result, broken: dict[tuple[Verifier, str], Result]) -> Result:
    row = result.row
    if row.case.control or result.verdict.kind not in (Kind.REFUSED, Kind.REFUSED_LATE):
        return result
    for (verifier, version), control in broken.items():
        if verifier is row.verifier and (version == row.version or row.case.versions):
            reason = f"no refusal counts, because the control {control.row.id} failed ({result.verdict.reason})"
            return replace(result, verdict=Verdict(Kind.INCONCLUSIVE, reason))
    return result
