"""etcd (its transport security guide)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

STACK = Stack(
    title="etcd",
    family="go",
    server=Side(
        start="etcd --data-dir @dir@/data --listen-client-urls https://127.0.0.1:@port@ "
        "--advertise-client-urls https://@host@:@port@ --listen-peer-urls http://127.0.0.1:0 "
        "--cert-file @chain@ --key-file @key@ --client-cert-auth --trusted-ca-file @ca@",
        port=2379,
        tested="3.4",
        wrong=(
            Wrong(
                setting="--client-cert-auth",
                right="--client-cert-auth --trusted-ca-file @ca@",
                wrong="",
                effect="no certificate is requested",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="peers have options of their own (--peer-client-cert-auth ...); no encrypted key",
        fixes=fixes(
            require="--client-cert-auth with --trusted-ca-file; --peer-client-cert-auth for its peers",
            verify="--client-cert-auth with --trusted-ca-file",
            trust="--trusted-ca-file with only the root",
            others={
                Mistake.REVOCATION: "--client-crl-file",
                Mistake.IDENTITY: "--cert-file: the leaf first, then its intermediates",
            },
        ),
    ),
)
