"""Cases of chains: name constraints, purposes, lengths and dates of CAs, and what is sent beside the chain (pure).

The rules are those of RFC 5280 sections 4.2 and 6.1 that x509-limbo and BetterTLS test as well.
"""

from collections.abc import Mapping
from datetime import timedelta

from mintls.configuration.mistake import Mistake
from mintls.handshake.cases.case import Case, Settings, Severity
from mintls.handshake.wire.alerts import AlertNumber

LIMITED = "A CA limited to some names could otherwise issue for every name."
COMPARED = "Only DNS names are compared, or only with the constraints of the direct issuer."
CONSTRAINTS_HINT = "check the name constraints of each issuer against every name in the certificate"
CHAIN_HINT = "leave path validation to the TLS library; no custom chain building"
UNUSUAL = "Real servers send such chains, and a verifier that rejects them fails with valid peers."


def _below(name: str, settings: Settings, issuer: str = "ca") -> dict[str, Settings]:
    """An authority with these settings."""
    return {name: {"subject": {"CN": name.replace("-", " ")}, "issuer": issuer, **settings}}


def _constrained(
    number: str,
    title: str,
    constraints: Mapping[str, list[str]],
    more: list[str],
    error: int,
    *,
    disputed: bool = False,
) -> Case:
    """A leaf with its usual name and `more`, issued by a CA with constraints that one of them breaks."""
    return Case(
        id=number,
        title=title,
        why=LIMITED,
        mistake=COMPARED,
        kind=Mistake.CHAIN,
        reference="RFC 5280 section 4.2.1.10",
        hint=CONSTRAINTS_HINT,
        disputed=disputed,
        outside={"severity": Severity.POLICY} if disputed else {},
        authorities=_below(f"{number}-ca", {"name_constraints": constraints}),
        leaf={
            "issuer": f"{number}-ca",
            "san": ["DNS:{name}", *more],
            "defects": ["outside_name_constraints"],
        },
        chain=(f"{number}-ca",),
        errors=(error,),
        alerts=(AlertNumber.CERTIFICATE_UNKNOWN,),
    )


def _sent(number: str, title: str, mistake: str, chain: tuple[str, ...], **more: object) -> Case:
    """A valid leaf whose peer sends an unusual chain, which verifiers should accept."""
    fields: dict[str, object] = {
        "why": UNUSUAL,
        "mistake": mistake,
        "kind": Mistake.DEPTH,
        "reference": "RFC 8446 section 4.4.2",
        "hint": "build the chain from the certificates that are of use, in any order; ignore the others",
        "disputed": True,
        "outside": {"severity": Severity.POLICY},
        "leaf": {"issuer": "issuing"},
        "accepted": True,
    }
    return Case(id=number, title=title, chain=chain, **{**fields, **more})  # type: ignore[arg-type]


