"""How to fix a verifier, for each TLS stack; the cases refer to these (pure).

Sources: openssl-s_server(1), openssl-s_client(1), nginx's ngx_http_ssl_module and ngx_http_proxy_module, Go's
crypto/tls and crypto/x509, Python's ssl, Node's tls, curl(1).
"""

from collections.abc import Mapping

from msgspec import Struct, field


class Remedy(Struct, frozen=True):
    """Fixes by stack: for a server that verifies clients, and for a client that verifies servers."""

    server: Mapping[str, str] = field(default_factory=dict)
    client: Mapping[str, str] = field(default_factory=dict)


TRUST = Remedy(
    server={
        "openssl": "`openssl verify -CAfile ca.crt -purpose sslclient client.crt` must print OK; s_server "
        "-CAfile ca.crt",
        "nginx": "ssl_client_certificate ca.crt; the reason for a rejection is in error.log at level info",
        "Go": "ClientCAs: a pool whose AppendCertsFromPEM(ca.crt) returned true",
        "Python": 'context.load_verify_locations("ca.crt"); create_default_context of 3.13 requires keyUsage on the CA',
        "Node": 'ca: fs.readFileSync("ca.crt")',
    },
    client={
        "openssl": "`openssl verify -CAfile ca.crt -purpose sslserver server.crt` must print OK; s_client "
        "-CAfile ca.crt",
        "nginx": "proxy_ssl_trusted_certificate ca.crt, and proxy_ssl_name with a name of the certificate",
        "Go": "RootCAs: a pool whose AppendCertsFromPEM(ca.crt) returned true",
        "Python": 'ssl.create_default_context(cafile="ca.crt"), which from 3.13 on also requires keyUsage on the CA',
        "Node": 'ca: fs.readFileSync("ca.crt")',
        "curl": "--cacert ca.crt",
    },
)

DEPTH = Remedy(
    server={
        "openssl": "s_server -verify_depth N, where it is set; the N of -Verify does not limit",
        "nginx": "ssl_verify_depth 2 or more (1 by default)",
        "Go": "with a verification of your own: put PeerCertificates[1:] into VerifyOptions.Intermediates",
        "Python": "no change: it uses the chain that is sent; the client passes it to load_cert_chain, leaf first",
        "Node": "no change: it uses the chain that is sent; the client appends it to `cert`, leaf first",
    },
    client={
        "openssl": "s_client -verify_depth N, where it is set",
        "nginx": "proxy_ssl_verify_depth 2 or more (1 by default)",
        "Go": "with VerifyPeerCertificate: put the certificates after the first into VerifyOptions.Intermediates",
        "Python": "no change: it uses the chain that is sent; the server passes it to load_cert_chain, leaf first",
        "Node": "no change: it uses the chain that is sent; the server appends it to `cert`, leaf first",
        "curl": "no change: it uses the chain that is sent",
    },
)

ANCHOR_ALONE = Remedy(
    server={
        "openssl": "s_server -CAfile with only the root, without -partial_chain",
        "nginx": "ssl_client_certificate and ssl_trusted_certificate with only the root",
        "Go": "ClientCAs with only the root: each certificate of the pool is an anchor",
        "Python": "load_verify_locations with only the root: with create_default_context of 3.13 each is an anchor",
        "Node": "`ca` with only the root",
    },
    client={
        "openssl": "s_client -CAfile with only the root, without -partial_chain",
        "nginx": "proxy_ssl_trusted_certificate with only the root",
        "Go": "RootCAs with only the root: each certificate of the pool is an anchor",
        "Python": "cafile with only the root: with create_default_context of 3.13 each is an anchor",
        "Node": "`ca` with only the root",
        "curl": "--cacert with only the root: it treats each certificate in it as an anchor",
    },
)

