"""The results of a run for programs: JSON with all the evidence, and JUnit XML for CI (pure).

What a peer could have written stands there with its control characters escaped: it forges no line and breaks no XML.
"""

from shlex import join
from typing import Any
from xml.etree import ElementTree

from mintls.escape import printable, printable_json
from mintls.handshake.cases.case import Row, Verifier
from mintls.handshake.result import Outcome, Result, Run
from mintls.handshake.wire.transcript import ALERTS
from mintls.report.text import hint, suites

import msgspec

JSON_VERSION = 1


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
