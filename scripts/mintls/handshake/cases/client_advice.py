"""How to fix clients of further stacks and programs, in three sentences each; the remedies have the first six (pure).

Sources: gnutls_session_set_verify_cert(3), wget(1), git-config(1), the JSSE reference guide, the documentation of
Ruby's OpenSSL::SSL, PHP's SSL context options, IO::Socket::SSL, .NET's HttpClientHandler, rustls, mosquitto_pub(1),
PostgreSQL's libpq, mysql(1), redis-cli --help and ldap.conf(5).
"""

from mintls.handshake.cases import remedies
from mintls.handshake.cases.remedies import Remedy

from msgspec import Struct


class Advice(Struct, frozen=True):
    """The fix if the chain is not verified, if the wrong CAs are trusted, and if the name is not checked."""

    verify: str
    trust: str
    name: str


OF_NAME = (remedies.NAME, remedies.NAMES_IN_SAN)
OF_TRUST = (remedies.TRUST, remedies.OWN_AUTHORITY, remedies.ANCHOR_ALONE)
OF_VERIFICATION = (remedies.VERIFY, remedies.PROOF, remedies.CHAIN, remedies.TIME, remedies.PURPOSE, remedies.DEPTH)

ADVICE = {
    "GnuTLS": Advice(
        "gnutls_session_set_verify_cert(session, NAME, 0), with GNUTLS_KP_TLS_WWW_SERVER for the purpose; "
        "wget: no --no-check-certificate",
        "gnutls_certificate_set_x509_trust_file with only ca.crt; wget: --ca-certificate=ca.crt, and an empty "
        "directory for --ca-directory",
        "gnutls_session_set_verify_cert(session, NAME, 0): with NULL the name is not checked; "
        "wget: no --no-check-certificate",
    ),
    "git": Advice(
        "http.sslVerify true (the default), and no GIT_SSL_NO_VERIFY",
        "http.sslCAInfo ca.crt, and http.sslCAPath an empty directory; no GIT_SSL_CAINFO, which replaces the first",
        "http.sslVerify true, which also checks the name",
    ),
    "Java": Advice(
        "the default TrustManager: no X509TrustManager with an empty checkServerTrusted",
        "-Djavax.net.ssl.trustStore=truststore.p12, which replaces the default CAs",
        'SSLParameters.setEndpointIdentificationAlgorithm("HTTPS") on an SSLSocket or SSLEngine; no HostnameVerifier '
        "that returns true, no jdk.internal.httpclient.disableHostnameVerification",
    ),
    "Ruby": Advice(
        "verify_mode = OpenSSL::SSL::VERIFY_PEER, and no verify_callback that returns true",
        'ca_file = "ca.crt", without set_default_paths',
        "SSLContext#verify_hostname = true and SSLSocket#hostname = NAME; or post_connection_check(NAME)",
    ),
    "PHP": Advice(
        "stream context: verify_peer true; curl: CURLOPT_SSL_VERIFYPEER true",
        "stream context: cafile ca.crt; curl: CURLOPT_CAINFO ca.crt",
        "stream context: verify_peer_name true, and peer_name NAME; curl: CURLOPT_SSL_VERIFYHOST 2",
    ),
    "Perl": Advice(
        "SSL_verify_mode => SSL_VERIFY_PEER, and no SSL_verify_callback that returns 1",
        'SSL_ca_file => "ca.crt"',
        'IO::Socket::SSL: SSL_verifycn_scheme => "http", SSL_verifycn_name => NAME; LWP: ssl_opts verify_hostname => 1',
    ),
    ".NET": Advice(
        "no ServerCertificateCustomValidationCallback that returns true",
        "X509ChainPolicy: TrustMode = CustomRootTrust, and your CA in CustomTrustStore",
        "a validation callback must reject SslPolicyErrors.RemoteCertificateNameMismatch",
    ),
    "rustls": Advice(
        "no dangerous().set_certificate_verifier(); reqwest: no danger_accept_invalid_certs(true)",
        "a RootCertStore with only your CA; reqwest: tls_built_in_root_certs(false) and add_root_certificate",
        "reqwest: no danger_accept_invalid_hostnames(true)",
    ),
    "mosquitto": Advice(
        "--cafile ca.crt, and no --insecure",
        "--cafile ca.crt, and no --tls-use-os-certs",
        "no --insecure, which turns off the check of the name",
    ),
    "PostgreSQL": Advice(
        "sslmode=verify-full: require and lower do not verify the certificate",
        "sslrootcert=ca.crt, not sslrootcert=system",
        "sslmode=verify-full: verify-ca does not check the name",
    ),
    "MySQL": Advice(
        "mysql: --ssl-mode=VERIFY_IDENTITY --ssl-ca=ca.crt; mariadb: --ssl-verify-server-cert --ssl-ca=ca.crt",
        "--ssl-ca=ca.crt, and no --ssl-capath",
        "mysql: --ssl-mode=VERIFY_IDENTITY, as VERIFY_CA does not check the name; mariadb: --ssl-verify-server-cert",
    ),
    "Redis": Advice(
        "--tls --cacert ca.crt, and no --insecure",
        "--cacert ca.crt, and no --cacertdir",
        "this client has no name check: give the CA that it trusts to no other server",
    ),
    "OpenLDAP": Advice(
        "TLS_REQCERT demand in ldap.conf, or LDAPTLS_REQCERT=demand",
        "TLS_CACERT ca.crt in ldap.conf, or LDAPTLS_CACERT; with GnuTLS it checks this machine's own name in place of "
        "localhost: --name HOSTNAME --listen ADDRESS:0",
        "TLS_REQCERT demand: allow and never do not check the name",
    ),
}


def advice(stack: str, remedy: Remedy) -> str:
    """The fix of that remedy for a client of this stack; empty when there is none."""
    if stack not in ADVICE:
        return remedy.client.get(stack, "")
    own = ADVICE[stack]
    for kind, sentence in ((OF_NAME, own.name), (OF_TRUST, own.trust), (OF_VERIFICATION, own.verify)):
        if remedy in kind:
            return sentence
    return ""
