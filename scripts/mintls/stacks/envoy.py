"""Envoy (envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext), also below Istio; not tested here."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
YAML = """
static_resources:
  listeners:
    - name: https
      address:
        socket_address: {address: 127.0.0.1, port_value: @port@}
      filter_chains:
        - transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
              require_client_certificate: true
              common_tls_context:
                tls_params: {tls_minimum_protocol_version: TLSv1_2}
                tls_certificates:
                  - certificate_chain: {filename: "@chain@"}
                    private_key: {filename: "@key@"}
                    password: {filename: "@passphrase@"}
                validation_context:
                  trusted_ca: {filename: "@ca@"}
                  crl: {filename: "@crl@"}
          filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/MANAGER
                stat_prefix: https
                forward_client_cert_details: SANITIZE_SET
                set_current_client_cert_details: {subject: true}
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes:
                        - match: {prefix: "/"}
                          direct_response: {status: 200, body: {inline_string: "ok"}}
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
"""
STACK = Stack(
    title="Envoy",
    says=(r"^server: envoy",),
    server=Side(
        files={"envoy.yaml": YAML.replace("MANAGER", MANAGER)},
        start="envoy -c @dir@/envoy.yaml",
        wrong=(
            Wrong(
                setting="require_client_certificate",
                right="require_client_certificate: true",
                wrong="require_client_certificate: false",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
        ),
        fixes=fixes(
            require=(
                "require_client_certificate: true in each filter chain; Istio: PeerAuthentication with mtls.mode STRICT"
            ),
            verify="validation_context with trusted_ca, and no trust_chain_verification: ACCEPT_UNTRUSTED",
            trust="validation_context.trusted_ca with only the root",
            others={
                Mistake.REVOCATION: "validation_context.crl with a CRL of each CA of the chain",
                Mistake.IDENTITY: "tls_certificates: certificate_chain: the leaf first, then its intermediates",
                Mistake.NEW_VERSIONS: "tls_params.tls_minimum_protocol_version: TLSv1_2",
                Mistake.SAME_HOST: "one TLS context for all hosts of a listener; answer others with 421",
                Mistake.OWN_HEADERS: "forward_client_cert_details: SANITIZE_SET",
                Mistake.TLS_ONLY: "no filter chain without a transport_socket; Istio: mtls.mode STRICT",
            },
        ),
    ),
)
