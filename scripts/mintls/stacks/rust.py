"""Rust's reqwest with rustls."""

from mintls.configuration.stack import Side, Stack, fixes

STACK = Stack(
    title="rustls",
    programs=("deno", "xh"),
    client=Side(
        fixes=fixes(
            verify="no dangerous().set_certificate_verifier(); reqwest: no danger_accept_invalid_certs(true)",
            trust="a RootCertStore with only your CA; reqwest: tls_built_in_root_certs(false) and add_root_certificate",
            name="reqwest: no danger_accept_invalid_hostnames(true)",
        ),
    ),
)
