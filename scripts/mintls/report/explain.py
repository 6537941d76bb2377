"""One case in words: what is tried, why, how ends get it wrong, and what to change then in each stack (pure)."""

import textwrap
from collections.abc import Iterable, Iterator

from mintls.errors import UsageError, not_known
from mintls.handshake.cases.case import Case, Route, Severity
from mintls.handshake.wire.transcript import ALERTS

WIDTH, COLUMN = 110, 10
WEIGHT = {
    Severity.MUST: "",
    Severity.POLICY: "; policy: otherwise only warns, unless --strict",
    Severity.INFORMATION: "; only told, whatever it is",
}


def explain(wanted: str, cases: Iterable[Case]) -> str:
    """The case of this id, or of a row's id such as `server/1.3/expired`. Raises UsageError when there is none."""
    known = {case.id: case for case in cases}
    name = wanted.rpartition("/")[2]
    if name not in known:
        raise UsageError(f"--explain {wanted}: {not_known(name, known)}")
    return "\n".join(_lines(known[name])) + "\n"


def _lines(case: Case) -> Iterator[str]:
    yield f"{case.id}: {case.title}"
    yield ""
    yield from _field("tried", _tried(case))
    yield from _field("expected", _expected(case))
    yield from _field("why", case.why)
    yield from _field("clause", case.clause)
    yield from _field("mistake", case.mistake)
    yield from _field("mend", case.hint)
    verdict = "refuses it" if case.accepted else "accepts it"
    if case.severity is Severity.INFORMATION:
        verdict = "is to do otherwise"
    for verifier in case.verifiers:
        if stacks := case.mends(verifier):
            yield ""
            yield f"When a {verifier} {verdict}, change in"
            for stack, sentence in stacks.items():
                yield from _field(stack, sentence)


def _tried(case: Case) -> str:
    if case.route is Route.SEEN:
        return f"nothing of its own; it is looked at {case.route}"
    what = "shows it to" if case.presents or case.leaf is not None else "shows none to"
    ends = " and ".join(f"a {verifier.presents} {what} a {verifier}" for verifier in case.verifiers)
    versions = f"in TLS {' and '.join(case.versions)}" if case.versions else "in each version of TLS asked for"
    chain = f", with {' and '.join(case.chain)} sent after it" if case.chain else ""
    checks = f"; the verifier runs with {' '.join(case.checks)}" if case.checks else ""
    route = "" if case.route is Route.NAMED else f", {case.route}"
    return f"{ends}{route}, {versions}{chain}{checks}".replace("{role}", "the good leaf")


def _expected(case: Case) -> str:
    if case.accepted:
        verdict = "accepted: application data comes back" + "; no refusal counts without it" * case.control
    else:
        numbers = f", verify error {' or '.join(map(str, case.errors))}" if case.errors else ""
        newer = f"; in TLS 1.3 {_alerts(case.alerts_1_3)}" if case.alerts_1_3 else ""
        verdict = f"refused by OpenSSL with {_alerts(case.alerts)}{newer}{numbers}"
    stacks = f"; {case.stacks} as it comes, so that with --connect it only warns" if case.stacks else ""
    return verdict + WEIGHT[case.severity] + stacks


def _alerts(numbers: tuple[int, ...]) -> str:
    return " or ".join(f"alert {number} {ALERTS[number]}" for number in numbers)


def _field(name: str, text: str) -> list[str]:
    if not text:
        return []
    return textwrap.wrap(text, WIDTH, initial_indent=f"  {name:<{COLUMN}}", subsequent_indent=" " * (COLUMN + 2))
