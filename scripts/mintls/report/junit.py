"""The results of a run as JUnit XML, for CI (pure)."""

from shlex import join
from xml.etree import ElementTree

from mintls.escape import printable
from mintls.handshake.cases.case import Row
from mintls.handshake.result import Outcome, Result, Run
from mintls.report.text import hint, suites


def as_junit(run: Run) -> str:
    """One suite for each verifier and version. An inconclusive row is an error, because it proves nothing."""
    root = ElementTree.Element("testsuites", name="mintls handshake")
    for name, results in suites(run.results):
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


def _testcase(result: Result, strict: bool) -> ElementTree.Element:
    row, verdict, outcome = result.row, result.verdict, result.outcome
    case = _element(row, f"{result.evidence.milliseconds / 1000:.3f}")
    summary = f"expected {result.expected}, got {verdict.kind}: {printable(verdict.reason)}"
    if outcome is Outcome.FAIL or (strict and outcome is Outcome.WARN):
        ElementTree.SubElement(case, "failure", message=summary, type=verdict.kind).text = hint(result)
    elif outcome is Outcome.UNKNOWN:
        ElementTree.SubElement(case, "error", message=summary, type=verdict.kind).text = hint(result)
    elif outcome is Outcome.SKIP:
        ElementTree.SubElement(case, "skipped", message=printable(verdict.reason))
    facts = [f"{row.case.title} ({row.case.reference}): {outcome}, {summary}"]
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
