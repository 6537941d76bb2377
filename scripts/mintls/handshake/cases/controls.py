"""Cases of valid certificates, which a verifier must accept before and after the others (pure)."""

from mintls.configuration.mistake import Mistake
from mintls.handshake.cases.case import Case, Issued, Severity, Turn, Verifier

REFUSES_ALL = "the server rejects your valid certificate: see its log for the reason (its CA, depth or CRL; your chain)"

BEFORE: tuple[Case, ...] = (
    Case(
        id="good",
        title="a valid certificate",
        why="A verifier that rejects everything would pass every other case, so a valid certificate goes first.",
        mistake="The verifier trusts a different CA, its clock is wrong, or it is strict and an extension is missing.",
        kind=Mistake.TRUST,
        reference="RFC 5280 section 6.1",
        hint="a valid certificate must be accepted first: see the verify error, and check the set with verify.py",
        outside={"hint": REFUSES_ALL},
        control=True,
        turn=Turn.FIRST,
        accepted=True,
        needs_ca_key=False,
    ),
    Case(
        id="good-intermediate",
        title="a valid certificate issued by an intermediate, with the intermediate in the chain",
        why="Most roots are kept offline and an intermediate issues the leaf; the peer sends both.",
        mistake="The issuer is looked up among the trust anchors only, or the maximum chain depth is too small.",
        kind=Mistake.DEPTH,
        reference="RFC 8446 section 4.4.2",
        hint="the verifier must build the chain from the certificates that it receives",
        outside={"severity": Severity.POLICY, "control": False},
        control=True,
        vouches_for=Issued.BY_AN_INTERMEDIATE,
        accepted=True,
        leaf={"issuer": "issuing"},
        chain=("issuing",),
    ),
    Case(
        id="good-address",
        title="a valid certificate, checked for the IP address",
        why="Services in clusters and tests are reached by address; then the certificate must contain that address.",
        mistake="The address is compared with DNS names, or the certificate has DNS:127.0.0.1 instead of IP:127.0.0.1.",
        kind=Mistake.NAME,
        reference="RFC 9525 section 6.4",
        hint="the SAN of the certificate must contain the address as IP:",
        verifiers=(Verifier.CLIENT,),
        control=True,
        accepted=True,
        name="127.0.0.1",
        needs_ca_key=False,
    ),
    Case(
        id="good-crl",
        title="a valid certificate, checked against a current CRL",
        why="Once revocation is checked, every peer depends on a current CRL; a verifier that cannot use it "
        "rejects them all.",
        mistake="Each CA of the chain needs a CRL and only one has it, or the next CRL was not published in time.",
        kind=Mistake.REVOCATION,
        reference="RFC 5280 section 6.3",
        hint="the CRL must be signed by the issuer of the certificate and not have expired",
        control=True,
        accepted=True,
        checks=("-crl_check",),
        crl="ca",
    ),
)

AFTER: tuple[Case, ...] = (
    Case(
        id="good-again",
        title="a valid certificate, after all other cases",
        why="A verifier that crashed or banned the client during the run rejects everything, and proves nothing.",
        mistake="A connection limit, a ban after some failures, or a crash.",
        kind=Mistake.TRUST,
        reference="RFC 5280 section 6.1",
        hint="the verifier no longer works after the invalid certificates: see its log",
        control=True,
        turn=Turn.LAST,
        accepted=True,
        needs_ca_key=False,
    ),
)