REQUIRE = Remedy(
    server={
        "openssl": "s_server -Verify 5 -verify_return_error; -verify with a small v only asks",
        "nginx": "ssl_verify_client on, in each server block of the address; with `optional` every location has to "
        "refuse unless $ssl_client_verify is SUCCESS",
        "Go": "ClientAuth: tls.RequireAndVerifyClientCert, also in what GetConfigForClient returns",
        "Python": "context.verify_mode = ssl.CERT_REQUIRED; with CERT_OPTIONAL no certificate is fine",
        "Node": "requestCert: true, rejectUnauthorized: true",
    },
)

VERIFY = Remedy(
    server={
        "openssl": "s_server -Verify 5 -verify_return_error -CAfile ca.crt; without -verify_return_error it goes on",
        "nginx": "ssl_verify_client on; `optional_no_ca` lets it in and leaves the rest to the application",
        "Go": "ClientAuth: tls.RequireAndVerifyClientCert; RequireAnyClientCert and RequestClientCert verify nothing",
        "Python": "context.verify_mode = ssl.CERT_REQUIRED, and no callback (pyOpenSSL) that returns True for an error",
        "Node": "rejectUnauthorized: true; with false, end each socket whose `authorized` is not true",
    },
    client={
        "openssl": "s_client -verify_return_error -CAfile ca.crt; without it the error is printed and it goes on",
        "nginx": "proxy_ssl_verify on (off by default)",
        "Go": "no InsecureSkipVerify: true",
        "Python": "ssl.create_default_context(cafile=...); no CERT_NONE, and no verify=False in requests",
        "Node": "no rejectUnauthorized: false, no NODE_TLS_REJECT_UNAUTHORIZED=0",
        "curl": "no -k (--insecure)",
    },
)

OWN_AUTHORITY = Remedy(
    server={
        "openssl": "s_server -CAfile ca.crt -no-CApath -no-CAstore -verify_return_error",
        "nginx": "only your CA in ssl_client_certificate, and in ssl_trusted_certificate, which is also trusted",
        "Go": "ClientCAs: your pool; where it is nil the system's roots are trusted",
        "Python": 'load_verify_locations("ca.crt") and no load_default_certs()',
        "Node": "`ca`: your CA; without it a list of public ones is trusted",
    },
    client={
        "openssl": "s_client -CAfile ca.crt -no-CApath -no-CAstore -verify_return_error",
        "nginx": "only your CA in proxy_ssl_trusted_certificate, with proxy_ssl_verify on",
        "Go": "RootCAs: your pool; where it is nil the system's roots are trusted",
        "Python": 'ssl.create_default_context(cafile="ca.crt"), which then loads no other CAs',
        "Node": "`ca`: your CA; without it a list of public ones is trusted",
        "curl": "--cacert ca.crt, and --capath with an empty directory where the build has a default one",
    },
)

PROOF = Remedy(
    server={
        "openssl": "no callback of SSL_CTX_set_verify that returns 1 for everything; s_server -verify_return_error",
        "nginx": "let nginx terminate TLS itself (ssl_verify_client on); behind a proxy, drop a header that a "
        "client sent in "
        "the place of the proxy's",
        "Go": "RequireAndVerifyClientCert, and read ConnectionState.VerifiedChains, not a certificate that you parsed",
        "Python": "CERT_REQUIRED, and read getpeercert(), which is empty for what was not verified",
        "Node": "rejectUnauthorized: true, and look at socket.authorized before getPeerCertificate()",
    },
    client={
        "openssl": "no callback of SSL_CTX_set_verify that returns 1 for everything; s_client -verify_return_error",
        "nginx": "proxy_ssl_verify on",
        "Go": "no InsecureSkipVerify: true; a VerifyPeerCertificate used with it must call Certificate.Verify",
        "Python": "ssl.create_default_context(cafile=...); pinning a fingerprint is an addition, not a replacement",
        "Node": "no rejectUnauthorized: false; checkServerIdentity is an addition, not a replacement",
        "curl": "no -k; --pinnedpubkey is an addition, not a replacement",
    },
)

