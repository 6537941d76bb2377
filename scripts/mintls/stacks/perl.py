"""Perl's LWP and IO::Socket::SSL."""

from mintls.configuration.stack import Side, Stack, fixes

STACK = Stack(
    title="Perl",
    programs=("perl",),
    client=Side(
        fixes=fixes(
            verify="SSL_verify_mode => SSL_VERIFY_PEER, and no SSL_verify_callback that returns 1",
            trust='SSL_ca_file => "ca.crt"',
            name=(
                'IO::Socket::SSL: SSL_verifycn_scheme => "http", SSL_verifycn_name => NAME; LWP: ssl_opts '
                "verify_hostname => 1"
            ),
        ),
    ),
)
