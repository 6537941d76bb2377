"""All verdicts on a foreign server, weighed together: what one of them means for the others (pure)."""

from collections.abc import Iterable

from mintls.handshake.cases.case import Route, Severity, Turn
from mintls.handshake.connect.cases import control_of, left_out, not_offered
from mintls.handshake.connect.probe import Probe, Reply
from mintls.handshake.result import Result, weigh
from mintls.handshake.verdict import Kind, Verdict, unknown
from mintls.handshake.wire.alerts import AlertNumber

from msgspec.structs import replace

Results = tuple[Result, ...]
# What only the holder of a pinned key can present, and what a verifier that checks no signature would accept as well.
_BY_THE_KEY = ("bad_signature", "bad_body")


def weigh_server(results: Iterable[Result], required: Iterable[str], probe: Probe) -> Results:
    """The same results in the light of each other. `required`: versions of TLS that must be offered."""
    weighed = weigh(_of_offered_versions(tuple(results), tuple(required)))
    versions = dict.fromkeys(result.row.version for result in weighed)
    groups = [tuple(result for result in weighed if result.row.version == version) for version in versions]
    found = {
        result.row.id: result
        for group in groups
        for result in _open_anyway(_pinned(_by_tls_alone(_beside_fresh_controls(group), probe)))
    }
    return tuple(found[result.row.id] for result in weighed)


def _of_offered_versions(results: Results, required: tuple[str, ...]) -> Results:
    """A version that the server does not offer is not a failure, unless it is required."""
    baselines = [result for result in results if result.row.case.turn is Turn.FIRST]
    accepted = any(result.verdict.kind is Kind.ACCEPTED for result in baselines)
    reasons = {
        result.row.version: f"the server does not offer TLS {result.row.version} ({why})"
        for result in baselines
        if (why := _not_offered(result, accepted))
    }

    def weighed(result: Result) -> Result:
        if not (reason := reasons.get(result.row.version)):
            return result
        if result.row.version in required and result.row.case.turn is Turn.FIRST:
            return replace(result, verdict=Verdict(Kind.REFUSED, f"{reason}; --require-tls {result.row.version}"))
        return not_offered(result.row, reason)

    return tuple(map(weighed, results))


def _not_offered(baseline: Result, other_accepted: bool) -> str:
    """How the server rejected that version, before its ServerHello (RFC 8446 section 6.2); empty if it did not.

    A close without an alert may have any reason, and counts only beside a version that is accepted.
    """
    seen = baseline.evidence
    mine = seen.presenter.fatal(sent=True)
    if mine and mine.number == AlertNumber.PROTOCOL_VERSION:
        return "it chose a different version"
    if seen.presenter.has("ServerHello", sent=False) or seen.trouble or seen.timed_out:
        return ""
    if seen.alert:
        return str(seen.alert) if seen.alert.number == AlertNumber.PROTOCOL_VERSION else ""
    return "it closed the connection" if other_accepted and baseline.verdict.kind is not Kind.ACCEPTED else ""


def _beside_fresh_controls(results: Results) -> Results:
    """A refusal of what the CA's key has signed proves nothing if a valid certificate that it signed is refused too."""
    refused = {
        result.row.case.vouches_for: result.row.case.id
        for result in results
        if result.row.case.vouches_for and result.verdict.kind is not Kind.ACCEPTED
    }
    return tuple(
        left_out(result.row, f"says nothing, because {control} is not accepted")
        if result.verdict.kind is Kind.REFUSED and (control := refused.get(control_of(result.row.case)))
        else result
        for result in results
    )


def _by_tls_alone(results: Results, probe: Probe) -> Results:
    """Where the service itself does not accept the valid certificate, only refusals by TLS show that it did matter."""
    baseline = next((result for result in results if result.row.case.turn is Turn.FIRST), None)
    if baseline is None or baseline.verdict.kind is not Kind.ACCEPTED or not probe.exchanges or probe.compares:
        return results
    answer = probe.answer(baseline.evidence.answer)
    if answer is not None and answer.reply is Reply.ACCEPTED:
        return results
    if any(_is_refused_by_tls(result) for result in results):
        return results
    reason = f"{baseline.verdict.reason}; no certificate is rejected by TLS either"
    return tuple(
        replace(result, verdict=unknown(reason))
        if result.row.case.control and result.verdict.kind in (Kind.ACCEPTED, Kind.NOT_REQUESTED)
        else result
        for result in results
    )


def _is_refused_by_tls(result: Result) -> bool:
    case = result.row.case
    judged = case.route is Route.NAMED and not case.accepted and not case.at_hello
    return judged and result.verdict.kind is Kind.REFUSED


def _pinned(results: Results) -> Results:
    """A server that knows the key itself accepts any certificate with it, which only the owner of the key can use."""

    def outcome(result: Result) -> Kind | None:
        case = result.row.case
        return result.verdict.kind if case.route is Route.NAMED and not case.accepted and not case.at_hello else None

    kinds = {result.row.case.id: kind for result in results if (kind := outcome(result))}
    by_key = {result.row.case.id for result in results if set(_BY_THE_KEY).intersection(result.row.case.spoiled)}
    others = [kind for name, kind in kinds.items() if name not in by_key and kind is not Kind.NOT_TRIED]
    is_pinned = by_key and all(kinds[name] is Kind.ACCEPTED for name in by_key) and len(others) >= len(by_key)
    if not is_pinned or any(kind is not Kind.REFUSED for kind in others):
        return results
    return tuple(
        replace(
            result,
            row=replace(result.row, case=replace(result.row.case, severity=Severity.INFORMATION)),
            verdict=Verdict(Kind.ACCEPTED, f"the server pins the key of your certificate: {result.verdict.reason}"),
        )
        if result.row.case.id in by_key
        else result
        for result in results
    )


def _open_anyway(results: Results) -> Results:
    """Headers that claim a certificate prove nothing where none is needed."""
    is_open = any(
        not result.row.case.presents
        and result.row.case.route is Route.NAMED
        and not result.row.case.at_hello
        and result.verdict.kind is Kind.ACCEPTED
        for result in results
    )
    return tuple(
        left_out(result.row, "proves nothing, because no certificate is needed")
        if is_open and result.row.case.route is Route.FORGED and result.verdict.kind is Kind.ACCEPTED
        else result
        for result in results
    )
