"""Gunicorn, a server of WSGI applications for Python."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "3")])
    return [b"ok\\n"]
"""
STACK = Stack(
    title="Gunicorn",
    says=(r"^Server: gunicorn",),
    family="python",
    server=Side(
        files={"app.py": APP},
        start="python3 -m gunicorn --chdir @dir@ --threads 4 -b 127.0.0.1:@port@ --certfile @chain@ --keyfile @key@ "
        "--ca-certs @ca@ --cert-reqs 2 app:app",
        tested="27.0",
        wrong=(
            Wrong(
                setting="--cert-reqs",
                right="--cert-reqs 2",
                wrong="--cert-reqs 1",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="no CRL and no encrypted key, without the hook ssl_context",
        fixes=fixes(
            require="--cert-reqs 2 (CERT_REQUIRED); 1 is optional, 0 the default",
            verify="--cert-reqs 2 and --ca-certs ca.crt",
            trust="--ca-certs with only the root",
            others={Mistake.IDENTITY: "--certfile: the leaf first, then its intermediates"},
        ),
    ),
)
