"""Python's own ssl, with http.server and http.client."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong

SERVER = """
import http.server
import ssl

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.minimum_version = ssl.TLSVersion.TLSv1_2
context.load_cert_chain(
    "@chain@",
    "@key@",
    password=open("@passphrase@").readline().rstrip("\\n"),
)
context.load_verify_locations("@ca@")
context.load_verify_locations("@crl@"); context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
context.verify_mode = ssl.CERT_REQUIRED


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = 10  # the handshake is done in the thread of the connection, so that no client stops the others

    def do_GET(self):
        body = f"client {self.connection.getpeercert()}\\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", @port@), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
"""
CLIENT = """
import http.client
import ssl
import sys

context = ssl.create_default_context(cafile="@ca@")
context.load_verify_locations("@crl@"); context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
context.load_cert_chain(
    "@chain@",
    "@key@",
    password=open("@passphrase@").readline().rstrip("\\n"),
)
connection = http.client.HTTPSConnection(sys.argv[1], int(sys.argv[2]), context=context, timeout=10)
connection.request("GET", "/")
response = connection.getresponse()
print(response.status, response.read().decode())
"""
SERVER_FIXES = {
    Mistake.TRUST: (
        'context.load_verify_locations("ca.crt"); create_default_context of 3.13 requires keyUsage on the CA'
    ),
    Mistake.DEPTH: "no change: it uses the chain that is sent; the client passes it to load_cert_chain, leaf first",
    Mistake.ANCHOR_ALONE: (
        "load_verify_locations with only the root: with create_default_context of 3.13 each is an anchor"
    ),
    Mistake.REQUIRE: "context.verify_mode = ssl.CERT_REQUIRED; with CERT_OPTIONAL no certificate is fine",
    Mistake.VERIFY: (
        "context.verify_mode = ssl.CERT_REQUIRED, and no callback (pyOpenSSL) that returns True for an error"
    ),
    Mistake.OWN_AUTHORITY: 'load_verify_locations("ca.crt") and no load_default_certs()',
    Mistake.PROOF: "CERT_REQUIRED, and read getpeercert(), which is empty for what was not verified",
    Mistake.CHAIN: "CERT_REQUIRED; context.verify_flags |= ssl.VERIFY_X509_STRICT; no custom chain building",
    Mistake.TIME: "CERT_REQUIRED; no X509_V_FLAG_NO_CHECK_TIME (0x200000) in context.verify_flags",
    Mistake.PURPOSE: "CERT_REQUIRED in a context of PROTOCOL_TLS_SERVER, which requires clientAuth",
    Mistake.DEMAND_PURPOSE: (
        "getpeercert() does not contain it: read getpeercert(True) with a library, e.g. cryptography"
    ),
    Mistake.DEMAND_LEAF: "getpeercert() does not contain it: read getpeercert(True) with a library, e.g. cryptography",
    Mistake.REVOCATION: 'context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF; context.load_verify_locations("ca.crl")',
    Mistake.STRENGTH: 'context.set_ciphers("DEFAULT:@SECLEVEL=2")',
    Mistake.NEW_VERSIONS: "context.minimum_version = ssl.TLSVersion.TLSv1_2 (the default since 3.10)",
    Mistake.REAL_CIPHERS: 'leave the default, or end set_ciphers() with ":!aNULL:!eNULL"',
    Mistake.IDENTITY: "context.load_cert_chain: a file with the leaf first, then its intermediates",
    Mistake.EVERY_NAME: "sni_callback: verify_mode = ssl.CERT_REQUIRED in every context that it sets, and in the first",
    Mistake.SHORT_SESSIONS: "context.num_tickets = 0 and context.options |= ssl.OP_NO_TICKET",
    Mistake.SESSIONS_APART: "a context for each name, without tickets: context.options |= ssl.OP_NO_TICKET",
    Mistake.SAME_HOST: "compare the Host header with the name that sni_callback was given",
    Mistake.OWN_HEADERS: "connection.getpeercert(), not a header; or a socket that only the proxy can reach",
    Mistake.TLS_ONLY: "wrap_socket in every connection",
    Mistake.CA_NAMES: "load_verify_locations(cafile): its subjects are sent",
}
CLIENT_FIXES = {
    Mistake.TRUST: 'ssl.create_default_context(cafile="ca.crt"), which from 3.13 on also requires keyUsage on the CA',
    Mistake.DEPTH: "no change: it uses the chain that is sent; the server passes it to load_cert_chain, leaf first",
    Mistake.ANCHOR_ALONE: "cafile with only the root: with create_default_context of 3.13 each is an anchor",
    Mistake.VERIFY: "ssl.create_default_context(cafile=...); no CERT_NONE, and no verify=False in requests",
    Mistake.OWN_AUTHORITY: 'ssl.create_default_context(cafile="ca.crt"), which then loads no other CAs',
    Mistake.PROOF: "ssl.create_default_context(cafile=...); pinning a fingerprint is an addition, not a replacement",
    Mistake.CHAIN: "ssl.create_default_context(cafile=...); no custom chain building",
    Mistake.TIME: "ssl.create_default_context(); no X509_V_FLAG_NO_CHECK_TIME (0x200000) in context.verify_flags",
    Mistake.PURPOSE: "a context of PROTOCOL_TLS_CLIENT, which requires serverAuth",
    Mistake.DEMAND_PURPOSE: (
        "getpeercert() does not contain it: read getpeercert(True) with a library, e.g. cryptography"
    ),
    Mistake.DEMAND_LEAF: "getpeercert() does not contain it: read getpeercert(True) with a library, e.g. cryptography",
    Mistake.REVOCATION: 'context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF; context.load_verify_locations("ca.crl")',
    Mistake.STRENGTH: 'context.set_ciphers("DEFAULT:@SECLEVEL=2")',
    Mistake.NAME: "context.check_hostname = True, and server_hostname=NAME (also for an address) in wrap_socket",
    Mistake.NAMES_IN_SAN: "context.hostname_checks_common_name = False",
    Mistake.NEW_VERSIONS: "context.minimum_version = ssl.TLSVersion.TLSv1_2 (the default since 3.10)",
}
STACK = Stack(
    title="Python",
    says=(r"^Server: BaseHTTP/\S*( Python/\S*)?", r"^Server: SimpleHTTP/\S*( Python/\S*)?"),
    programs=("python", "pypy", "http", "https"),
    server=Side(
        files={"server.py": SERVER},
        start="python3 @dir@/server.py",
        tested="3.11",
        wrong=(
            Wrong(
                setting="CERT_REQUIRED",
                right="context.verify_mode = ssl.CERT_REQUIRED",
                wrong="context.verify_mode = ssl.CERT_OPTIONAL",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="CERT_REQUIRED",
                right="context.verify_mode = ssl.CERT_REQUIRED",
                wrong="context.verify_mode = ssl.CERT_NONE",
                effect="no certificate is requested",
                mistake=Mistake.REQUIRE,
            ),
        ),
        fixes=SERVER_FIXES,
    ),
    client=Side(
        files={"client.py": CLIENT},
        start="python3 @dir@/client.py @host@ @port@",
        tested="3.11",
        wrong=(
            Wrong(
                setting="check_hostname",
                right='context = ssl.create_default_context(cafile="@ca@")',
                wrong='context = ssl.create_default_context(cafile="@ca@")\ncontext.check_hostname = False',
                effect="any server of the CA is believed, whatever its name",
                mistake=Mistake.NAME,
            ),
            Wrong(
                setting="create_default_context",
                right="ssl.create_default_context(",
                wrong="ssl._create_unverified_context(",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        fixes=CLIENT_FIXES,
    ),
)
