"""The results of a run for people: a table, what went wrong first and what to change, and the catalogue (pure)."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from mintls.escape import printable
from mintls.handshake.cases.case import Row, Verifier
from mintls.handshake.result import Outcome, Result, Run
from mintls.handshake.verdict import Kind

COLOURS = {  # the SGR codes of ECMA-48
    Outcome.HOLDS: "32",
    Outcome.WARNS: "33",
    Outcome.FAILS: "1;31",
    Outcome.UNKNOWN: "35",
    Outcome.TOLD: "36",
    Outcome.SKIPPED: "2",
}
TOLD = 5  # failures that are explained; the others stand in the table


def table(run: Run, *, colour: bool = False) -> str:
    """A line a row, under its verifier and version; then what failed first and why; then the count."""
    width = max((len(result.row.case.id) for result in run.results), default=0)
    lines: list[str] = []
    for suite, results in suites(run.results):
        lines += [suite, *_lines(results, width, colour), ""]
    lines += _explanations(run)
    seldom = (Outcome.TOLD, Outcome.SKIPPED)
    told = [outcome for outcome in Outcome if outcome not in seldom or run.count(outcome)]
    counts = ", ".join(f"{run.count(outcome)} {outcome}" for outcome in told)
    lines.append(f"{run.checked}: {len(run.results)} rows: {counts}; {run.milliseconds / 1000:.1f} s, {run.openssl}")
    return "\n".join(lines) + "\n"


def listing(rows: Iterable[Row]) -> str:
    """The catalogue for people: each row with what is tried, what is expected and why."""
    lines = [
        f"{row.id:<42} {'accepted' if row.case.accepted else 'refused':<9} {row.case.severity:<7} "
        f"{row.case.title} ({row.case.clause})"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def suites(results: Iterable[Result]) -> Iterator[tuple[str, list[Result]]]:
    for name, group in groupby(results, lambda result: _suite(result.row)):
        yield name, list(group)


def _suite(row: Row) -> str:
    shown = "client" if row.verifier is Verifier.SERVER else "server"
    return f"{row.verifier} verifies {shown} certificates, TLS {row.version}"


def _lines(results: list[Result], width: int, colour: bool) -> list[str]:
    """One for each row; one for all of them where none was tried, for one reason."""
    reasons = {result.verdict.reason for result in results}
    if len(results) > 1 and len(reasons) == 1 and results[0].outcome is Outcome.SKIPPED:
        return [f"  {results[0].outcome:<7} {len(results)} rows: {printable(*reasons)}"]
    return [_line(result, width, colour) for result in results]


def _line(result: Result, width: int, colour: bool) -> str:
    outcome = result.outcome
    word = f"{outcome:<7}"
    if colour:
        word = f"\033[{COLOURS[outcome]}m{word}\033[0m"
    seen = f"{result.verdict.kind:<12} {printable(result.verdict.reason)}"
    return f"  {word} {result.row.case.id:<{width}}  {seen}  {result.evidence.milliseconds:.0f} ms"


def _explanations(run: Run) -> Iterator[str]:
    """What went wrong, the first of each kind, with what to do about it: a control before what depends on it."""
    for outcome in (Outcome.FAILS, Outcome.UNKNOWN, Outcome.WARNS):
        groups = alike(run, outcome)
        for first, *others in groups[:TOLD]:
            more = f" (and {len(others)} more)" if others else ""
            yield f"{outcome}: {first.row.id}{more}: {first.row.case.title}"
            yield f"    expected {first.expected}, was {first.verdict.kind}: {printable(first.verdict.reason)}"
            if first.verdict.control:
                continue  # what that one's hint says has to be mended first
            yield f"    {first.row.case.clause}: {hint(first)}"
            if stacks := first.row.case.mends(first.row.verifier):
                yield f"    --explain {first.row.case.id} says what to change in {', '.join(stacks)}"
        if len(groups) > TOLD:
            yield f"{outcome}: {len(groups) - TOLD} more, see the table"
        if groups:
            yield ""


def hint(result: Result) -> str:
    """What to change, where it can be known."""
    return "see that it runs, and at this address" if result.evidence.trouble else result.row.case.hint


def alike(run: Run, outcome: Outcome) -> list[list[Result]]:
    """The results that came to that, a list for each cause: a control before what depends on it."""
    groups: dict[str, list[Result]] = {}
    for result in sorted(run.results, key=lambda result: not result.row.case.control):
        if result.outcome is outcome:
            groups.setdefault(_cause(result), []).append(result)
    return list(groups.values())


def _cause(result: Result) -> str:
    """What results have in common that need telling only once."""
    alike = result.verdict.kind in (Kind.NOT_REQUESTED, Kind.INCONCLUSIVE)
    return result.verdict.reason if alike else result.row.case.id
