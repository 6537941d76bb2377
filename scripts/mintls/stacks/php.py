"""PHP's streams (SSL context options)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CLIENT = """
<?php
$context = stream_context_create(['http' => ['timeout' => 10, 'ignore_errors' => true], 'ssl' => [
    'cafile' => '@ca@',
    'verify_peer' => true,
    'verify_peer_name' => true,
    'local_cert' => '@chain@',
    'local_pk' => '@key@',
    'passphrase' => rtrim(fgets(fopen('@passphrase@', 'r'))),
]]);
echo file_get_contents("https://$argv[1]:$argv[2]/", false, $context);
"""
STACK = Stack(
    title="PHP",
    programs=("php",),
    client=Side(
        files={"client.php": CLIENT},
        start="php @dir@/client.php @host@ @port@",
        accepts=("address-by-wildcard", "address-in-cn"),
        tested="8.2",
        limits="the CN, and a name with a wildcard, may stand for an address",
        wrong=(
            Wrong(
                setting="verify_peer",
                right="'verify_peer' => true,",
                wrong="'verify_peer' => false,",
                effect="any server with that name is believed",
                mistake=Mistake.VERIFY,
            ),
            Wrong(
                setting="verify_peer_name",
                right="'verify_peer_name' => true,",
                wrong="'verify_peer_name' => false,",
                effect="any server of the CA is believed, whatever its name",
                mistake=Mistake.NAME,
            ),
        ),
        fixes=fixes(
            verify="stream context: verify_peer true; curl: CURLOPT_SSL_VERIFYPEER true",
            trust="stream context: cafile ca.crt; curl: CURLOPT_CAINFO ca.crt",
            name="stream context: verify_peer_name true, and peer_name NAME; curl: CURLOPT_SSL_VERIFYHOST 2",
        ),
    ),
)
