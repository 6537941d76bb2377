"""NATS (nats-server's configuration, tls block)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CONF = """
listen: "127.0.0.1:@port@"
tls {
    cert_file: "@chain@"
    key_file: "@key@"
    ca_file: "@ca@"
    verify: true
}
"""
STACK = Stack(
    title="NATS",
    protocol="nats",
    family="go",
    server=Side(
        files={"nats.conf": CONF},
        start="nats-server -c @dir@/nats.conf",
        port=4222,
        tested="2.9",
        wrong=(
            Wrong(
                setting="verify: true",
                right="verify: true",
                wrong="verify: false",
                effect="no certificate is requested",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="no CRL and no encrypted key",
        fixes=fixes(
            require="tls: verify: true, or verify_and_map: true for users by name; without it none is requested",
            verify="tls: verify: true",
            trust="tls: ca_file with only the root",
            others={
                Mistake.IDENTITY: "tls: cert_file: the leaf first, then its intermediates",
                Mistake.TLS_ONLY: "tls without allow_non_tls",
            },
        ),
    ),
)
