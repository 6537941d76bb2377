"""Apache Kafka 2.7 or newer, with PEM files (KIP-651); not tested here."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

SERVER = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@localhost:9094
controller.listener.names=CONTROLLER
listeners=SSL://127.0.0.1:@port@,CONTROLLER://127.0.0.1:9094
advertised.listeners=SSL://@host@:@port@
listener.security.protocol.map=SSL:SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=SSL
log.dirs=@dir@/data
ssl.client.auth=required
ssl.enabled.protocols=TLSv1.3,TLSv1.2
ssl.keystore.type=PEM
ssl.keystore.location=@combined@
ssl.truststore.type=PEM
ssl.truststore.location=@ca@
"""
CLIENT = """
security.protocol=SSL
ssl.endpoint.identification.algorithm=https
ssl.keystore.type=PEM
ssl.keystore.location=@combined@
ssl.truststore.type=PEM
ssl.truststore.location=@ca@
"""
STACK = Stack(
    title="Kafka",
    protocol="none",
    family="java",
    server=Side(
        files={"server.properties": SERVER},
        prepare="kafka-storage.sh format -t $(kafka-storage.sh random-uuid) -c @dir@/server.properties",
        start="kafka-server-start.sh @dir@/server.properties",
        port=9093,
        wrong=(
            Wrong(
                setting="ssl.client.auth",
                right="ssl.client.auth=required",
                wrong="ssl.client.auth=requested",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="a passphrase only as text in the file (ssl.key.password)",
        fixes=fixes(
            require="ssl.client.auth=required; requested lets clients without one in, none is the default",
            verify="ssl.client.auth=required, with ssl.truststore.location",
            trust="ssl.truststore.location with only the root",
            others={
                Mistake.TLS_ONLY: "no PLAINTEXT:// among the listeners that others reach",
                Mistake.IDENTITY: "ssl.keystore.location: key, leaf, then its intermediates (the output combined)",
                Mistake.NEW_VERSIONS: "ssl.enabled.protocols=TLSv1.3,TLSv1.2",
            },
        ),
    ),
    client=Side(
        files={"client.properties": CLIENT},
        start="kafka-topics.sh --bootstrap-server @host@:@port@ --command-config @dir@/client.properties --list",
        port=9093,
        wrong=(
            Wrong(
                setting="ssl.endpoint.identification.algorithm",
                right="ssl.endpoint.identification.algorithm=https",
                wrong="ssl.endpoint.identification.algorithm=",
                effect="any server of the CA is believed, whatever its name",
                mistake=Mistake.NAME,
            ),
        ),
        limits="a passphrase only as text in the file (ssl.key.password)",
        fixes=fixes(
            verify="security.protocol=SSL with ssl.truststore.location; no ssl.engine.factory.class of your own",
            trust="ssl.truststore.location with only the root; without it the CAs of the JDK are trusted",
            name="ssl.endpoint.identification.algorithm=https (the default since 2.0); empty turns it off",
        ),
    ),
)
