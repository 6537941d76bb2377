"""Cases of certificate revocation lists: revoked, missing and out of date (pure)."""

from mintls.configuration.mistake import Mistake
from mintls.handshake.cases.case import Case
from mintls.handshake.wire.alerts import AlertNumber

REVOCATION: tuple[Case, ...] = (
    Case(
        id="revoked",
        title="a revoked certificate",
        why="A stolen key works until the certificate expires, unless the verifier checks the CRL.",
        mistake="No TLS stack checks a CRL by default; or the CRL was loaded once, at the start.",
        kind=Mistake.REVOCATION,
        reference="RFC 5280 section 6.3.3",
        hint="check the CRL (s_server: -crl_check -CRL; nginx: ssl_crl), and reload it when it changes",
        leaf={"revoked": "keyCompromise"},
        checks=("-crl_check",),
        crl="ca",
        errors=(23,),
        alerts=(AlertNumber.CERTIFICATE_REVOKED,),
    ),
    Case(
        id="crl-missing",
        title="a valid certificate, when the CRL is missing",
        why="Otherwise an attacker who withholds the CRL undoes every revocation.",
        mistake="The check is a soft fail: without a CRL, everything is accepted.",
        kind=Mistake.REVOCATION,
        reference="RFC 5280 section 6.3.3",
        hint="without a CRL the revocation status is unknown: reject",
        checks=("-crl_check",),
        errors=(3,),
        alerts=(AlertNumber.UNKNOWN_CA,),
    ),
    Case(
        id="crl-stale",
        title="a valid certificate, when the CRL has expired",
        why="Otherwise a replayed old CRL undoes every later revocation.",
        mistake="nextUpdate is not checked, mostly in custom code.",
        kind=Mistake.REVOCATION,
        reference="RFC 5280 section 5.1.2.5",
        hint="a CRL past its nextUpdate hides later revocations: reject",
        authorities={
            "stale": {
                "subject": {"CN": "stale issuing"},
                "issuer": "ca",
                "crl": {"days": 30},
                "defects": ["stale_crl"],
            },
        },
        leaf={"issuer": "stale"},
        chain=("stale",),
        checks=("-crl_check",),
        crl="stale",
        errors=(12,),
        alerts=(AlertNumber.CERTIFICATE_EXPIRED,),
    ),
)
