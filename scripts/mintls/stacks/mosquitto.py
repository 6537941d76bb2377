"""mosquitto.conf(5) and mosquitto_pub(1)."""

from mintls.configuration.stack import Side, Stack, fixes

STACK = Stack(
    title="mosquitto",
    programs=("mosquitto_pub", "mosquitto_sub"),
    client=Side(
        fixes=fixes(
            verify="--cafile ca.crt, and no --insecure",
            trust="--cafile ca.crt, and no --tls-use-os-certs",
            name="no --insecure, which turns off the check of the name",
        ),
    ),
)
