"""PHP's streams (SSL context options)."""

from mintls.configuration.stack import Side, Stack, fixes

STACK = Stack(
    title="PHP",
    programs=("php",),
    client=Side(
        fixes=fixes(
            verify="stream context: verify_peer true; curl: CURLOPT_SSL_VERIFYPEER true",
            trust="stream context: cafile ca.crt; curl: CURLOPT_CAINFO ca.crt",
            name="stream context: verify_peer_name true, and peer_name NAME; curl: CURLOPT_SSL_VERIFYHOST 2",
        ),
    ),
)
