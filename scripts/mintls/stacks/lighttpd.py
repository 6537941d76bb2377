"""lighttpd with mod_openssl (its documentation of ssl.verifyclient)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CONF = """
server.modules = ("mod_openssl")
server.document-root = "@dir@"
index-file.names = ("index.txt")
server.bind = "127.0.0.1"
server.port = @port@
ssl.engine = "enable"
ssl.pemfile = "@chain@"
ssl.privkey = "@key@"
ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1.2")
ssl.verifyclient.ca-file = "@ca@"
ssl.verifyclient.ca-crl-file = "@crl@"
ssl.verifyclient.activate = "enable"
ssl.verifyclient.enforce = "enable"
ssl.verifyclient.depth = 3
"""
STACK = Stack(
    title="lighttpd",
    says=(r"^Server: lighttpd\S*",),
    server=Side(
        files={"lighttpd.conf": CONF, "index.txt": "ok\n"},
        start="lighttpd -D -f @dir@/lighttpd.conf",
        tested="1.4.69",
        wrong=(
            Wrong(
                setting="ssl.verifyclient.enforce",
                right='ssl.verifyclient.enforce = "enable"',
                wrong='ssl.verifyclient.enforce = "disable"',
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="ssl.verifyclient.activate",
                right='ssl.verifyclient.activate = "enable"',
                wrong='ssl.verifyclient.activate = "disable"',
                effect="no certificate is requested",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="no encrypted key",
        fixes=fixes(
            require='ssl.verifyclient.activate = "enable" and ssl.verifyclient.enforce = "enable", for every host',
            verify='ssl.verifyclient.enforce = "enable"; ssl.verifyclient.depth 2 or more for intermediates',
            trust="ssl.verifyclient.ca-file with only the root",
            others={
                Mistake.REVOCATION: "ssl.verifyclient.ca-crl-file with a CRL of each CA of the chain",
                Mistake.IDENTITY: "ssl.pemfile: the leaf first, then its intermediates",
                Mistake.NEW_VERSIONS: 'ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1.2")',
                Mistake.STRENGTH: 'ssl.openssl.ssl-conf-cmd += ("CipherString" => "DEFAULT:@SECLEVEL=2")',
            },
        ),
    ),
)
