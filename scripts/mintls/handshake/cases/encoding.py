"""Cases of certificates whose version, serial number or algorithms are not as RFC 5280 section 4.1 has them (pure)."""

from mintls.configuration.mistake import Mistake
from mintls.handshake.cases.case import Case, Severity
from mintls.handshake.wire.alerts import AlertNumber

NUMBERED = "Certificates with such numbers are in use, and a verifier that rejects them fails with valid peers."
PARSED = "The serial number is parsed more strictly than RFC 5280 requires of a verifier."
NUMBER_HINT = "nothing depends on the serial number but CRLs; OpenSSL, Go, GnuTLS and Java accept it"


def _numbered(name: str, number: str) -> Case:
    return Case(
        id=name,
        title=f"a valid certificate with {number}",
        why=NUMBERED,
        mistake=PARSED,
        kind=Mistake.CHAIN,
        reference="RFC 5280 section 4.1.2.2",
        hint=NUMBER_HINT,
        disputed=True,
        outside={"severity": Severity.POLICY},
        leaf={"defects": [name.replace("-", "_")]},
        accepted=True,
    )


ENCODING: tuple[Case, ...] = (
    Case(
        id="version-1",
        title="an X.509 version 1 certificate",
        why="It has no extensions, so nothing limits it to a role, and it can be used as server and as client.",
        mistake="The standard allows it, and so does nearly every stack.",
        kind=Mistake.DEMAND_PURPOSE,
        reference="RFC 5280 section 4.1.2.1",
        hint="to reject it, require extended key usage in the application",
        severity=Severity.POLICY,
        leaf={"subject": {"CN": "{name}"}, "issuer": "issuing", "defects": ["version_1"]},
        chain=("issuing",),
        errors=(26,),
        alerts=(AlertNumber.UNSUPPORTED_CERTIFICATE,),
    ),
    Case(
        id="version-1-intermediate",
        title="a certificate of an intermediate that has an X.509 version 1 certificate",
        why="Without basicConstraints nothing says that it is a CA: each version 1 leaf could issue certificates.",
        mistake="Old code treats every version 1 certificate as that of a CA.",
        kind=Mistake.CHAIN,
        reference="RFC 5280 section 6.1.4 (k)",
        hint="accept version 1 only for trust anchors (GnuTLS: no %VERIFY_ALLOW_X509_V1_CA_CRT)",
        authorities={
            "version-1-issuing": {
                "subject": {"CN": "version 1 issuing"},
                "issuer": "issuing",
                "defects": ["version_1"],
            },
        },
        leaf={"issuer": "version-1-issuing", "authority_key_identifier": "none"},
        chain=("version-1-issuing", "issuing"),
        errors=(79, 24),
        alerts=(AlertNumber.UNKNOWN_CA,),
    ),
    Case(
        id="mismatched-algorithm",
        title="a certificate that names two different signature algorithms",
        why="Only the inner algorithm is signed; a verifier that uses the other one lets anyone choose it.",
        mistake="Custom code reads the algorithm from one of the two places only.",
        kind=Mistake.CHAIN,
        reference="RFC 5280 section 4.1.1.2",
        hint="reject a certificate whose signatureAlgorithm and signature fields differ",
        leaf={"issuer": "issuing", "defects": ["mismatched_algorithm"]},
        chain=("issuing",),
        errors=(7,),
        alerts=(AlertNumber.DECRYPT_ERROR,),
    ),
    _numbered("zero-serial", "the serial number 0"),
    _numbered("long-serial", "a serial number of 21 octets"),
)
