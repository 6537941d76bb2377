"""PostgreSQL 17's TLS without SSLRequest: the ALPN `postgresql` from the first byte on.

https://www.postgresql.org/docs/17/protocol-flow.html#PROTOCOL-FLOW-SSL. A server of a few lines stands for it where an
older one is installed: it takes both ways, and checks the certificate when a session starts, as PostgreSQL does.
"""

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from handshake_check import HandshakeCheck
from peers import Address
from peers.answering import accepting

pytestmark = pytest.mark.slow
SSL_REQUEST = bytes.fromhex("0000000804d2162f")
OK = b"R\0\0\0\x08\0\0\0\0"
NO = b"SFATAL\0C28000\0Mconnection requires a valid client certificate\0\0"
REFUSED = b"E" + (len(NO) + 4).to_bytes(4, "big") + NO


@contextmanager
def postgres_17(certs: Path, *, requires: bool, met: list[str]) -> Iterator[Address]:
    """`requires`: a line of pg_hba.conf with clientcert=verify-ca. `met`: how each connection began."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certs / "server.crt", certs / "server.key")
    context.load_verify_locations(certs / "ca.crt")
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["postgresql"])

    def serve(connection: socket.socket) -> None:
        direct = connection.recv(1, socket.MSG_PEEK) == b"\x16"
        if not direct:
            if connection.recv(8) != SSL_REQUEST:
                return
            connection.sendall(b"S")
        with context.wrap_socket(connection, server_side=True) as secured:
            if direct and secured.selected_alpn_protocol() is None:
                return  # "received direct SSL connection request without ALPN protocol negotiation extension"
            startup = secured.recv(4096)
            if startup[4:8] != b"\0\3\0\0":
                return
            met.append("direct" if direct else "SSLRequest")
            secured.sendall(REFUSED if requires and not secured.getpeercert() else OK)
            secured.recv(4096)

    with accepting(serve) as address:
        yield address


WAYS = {
    "direct": ["--probe", "postgres:joe", "--alpn", "postgresql"],
    "SSLRequest": ["--probe", "postgres:joe"],
    "direct, found out": [],
    "direct, by its ALPN alone": ["--alpn", "postgresql"],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("requires", [True, False])
def test_right_and_wrong_are_told_apart(
    way: str, requires: bool, dev: Path, user: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    met: list[str] = []
    with postgres_17(dev, requires=requires, met=met) as address:
        words = [str(user), "--connect", f"localhost:{address.port}", "--json", "r.json", "-j", "4", *WAYS[way]]
        _, status = HandshakeCheck.run(["x", *words], exit=False)
    found = {row["id"]: row for row in json.loads(Path("r.json").read_text())["rows"]}
    assert status == (0 if requires else 1)
    assert set(met) == {way.partition(",")[0]}
    for version in ("1.2", "1.3"):
        assert found[f"server/{version}/good"]["outcome"] == "pass"
        assert found[f"server/{version}/none"]["outcome"] == ("pass" if requires else "fail")
        assert found[f"server/{version}/unknown-ca"]["outcome"] == "pass"
    if requires:
        assert "connection requires a valid client certificate" in found["server/1.3/none"]["reason"]
        assert found["server/1.3/none"]["reason"].startswith("by the service: ")
