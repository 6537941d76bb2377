"""A gRPC server without any method: `grpc_server.py required|optional CA CERTIFICATE KEY`."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc


def main(mode: str, ca: str, certificate: str, key: str) -> None:
    server = grpc.server(ThreadPoolExecutor(4))
    pair = (Path(key).read_bytes(), Path(certificate).read_bytes())
    credentials = grpc.ssl_server_credentials([pair], Path(ca).read_bytes(), require_client_auth=mode == "required")
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    print(f"listening {port}", flush=True)
    server.wait_for_termination()


main(*sys.argv[1:])
