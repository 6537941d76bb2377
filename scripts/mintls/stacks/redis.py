"""Redis, and redis-cli as its client (redis.conf, redis-cli --help)."""

from mintls.configuration.stack import Side, Stack, fixes

STACK = Stack(
    title="Redis",
    programs=("redis-cli",),
    client=Side(
        fixes=fixes(
            verify="--tls --cacert ca.crt, and no --insecure",
            trust="--cacert ca.crt, and no --cacertdir",
            name="this client has no name check: give the CA that it trusts to no other server",
        ),
    ),
)
