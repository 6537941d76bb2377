"""One case explained: the test, its reason, the common mistake, and the fix for each stack (pure)."""

import textwrap
from collections.abc import Iterable, Iterator

from mintls.configuration.advice import fix, fixes_of
from mintls.errors import UsageError, not_known
from mintls.handshake.cases.case import Case, Route, Severity
from mintls.handshake.wire.alerts import ALERTS

WIDTH, COLUMN = 110, 16
WEIGHT = {
    Severity.MUST: "",
    Severity.POLICY: "; policy: any other verdict is a warning, or a failure with --strict",
    Severity.INFORMATION: "; for information only",
}


def explain(wanted: str, cases: Iterable[Case], stack: str = "") -> str:
    """The case of this id, or of a row's id such as `server/1.3/expired`, with the fix for each stack or for that one.

    Raises UsageError if it is unknown.
    """
    known = {case.id: case for case in cases}
    name = wanted.rpartition("/")[2]
    if name not in known:
        raise UsageError(f"--explain {wanted}: {not_known(name, known)}")
    return "\n".join(_lines(known[name], stack)) + "\n"


def _lines(case: Case, only: str) -> Iterator[str]:
    yield f"{case.id}: {case.title}"
    yield ""
    yield from _field("test", _test(case))
    yield from _field("expected", _expected(case))
    yield from _field("reason", case.why)
    yield from _field("reference", case.reference)
    yield from _field("common mistake", case.mistake)
    yield from _field("fix", case.hint)
    verdict = "does otherwise"
    if case.control or not case.accepted:
        verdict = "rejects it" if case.accepted else "accepts it"
    for verifier in case.verifiers:
        fixes = {only: fix(only, verifier, case.kind)} if only else fixes_of(verifier, case.kind)
        if any(fixes.values()):
            yield ""
            yield f"Fix for a {verifier} that {verdict}:"
            for stack, sentence in fixes.items():
                yield from _field(stack, sentence)


def _test(case: Case) -> str:
    if not case.route.connections:
        return f"no connection of its own: {case.route}"
    what = "presents it to" if case.presents or case.leaf is not None else "presents no certificate to"
    peers = " and ".join(f"a {verifier.presents} {what} a {verifier}" for verifier in case.verifiers)
    versions = f"in TLS {' and '.join(case.versions)}" if case.versions else "in each version given with --tls"
    chain = f", with {' and '.join(case.chain)} in its chain" if case.chain else ""
    checks = f"; the verifier runs with {' '.join(case.checks)}" if case.checks else ""
    route = "" if case.route is Route.NAMED else f", {case.route}"
    return f"{peers}{route}, {versions}{chain}{checks}".replace("{role}", "the valid leaf").replace(
        "{other}", "other-role"
    )


def _expected(case: Case) -> str:
    if case.accepted:
        baseline = "; a baseline, without which no refusal counts" if case.control else ""
        verdict = f"accepted: application data comes back{baseline}"
    else:
        numbers = f", verify error {' or '.join(map(str, case.errors))}" if case.errors else ""
        newer = f"; in TLS 1.3 {_alerts(case.alerts_1_3)}" if case.alerts_1_3 else ""
        verdict = f"refused by OpenSSL with {_alerts(case.alerts)}{newer}{numbers}"
    stacks = f"; {case.stacks} by default, so --connect only warns" if case.stacks else ""
    return verdict + WEIGHT[case.severity] + stacks


def _alerts(numbers: tuple[int, ...]) -> str:
    return " or ".join(f"alert {number} {ALERTS[number]}" for number in numbers)


def _field(name: str, text: str) -> list[str]:
    if not text:
        return []
    return textwrap.wrap(text, WIDTH, initial_indent=f"  {name:<{COLUMN}}", subsequent_indent=" " * (COLUMN + 2))