CHAIN = Remedy(
    server={
        "openssl": "leave the chain to X509_verify_cert (s_server -Verify 5 -verify_return_error); add -x509_strict",
        "nginx": "ssl_verify_client on, and no custom verification of $ssl_client_raw_cert",
        "Go": "RequireAndVerifyClientCert; custom code calls Certificate.Verify, not CheckSignature for each "
        "certificate",
        "Python": "CERT_REQUIRED; context.verify_flags |= ssl.VERIFY_X509_STRICT; no custom chain building",
        "Node": "rejectUnauthorized: true; no custom walk along issuerCertificate",
    },
    client={
        "openssl": "leave the chain to X509_verify_cert (s_client -verify_return_error); add -x509_strict",
        "nginx": "proxy_ssl_verify on",
        "Go": "no InsecureSkipVerify: true; custom code calls Certificate.Verify, not CheckSignature for each "
        "certificate",
        "Python": "ssl.create_default_context(cafile=...); no custom chain building",
        "Node": "no rejectUnauthorized: false; no custom walk along issuerCertificate",
        "curl": "no -k",
    },
)

TIME = Remedy(
    server={
        "openssl": "no -no_check_time and no -attime; s_server -verify_return_error",
        "nginx": "ssl_verify_client on checks the dates: see the clock (date -u), and what terminates TLS before nginx",
        "Go": "RequireAndVerifyClientCert; neither tls.Config.Time nor VerifyOptions.CurrentTime may be constant",
        "Python": "CERT_REQUIRED; no X509_V_FLAG_NO_CHECK_TIME (0x200000) in context.verify_flags",
        "Node": "rejectUnauthorized: true; do not ignore CERT_HAS_EXPIRED in tlsClientError or authorizationError",
    },
    client={
        "openssl": "no -no_check_time and no -attime; s_client -verify_return_error",
        "nginx": "proxy_ssl_verify on",
        "Go": "no InsecureSkipVerify: true; neither tls.Config.Time nor VerifyOptions.CurrentTime may be constant",
        "Python": "ssl.create_default_context(); no X509_V_FLAG_NO_CHECK_TIME (0x200000) in context.verify_flags",
        "Node": "no rejectUnauthorized: false; do not ignore CERT_HAS_EXPIRED",
        "curl": "no -k",
    },
)

PURPOSE = Remedy(
    server={
        "openssl": "s_server checks sslclient by default; `openssl verify` and X509_verify_cert only with -purpose",
        "nginx": "ssl_verify_client on checks the purpose; an application that verifies $ssl_client_raw_cert "
        "must do so too",
        "Go": "your calls of Certificate.Verify: KeyUsages: {x509.ExtKeyUsageClientAuth}; check KeyUsage in "
        "VerifyConnection",
        "Python": "CERT_REQUIRED in a context of PROTOCOL_TLS_SERVER, which requires clientAuth",
        "Node": "rejectUnauthorized: true, which requires clientAuth",
    },
    client={
        "openssl": "s_client checks sslserver by default; `openssl verify` and X509_verify_cert only with -purpose",
        "nginx": "proxy_ssl_verify on",
        "Go": "no InsecureSkipVerify: true; check KeyUsage in VerifyConnection",
        "Python": "a context of PROTOCOL_TLS_CLIENT, which requires serverAuth",
        "Node": "no rejectUnauthorized: false",
        "curl": "no -k",
    },
)

DEMAND_PURPOSE = Remedy(
    server={
        "openssl": "in the application: X509_get_extension_flags() has EXFLAG_XKUSAGE",
        "nginx": "no directive: admit by $ssl_client_s_dn or $ssl_client_fingerprint, or issue with only clientAuth",
        "Go": "VerifyConnection: reject when PeerCertificates[0].ExtKeyUsage is empty",
        "Python": "getpeercert() does not contain it: read getpeercert(True) with a library, e.g. cryptography",
        "Node": "reject when getPeerCertificate().ext_key_usage is undefined",
    },
    client={
        "openssl": "in the application: X509_get_extension_flags() has EXFLAG_XKUSAGE",
        "nginx": "no directive: issue with only serverAuth",
        "Go": "VerifyConnection: reject when PeerCertificates[0].ExtKeyUsage is empty",
        "Python": "getpeercert() does not contain it: read getpeercert(True) with a library, e.g. cryptography",
        "Node": "checkServerIdentity: reject when the certificate's ext_key_usage is undefined",
        "curl": "no option: issue with only serverAuth",
    },
)

