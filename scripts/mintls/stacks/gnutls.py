"""GnuTLS' gnutls-serv(1) and gnutls-cli(1)."""

from mintls.configuration.stack import Side, Stack, fixes

STACK = Stack(
    title="GnuTLS",
    programs=("gnutls-cli", "aria2c"),
    client=Side(
        fixes=fixes(
            verify=(
                "gnutls_session_set_verify_cert(session, NAME, 0), with GNUTLS_KP_TLS_WWW_SERVER for the purpose; "
                "wget: no --no-check-certificate"
            ),
            trust=(
                "gnutls_certificate_set_x509_trust_file with only ca.crt; wget: --ca-certificate=ca.crt, and an empty"
                " directory for --ca-directory"
            ),
            name=(
                "gnutls_session_set_verify_cert(session, NAME, 0): with NULL the name is not checked; wget: no --no-"
                "check-certificate"
            ),
        ),
    ),
)
