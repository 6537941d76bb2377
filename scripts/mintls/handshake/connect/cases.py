"""The cases for a server of the user: the catalogue, as far as the user's files allow, and those of its own (pure).

A row that cannot be tried is still listed, with the reason.
"""

from collections.abc import Iterable, Mapping

from mintls.configuration.mistake import Mistake
from mintls.handshake.cases.case import LIKE_THE_CA, Case, Issued, Obstacle, Route, Row, Severity, Verifier
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.connect.catalogue import OWN, TO_SERVER
from mintls.handshake.result import Result
from mintls.handshake.verdict import Evidence, Kind, Verdict
from mintls.handshake.wire.alerts import AlertNumber

from msgspec import Struct
from msgspec.structs import replace

# The issuers sent after the user's leaf, and after what the user's CA signs; either may be empty.
LEAF_ISSUERS, CA_ISSUERS = "leaf-issuers", "ca-issuers"


class Capabilities(Struct, frozen=True, kw_only=True):
    """What the user's files and options allow to test; each `no_` is the reason why not, empty when possible."""

    sni: str
    open_sni: str
    no_ca_key: str
    no_intermediate: str
    no_forged_key: str
    no_other_host: str
    no_question: str
    bad: tuple[str, ...]  # names of the user's own invalid certificates


ANY = Capabilities(  # for --list
    sni="any",
    open_sni="any",
    no_ca_key="",
    no_intermediate="",
    no_forged_key="",
    no_other_host="",
    no_question="",
    bad=(),
)


def server_cases(capabilities: Capabilities) -> tuple[Case, ...]:
    """All cases, the baseline first and last as in the catalogue."""
    *catalogue, last = [case for case in CATALOGUE if Verifier.SERVER in case.verifiers]
    kept = [case for case in catalogue if not (case.control and case.checks)]
    own = [case for case in OWN if case.route not in (Route.REOPENED, Route.OPEN_NAME) or capabilities.open_sni]
    bad = [_bad_case(name) for name in capabilities.bad]
    return tuple(_outside(case) for case in (*kept, *own, *bad, last))


def not_possible(case: Case, capabilities: Capabilities) -> Obstacle | None:
    """Why it cannot be tested; None when it can."""
    if case.checks:
        return Obstacle("revocation", "the server has its own CRL: --bad revoked=CERT:KEY tests it")
    if case.needs_ca_key and capabilities.no_ca_key:
        return Obstacle("dates, purposes and constraints", capabilities.no_ca_key)
    if case.needs_intermediate and capabilities.no_intermediate:
        return Obstacle("intermediates", capabilities.no_intermediate)
    if "stolen_key" in case.spoiled and capabilities.no_forged_key:
        return Obstacle("stolen certificates", capabilities.no_forged_key)
    if case.route in (Route.UNNAMED, Route.DEFAULT_SITE) and not capabilities.sni:
        return Obstacle("connections without a server name", "no row sends one: --sni NAME")
    if case.route in (Route.DEFAULT_SITE, Route.OPEN_NAME, Route.FORGED) and capabilities.no_other_host:
        return Obstacle("other hosts", capabilities.no_other_host)
    if case.route is Route.PLAIN and capabilities.no_question:
        return Obstacle("plain text", capabilities.no_question)
    return None


def possible(cases: Iterable[Case], capabilities: Capabilities) -> tuple[Case, ...]:
    """Those that can be tested."""
    return tuple(case for case in cases if not not_possible(case, capabilities))


def control_of(case: Case) -> Issued:
    """What must be accepted, beside the baseline, for its refusal to count."""
    if not case.needs_ca_key or case.vouches_for:
        return Issued.NOTHING
    return Issued.BY_AN_INTERMEDIATE if case.needs_intermediate else Issued.BY_THE_CA


def with_controls(rows: Iterable[Row], cases: Iterable[Case], capabilities: Capabilities) -> tuple[Row, ...]:
    """The rows, and the controls of those that can be tested, in the order of the cases."""
    cases = tuple(cases)
    place = {case.id: number for number, case in enumerate(cases)}
    controls = {case.vouches_for: case for case in cases if case.vouches_for}
    chosen = {row.id: row for row in rows}
    for row in tuple(chosen.values()):
        if (control := control_of(row.case)) and not not_possible(row.case, capabilities):
            beside = replace(row, case=controls[control])
            chosen.setdefault(beside.id, beside)
    return tuple(sorted(chosen.values(), key=lambda row: (row.version, place[row.case.id])))


def left_out(row: Row, reason: str, topic: str = "") -> Result:
    """The result of a row that is not tested; `topic` as in Verdict."""
    return Result(row, Verdict(Kind.NOT_TRIED, reason, topic=topic), Evidence(verifier_is_server=True))


def not_offered(row: Row, reason: str) -> Result:
    """The result of a row in a version that the server does not offer."""
    return Result(row, Verdict(Kind.NOT_OFFERED, reason), Evidence(verifier_is_server=True))


def _outside(case: Case) -> Case:
    """The case as it applies to a foreign server: policy where stacks differ, with the chain that this PKI needs."""
    changes: dict[str, object] = {"verifiers": TO_SERVER, **case.outside}
    leaf: Mapping[str, object] = case.leaf or {}
    if case.stacks:
        changes |= {"severity": Severity.POLICY, "hint": f"{case.stacks} by default; {case.hint}"}
    presents_users_leaf = case.presents and (case.leaf is None or case.spoiled) and not case.authorities
    if presents_users_leaf or leaf.get("issuer") == "{role}":
        changes |= {"chain": (*case.chain, LEAF_ISSUERS)}
    if case.needs_ca_key or leaf.get("issuer") in LIKE_THE_CA:
        changes |= {"chain": (*case.chain, CA_ISSUERS)}
    return replace(case, **changes)


def _bad_case(name: str) -> Case:
    revoked = name.startswith("revoked")
    return Case(
        id=f"bad-{name}",
        title=f"your invalid certificate {name}",
        kind=Mistake.REVOCATION if revoked else Mistake.NONE,
        reference="RFC 5280 section 6.3.3" if revoked else "RFC 5280 section 6.1",
        hint="give the server the CRL, and enable the check (nginx: ssl_crl, with a CRL of every CA in the chain)"
        if revoked
        else "the server accepts a certificate that must be rejected, according to --bad",
        verifiers=TO_SERVER,
        presents=f"bad-{name}",
        chain=(f"bad-{name}-chain",),
        alerts=(AlertNumber.BAD_CERTIFICATE,),
        needs_ca_key=False,
    )
