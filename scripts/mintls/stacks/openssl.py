"""openssl's own s_server(1) and s_client(1)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong

SERVER_FIXES = {
    Mistake.TRUST: (
        "`openssl verify -CAfile ca.crt -purpose sslclient client.crt` must print OK; s_server -CAfile ca.crt"
    ),
    Mistake.DEPTH: "s_server -verify_depth N, where it is set; the N of -Verify does not limit",
    Mistake.ANCHOR_ALONE: "s_server -CAfile with only the root, without -partial_chain",
    Mistake.REQUIRE: "s_server -Verify 5 -verify_return_error; -verify with a small v only asks",
    Mistake.VERIFY: "s_server -Verify 5 -verify_return_error -CAfile ca.crt; without -verify_return_error it goes on",
    Mistake.OWN_AUTHORITY: "s_server -CAfile ca.crt -no-CApath -no-CAstore -verify_return_error",
    Mistake.PROOF: "no callback of SSL_CTX_set_verify that returns 1 for everything; s_server -verify_return_error",
    Mistake.CHAIN: "leave the chain to X509_verify_cert (s_server -Verify 5 -verify_return_error); add -x509_strict",
    Mistake.TIME: "no -no_check_time and no -attime; s_server -verify_return_error",
    Mistake.PURPOSE: "s_server checks sslclient by default; `openssl verify` and X509_verify_cert only with -purpose",
    Mistake.DEMAND_PURPOSE: "in the application: X509_get_extension_flags() has EXFLAG_XKUSAGE",
    Mistake.DEMAND_LEAF: "in the application: X509_check_ca() of the peer's certificate is 0",
    Mistake.REVOCATION: "s_server -crl_check -CRL ca.crl (with -crl_check_all, one CRL for each CA of the chain)",
    Mistake.STRENGTH: "s_server -cipher DEFAULT@SECLEVEL=2 (level 1 is the default before 3.2)",
    Mistake.NEW_VERSIONS: "s_server -min_protocol TLSv1.2, or MinProtocol = TLSv1.2 in openssl.cnf",
    Mistake.REAL_CIPHERS: "s_server -cipher DEFAULT: no ALL, COMPLEMENTOFALL, eNULL or aNULL",
    Mistake.IDENTITY: (
        "s_server -cert server.crt -cert_chain intermediates.crt; `openssl verify -purpose sslserver "
        "-verify_hostname NAME -CAfile ca.crt -untrusted intermediates.crt server.crt` must print OK"
    ),
    Mistake.EVERY_NAME: (
        "s_server -Verify 5 -verify_return_error applies to every name; an SNI callback must not change it"
    ),
    Mistake.SHORT_SESSIONS: "s_server -no_ticket -no_cache, or a short SSL_CTX_set_timeout",
    Mistake.SESSIONS_APART: "SSL_CTX_set_session_id_context: a different one for each name with different rules",
    Mistake.SAME_HOST: "s_server knows no hosts",
    Mistake.OWN_HEADERS: "s_server passes no headers on",
    Mistake.TLS_ONLY: "s_server speaks TLS alone",
    Mistake.CA_NAMES: "s_server -CAfile ca.crt sends the names in it; -chainCAfile sends none",
}
CLIENT_FIXES = {
    Mistake.TRUST: (
        "`openssl verify -CAfile ca.crt -purpose sslserver server.crt` must print OK; s_client -CAfile ca.crt"
    ),
    Mistake.DEPTH: "s_client -verify_depth N, where it is set",
    Mistake.ANCHOR_ALONE: "s_client -CAfile with only the root, without -partial_chain",
    Mistake.VERIFY: "s_client -verify_return_error -CAfile ca.crt; without it the error is printed and it goes on",
    Mistake.OWN_AUTHORITY: "s_client -CAfile ca.crt -no-CApath -no-CAstore -verify_return_error",
    Mistake.PROOF: "no callback of SSL_CTX_set_verify that returns 1 for everything; s_client -verify_return_error",
    Mistake.CHAIN: "leave the chain to X509_verify_cert (s_client -verify_return_error); add -x509_strict",
    Mistake.TIME: "no -no_check_time and no -attime; s_client -verify_return_error",
    Mistake.PURPOSE: "s_client checks sslserver by default; `openssl verify` and X509_verify_cert only with -purpose",
    Mistake.DEMAND_PURPOSE: "in the application: X509_get_extension_flags() has EXFLAG_XKUSAGE",
    Mistake.DEMAND_LEAF: "in the application: X509_check_ca() of the peer's certificate is 0",
    Mistake.REVOCATION: "s_client -crl_check -CRL ca.crl (with -crl_check_all, one CRL for each CA of the chain)",
    Mistake.STRENGTH: "s_client -cipher DEFAULT@SECLEVEL=2 (level 1 is the default before 3.2)",
    Mistake.NAME: "s_client -verify_hostname NAME, or -verify_ip ADDRESS, with -verify_return_error",
    Mistake.NAMES_IN_SAN: (
        "in the application: X509_VERIFY_PARAM_set_hostflags with X509_CHECK_FLAG_NEVER_CHECK_SUBJECT"
    ),
    Mistake.NEW_VERSIONS: "s_client -min_protocol TLSv1.2, or MinProtocol = TLSv1.2 in openssl.cnf",
}
STACK = Stack(
    title="openssl",
    programs=("openssl",),
    server=Side(
        start="openssl s_server -accept 127.0.0.1:@port@ -www -Verify 5 -verify_return_error -CAfile @ca@ -no-CApath "
        "-no-CAstore -cert @certificate@ -cert_chain @chain@ -key @key@",
        tested="3.0",
        wrong=(
            Wrong(
                setting="-verify_return_error",
                right="-verify_return_error",
                wrong="",
                effect="certificates of any CA are accepted",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="for tests: it serves one connection at a time",
        fixes=SERVER_FIXES,
    ),
    client=Side(
        start="sh -c 'echo GET / | openssl s_client -connect @host@:@port@ -servername @host@ -verify_hostname @host@ "
        "-verify_return_error -CAfile @ca@ -no-CApath -no-CAstore -cert @certificate@ -cert_chain @chain@ -key @key@ "
        "-quiet'",
        accepts=("good-address",),
        tested="3.0",
        limits="for an address write -verify_ip ADDRESS in the place of -verify_hostname; a proof skips addresses",
        wrong=(
            Wrong(
                setting="-verify_hostname",
                right="-verify_hostname @host@",
                wrong="",
                effect="any server of the CA is believed, whatever its name",
                mistake=Mistake.NAME,
            ),
        ),
        fixes=CLIENT_FIXES,
    ),
)
