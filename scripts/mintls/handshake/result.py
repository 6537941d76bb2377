"""The result of a row: its verdict, weighed by its controls, and the result of a whole run (pure)."""

from collections.abc import Iterable
from enum import StrEnum

from mintls.errors import COULD_NOT_RUN, DOES_NOT_HOLD
from mintls.handshake.cases.case import Row, Severity, Verifier
from mintls.handshake.verdict import Evidence, Kind, Verdict

from msgspec import Struct
from msgspec.structs import replace


class Outcome(StrEnum):
    """The outcome of a row; the same words in every report."""

    PASS = "pass"
    WARN = "warn"  # fails a run only with --strict
    FAIL = "fail"
    UNKNOWN = "unknown"  # inconclusive, which is not a pass
    INFO = "info"  # worth knowing; the answer does not depend on it
    SKIP = "skip"  # not tried


class Subject(StrEnum):
    """What is checked."""

    PAIR = "pair"
    SERVER = "server"
    CLIENT = "client"


class Result(Struct, frozen=True):
    """One row, its verdict and the evidence."""

    row: Row
    verdict: Verdict
    evidence: Evidence

    @property
    def expected(self) -> Kind:
        """What the verifier should have done."""
        return Kind.ACCEPTED if self.row.case.accepted else Kind.REFUSED

    @property
    def outcome(self) -> Outcome:
        """The outcome, from verdict, expectation and severity."""
        kind = self.verdict.kind
        if kind in (Kind.NOT_TRIED, Kind.NOT_OFFERED):
            return Outcome.SKIP
        if self.row.case.severity is Severity.INFORMATION:
            return Outcome.INFO
        if kind is Kind.INCONCLUSIVE:
            return Outcome.UNKNOWN
        if kind is self.expected:
            return Outcome.PASS
        late = kind is Kind.REFUSED_LATE and self.expected is Kind.REFUSED
        return Outcome.WARN if late or self.row.case.severity is Severity.POLICY else Outcome.FAIL


class Run(Struct, frozen=True, kw_only=True):
    """All results of a run, with the facts that reports give."""

    kind: Subject
    subject: str  # what was checked, as the user named it
    openssl: str  # its version, e.g. OpenSSL 3.0.19
    started: str  # RFC 3339, UTC
    milliseconds: float
    strict: bool
    results: tuple[Result, ...]
    stack: str = ""  # the program that is checked, if it is known: its fixes are given
    says: str = ""  # the server's own words, from which that is guessed

    def count(self, outcome: Outcome) -> int:
        """How many rows have that outcome."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def status(self) -> int:
        """The exit status: a failure outweighs an unknown."""
        if self.count(Outcome.FAIL) or (self.strict and self.count(Outcome.WARN)):
            return DOES_NOT_HOLD
        decided = any(self.count(outcome) for outcome in (Outcome.PASS, Outcome.WARN))
        return COULD_NOT_RUN if self.count(Outcome.UNKNOWN) or not decided else 0


def weigh(results: Iterable[Result]) -> tuple[Result, ...]:
    """The same results, where a refusal beside a failed control has become inconclusive: a verifier that
    rejects everything would pass each negative case.
    """
    results = tuple(results)
    broken = [result for result in results if _is_broken(result)]
    return tuple(_weighed(result, broken) for result in results)


def not_tried(rows: Iterable[Row], results: Iterable[Result]) -> tuple[Result, ...]:
    """The rows that are not worth trying, because their control did not finish."""
    stuck = [result for result in results if result.evidence.timed_out or result.evidence.trouble]
    return tuple(untried(row, control) for row in rows if (control := _control_of(row, stuck)))


def untried(row: Row, control: Result) -> Result:
    """The result of a row that is not tested because its control failed."""
    return Result(row, _void("not tried", control), Evidence(verifier_is_server=row.verifier is Verifier.SERVER))


def _is_broken(result: Result) -> bool:
    """A server that requests no certificate has not rejected the valid one; its refusals of a hello still count."""
    case = result.row.case
    counts = (Kind.ACCEPTED, Kind.NOT_REQUESTED, Kind.NOT_TRIED, Kind.NOT_OFFERED)
    return case.control and result.verdict.kind not in counts


def _control_of(row: Row, failed: Iterable[Result]) -> Result | None:
    """The failed control on which the row depends. Rows of old versions have none of their own: any of the same
    verifier applies.
    """
    for result in failed:
        control = result.row
        same_version = control.version == row.version or bool(row.case.versions)
        if control.verifier is row.verifier and same_version and control.case.controls(row.case):
            return result
    return None


def _weighed(result: Result, broken: list[Result]) -> Result:
    if result.row.case.control or result.verdict.kind not in (Kind.REFUSED, Kind.REFUSED_LATE):
        return result
    control = _control_of(result.row, broken)
    return replace(result, verdict=_void("no refusal counts", control)) if control else result


def _void(what: str, control: Result) -> Verdict:
    return Verdict(
        Kind.INCONCLUSIVE, f"{what}, because the {control.row.case.role} {control.row.id} failed", control.row.id
    )
