"""The results of a run as text: the answer first, then what failed by cause, and the catalogue (pure)."""

from collections.abc import Iterable, Iterator, Mapping

from mintls.configuration.advice import fix, fixes_of
from mintls.escape import printable
from mintls.handshake.cases.case import Row, Verifier
from mintls.handshake.result import Outcome, Result, Run
from mintls.handshake.verdict import Kind
from mintls.report.answer import answer, unreachable
from mintls.report.server_words import server_words

COLOURS = {  # the SGR codes of ECMA-48
    Outcome.PASS: "32",
    Outcome.WARN: "33",
    Outcome.FAIL: "1;31",
    Outcome.UNKNOWN: "35",
    Outcome.INFO: "36",
    Outcome.SKIP: "2",
}
CONNECTION = {  # what to change if there was no connection
    Verifier.SERVER: "check that the server is running, and at this address",
    Verifier.CLIENT: "check that the client starts, and connects to the address that it is given",
}
EXPLAINED = 5  # causes of each outcome that are explained; -v lists every row


def table(run: Run, *, verbose: bool = False, colour: bool = False) -> str:
    """The answer; the rows by verifier and version, folded unless `verbose`; then what failed and how to fix it."""
    if unreachable(run.results) and not verbose:
        return f"{printable(answer(run))}\n"
    width = max((len(result.row.case.id) for result in run.results), default=0)
    lines = [printable(answer(run)), *_guessed(run), ""]
    for suite, results in suites(run.results):
        rows = _full(results, width, colour) if verbose else _folded(results, width, colour)
        lines += [suite, *rows, ""]
    lines += _explanations(run)
    lines.append(f"{len(run.results)} rows in {run.milliseconds / 1000:.1f} s, {run.openssl}")
    return "\n".join(lines) + "\n"


def listing(rows: Iterable[Row]) -> str:
    """The catalogue: each row with its expected verdict, title and reference."""
    lines = [
        f"{row.id:<42} {'accepted' if row.case.accepted else 'refused':<9} {row.case.severity:<7} "
        f"{row.case.title} ({row.case.reference})"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def suites(results: Iterable[Result]) -> Iterator[tuple[str, list[Result]]]:
    """The results by verifier and version, each with its title."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(_suite(result.row), []).append(result)
    yield from groups.items()


def _suite(row: Row) -> str:
    presented = "client" if row.verifier is Verifier.SERVER else "server"
    return f"{row.verifier} verifies {presented} certificates, TLS {row.version}"


def _full(results: list[Result], width: int, colour: bool) -> Iterator[str]:
    """Each row, and what the server said that did not accept."""
    for result in results:
        yield _line(result, width, colour)
        yield from _words(result, " " * (width + 12))


def _words(result: Result, indent: str) -> Iterator[str]:
    """What a server said where it did not just accept, if the reason does not have it already."""
    words = printable(server_words(result.evidence))
    if (
        words
        and words not in printable(result.verdict.reason)
        and not (result.outcome is Outcome.PASS and result.verdict.kind is Kind.ACCEPTED)
    ):
        yield f"{indent}server: {words}"


def _folded(results: list[Result], width: int, colour: bool) -> Iterator[str]:
    """The number of rows that passed; each row with another outcome; one line for each reason to skip."""
    if passed := sum(result.outcome is Outcome.PASS for result in results):
        yield f"  {_word(Outcome.PASS, colour)} {passed} {'cases' if passed > 1 else 'case'}"
    for result in results:
        if result.outcome not in (Outcome.PASS, Outcome.SKIP):
            yield _line(result, width, colour)
    skipped = [result.verdict.reason for result in results if result.outcome is Outcome.SKIP]
    for reason in dict.fromkeys(skipped):
        number = skipped.count(reason)
        yield f"  {_word(Outcome.SKIP, colour)} {number} {'cases' if number > 1 else 'case'}: {printable(reason)}"


def _line(result: Result, width: int, colour: bool) -> str:
    verdict = f"{result.verdict.kind:<13} {printable(result.verdict.reason)}"
    name = f"{result.row.case.id:<{width}}"
    return f"  {_word(result.outcome, colour)} {name}  {verdict}  {result.evidence.milliseconds:.0f} ms"


def _word(outcome: Outcome, colour: bool) -> str:
    word = f"{outcome:<7}"
    return f"\033[{COLOURS[outcome]}m{word}\033[0m" if colour else word


def _explanations(run: Run) -> Iterator[str]:
    """Each cause once, with its fix; a control before the rows that depend on it."""
    for outcome in (Outcome.FAIL, Outcome.UNKNOWN, Outcome.WARN):
        groups = alike(run, outcome)
        for first, *others in groups[:EXPLAINED]:
            more = f" (and {len(others)} more)" if others else ""
            yield f"{outcome}: {first.row.id}{more}: {first.row.case.title}"
            yield f"    expected {first.expected}, got {first.verdict.kind}: {printable(first.verdict.reason)}"
            yield from _words(first, "    ")
            if first.verdict.control:
                continue  # the fix is that of the control
            yield f"    {hint(first)}" if first.evidence.trouble else f"    {first.row.case.reference}: {hint(first)}"
            if sentence := fix_of(first, run.stack):
                yield f"    fix for {run.stack}: {sentence}"
            elif not _unjudged(first) and first.row.case.kind:
                yield f"    fix for each stack: --explain {first.row.case.id}"
        if len(groups) > EXPLAINED:
            yield f"{outcome}: {len(groups) - EXPLAINED} more, listed above"
        if groups:
            yield ""


def _guessed(run: Run) -> Iterator[str]:
    if run.says:
        words = f"because the server says '{printable(run.says)}'"
        yield f"The fixes are those of {run.stack}, {words}; --stack selects others."


def hint(result: Result) -> str:
    """What to change: the connection, if there was none, or what the case is about."""
    return CONNECTION[result.row.verifier] if result.evidence.trouble else result.row.case.hint


def fix_of(result: Result, stack: str) -> str:
    """What to change in that stack; empty if it has no such fix, or where no certificate was judged."""
    return "" if _unjudged(result) else fix(stack, result.row.verifier, result.row.case.kind)


def fixes(result: Result, stack: str) -> Mapping[str, str]:
    """What to change, in that stack or, if it is not known, in each of them."""
    if sentence := fix_of(result, stack):
        return {stack: sentence}
    return {} if _unjudged(result) else fixes_of(result.row.verifier, result.row.case.kind)


def _unjudged(result: Result) -> bool:
    return bool(result.evidence.trouble or result.verdict.control)


def alike(run: Run, outcome: Outcome) -> list[list[Result]]:
    """The results with that outcome, a list for each cause; a control before the rows that depend on it."""
    groups: dict[str, list[Result]] = {}
    for result in sorted(run.results, key=lambda result: not result.row.case.control):
        if result.outcome is outcome:
            groups.setdefault(_cause(result), []).append(result)
    return list(groups.values())


def _cause(result: Result) -> str:
    """What results that are reported together have in common: the reason, or the fix."""
    if result.verdict.kind in (Kind.NOT_REQUESTED, Kind.INCONCLUSIVE):
        return result.verdict.reason
    case = result.row.case
    return f"{result.row.verifier} {case.kind}" if case.kind and not case.accepted else case.id
