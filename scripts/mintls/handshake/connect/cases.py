"""What can be tried against a foreign server: the catalogue, as far as the user's files allow, and the names (pure).

A row that cannot be tried is still listed, with the reason.
"""

from collections.abc import Iterable, Mapping

from mintls.handshake.cases import remedies
from mintls.handshake.cases.case import Case, Route, Row, Severity, Verifier
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.result import FIRST, Result
from mintls.handshake.verdict import Evidence, Kind, Verdict

from msgspec import Struct
from msgspec.structs import replace

TO_SERVER = (Verifier.SERVER,)
ABOVE, UPPER = "above", "upper"  # what is sent after the user's leaf, and after what his authority signs; may be empty
FRESH, THROUGH = "good-fresh", "good-intermediate"  # controls of what the CA's key has signed
LIKE_THE_CA = ("namesake", "double")
REFUSES_ALL = "the server refuses your good certificate: see its log for the reason (its CA, depth or CRL; your chain)"

OWN: tuple[Case, ...] = (
    Case(
        id="server-certificate",
        title="the server's own certificate, for its name and of the authority given",
        why="A client that verifies has to accept it, or somebody switches its verification off.",
        mistake="It lacks the name that is dialled, its intermediates are not sent, or another authority signed it.",
        mend=remedies.IDENTITY,
        clause="RFC 9525 section 6",
        hint="a client that verifies will not connect: see verify.py, --ca and --sni",
        verifiers=TO_SERVER,
        severity=Severity.INFORMATION,
        route=Route.SEEN,
        accepted=True,
        needs_ca_key=False,
    ),
    Case(
        id=FRESH,
        title="a good certificate with the same names that the CA has just signed",
        why="A server that knows single certificates refuses all new ones, so that this proves nothing of the others.",
        mistake="It pins certificates or fingerprints, which may be what is wanted.",
        mend=remedies.TRUST,
        clause="RFC 5280 section 6.1",
        hint="the server knows some certificates and not all of its CA: what the CA's key can make is not tried",
        verifiers=TO_SERVER,
        severity=Severity.POLICY,
        accepted=True,
        leaf={},
    ),
    Case(
        id="no-name",
        title="no certificate, and no server name in the hello",
        why="Whether to name the server is the client's choice: a default that asks for nothing is an open door.",
        mistake="Verification is set for one virtual host and not for that which answers when no name is sent.",
        mend=remedies.EVERY_NAME,
        clause="RFC 6066 section 3",
        hint="require the certificate in the default server too (nginx: the default_server; Go: GetConfigForClient)",
        verifiers=TO_SERVER,
        presents="",
        route=Route.UNNAMED,
        alerts=(116,),
        needs_ca_key=False,
    ),
    Case(
        id="another-name",
        title="no certificate, and an unknown server name in the hello",
        why="Behind a name that asks for nothing, the Host header may still choose the protected site.",
        mistake="Verification is set for one virtual host and not for that which answers every other name.",
        mend=remedies.EVERY_NAME,
        clause="RFC 9110 section 7.4",
        hint="refuse unknown names (nginx: a default_server with ssl_reject_handshake on), or require there too",
        verifiers=TO_SERVER,
        presents="",
        route=Route.MISNAMED,
        alerts=(116,),
        needs_ca_key=False,
    ),
    Case(
        id="stranger",
        title="no certificate, no server name in the hello, and an unknown host in the request",
        why="What answers to any name answers to everybody: whether that may be public is for you to know.",
        mistake="The default site of the port asks for no certificate.",
        mend=remedies.EVERY_NAME,
        clause="RFC 6066 section 3",
        hint="a default site answers without a certificate: require one there too, or refuse unknown names",
        verifiers=TO_SERVER,
        severity=Severity.POLICY,
        presents="",
        route=Route.STRANGE,
        alerts=(116,),
        needs_ca_key=False,
    ),
    Case(
        id="resumed",
        title="a session of the good certificate, resumed without it",
        why="A resumed session lets in what was expired or revoked since, until the session itself ends.",
        mistake="Tickets live for hours, and nobody asks again who the client is.",
        mend=remedies.SHORT_SESSIONS,
        clause="RFC 8446 section 2.2",
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
        mend=remedies.SESSIONS_APART,
        clause="RFC 8446 section 4.6.1",
        hint="do not resume across names: a session cache and ticket key for each (nginx: 1.27.4 or newer)",
        verifiers=TO_SERVER,
        presents="",
        route=Route.REOPENED,
        alerts=(116,),
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


def not_possible(case: Case, means: Means) -> str:
    """Why it cannot be tried; empty when it can."""
    if case.checks:
        return "the server has its own revocation list: show it a revoked certificate with --bad revoked=CERT:KEY"
    if case.needs_ca_key and means.no_ca_key:
        return means.no_ca_key
    if is_through(case) and means.no_intermediate:
        return means.no_intermediate
    if case.id == "stolen" and means.no_forged_key:
        return means.no_forged_key
    if case.route in (Route.UNNAMED, Route.STRANGE) and not means.sni:
        return "no server name is sent in any row (--sni NAME)"
    if case.route is Route.STRANGE and means.no_stranger:
        return means.no_stranger
    return ""


def possible(cases: Iterable[Case], means: Means) -> tuple[Case, ...]:
    """Those that can be tried."""
    return tuple(case for case in cases if not not_possible(case, means))


def is_through(case: Case) -> bool:
    """Whether it needs an intermediate that the CA's key has signed."""
    return case.needs_ca_key and (case.leaf or {}).get("issuer", "ca") != "ca"


def control_of(case: Case) -> str:
    """The control, beside `good`, without which its refusal says nothing; empty: none."""
    if not case.needs_ca_key or case.id in (FRESH, THROUGH):
        return ""
    return THROUGH if is_through(case) else FRESH


def with_controls(rows: Iterable[Row], cases: Iterable[Case], means: Means) -> tuple[Row, ...]:
    """The rows, and the controls of those that can be tried, in the order of the cases."""
    named = {case.id: (place, case) for place, case in enumerate(cases)}
    chosen = {row.id: row for row in rows}
    for row in tuple(chosen.values()):
        if (control := control_of(row.case)) and not not_possible(row.case, means):
            beside = replace(row, case=named[control][1])
            chosen.setdefault(beside.id, beside)
    return tuple(sorted(chosen.values(), key=lambda row: (row.version, named[row.case.id][0])))


def left_out(row: Row, reason: str) -> Result:
    """The result of a row that is not tried."""
    return Result(row, Verdict(Kind.NOT_TRIED, reason), Evidence(verifier_is_server=True))


def minted(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Those that have a leaf or an authority to be minted."""
    return tuple(case for case in cases if (case.leaf is not None or case.authorities) and not case.spoiled)


def _outside(case: Case) -> Case:
    """The case as it is for a foreign server: policy where stacks differ, with the chain that this PKI needs."""
    changes: dict[str, object] = {"verifiers": TO_SERVER}
    if case.id == FIRST:
        changes["hint"] = REFUSES_ALL
    leaf: Mapping[str, object] = case.leaf or {}
    if case.stacks:
        changes |= {"severity": Severity.POLICY, "hint": f"{case.stacks} as it comes; {case.hint}"}
    if case.id == THROUGH:
        changes |= {"severity": Severity.POLICY, "control": False}
    if case.id == "certificate-request":
        changes |= {"control": True, "route": Route.SEEN}
    is_users = case.presents and (case.leaf is None or case.spoiled) and not case.authorities
    if is_users or case.id == "leaf-as-ca":
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
        mend=remedies.REVOCATION if revoked else remedies.Mend(),
        clause="RFC 5280 section 6.3.3" if revoked else "RFC 5280 section 6.1",
        hint="give the server the list, and see that it checks (nginx: ssl_crl, with a list of every CA in the chain)"
        if revoked
        else "the server accepts a certificate that you say must be refused",
        verifiers=TO_SERVER,
        presents=f"bad-{name}",
        chain=(f"bad-{name}-chain",),
        alerts=(42,),
        needs_ca_key=False,
    )
