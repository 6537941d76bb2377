"""GnuTLS: gnutls-serv(1), gnutls-cli(1), and programs that use the library."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

STACK = Stack(
    title="GnuTLS",
    programs=("gnutls-cli", "aria2c"),
    server=Side(
        start="gnutls-serv --http --require-client-cert --verify-client-cert --x509cafile @ca@ --x509certfile @chain@ "
        "--x509keyfile @key@ --port @port@",
        accepts=("wrong-purpose", "code-signing"),
        tested="3.7",
        wrong=(
            Wrong(
                setting="--verify-client-cert",
                right="--verify-client-cert ",
                wrong="",
                effect="certificates of any CA are accepted",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="for tests; it listens on every address, and does not check the purpose of a certificate",
        fixes=fixes(
            require="gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE); --require-client-cert",
            verify=(
                "gnutls_session_set_verify_cert(session, NULL, 0) in the server too; gnutls-serv --verify-client-cert"
            ),
            trust="gnutls_certificate_set_x509_trust_file with only ca.crt; --x509cafile",
        ),
    ),
    client=Side(
        start="sh -c 'echo hello | gnutls-cli --x509cafile @ca@ --x509certfile @chain@ --x509keyfile @key@ -p @port@ "
        "@host@'",
        tested="3.7",
        wrong=(
            Wrong(
                setting="--insecure",
                right="gnutls-cli ",
                wrong="gnutls-cli --insecure ",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        fixes=fixes(
            verify="gnutls_session_set_verify_cert(session, NAME, 0), with GNUTLS_KP_TLS_WWW_SERVER for the purpose; "
            "gnutls-cli: no --insecure",
            trust="gnutls_certificate_set_x509_trust_file with only ca.crt; gnutls-cli: --x509cafile ca.crt",
            name="gnutls_session_set_verify_cert(session, NAME, 0): with NULL the name is not checked",
        ),
    ),
)
