"""Redis, and redis-cli as its client (redis.conf, redis-cli --help)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CONF = """
bind 127.0.0.1
port 0
tls-port @port@
tls-protocols "TLSv1.2 TLSv1.3"
tls-cert-file @chain@
tls-key-file @key@
tls-ca-cert-file @ca@
tls-auth-clients yes
save ""
dir @dir@
"""
STACK = Stack(
    title="Redis",
    protocol="redis",
    programs=("redis-cli",),
    server=Side(
        files={"redis.conf": CONF},
        start="redis-server @dir@/redis.conf",
        port=6379,
        tested="7.0",
        wrong=(
            Wrong(
                setting="tls-auth-clients",
                right="tls-auth-clients yes",
                wrong="tls-auth-clients optional",
                effect="clients without a certificate are let in",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="tls-auth-clients",
                right="tls-auth-clients yes",
                wrong="tls-auth-clients no",
                effect="no certificate is requested",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="no CRL; a passphrase only as text in the file (tls-key-file-pass)",
        fixes=fixes(
            require="tls-auth-clients yes (the default); optional and no let clients without one in",
            verify="tls-auth-clients yes, with tls-ca-cert-file",
            trust="tls-ca-cert-file with only the root, and no tls-ca-cert-dir",
            others={
                Mistake.TLS_ONLY: "port 0: nothing without TLS",
                Mistake.IDENTITY: "tls-cert-file: the leaf first, then its intermediates",
                Mistake.NEW_VERSIONS: 'tls-protocols "TLSv1.2 TLSv1.3"',
            },
        ),
    ),
    client=Side(
        start="redis-cli --tls -h @host@ -p @port@ --cacert @ca@ --cert @chain@ --key @key@ PING",
        port=6379,
        accepts=(
            "wrong-name",
            "cn-beside-san",
            "name-as-*",
            "name-within",
            "name-with-nul",
            "name-in-*",
            "subdomain",
            "wrong-address",
            "other-address",
            "address-*",
        ),
        tested="7.0",
        wrong=(
            Wrong(
                setting="--insecure",
                right="--cacert @ca@",
                wrong="--insecure",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="it verifies no name: give the CA that it trusts to no other server",
        fixes=fixes(
            verify="--tls --cacert ca.crt, and no --insecure",
            trust="--cacert ca.crt, and no --cacertdir",
            name="this client has no name check: give the CA that it trusts to no other server",
        ),
    ),
)
