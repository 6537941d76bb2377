"""Werkzeug, which serves Flask applications while they are developed."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong

SERVER = """
import ssl

from werkzeug.serving import run_simple

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(
    "@chain@",
    "@key@",
    password=open("@passphrase@").readline().rstrip("\\n"),
)
context.load_verify_locations("@ca@")
context.load_verify_locations("@crl@"); context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
context.verify_mode = ssl.CERT_REQUIRED


def app(environ, start_response):  # yours is a Flask()
    start_response("200 OK", [("Content-Length", "3")])
    return [b"ok\\n"]


run_simple("127.0.0.1", @port@, app, ssl_context=context, threaded=True)
"""
STACK = Stack(
    title="Werkzeug, Flask",
    says=(r"^Server: Werkzeug/\S*",),
    family="python",
    server=Side(
        files={"server.py": SERVER},
        start="python3 @dir@/server.py",
        tested="3.1",
        wrong=(
            Wrong(
                setting="CERT_REQUIRED",
                right="ssl.CERT_REQUIRED",
                wrong="ssl.CERT_OPTIONAL",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="for development: in production put the context into a server such as Gunicorn",
    ),
)
