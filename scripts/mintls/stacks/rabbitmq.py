"""RabbitMQ (its TLS guide; rabbitmq.conf)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CONF = """
listeners.tcp = none
listeners.ssl.1 = 127.0.0.1:@port@
ssl_options.cacertfile = @ca@
ssl_options.certfile = @chain@
ssl_options.keyfile = @key@
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
ssl_options.versions.1 = tlsv1.3
ssl_options.versions.2 = tlsv1.2
ssl_options.depth = 3
"""
STACK = Stack(
    title="RabbitMQ",
    protocol="amqp",
    server=Side(
        files={"rabbitmq.conf": CONF},
        start="env HOME=@dir@ RABBITMQ_CONFIG_FILE=@dir@/rabbitmq.conf RABBITMQ_ENABLED_PLUGINS_FILE=@dir@/plugins "
        "RABBITMQ_PID_FILE=@dir@/pid RABBITMQ_MNESIA_BASE=@dir@/mnesia RABBITMQ_LOG_BASE=@dir@/logs rabbitmq-server",
        port=5671,
        accepts=("version-1-intermediate", "mismatched-algorithm"),
        tested="3.10",
        wrong=(
            Wrong(
                setting="fail_if_no_peer_cert",
                right="ssl_options.fail_if_no_peer_cert = true",
                wrong="ssl_options.fail_if_no_peer_cert = false",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="verify_peer",
                right="verify_peer\nssl_options.fail_if_no_peer_cert = true",
                wrong="verify_none",
                effect="no certificate is requested",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="its user has to be able to read the key; a passphrase only as text in the file "
        "(ssl_options.password); Erlang takes version 1 for a CA, and two different algorithms in a certificate",
        fixes=fixes(
            require="ssl_options.verify = verify_peer and ssl_options.fail_if_no_peer_cert = true",
            verify="ssl_options.verify = verify_peer; verify_none is the default",
            trust="ssl_options.cacertfile with only the root",
            others={
                Mistake.DEPTH: "ssl_options.depth 2 or more",
                Mistake.TLS_ONLY: "listeners.tcp = none",
                Mistake.IDENTITY: "ssl_options.certfile: the leaf first, then its intermediates",
                Mistake.NEW_VERSIONS: "ssl_options.versions: tlsv1.3 and tlsv1.2",
            },
        ),
    ),
)
