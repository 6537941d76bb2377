"""Cases of a certificate of a trusted CA that is out of its dates, or is for another purpose (pure)."""

from datetime import timedelta

from mintls.configuration.mistake import Mistake
from mintls.handshake.cases.case import Case, Severity
from mintls.handshake.wire.alerts import AlertNumber

PAST = {"not_before": timedelta(days=-40), "not_after": timedelta(days=-10)}
FUTURE = {"not_before": timedelta(days=10), "not_after": timedelta(days=20)}
# A key that OpenSSL's own server still offers when keyUsage forbids to sign: with EC it would not even try.
RSA = {"key": "rsa:2048"}

DATES_AND_PURPOSES: tuple[Case, ...] = (
    Case(
        id="expired",
        title="an expired certificate",
        why="Expiry is the only revocation that works without a CRL.",
        mistake="A flag or callback that ignores dates was set during an outage and never removed, or the clock "
        "is wrong.",
        kind=Mistake.TIME,
        reference="RFC 5280 section 6.1.3 (a)(2)",
        hint="check the validity period, and the verifier's clock",
        leaf=PAST,
        errors=(10,),
        alerts=(AlertNumber.CERTIFICATE_EXPIRED,),
    ),
    Case(
        id="expired-intermediate",
        title="a valid certificate of an expired intermediate",
        why="A CA's signatures count only while the CA certificate itself is valid.",
        mistake="Custom code checks the dates of the leaf only.",
        kind=Mistake.TIME,
        reference="RFC 5280 section 6.1.3 (a)(2)",
        hint="check the validity period of every certificate of the chain",
        authorities={"expired-issuing": {"subject": {"CN": "expired issuing"}, "issuer": "ca", **PAST}},
        leaf={"issuer": "expired-issuing"},
        chain=("expired-issuing",),
        errors=(10,),
        alerts=(AlertNumber.CERTIFICATE_EXPIRED,),
    ),
    Case(
        id="not-yet-valid",
        title="a certificate that is not valid yet",
        why="It was issued for a later time, or a clock is wrong: neither is a reason to accept it.",
        mistake="Custom code checks notAfter but not notBefore, or the clock is wrong.",
        kind=Mistake.TIME,
        reference="RFC 5280 section 6.1.3 (a)(2)",
        hint="check the validity period, and the verifier's clock",
        leaf=FUTURE,
        errors=(9,),
        alerts=(AlertNumber.BAD_CERTIFICATE,),
    ),
    Case(
        id="wrong-purpose",
        title="a certificate whose extended key usage is for the other role",
        why="Otherwise each server can log in as a client, and each client can impersonate the server.",
        mistake="Verification is called without a purpose, or with the default one: Go's Certificate.Verify "
        "means serverAuth.",
        kind=Mistake.PURPOSE,
        reference="RFC 5280 section 4.2.1.12",
        hint="check extended key usage: clientAuth for clients, serverAuth for servers "
        "(GnuTLS does so when given GNUTLS_DT_KEY_PURPOSE_OID)",
        leaf={"extended_key_usage": ["{other}Auth"], "defects": ["wrong_purpose"]},
        errors=(26,),
        alerts=(AlertNumber.UNSUPPORTED_CERTIFICATE,),
    ),
    Case(
        id="code-signing",
        title="a certificate whose extended key usage is code signing only",
        why="The key was issued, and is protected, for a different use than TLS.",
        mistake="Verification is called without a purpose, so any certificate of the CA is accepted.",
        kind=Mistake.PURPOSE,
        reference="RFC 5280 section 4.2.1.12",
        hint="check extended key usage: clientAuth for clients, serverAuth for servers "
        "(GnuTLS does so when given GNUTLS_DT_KEY_PURPOSE_OID)",
        leaf={"extended_key_usage": ["codeSigning"], "defects": ["wrong_purpose"]},
        errors=(26,),
        alerts=(AlertNumber.UNSUPPORTED_CERTIFICATE,),
    ),
    Case(
        id="bad-key-usage",
        title="a certificate whose key usage does not allow signing a handshake",
        why="The issuer states in keyUsage what the key may do, and in a handshake it signs.",
        mistake="keyUsage is not checked; Go leaves that to the application.",
        kind=Mistake.PURPOSE,
        reference="RFC 8446 section 4.4.2.2",
        hint="check key usage: a key that signs the handshake needs digitalSignature",
        disputed=True,
        leaf={**RSA, "key_usage": ["nonRepudiation"], "defects": ["wrong_purpose"]},
        stacks="Go accepts it",
        errors=(26,),
        alerts=(AlertNumber.UNSUPPORTED_CERTIFICATE,),
    ),
    Case(
        id="ca-as-leaf",
        title="a CA certificate used as a leaf",
        why="A key that signs certificates must not be used on a TLS endpoint.",
        mistake="keyUsage is not checked; Go leaves that to the application.",
        kind=Mistake.PURPOSE,
        reference="RFC 8446 section 4.4.2.2",
        hint="check key usage: keyCertSign and cRLSign do not allow signing a handshake",
        authorities={"ca-as-leaf": {"subject": {"CN": "localhost"}, "issuer": "ca", **RSA}},
        presents="ca-as-leaf",
        stacks="Go accepts it",
        errors=(26,),
        alerts=(AlertNumber.UNSUPPORTED_CERTIFICATE,),
    ),
)

STRICT_PURPOSES: tuple[Case, ...] = (
    Case(
        id="no-extended-key-usage",
        title="a certificate without extended key usage",
        why="A certificate without a stated purpose is valid for every purpose, so it can be used as server and "
        "as client.",
        mistake="The standard allows it, and so does every stack.",
        kind=Mistake.DEMAND_PURPOSE,
        reference="RFC 5280 section 4.2.1.12",
        hint="RFC 5280 allows it for every purpose; to reject it, require extended key usage in the application",
        severity=Severity.POLICY,
        leaf={"extended_key_usage": [], "defects": ["wrong_purpose"]},
        errors=(26,),
        alerts=(AlertNumber.UNSUPPORTED_CERTIFICATE,),
    ),
    Case(
        id="ca-with-purpose",
        title="a CA certificate that may also sign handshakes",
        why="A stolen key of a TLS endpoint could also sign certificates.",
        mistake="The standard allows each field, and so does every stack.",
        kind=Mistake.DEMAND_LEAF,
        reference="RFC 5280 section 4.2.1.9",
        hint="RFC 5280 allows it; to reject it, require CA:FALSE of a leaf in the application",
        severity=Severity.POLICY,
        authorities={
            "ca-with-purpose-{role}": {
                "subject": {"CN": "{name}"},
                "san": ["DNS:{name}"],
                "issuer": "ca",
                "key_usage": ["digitalSignature", "keyCertSign", "cRLSign"],
                "extended_key_usage": ["{role}Auth"],
            },
        },
        presents="ca-with-purpose-{role}",
        errors=(26, 79),
        alerts=(AlertNumber.UNSUPPORTED_CERTIFICATE,),
    ),
)
