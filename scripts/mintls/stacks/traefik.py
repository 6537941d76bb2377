"""Traefik 3 (static and dynamic configuration in files, tls.options); not tested here."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

STATIC = """
entryPoints:
  https:
    address: 127.0.0.1:@port@
providers:
  file:
    filename: "@dir@/dynamic.yaml"
"""
DYNAMIC = """
tls:
  certificates:
    - certFile: "@chain@"
      keyFile: "@key@"
  options:
    default:
      minVersion: VersionTLS12
      clientAuth:
        caFiles: ["@ca@"]
        clientAuthType: RequireAndVerifyClientCert
http:
  routers:
    all:
      rule: PathPrefix(`/`)
      entryPoints: [https]
      service: yours
      middlewares: [client-certificate]
      tls: {}
  middlewares:
    client-certificate:
      passTLSClientCert:
        info: {subject: {commonName: true}}
  services:
    yours:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:8080
"""
STACK = Stack(
    title="Traefik",
    family="go",
    server=Side(
        files={"traefik.yaml": STATIC, "dynamic.yaml": DYNAMIC},
        start="traefik --configFile=@dir@/traefik.yaml",
        wrong=(
            Wrong(
                setting="clientAuthType",
                right="clientAuthType: RequireAndVerifyClientCert",
                wrong="clientAuthType: VerifyClientCertIfGiven",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="clientAuthType",
                right="clientAuthType: RequireAndVerifyClientCert",
                wrong="clientAuthType: RequireAnyClientCert",
                effect="certificates of any CA are accepted",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="no CRL and no encrypted key",
        fixes=fixes(
            require=(
                "tls.options: clientAuth.clientAuthType: RequireAndVerifyClientCert, in the options of every router"
            ),
            verify="tls.options: clientAuth.clientAuthType: RequireAndVerifyClientCert",
            trust="tls.options: clientAuth.caFiles with only the root",
            others={
                Mistake.IDENTITY: "certFile: the leaf first, then its intermediates",
                Mistake.NEW_VERSIONS: "tls.options: minVersion: VersionTLS12",
                Mistake.SAME_HOST: "one set of TLS options for all hosts of an entry point",
                Mistake.OWN_HEADERS: (
                    "passTLSClientCert on every router; it removes the client's own X-Forwarded-Tls-Client-Cert"
                ),
            },
        ),
    ),
)
