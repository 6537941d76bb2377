"""gRPC in Python (grpcio: ssl_server_credentials, ssl_channel_credentials)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

SERVER = """
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

credentials = grpc.ssl_server_credentials(
    [(Path("@key@").read_bytes(), Path("@chain@").read_bytes())],
    root_certificates=Path("@ca@").read_bytes(),
    require_client_auth=True,
)
server = grpc.server(ThreadPoolExecutor(4))  # add your services to it
server.add_secure_port("127.0.0.1:@port@", credentials)
server.start()
server.wait_for_termination()
"""
CLIENT = """
import sys
from pathlib import Path

import grpc

root = Path("@ca@").read_bytes()
credentials = grpc.ssl_channel_credentials(
    root_certificates=root,
    private_key=Path("@key@").read_bytes(),
    certificate_chain=Path("@chain@").read_bytes(),
)
with grpc.secure_channel(f"{sys.argv[1]}:{sys.argv[2]}", credentials) as channel:
    check = channel.unary_unary("/grpc.health.v1.Health/Check")
    try:
        print(check(b"", timeout=3))
    except grpc.RpcError as error:
        print(error.code(), error.details())
"""
STACK = Stack(
    title="gRPC",
    protocol="grpc",
    server=Side(
        files={"server.py": SERVER},
        start="python3 @dir@/server.py",
        port=50051,
        tested="1.85",
        wrong=(
            Wrong(
                setting="require_client_auth",
                right="require_client_auth=True",
                wrong="require_client_auth=False",
                effect="no certificate is requested",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="no CRL and no encrypted key",
        fixes=fixes(
            require="ssl_server_credentials(..., require_client_auth=True); in Go GetConfigForClient and ClientAuth",
            verify=(
                "ssl_server_credentials with root_certificates; C++: "
                "..._REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY"
            ),
            trust="root_certificates with only your root",
            others={Mistake.IDENTITY: "the certificate chain of the pair: the leaf first, then its intermediates"},
        ),
    ),
    client=Side(
        files={"client.py": CLIENT},
        start="python3 @dir@/client.py @host@ @port@",
        options="--alpn h2",
        accepts=("address-by-wildcard", "address-in-cn", "name-with-nul", "weak-digest"),
        tested="1.85",
        wrong=(
            Wrong(
                setting="ssl.get_server_certificate",
                right='root = Path("@ca@").read_bytes()',
                wrong="import ssl; root = ssl.get_server_certificate((sys.argv[1], int(sys.argv[2]))).encode()",
                effect="any server is believed, because the root is the certificate that it presents",
                mistake=Mistake.OWN_AUTHORITY,
            ),
            Wrong(
                setting="grpc.ssl_target_name_override",
                right=", credentials)",
                wrong=', credentials, options=[("grpc.ssl_target_name_override", "localhost")])',
                effect="that name is verified in place of the server's, so its owner can stand in for any server",
                mistake=Mistake.NAME,
            ),
        ),
        limits=(
            "the CN, and a name with a wildcard, may stand for an address; a name is compared up to a zero byte; SHA-1 "
            "below the root is accepted; no CRL and no encrypted key"
        ),
        fixes=fixes(
            verify="ssl_channel_credentials; no insecure_channel and, in Go, no InsecureSkipVerify",
            trust=(
                "root_certificates with only your root, read from a file: ssl.get_server_certificate gives that of any "
                "server; without root_certificates the package's own CAs are trusted"
            ),
            name="no option grpc.ssl_target_name_override outside tests",
        ),
    ),
)
