"""From the results of a run to what is read: a table for people, JSON for programs, JUnit XML for CI (pure).

What a peer could have written is shown with its control characters escaped, so that it forges no line,
colours no terminal and breaks no XML.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from shlex import join
from typing import Any
from xml.etree import ElementTree

from mintls.handshake.case import Row, Verifier
from mintls.handshake.messages import ALERTS
from mintls.handshake.result import Outcome, Result, Run
from mintls.handshake.verdict import Kind
from mintls.printable import printable_json

import msgspec

JSON_VERSION = 1
COLOURS = {  # the SGR codes of ECMA-48
    Outcome.HOLDS: "32",
    Outcome.WARNS: "33",
    Outcome.FAILS: "1;31",
    Outcome.UNKNOWN: "35",
    Outcome.TOLD: "36",
    Outcome.SKIPPED: "2",
}
TOLD = 5  # failures that are explained; the others stand in the table


def printable(text: str) -> str:
    """The text with every character escaped that is not for display."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def table(run: Run, *, colour: bool = False) -> str:
    """A line a row, under its verifier and version; then what failed first and why; then the count."""
    width = max((len(result.row.case.id) for result in run.results), default=0)
    lines: list[str] = []
    for suite, results in _suites(run.results):
        lines += [suite, *_lines(results, width, colour), ""]
    lines += _explanations(run)
    seldom = (Outcome.TOLD, Outcome.SKIPPED)
    told = [outcome for outcome in Outcome if outcome not in seldom or run.count(outcome)]
    counts = ", ".join(f"{run.count(outcome)} {outcome}" for outcome in told)
    lines.append(f"{run.checked}: {len(run.results)} rows: {counts}; {run.milliseconds / 1000:.1f} s, {run.openssl}")
    return "\n".join(lines) + "\n"


def as_json(run: Run) -> bytes:
    """The whole run with its evidence; `version` changes when a field changes its meaning. No key material."""
    report = {
        "version": JSON_VERSION,
        "checked": run.checked,
        "openssl": run.openssl,
        "started": run.started,
        "milliseconds": round(run.milliseconds),
        "strict": run.strict,
        "status": run.status,
        "counts": {outcome.name.lower(): run.count(outcome) for outcome in Outcome},
        "rows": [_row(result) for result in run.results],
    }
    return printable_json(msgspec.json.format(msgspec.json.encode(report), indent=1).decode()).encode() + b"\n"


def as_junit(run: Run) -> str:
    """JUnit XML: a suite per verifier and version. Inconclusive is an error, for it is no answer."""
    root = ElementTree.Element("testsuites", name="mintls handshake")
    for name, results in _suites(run.results):
        cases = [_testcase(result, run.strict) for result in results]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=name,
            tests=str(len(cases)),
            failures=str(sum(case.find("failure") is not None for case in cases)),
            errors=str(sum(case.find("error") is not None for case in cases)),
            skipped=str(sum(case.find("skipped") is not None for case in cases)),
            timestamp=run.started.rstrip("Z"),
            time=f"{sum(result.evidence.milliseconds for result in results) / 1000:.3f}",
        )
        suite.extend(cases)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def listing(rows: Iterable[Row]) -> str:
    """The catalogue for people: each row with what is tried, what is expected and why."""
    lines = [
        f"{row.id:<42} {'accepted' if row.case.accepted else 'refused':<9} {row.case.severity:<7} "
        f"{row.case.title} ({row.case.clause})"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _suites(results: Iterable[Result]) -> Iterator[tuple[str, list[Result]]]:
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


def _row(result: Result) -> dict[str, Any]:
    row, verdict, evidence = result.row, result.verdict, result.evidence
    ends = ("client", "server") if row.verifier is Verifier.SERVER else ("server", "client")
    alert = evidence.alert
    return {
        "id": row.id,
        "case": row.case.id,
        "title": row.case.title,
        "clause": row.case.clause,
        "severity": row.case.severity,
        "verifier": row.verifier,
        "tls": row.version,
        "expected": result.expected,
        "observed": verdict.kind,
        "outcome": result.outcome.name.lower(),
        "reason": printable(verdict.reason),
        "hint": hint(result),
        "alert": {"number": alert.number, "name": ALERTS.get(alert.number)} if alert else None,
        "certificate_sent": evidence.certificate_sent,
        "verify_errors": evidence.verify_errors,
        "messages": [
            {
                "sender": ends[not message.sent],
                "version": message.version,
                "content": message.content,
                "name": message.name,
                "length": message.length,
            }
            for message in evidence.presenter.messages
        ],
        "commands": evidence.commands,
        "milliseconds": round(evidence.milliseconds, 1),
    }


def _testcase(result: Result, strict: bool) -> ElementTree.Element:
    row, verdict, outcome = result.row, result.verdict, result.outcome
    case = _element(row, f"{result.evidence.milliseconds / 1000:.3f}")
    said = f"expected {result.expected}, was {verdict.kind}: {printable(verdict.reason)}"
    if outcome is Outcome.FAILS or (strict and outcome is Outcome.WARNS):
        ElementTree.SubElement(case, "failure", message=said, type=verdict.kind).text = hint(result)
    elif outcome is Outcome.UNKNOWN:
        ElementTree.SubElement(case, "error", message=said, type=verdict.kind).text = hint(result)
    elif outcome is Outcome.SKIPPED:
        ElementTree.SubElement(case, "skipped", message=printable(verdict.reason))
    facts = [f"{row.case.title} ({row.case.clause}): {outcome}, {said}"]
    facts += ["$ " + join(command) for command in result.evidence.commands]
    facts += [
        f"{'>' if message.sent else '<'} {message.version} {message.content} {message.name} {message.length} B"
        for message in result.evidence.presenter.messages
    ]
    ElementTree.SubElement(case, "system-out").text = "\n".join(map(printable, facts))
    return case


def _element(row: Row, seconds: str) -> ElementTree.Element:
    name = f"handshake.{row.verifier}.tls{row.version.replace('.', '_')}"
    return ElementTree.Element("testcase", classname=name, name=row.case.id, time=seconds)
