"""Eclipse Mosquitto (mosquitto.conf(5)), and mosquitto_pub(1)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CONF = """
listener @port@ 127.0.0.1
allow_anonymous true
cafile @ca@
certfile @chain@
keyfile @key@
crlfile @crl@
tls_version tlsv1.2
require_certificate true
use_identity_as_username true
# where root starts it: the user that can read the key
user root
"""
STACK = Stack(
    title="Mosquitto",
    protocol="mqtt",
    programs=("mosquitto_pub", "mosquitto_sub"),
    server=Side(
        files={"mosquitto.conf": CONF},
        start="mosquitto -c @dir@/mosquitto.conf",
        port=8883,
        tested="2.0",
        wrong=(
            Wrong(
                setting="require_certificate",
                right="require_certificate true\nuse_identity_as_username true",
                wrong="require_certificate false",
                effect="no certificate is requested",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="it asks for the passphrase of a key on the terminal; tls_version is the oldest that it accepts",
        fixes=fixes(
            require="require_certificate true in each listener (false by default)",
            verify="require_certificate true, with cafile",
            trust="cafile with only the root, and no capath",
            others={
                Mistake.REVOCATION: "crlfile with a CRL of each CA of the chain",
                Mistake.IDENTITY: "certfile: the leaf first, then its intermediates",
                Mistake.NEW_VERSIONS: "tls_version tlsv1.2",
            },
        ),
    ),
    client=Side(
        start="mosquitto_pub -h @host@ -p @port@ --cafile @ca@ --cert @chain@ --key @key@ -t test -m hello",
        port=8883,
        accepts=("name-with-nul", "address-by-wildcard", "address-in-cn"),
        tested="2.0",
        limits="a name is compared up to a zero byte; the CN, and a name with a wildcard, may stand for an address",
        wrong=(
            Wrong(
                setting="--insecure",
                right="--cafile @ca@",
                wrong="--cafile @ca@ --insecure",
                effect="any server of the CA is believed, whatever its name",
                mistake=Mistake.NAME,
            ),
        ),
        fixes=fixes(
            verify="--cafile ca.crt, and no --insecure",
            trust="--cafile ca.crt, and no --tls-use-os-certs",
            name="no --insecure, which turns off the check of the name",
        ),
    ),
)
