"""The answer of a run in words, as every report gives it first (pure)."""

from collections.abc import Iterable

from mintls.handshake.cases.case import Turn
from mintls.handshake.result import Outcome, Result, Run, Subject
from mintls.handshake.verdict import Kind


def answer(run: Run) -> str:
    """One or two sentences: what was proved, in which versions of TLS, and what was not tested."""
    if trouble := unreachable(run.results):
        return f"{run.subject}: {trouble}. Nothing was tested."
    return " ".join(filter(None, (_verdict(run), _not_offered(run), _not_tested(run.results))))


def unreachable(results: Iterable[Result]) -> str:
    """Why no row could connect, if one reason applies to all; otherwise empty."""
    tried = [result for result in results if result.verdict.kind is not Kind.NOT_TRIED]
    troubles = {result.evidence.trouble for result in tried if not result.verdict.control}
    return troubles.pop() if len(troubles) == 1 else ""


def counts(run: Run) -> str:
    """E.g. `54 passed, 4 warnings`."""
    words = {Outcome.PASS: "passed", Outcome.WARN: "warning", Outcome.FAIL: "failed", Outcome.UNKNOWN: "unknown"}
    parts = []
    for outcome, word in words.items():
        if (number := run.count(outcome)) or outcome is Outcome.PASS:
            parts.append(f"{number} {word}" + ("s" if outcome is Outcome.WARN and number != 1 else ""))
    return ", ".join(parts)


def _verdict(run: Run) -> str:
    decided = sum(run.count(outcome) for outcome in (Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN))
    failed = [result for result in run.results if result.outcome is Outcome.FAIL]
    if failed:
        number = f"{len(failed)} of {decided} checks failed"
        if all(result.row.case.accepted and result.verdict.kind is not Kind.NOT_REQUESTED for result in failed):
            return f"{_REJECTS[run.kind].format(run.subject)}: {number}."
        return f"{_FAILS[run.kind].format(run.subject)}: {number}."
    if unknown := run.count(Outcome.UNKNOWN):
        return f"{run.subject}: not proved, {unknown} of {decided} checks {_are(unknown)} inconclusive ({counts(run)})."
    if run.strict and run.count(Outcome.WARN):
        return f"{run.subject}: FAILED, because --strict treats warnings as failures: {counts(run)}."
    if not decided:
        return f"{run.subject}: nothing was tested."
    return f"{_PASSES[run.kind].format(run.subject)}{_versions(run.results)}: {counts(run)}."


_PASSES = {
    Subject.PAIR: "{}: valid certificates are accepted and invalid ones rejected",
    Subject.SERVER: "{} enforces mTLS",
    Subject.CLIENT: "{}: the client verifies its server",
}
_FAILS = {
    Subject.PAIR: "{}: FAILED",
    Subject.SERVER: "{} does NOT enforce mTLS",
    Subject.CLIENT: "{}: the client does NOT verify its server",
}
_REJECTS = {
    Subject.PAIR: "{}: a valid certificate is rejected",
    Subject.SERVER: "{} rejects a valid certificate",
    Subject.CLIENT: "{}: the client rejects a valid certificate",
}


def _versions(results: Iterable[Result]) -> str:
    """The versions in which the baseline was accepted."""
    accepted = {
        result.row.version
        for result in results
        if result.row.case.turn is Turn.FIRST and result.verdict.kind is Kind.ACCEPTED
    }
    return f" in TLS {' and '.join(sorted(accepted))}" if accepted else ""


def _not_offered(run: Run) -> str:
    """The versions that the server does not support."""
    unsupported = sorted({result.row.version for result in run.results if result.verdict.kind is Kind.NOT_OFFERED})
    return f"Not offered: TLS {' and '.join(unsupported)}." if unsupported else ""


def _not_tested(results: Iterable[Result]) -> str:
    """E.g. `Not tested: intermediates (path_length 0), revocation (no CRL).`"""
    reasons: dict[str, dict[str, None]] = {}
    for result in results:
        if result.verdict.topic:
            reasons.setdefault(result.verdict.topic, {})[result.verdict.reason] = None
    parts = [f"{topic} ({'; '.join(why)})" for topic, why in reasons.items()]
    return f"Not tested: {', '.join(parts)}." if parts else ""


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