DEMAND_LEAF = Remedy(
    server={
        "openssl": "in the application: X509_check_ca() of the peer's certificate is 0",
        "nginx": "no directive: admit by $ssl_client_s_dn or $ssl_client_fingerprint",
        "Go": "VerifyConnection: reject when PeerCertificates[0].IsCA",
        "Python": "getpeercert() does not contain it: read getpeercert(True) with a library, e.g. cryptography",
        "Node": "reject when getPeerX509Certificate().ca",
    },
    client={
        "openssl": "in the application: X509_check_ca() of the peer's certificate is 0",
        "nginx": "no directive: control what the CA issues",
        "Go": "VerifyConnection: reject when PeerCertificates[0].IsCA",
        "Python": "getpeercert() does not contain it: read getpeercert(True) with a library, e.g. cryptography",
        "Node": "after secureConnect: reject when getPeerX509Certificate().ca",
        "curl": "no option: control what the CA issues",
    },
)

REVOCATION = Remedy(
    server={
        "openssl": "s_server -crl_check -CRL ca.crl (with -crl_check_all, one CRL for each CA of the chain)",
        "nginx": "ssl_crl with a CRL of each CA of the chain; reload nginx after each new CRL",
        "Go": "crypto/tls does not check CRLs: in VerifyConnection read x509.ParseRevocationList, check "
        "CheckSignatureFrom "
        "and NextUpdate, then look for the serial",
        "Python": 'context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF; context.load_verify_locations("ca.crl")',
        "Node": 'crl: fs.readFileSync("ca.crl"); setSecureContext() loads a new one',
    },
    client={
        "openssl": "s_client -crl_check -CRL ca.crl (with -crl_check_all, one CRL for each CA of the chain)",
        "nginx": "proxy_ssl_crl with a CRL of each CA of the chain; reload nginx after each new CRL",
        "Go": "crypto/tls does not check CRLs: in VerifyConnection read x509.ParseRevocationList, check "
        "CheckSignatureFrom "
        "and NextUpdate, then look for the serial",
        "Python": 'context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF; context.load_verify_locations("ca.crl")',
        "Node": 'crl: fs.readFileSync("ca.crl")',
        "curl": "--crlfile with a CRL of each CA of the chain",
    },
)

STRENGTH = Remedy(
    server={
        "openssl": "s_server -cipher DEFAULT@SECLEVEL=2 (level 1 is the default before 3.2)",
        "nginx": "ssl_ciphers DEFAULT:@SECLEVEL=2",
        "Go": "VerifyConnection: reject an *rsa.PublicKey whose N.BitLen() is under 2048; no GODEBUG=x509sha1=1",
        "Python": 'context.set_ciphers("DEFAULT:@SECLEVEL=2")',
        "Node": 'ciphers: "DEFAULT:@SECLEVEL=2"',
    },
    client={
        "openssl": "s_client -cipher DEFAULT@SECLEVEL=2 (level 1 is the default before 3.2)",
        "nginx": "proxy_ssl_ciphers DEFAULT:@SECLEVEL=2",
        "Go": "VerifyConnection: reject an *rsa.PublicKey whose N.BitLen() is under 2048; no GODEBUG=x509sha1=1",
        "Python": 'context.set_ciphers("DEFAULT:@SECLEVEL=2")',
        "Node": 'ciphers: "DEFAULT:@SECLEVEL=2"',
        "curl": "--ciphers DEFAULT@SECLEVEL=2",
    },
)

