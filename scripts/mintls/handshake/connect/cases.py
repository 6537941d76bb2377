"""What can be tried against a foreign server: the catalogue, as far as the user's files allow, and the names (pure).

A row that cannot be tried is still listed, with the reason.
"""

from collections.abc import Iterable, Mapping

from mintls.handshake.cases import remedies
from mintls.handshake.cases.case import Case, Issued, Obstacle, Route, Row, Severity, Verifier
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.result import Result
from mintls.handshake.verdict import Evidence, Kind, Verdict
from mintls.handshake.wire.alerts import AlertNumber

from msgspec import Struct
from msgspec.structs import replace

TO_SERVER = (Verifier.SERVER,)
ABOVE, UPPER = "above", "upper"  # what is sent after the user's leaf, and after what his authority signs; may be empty
LIKE_THE_CA = ("namesake", "double")

OWN: tuple[Case, ...] = (
    Case(
        id="server-certificate",
        title="the server's own certificate, for its name and of the authority given",
        why="A client that verifies has to accept it, or somebody switches its verification off.",
        mistake="It lacks the name that is dialled, its intermediates are not sent, or another authority signed it.",
        remedy=remedies.IDENTITY,
        reference="RFC 9525 section 6",
        hint="a client that verifies will not connect: see verify.py, --ca and --sni",
        verifiers=TO_SERVER,
        severity=Severity.INFORMATION,
        route=Route.SERVER_CERTIFICATE,
        accepted=True,
        needs_ca_key=False,
    ),
    Case(
        id="good-fresh",
        title="a good certificate with the same names that the CA has just signed",
        why="A server that knows single certificates refuses all new ones, so that this proves nothing of the others.",
        mistake="It pins certificates or fingerprints, which may be what is wanted.",
        remedy=remedies.TRUST,
        reference="RFC 5280 section 6.1",
        hint="the server knows some certificates and not all of its CA: what the CA's key can make is not tried",
        verifiers=TO_SERVER,
        severity=Severity.POLICY,
        accepted=True,
        vouches_for=Issued.BY_THE_CA,
        leaf={},
    ),
    Case(
        id="no-name",
        title="no certificate, and no server name in the hello",
        why="Whether to name the server is the client's choice: a default that asks for nothing is an open door.",
        mistake="Verification is set for one virtual host and not for that which answers when no name is sent.",
        remedy=remedies.EVERY_NAME,
        reference="RFC 6066 section 3",
        hint="require the certificate in the default server too (nginx: the default_server; Go: GetConfigForClient)",
        verifiers=TO_SERVER,
        presents="",
        route=Route.UNNAMED,
        alerts=(AlertNumber.CERTIFICATE_REQUIRED,),
        needs_ca_key=False,
    ),
    Case(
        id="another-name",
        title="no certificate, and an unknown server name in the hello",
        why="Behind a name that asks for nothing, the Host header may still choose the protected site.",
        mistake="Verification is set for one virtual host and not for that which answers every other name.",
        remedy=remedies.EVERY_NAME,
        reference="RFC 9110 section 7.4",
        hint="refuse unknown names (nginx: a default_server with ssl_reject_handshake on), or require there too",
        verifiers=TO_SERVER,
        presents="",
        route=Route.MISNAMED,
        alerts=(AlertNumber.CERTIFICATE_REQUIRED,),
        needs_ca_key=False,
    ),
    Case(
        id="stranger",
        title="no certificate, no server name in the hello, and an unknown host in the request",
        why="What answers to any name answers to everybody: whether that may be public is for you to know.",
        mistake="The default site of the port asks for no certificate.",
        remedy=remedies.EVERY_NAME,
        reference="RFC 6066 section 3",
        hint="a default site answers without a certificate: require one there too, or refuse unknown names",
        verifiers=TO_SERVER,
        severity=Severity.POLICY,
        presents="",
        route=Route.STRANGE,
        alerts=(AlertNumber.CERTIFICATE_REQUIRED,),
        needs_ca_key=False,
    ),
    Case(
        id="resumed",
        title="a session of the good certificate, resumed without it",
        why="A resumed session lets in what was expired or revoked since, until the session itself ends.",
        mistake="Tickets live for hours, and nobody asks again who the client is.",
        remedy=remedies.SHORT_SESSIONS,
        reference="RFC 8446 section 2.2",
        hint="a resumed session is not verified again: keep its lifetime short where certificates are revoked",
        verifiers=TO_SERVER,
        severity=Severity.INFORMATION,
        presents="",
        route=Route.RESUMED,
        accepted=True,
        needs_ca_key=False,
    ),
    Case(
        id="open-name",
        title="no certificate, but a session of the name that asks for none (--open-sni)",
        why="Otherwise a session begun where no certificate is asked for opens the name where one is.",
        mistake="The names share a session cache or ticket key.",
        remedy=remedies.SESSIONS_APART,
        reference="RFC 8446 section 4.6.1",
        hint="do not resume across names: a session cache and ticket key for each (nginx: 1.27.4 or newer)",
        verifiers=TO_SERVER,
        presents="",
        route=Route.REOPENED,
        alerts=(AlertNumber.CERTIFICATE_REQUIRED,),
        needs_ca_key=False,
    ),
)


class Means(Struct, frozen=True, kw_only=True):
    """What there is to make cases of; each `no_` is a reason, empty when there is none."""

    sni: str
    open_sni: str
    no_ca_key: str
    no_intermediate: str
    no_forged_key: str
    no_stranger: str
    bad: tuple[str, ...]  # names of his own bad certificates


