"""Hitch, the TLS proxy of Varnish (hitch.conf(5))."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CONF = """
frontend = "[127.0.0.1]:@port@"
# yours is "[127.0.0.1]:6081"; this one is of backend.py, which answers to try it
backend = "@dir@/backend"
pem-file = "@combined@"
tls-protos = TLSv1.2 TLSv1.3
client-verify = required
client-verify-ca = "@ca@"
workers = 1
"""
BACKEND = """
import http.server
import socketserver


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\\n")

    def log_message(self, *words):
        pass


socketserver.ThreadingUnixStreamServer("@dir@/backend", Handler).serve_forever()
"""
STACK = Stack(
    title="Hitch",
    protocol="auto",
    server=Side(
        files={"hitch.conf": CONF, "backend.py": BACKEND},
        start=(
            "sh -c 'python3 @dir@/backend.py & until [ -S @dir@/backend ]; do sleep 0.1; done; exec hitch "
            "--config=@dir@/hitch.conf'"
        ),
        tested="1.7",
        wrong=(
            Wrong(
                setting="client-verify",
                right="client-verify = required",
                wrong="client-verify = optional",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="client-verify",
                right="client-verify = required",
                wrong="client-verify = none",
                effect="no certificate is requested",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="no CRL and no encrypted key",
        fixes=fixes(
            require="client-verify = required, also in each frontend block; optional lets clients without one in",
            verify="client-verify = required, with client-verify-ca",
            trust="client-verify-ca with only the root",
            others={
                Mistake.IDENTITY: "pem-file: the key, the leaf, then its intermediates (the output combined)",
                Mistake.NEW_VERSIONS: "tls-protos = TLSv1.2 TLSv1.3",
            },
        ),
    ),
)
