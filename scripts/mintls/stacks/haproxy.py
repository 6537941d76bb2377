"""HAProxy (its configuration manual, bind options)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CONF = """
defaults
    mode http
    timeout client 20s
    timeout server 20s
    timeout connect 5s
frontend https
    bind 127.0.0.1:@port@ ssl crt @combined@ ca-file @ca@ verify required ssl-min-ver TLSv1.2
    http-request del-header x-ssl-client- -m beg
    http-request set-header X-SSL-Client-DN %[ssl_c_s_dn]
    # default_backend yours
    http-request return status 200 content-type text/plain lf-string "client %[ssl_c_s_dn]\\n"
"""
STACK = Stack(
    title="HAProxy",
    says=(r"<h1>\d{3} [^<]*</h1>\n\S[^<]*\n</body></html>",),
    server=Side(
        files={"haproxy.cfg": CONF},
        start="haproxy -db -f @dir@/haproxy.cfg",
        tested="2.6",
        wrong=(
            Wrong(
                setting="verify required",
                right="verify required",
                wrong="verify optional",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="crt-ignore-err",
                right="verify required",
                wrong="verify required crt-ignore-err all ca-ignore-err all",
                effect="certificates of any CA are accepted",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="it asks for the passphrase of a key on the terminal, and reads no file with it",
        fixes=fixes(
            require="verify required in each bind line; with optional each rule has to look at ssl_c_used",
            verify="verify required without crt-ignore-err and ca-ignore-err; else deny unless ssl_c_verify is 0",
            trust="ca-file with only the root; ca-verify-file is trusted too",
            others={
                Mistake.REVOCATION: "crl-file with a CRL of each CA of the chain, in the bind line",
                Mistake.IDENTITY: "crt: the leaf first, then its intermediates and the key (the output combined)",
                Mistake.NEW_VERSIONS: "ssl-min-ver TLSv1.2",
                Mistake.STRENGTH: "ciphers DEFAULT:@SECLEVEL=2",
                Mistake.OWN_HEADERS: "http-request del-header x-ssl-client- -m beg, then set-header",
                Mistake.TLS_ONLY: "`ssl` in each bind line of the port",
                Mistake.CA_NAMES: "ca-file is sent; with ca-verify-file only the names of ca-file",
            },
        ),
    ),
)
