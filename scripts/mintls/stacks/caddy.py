"""Caddy (its Caddyfile, tls directive)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CONF = """
{
    admin off
    auto_https off
}
https://@host@:@port@ {
    bind 127.0.0.1
    tls @chain@ @key@ {
        client_auth {
            mode require_and_verify
            trusted_ca_cert_file @ca@
        }
    }
    respond "client {http.request.tls.client.subject}" 200
}
"""
STACK = Stack(
    title="Caddy",
    says=(r"^[Ss]erver: Caddy",),
    family="go",
    server=Side(
        files={"Caddyfile": CONF},
        start="caddy run --adapter caddyfile --config @dir@/Caddyfile",
        reload="caddy reload --adapter caddyfile --config @dir@/Caddyfile",
        tested="2.6",
        wrong=(
            Wrong(
                setting="require_and_verify",
                right="mode require_and_verify",
                wrong="mode verify_if_given",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="require_and_verify",
                right="mode require_and_verify",
                wrong="mode require",
                effect="certificates of any CA are accepted",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="no CRL and no encrypted key; newer ones write trust_pool file instead of trusted_ca_cert_file",
        fixes=fixes(
            require=(
                "client_auth: mode require_and_verify, in each site of the port; request and verify_if_given ask only"
            ),
            verify="client_auth: mode require_and_verify; require accepts the certificate of any CA",
            trust="client_auth: trusted_ca_cert_file (trust_pool file) with only the root",
            others={Mistake.IDENTITY: "tls: the leaf first, then its intermediates, and the key"},
        ),
    ),
)
