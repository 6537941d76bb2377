"""Hypercorn, a server of ASGI applications for Python."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CONF = """
bind = ["127.0.0.1:@port@"]
certfile = "@chain@"
keyfile = "@key@"
ca_certs = "@ca@"
"""
APP = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
        await send({"type": "http.response.body", "body": b"ok\\n"})
"""
STACK = Stack(
    title="Hypercorn",
    says=(r"^server: hypercorn\S*",),
    family="python",
    server=Side(
        files={"hypercorn.toml": CONF, "app.py": APP},
        start="sh -c 'cd @dir@ && exec python3 -m hypercorn -c hypercorn.toml --verify-mode CERT_REQUIRED app:app'",
        tested="0.18",
        wrong=(
            Wrong(
                setting="--verify-mode",
                right="CERT_REQUIRED",
                wrong="CERT_OPTIONAL",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="no CRL; a passphrase only as text in the file (keyfile_password)",
        fixes=fixes(
            require=(
                "--verify-mode CERT_REQUIRED (in a file of Python: ssl.CERT_REQUIRED); without it none is requested"
            ),
            verify="--verify-mode CERT_REQUIRED, and ca_certs",
            trust="ca_certs with only the root",
            others={Mistake.IDENTITY: "certfile: the leaf first, then its intermediates"},
        ),
    ),
)
