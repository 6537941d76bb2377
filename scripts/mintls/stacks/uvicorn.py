"""Uvicorn, a server of ASGI applications for Python."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

APP = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
        await send({"type": "http.response.body", "body": b"ok\\n"})
"""
STACK = Stack(
    title="Uvicorn",
    says=(r"^server: uvicorn",),
    family="python",
    server=Side(
        files={"app.py": APP},
        start="python3 -m uvicorn --app-dir @dir@ app:app --host 127.0.0.1 --port @port@ --ssl-certfile @chain@ "
        "--ssl-keyfile @key@ --ssl-ca-certs @ca@ --ssl-cert-reqs 2",
        tested="0.54",
        wrong=(
            Wrong(
                setting="--ssl-cert-reqs",
                right="--ssl-cert-reqs 2",
                wrong="--ssl-cert-reqs 1",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="--ssl-cert-reqs",
                right=" --ssl-cert-reqs 2",
                wrong="",
                effect="no certificate is requested",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="a passphrase only on the command line; the certificate of the client does not reach the application",
        fixes=fixes(
            require="--ssl-cert-reqs 2 (CERT_REQUIRED); 1 is optional, 0 the default",
            verify="--ssl-cert-reqs 2 and --ssl-ca-certs ca.crt",
            trust="--ssl-ca-certs with only the root",
            others={Mistake.IDENTITY: "--ssl-certfile: the leaf first, then its intermediates"},
        ),
    ),
)
