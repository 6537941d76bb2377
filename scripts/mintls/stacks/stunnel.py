"""stunnel before a service that speaks no TLS (stunnel(8))."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CONF = """
foreground = yes
pid =
[service]
accept = 127.0.0.1:@port@
cert = @chain@
key = @key@
CAfile = @ca@
CRLfile = @crl@
verifyChain = yes
sslVersionMin = TLSv1.2
; in yours: connect = HOST:PORT, in the place of the two lines for a program that answers once
exec = /bin/sh
execArgs = sh @dir@/answer.sh
"""
ANSWER = r"""
# what stands behind stunnel to try it
while read -r line && [ "$line" != "$(printf '\r')" ]; do :; done
printf 'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n'
"""
STACK = Stack(
    title="stunnel",
    protocol="auto",
    server=Side(
        files={"stunnel.conf": CONF, "answer.sh": ANSWER},
        start="stunnel4 @dir@/stunnel.conf",
        tested="5.68",
        wrong=(
            Wrong(
                setting="verifyChain",
                right="verifyChain = yes",
                wrong="requireCert = yes",
                effect="certificates of any CA are accepted",
                mistake=Mistake.VERIFY,
            ),
            Wrong(
                setting="verifyChain",
                right="verifyChain = yes",
                wrong="verifyChain = no",
                effect="no certificate is requested",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="it asks for the passphrase of a key on the terminal",
        fixes=fixes(
            require="verifyChain = yes in each service; requireCert = yes alone does not verify",
            verify="verifyChain = yes; requireCert = yes alone accepts any certificate",
            trust="CAfile with only the root, and no CApath",
            others={
                Mistake.REVOCATION: "CRLfile with a CRL of each CA of the chain",
                Mistake.IDENTITY: "cert: the leaf first, then its intermediates",
                Mistake.NEW_VERSIONS: "sslVersionMin = TLSv1.2",
                Mistake.STRENGTH: "securityLevel = 2",
            },
        ),
    ),
)
