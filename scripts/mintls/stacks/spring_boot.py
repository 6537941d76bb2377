"""Spring Boot 3.1 or newer (SSL bundles: spring.ssl.bundle.pem, server.ssl); not tested here."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

YAML = """
server:
  address: 127.0.0.1
  port: @port@
  ssl:
    bundle: mtls
    client-auth: need
spring:
  ssl:
    bundle:
      pem:
        mtls:
          keystore:
            certificate: file:@chain@
            private-key: file:@key@
          truststore:
            certificate: file:@ca@
          options:
            enabled-protocols: [TLSv1.3, TLSv1.2]
"""
STACK = Stack(
    title="Spring Boot",
    family="tomcat",
    server=Side(
        files={"application.yaml": YAML},
        start="java -jar app.jar --spring.config.additional-location=file:@dir@/application.yaml",
        wrong=(
            Wrong(
                setting="client-auth",
                right="client-auth: need",
                wrong="client-auth: want",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="app.jar is yours; a passphrase only as text (private-key-password)",
        fixes=fixes(
            require="server.ssl.client-auth: need; want lets clients without one in, none requests none",
            verify="server.ssl.client-auth: need, with the truststore of the bundle",
            trust="spring.ssl.bundle.pem.NAME.truststore.certificate with only the root",
            others={Mistake.IDENTITY: "keystore.certificate: the leaf first, then its intermediates"},
        ),
    ),
)