PATHS: tuple[Case, ...] = (
    _constrained(
        "excluded-name",
        "a certificate with a DNS name that its issuer's name constraints exclude",
        {"excluded": ["DNS:{name}"]},
        [],
        48,
    ),
    _constrained(
        "constrained-address",
        "a certificate with an IP address outside its issuer's name constraints",
        {"permitted": ["DNS:{name}", "IP:192.0.2.0/24"]},
        ["IP:198.51.100.1"],
        47,
    ),
    _constrained(
        "excluded-address",
        "a certificate with an IP address that its issuer's name constraints exclude",
        {"excluded": ["IP:198.51.100.0/24"]},
        ["IP:198.51.100.1"],
        48,
    ),
    _constrained(
        "constrained-email",
        "a certificate with an email address outside its issuer's name constraints",
        {"permitted": ["DNS:{name}", "email:allowed.example"]},
        ["email:user@other.example"],
        47,
        disputed=True,
    ),
    _constrained(
        "constrained-uri",
        "a certificate with a URI outside its issuer's name constraints",
        {"permitted": ["DNS:{name}", "URI:allowed.example"]},
        ["URI:https://other.example/"],
        47,
        disputed=True,
    ),
    Case(
        id="name-constraints-above",
        title="a certificate with a name outside the name constraints of a CA two levels above",
        why=LIMITED,
        mistake=COMPARED,
        kind=Mistake.CHAIN,
        reference="RFC 5280 section 6.1.4 (g)",
        hint=CONSTRAINTS_HINT,
        authorities={
            **_below("constrained-above", {"name_constraints": {"permitted": ["DNS:allowed.example"]}}),
            **_below("constrained-below", {}, "constrained-above"),
        },
        leaf={"issuer": "constrained-below", "san": ["DNS:{name}"], "defects": ["outside_name_constraints"]},
        chain=("constrained-below", "constrained-above"),
        errors=(47,),
        alerts=(AlertNumber.CERTIFICATE_UNKNOWN,),
    ),
    _sent(
        "within-name-constraints",
        "a valid certificate with names within its issuer's name constraints",
        "The critical extension is not supported, so every such chain is rejected.",
        ("within-ca",),
        authorities=_below(
            "within-ca", {"name_constraints": {"permitted": ["DNS:{name}"], "excluded": ["DNS:secret.{name}"]}}
        ),
        leaf={"issuer": "within-ca", "san": ["DNS:{name}"]},
        kind=Mistake.CHAIN,
        reference="RFC 5280 section 4.2.1.10",
    ),
    Case(
        id="nested-purpose",
        title="a certificate of an intermediate whose extended key usage is for the other role",
        why="A CA that may issue only for one role could otherwise issue for both.",
        mistake="Extended key usage is checked in the leaf only; RFC 5280 does not define it for CAs.",
        kind=Mistake.PURPOSE,
        reference="RFC 5280 section 4.2.1.12",
        hint="check extended key usage in the whole chain, as OpenSSL and Go do",
        disputed=True,
        stacks="those that follow RFC 5280 to the letter accept it",
        authorities=_below("{other}-only", {"extended_key_usage": ["{other}Auth"]}),
        leaf={"issuer": "{other}-only", "defects": ["wrong_purpose"]},
        chain=("{other}-only",),
        errors=(26, 79),
        alerts=(AlertNumber.UNSUPPORTED_CERTIFICATE, AlertNumber.UNKNOWN_CA),
    ),
    Case(
        id="any-purpose",
        title="a certificate whose extended key usage is anyExtendedKeyUsage only",
        why="A certificate for every purpose can be used as server and as client.",
        mistake="RFC 5280 lets an application accept it, and Go does.",
        kind=Mistake.DEMAND_PURPOSE,
        reference="RFC 5280 section 4.2.1.12",
        hint="to reject it, require serverAuth or clientAuth in the application",
        disputed=True,
        stacks="Go accepts it",
        leaf={"extended_key_usage": ["anyExtendedKeyUsage"], "defects": ["wrong_purpose"]},
        errors=(26,),
        alerts=(AlertNumber.UNSUPPORTED_CERTIFICATE,),
    ),
    Case(
        id="path-length-above",
        title="a certificate of an intermediate that exceeds the path length of a CA two levels above",
        why="A CA that may create one further CA could otherwise create any number.",
        mistake="Custom code compares the path length with the next CA only.",
        kind=Mistake.CHAIN,
        reference="RFC 5280 section 6.1.4 (l)",
        hint="check pathLenConstraint of each issuer against all CAs below it",
        authorities={
            **_below("one-allowed", {"path_length": 1}),
            **_below("first-below", {}, "one-allowed"),
            **_below("second-below", {"defects": ["past_path_length"]}, "first-below"),
        },
        leaf={"issuer": "second-below", "defects": ["past_path_length"]},
        chain=("second-below", "first-below", "one-allowed"),
        errors=(25,),
        alerts=(AlertNumber.UNKNOWN_CA,),
    ),
    Case(
        id="leaf-below-intermediate-as-ca",
        title="a certificate of a CA:FALSE certificate that a valid intermediate has issued",
        why="Otherwise every holder of a certificate could issue certificates for any name.",
        mistake="basicConstraints is checked in the last certificate of the chain only.",
        kind=Mistake.CHAIN,
        reference="RFC 5280 section 6.1.4 (k)",
        hint="check basicConstraints of each issuer",
        authorities=_below("deep-not-ca", {"defects": ["ca_false"]}, "issuing"),
        leaf={"issuer": "deep-not-ca"},
        chain=("deep-not-ca", "issuing"),
        errors=(79, 24),
        alerts=(AlertNumber.UNKNOWN_CA,),
    ),
    Case(
        id="not-yet-valid-intermediate",
        title="a valid certificate of an intermediate that is not yet valid",
        why="A CA's signatures count only while the CA certificate itself is valid.",
        mistake="Custom code checks the dates of the leaf only.",
        kind=Mistake.TIME,
        reference="RFC 5280 section 6.1.3 (a)(2)",
        hint="check the validity period of every certificate of the chain",
        authorities=_below("future-issuing", {"not_before": timedelta(days=10), "not_after": timedelta(days=20)}),
        leaf={"issuer": "future-issuing"},
        chain=("future-issuing",),
        errors=(9,),
        alerts=(AlertNumber.BAD_CERTIFICATE,),
    ),
    Case(
        id="intermediate-bad-signature",
        title="a valid certificate of an intermediate with a modified signature",
        why="Without the signature on the intermediate, anyone can create one.",
        mistake="Custom code verifies the signature of the leaf only.",
        kind=Mistake.CHAIN,
        reference="RFC 5280 section 6.1.3 (a)(1)",
        hint="verify the signature of every certificate of the chain",
        authorities=_below("unsigned-issuing", {"defects": ["bad_signature"]}),
        leaf={"issuer": "unsigned-issuing"},
        chain=("unsigned-issuing",),
        errors=(7,),
        alerts=(AlertNumber.DECRYPT_ERROR,),
    ),
    Case(
        id="intermediate-critical-extension",
        title="a valid certificate of an intermediate with an unknown critical extension",
        why="A critical extension may be a restriction of the CA, so a verifier that does not know it must reject.",
        mistake="Custom code looks for critical extensions in the leaf only.",
        kind=Mistake.CHAIN,
        reference="RFC 5280 section 6.1.4 (o)",
        hint="reject a chain with a critical extension that is not recognized",
        authorities=_below("critical-issuing", {"extensions": {"1.3.6.1.4.1.99999.1": "critical,DER:0500"}}),
        leaf={"issuer": "critical-issuing"},
        chain=("critical-issuing",),
        errors=(34,),
        alerts=(AlertNumber.CERTIFICATE_UNKNOWN,),
    ),
    Case(
        id="intermediate-weak-key",
        title="a valid certificate of an intermediate with a 1024-bit RSA key",
        why="Anyone who can factor it can issue certificates.",
        mistake="The stack's defaults allow it, or only the leaf's key is checked.",
        kind=Mistake.STRENGTH,
        reference="RFC 9325 section 4.5",
        hint="require 112 bits of security or more (OpenSSL: SECLEVEL=2)",
        disputed=True,
        stacks="Go, Node and GnuTLS accept it",
        authorities=_below("weak-issuing", {"key": "rsa:1024", "defects": ["weak_key"]}),
        leaf={"issuer": "weak-issuing"},
        chain=("weak-issuing",),
        errors=(67,),
        alerts=(AlertNumber.BAD_CERTIFICATE,),
    ),
    Case(
        id="wrong-key-identifier",
        title="a certificate with an authority key identifier that its issuer does not have",
        why="The identifier names the issuer's key; a wrong one points to a different CA.",
        mistake="Path building ignores it, which RFC 5280 allows; the signature decides.",
        kind=Mistake.CHAIN,
        reference="RFC 5280 section 4.2.1.1",
        hint=CHAIN_HINT,
        disputed=True,
        stacks="Go accepts it",
        leaf={"extensions": {"authorityKeyIdentifier": "DER:30168014" + "11" * 20}, "defects": ["wrong_purpose"]},
        errors=(20,),
        alerts=(AlertNumber.UNKNOWN_CA,),
    ),
    Case(
        id="certificate-hold",
        title="a certificate that is revoked with the reason certificateHold",
        why="A certificate on hold is suspended: it must be rejected while the CRL lists it.",
        mistake="Only some reasons are treated as a revocation.",
        kind=Mistake.REVOCATION,
        reference="RFC 5280 section 5.3.1",
        hint="treat every entry of the CRL as revoked, whatever its reason",
        leaf={"revoked": "certificateHold"},
        checks=("-crl_check",),
        crl="ca",
        errors=(23,),
        alerts=(AlertNumber.CERTIFICATE_REVOKED,),
    ),
    Case(
        id="crl-of-another-ca",
        title="a valid certificate, when the only CRL is that of a different CA",
        why="A CRL says nothing about certificates of other CAs, so the status is unknown.",
        mistake="Any CRL that loads is taken for the issuer's.",
        kind=Mistake.REVOCATION,
        reference="RFC 5280 section 6.3.3",
        hint="use the CRL of the certificate's issuer; without it, reject",
        authorities=_below("other-crl", {"crl": {"days": 30}}),
        checks=("-crl_check",),
        crl="other-crl",
        errors=(3,),
        alerts=(AlertNumber.UNKNOWN_CA,),
    ),
    _sent(
        "root-sent",
        "a valid certificate, with the intermediate and the root in the chain",
        "A self-signed certificate in the chain is rejected without looking for it among the trust anchors.",
        ("issuing", "ca"),
    ),
    _sent(
        "reversed-chain",
        "a valid certificate, with its two intermediates in the wrong order",
        "The certificates are expected in order, as TLS 1.2 requires; TLS 1.3 does not.",
        ("issuing", "lower-issuing"),
        authorities=_below("lower-issuing", {}, "issuing"),
        leaf={"issuer": "lower-issuing"},
    ),
    _sent(
        "repeated-intermediate",
        "a valid certificate, with its intermediate twice in the chain",
        "Each certificate of the chain is taken for the issuer of the one before it.",
        ("issuing", "issuing"),
    ),
    _sent(
        "useless-certificate",
        "a valid certificate, with an unrelated CA in the chain",
        "Each certificate of the chain is taken for the issuer of the one before it.",
        ("issuing", "unrelated"),
        authorities={"unrelated": {"subject": {"CN": "unrelated root"}}},
    ),
    _sent(
        "expired-root-sent",
        "a valid certificate, with an unrelated expired root in the chain",
        "The dates of every certificate that was sent are checked, not those of the chain that was built.",
        ("issuing", "expired-root"),
        authorities={
            "expired-root": {
                "subject": {"CN": "expired root"},
                "not_before": timedelta(days=-40),
                "not_after": timedelta(days=-10),
            }
        },
    ),
    _sent(
        "unknown-extension",
        "a valid certificate with an unknown extension that is not critical",
        "Unknown extensions are rejected whether they are critical or not.",
        (),
        leaf={"extensions": {"1.3.6.1.4.1.99999.1": "DER:0500"}},
        kind=Mistake.CHAIN,
        reference="RFC 5280 section 4.2",
    ),
    _sent(
        "valid-beyond-2050",
        "a valid certificate that expires after 2049",
        "Dates are parsed as UTCTime only, which has two digits for the year.",
        (),
        leaf={"not_before": timedelta(days=-1), "not_after": timedelta(days=365 * 40)},
        kind=Mistake.TIME,
        reference="RFC 5280 section 4.1.2.5",
    ),
    _sent(
        "three-intermediates",
        "a valid certificate through three intermediates",
        "The maximum chain depth is too small.",
        ("third", "second", "issuing"),
        authorities={**_below("second", {}, "issuing"), **_below("third", {}, "second")},
        leaf={"issuer": "third"},
    ),
)