NAME = Remedy(
    client={
        "openssl": "s_client -verify_hostname NAME, or -verify_ip ADDRESS, with -verify_return_error",
        "nginx": "proxy_ssl_verify on, and proxy_ssl_name if the name differs from proxy_pass",
        "Go": "no InsecureSkipVerify: true; tls.Config.ServerName if the name differs from the address",
        "Python": "context.check_hostname = True, and server_hostname=NAME (also for an address) in wrap_socket",
        "Node": "no checkServerIdentity that always returns undefined; host: NAME",
        "curl": "no -k; --connect-to connects to a different address with the same name",
    },
)

NAMES_IN_SAN = Remedy(
    client={
        "openssl": "in the application: X509_VERIFY_PARAM_set_hostflags with X509_CHECK_FLAG_NEVER_CHECK_SUBJECT",
        "nginx": "no directive: issue with a SAN",
        "Go": "no change: it ignores CN since 1.15; on an error about it, issue with a SAN",
        "Python": "context.hostname_checks_common_name = False",
        "Node": "checkServerIdentity: reject when the certificate's subjectaltname is undefined",
        "curl": "no option: issue with a SAN",
    },
)

NEW_VERSIONS = Remedy(
    server={
        "openssl": "s_server -min_protocol TLSv1.2, or MinProtocol = TLSv1.2 in openssl.cnf",
        "nginx": "ssl_protocols TLSv1.2 TLSv1.3",
        "Go": "MinVersion: tls.VersionTLS12 (for a server the default since 1.22)",
        "Python": "context.minimum_version = ssl.TLSVersion.TLSv1_2 (the default since 3.10)",
        "Node": 'minVersion: "TLSv1.2" (the default since 12)',
    },
    client={
        "openssl": "s_client -min_protocol TLSv1.2, or MinProtocol = TLSv1.2 in openssl.cnf",
        "nginx": "proxy_ssl_protocols TLSv1.2 TLSv1.3",
        "Go": "MinVersion: tls.VersionTLS12 (for a client the default since 1.18)",
        "Python": "context.minimum_version = ssl.TLSVersion.TLSv1_2 (the default since 3.10)",
        "Node": 'minVersion: "TLSv1.2" (the default since 12)',
        "curl": "--tlsv1.2",
    },
)

REAL_CIPHERS = Remedy(
    server={
        "openssl": "s_server -cipher DEFAULT: no ALL, COMPLEMENTOFALL, eNULL or aNULL",
        "nginx": "ssl_ciphers HIGH:!aNULL:!eNULL, or leave the default",
        "Go": "no change: it has no such ciphers",
        "Python": 'leave the default, or end set_ciphers() with ":!aNULL:!eNULL"',
        "Node": 'leave the default, or end `ciphers` with ":!aNULL:!eNULL"',
    },
)

IDENTITY = Remedy(
    server={
        "openssl": "s_server -cert server.crt -cert_chain intermediates.crt; `openssl verify -purpose sslserver "
        "-verify_hostname NAME -CAfile ca.crt -untrusted intermediates.crt server.crt` must print OK",
        "nginx": "ssl_certificate: the leaf first, then its intermediates; issue it with the name that clients "
        "connect to",
        "Go": "tls.LoadX509KeyPair: a file with the leaf first, then its intermediates",
        "Python": "context.load_cert_chain: a file with the leaf first, then its intermediates",
        "Node": "`cert`: the leaf first, then its intermediates",
    },
)

EVERY_NAME = Remedy(
    server={
        "openssl": "s_server -Verify 5 -verify_return_error applies to every name; an SNI callback must not change it",
        "nginx": "ssl_verify_client on in the default_server too, or ssl_reject_handshake on there",
        "Go": "GetConfigForClient: a config with the same ClientAuth, also for no name and an unknown one",
        "Python": "sni_callback: verify_mode = ssl.CERT_REQUIRED in every context that it sets, and in the first",
        "Node": "requestCert and rejectUnauthorized in the options of createServer, which apply to each addContext",
    },
)