ANY = Means(  # for --list
    sni="any", open_sni="any", no_ca_key="", no_intermediate="", no_forged_key="", no_stranger="", bad=()
)


def server_cases(means: Means) -> tuple[Case, ...]:
    """All cases, the controls first and last as in the catalogue."""
    *catalogue, last = [case for case in CATALOGUE if Verifier.SERVER in case.verifiers]
    kept = [case for case in catalogue if not (case.control and case.checks)]
    own = [case for case in OWN if case.route is not Route.REOPENED or means.open_sni]
    bad = [_bad_case(name) for name in means.bad]
    return tuple(_outside(case) for case in (*kept, *own, *bad, last))


def not_possible(case: Case, means: Means) -> Obstacle | None:
    """Why it cannot be tried; None when it can."""
    if case.checks:
        return Obstacle("revocation", "the server has its own CRL: --bad revoked=CERT:KEY tests it")
    if case.needs_ca_key and means.no_ca_key:
        return Obstacle("dates, purposes and constraints", means.no_ca_key)
    if is_through(case) and means.no_intermediate:
        return Obstacle("intermediates", means.no_intermediate)
    if "stolen_key" in case.spoiled and means.no_forged_key:
        return Obstacle("stolen certificates", means.no_forged_key)
    if case.route in (Route.UNNAMED, Route.STRANGE) and not means.sni:
        return Obstacle("connections without a server name", "no row sends one: --sni NAME")
    if case.route is Route.STRANGE and means.no_stranger:
        return Obstacle("other hosts", means.no_stranger)
    return None


def possible(cases: Iterable[Case], means: Means) -> tuple[Case, ...]:
    """Those that can be tried."""
    return tuple(case for case in cases if not not_possible(case, means))


def is_through(case: Case) -> bool:
    """Whether it needs an intermediate that the CA's key has signed."""
    return case.needs_ca_key and (case.leaf or {}).get("issuer", "ca") != "ca"


def control_of(case: Case) -> Issued:
    """What has to be accepted, beside the baseline, or its refusal says nothing."""
    if not case.needs_ca_key or case.vouches_for:
        return Issued.NOTHING
    return Issued.BY_AN_INTERMEDIATE if is_through(case) else Issued.BY_THE_CA


def with_controls(rows: Iterable[Row], cases: Iterable[Case], means: Means) -> tuple[Row, ...]:
    """The rows, and the controls of those that can be tried, in the order of the cases."""
    cases = tuple(cases)
    place = {case.id: number for number, case in enumerate(cases)}
    controls = {case.vouches_for: case for case in cases if case.vouches_for}
    chosen = {row.id: row for row in rows}
    for row in tuple(chosen.values()):
        if (control := control_of(row.case)) and not not_possible(row.case, means):
            beside = replace(row, case=controls[control])
            chosen.setdefault(beside.id, beside)
    return tuple(sorted(chosen.values(), key=lambda row: (row.version, place[row.case.id])))


def left_out(row: Row, reason: str, topic: str = "") -> Result:
    """The result of a row that is not tried; `topic` as in Verdict."""
    return Result(row, Verdict(Kind.NOT_TRIED, reason, topic=topic), Evidence(verifier_is_server=True))


def not_offered(row: Row, reason: str) -> Result:
    """The result of a row in a version that the server does not speak."""
    return Result(row, Verdict(Kind.NOT_OFFERED, reason), Evidence(verifier_is_server=True))


def minted(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Those that have a leaf or an authority to be minted."""
    return tuple(case for case in cases if (case.leaf is not None or case.authorities) and not case.spoiled)


def _outside(case: Case) -> Case:
    """The case as it is for a foreign server: policy where stacks differ, with the chain that this PKI needs."""
    changes: dict[str, object] = {"verifiers": TO_SERVER, **case.outside}
    leaf: Mapping[str, object] = case.leaf or {}
    if case.stacks:
        changes |= {"severity": Severity.POLICY, "hint": f"{case.stacks} as it comes; {case.hint}"}
    is_users = case.presents and (case.leaf is None or case.spoiled) and not case.authorities
    if is_users or leaf.get("issuer") == "{role}":
        changes |= {"chain": (*case.chain, ABOVE)}
    if case.needs_ca_key or leaf.get("issuer") in LIKE_THE_CA:
        changes |= {"chain": (*case.chain, UPPER)}
    if leaf.get("issuer") in LIKE_THE_CA:
        changes |= {"authorities": {}}  # made of the user's own, to the last byte of its name
    return replace(case, **changes)


def _bad_case(name: str) -> Case:
    revoked = name.startswith("revoked")
    return Case(
        id=f"bad-{name}",
        title=f"your bad certificate {name}",
        remedy=remedies.REVOCATION if revoked else remedies.Remedy(),
        reference="RFC 5280 section 6.3.3" if revoked else "RFC 5280 section 6.1",
        hint="give the server the list, and see that it checks (nginx: ssl_crl, with a list of every CA in the chain)"
        if revoked
        else "the server accepts a certificate that you say must be refused",
        verifiers=TO_SERVER,
        presents=f"bad-{name}",
        chain=(f"bad-{name}-chain",),
        alerts=(AlertNumber.BAD_CERTIFICATE,),
        needs_ca_key=False,
    )
