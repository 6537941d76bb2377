"""Ruby's net/http and OpenSSL::SSL."""

from mintls.configuration.stack import Side, Stack, fixes

STACK = Stack(
    title="Ruby",
    programs=("ruby",),
    client=Side(
        fixes=fixes(
            verify="verify_mode = OpenSSL::SSL::VERIFY_PEER, and no verify_callback that returns true",
            trust='ca_file = "ca.crt", without set_default_paths',
            name="SSLContext#verify_hostname = true and SSLSocket#hostname = NAME; or post_connection_check(NAME)",
        ),
    ),
)