SHORT_SESSIONS = Remedy(
    server={
        "openssl": "s_server -no_ticket -no_cache, or a short SSL_CTX_set_timeout",
        "nginx": "a short ssl_session_timeout; ssl_session_tickets off and ssl_session_cache off for none at all",
        "Go": "SessionTicketsDisabled: true; VerifyConnection is called for resumed sessions too",
        "Python": "context.num_tickets = 0 and context.options |= ssl.OP_NO_TICKET",
        "Node": "a short sessionTimeout (seconds); secureOptions: SSL_OP_NO_TICKET",
    },
)

SESSIONS_APART = Remedy(
    server={
        "openssl": "SSL_CTX_set_session_id_context: a different one for each name with different rules",
        "nginx": "1.26.3, 1.27.4 or newer (CVE-2025-23419), or ssl_session_cache and ssl_session_ticket_key of its own "
        "for each server block",
        "Go": "a Config with ticket keys of its own (SetSessionTicketKeys) for each name",
        "Python": "a context for each name, without tickets: context.options |= ssl.OP_NO_TICKET",
        "Node": "a server with ticketKeys and sessionIdContext of its own for each name with different rules",
    },
)

SAME_HOST = Remedy(
    server={
        "openssl": "s_server knows no hosts",
        "nginx": "1.27.4 or newer, or `if ($ssl_server_name != $host) { return 421; }` in each server block",
        "Apache": "SSLStrictSNIVHostCheck on, and 2.4.64 or newer",
        "Go": "reject a request whose Host is not r.TLS.ServerName",
        "Python": "compare the Host header with the name that sni_callback was given",
        "Node": "compare req.headers.host with req.socket.servername",
        "Traefik, Envoy": "one set of TLS options for all hosts of an entry point; answer others with 421",
    },
)

OWN_HEADERS = Remedy(
    server={
        "openssl": "s_server passes no headers on",
        "nginx": "proxy_set_header X-SSL-Client-Verify $ssl_client_verify, and so on for each header that is read",
        "Apache": "RequestHeader unset X-SSL-Client-Verify, then set it from %{SSL_CLIENT_VERIFY}s",
        "HAProxy": "http-request del-header x-ssl-client- -m beg, then set-header",
        "Envoy": "forward_client_cert_details: SANITIZE_SET",
        "Traefik": "passTLSClientCert on every router; it removes the client's own X-Forwarded-Tls-Client-Cert",
        "Go": "r.TLS.PeerCertificates, not a header; or a listener that only the proxy can reach",
        "Python": "connection.getpeercert(), not a header; or a socket that only the proxy can reach",
        "Node": "socket.getPeerCertificate(), not a header; or a socket that only the proxy can reach",
    },
)

TLS_ONLY = Remedy(
    server={
        "openssl": "s_server speaks TLS alone",
        "nginx": "`listen PORT ssl` and no second `listen PORT` without it; error_page 497 must not serve content",
        "HAProxy": "`ssl` in each bind line of the port",
        "Istio": "PeerAuthentication with mtls.mode STRICT",
        "Go": "ListenAndServeTLS, without a listener that looks at the first byte",
        "Python": "wrap_socket in every connection",
        "Node": "https.createServer, without httpolyglot",
        "SMTP, IMAP, POP3": "reject mail and logins before STARTTLS (Postfix: smtpd_tls_security_level encrypt)",
        "PostgreSQL": "hostssl, not host, in pg_hba.conf",
    },
)

CA_NAMES = Remedy(
    server={
        "openssl": "s_server -CAfile ca.crt sends the names in it; -chainCAfile sends none",
        "nginx": "ssl_client_certificate names the CAs that are sent; those of ssl_trusted_certificate are not sent",
        "Apache": "SSLCADNRequestFile ca.crt, or SSLCACertificateFile alone",
        "HAProxy": "ca-file is sent; with ca-verify-file only the names of ca-file",
        "Go": "ClientCAs: its subjects are sent",
        "Python": "load_verify_locations(cafile): its subjects are sent",
        "Node": "ca: its subjects are sent",
    },
)
