"""Wrappers of a key, in the hands of the programs that want them so: HAProxy, curl, keytool, docker."""

import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from conftest import mint_profile
from deadline import patient
from peers import need

pytestmark = pytest.mark.peers

TEXT = """\
defaults: {key: ec:P-256, pkcs12: {password: {file: word}}}
authorities:
  root: {subject: {CN: Root}, crl: {}}
  ca: {subject: {CN: CA}, issuer: root, crl: {}}
servers:
  server:
    san: ["DNS:localhost", "IP:127.0.0.1"]
    issuer: ca
    outputs: [chain, combined, ca-bundle, crl-bundle, pkcs12]
clients:
  client: {subject: {CN: client}, issuer: ca, outputs: [combined]}
  docker:
    subject: {CN: docker}
    issuer: ca
    files: {chain: cert.pem, key: key.pem, ca-bundle: ca.pem}
    outputs: [chain, ca-bundle]
"""


@pytest.fixture(scope="module")
def minted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    (folder / "word").write_text("a password\n")
    (folder / "p.yaml").write_text(TEXT)
    return mint_profile(folder / "p.yaml", folder / "set")


class Daemon(BaseHTTPRequestHandler):
    """As much of docker's API as `docker version` asks for; anything else is the name of the client."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        certificate = self.connection.getpeercert()  # type: ignore[attr-defined]
        name = dict(pair for (pair,) in certificate["subject"])["commonName"]
        version = {"Version": name, "ApiVersion": "1.41", "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64"}
        body = (json.dumps(version) if self.path.endswith("/version") else name).encode()
        self.send_response(200)
        for header, value in (("Api-Version", "1.41"), ("Content-Type", "application/json")):
            self.send_header(header, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


class Server(HTTPServer):
    """Its handshakes may fail: that is what some clients are for."""

    def handle_error(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port(minted: Path) -> Iterator[int]:
    """A server that requires a client certificate, with the files of `server`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(minted / "server.combined.pem")
    context.load_verify_locations(minted / "server.ca-bundle.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    server = Server(("127.0.0.1", 0), Daemon)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def run(*argv: object, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    settings = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(cwd), **environment}
    words = [str(word) for word in argv]
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, env=settings, timeout=patient(30))


@pytest.mark.parametrize(("file", "loads"), [("server.combined.pem", True), ("server.crt", False)])
def test_haproxy_loads_combined_and_the_bundles(file: str, loads: bool, minted: Path, tmp_path: Path) -> None:
    for name in (file, "server.ca-bundle.pem", "server.crl-bundle.pem"):
        (tmp_path / name).write_bytes((minted / name).read_bytes())
    bundles = f"ca-file {tmp_path}/server.ca-bundle.pem crl-file {tmp_path}/server.crl-bundle.pem"
    (tmp_path / "haproxy.cfg").write_text(
        "defaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 5s\n"
        f"frontend f\n  bind 127.0.0.1:44300 ssl crt {tmp_path}/{file} {bundles} verify required\n"
    )
    done = run(need("haproxy"), "-c", "-f", "haproxy.cfg", cwd=tmp_path)
    assert (done.returncode == 0) == loads, done.stderr
    assert loads or "No Private Key found" in done.stderr + done.stdout


def test_curl_takes_combined_as_its_certificate(port: int, minted: Path) -> None:
    words = (need("curl"), "-q", "-sS", "--noproxy", "*", "--cacert", "root.crt", f"https://localhost:{port}/")
    assert run(*words, "--cert", "client.combined.pem", cwd=minted).stdout == "client"
    assert run(*words, cwd=minted).returncode != 0
    assert run(*words, "--cert", "client.crt", cwd=minted).returncode != 0  # it has no key


@pytest.mark.slow
def test_keytool_reads_pkcs12_and_imports_the_root(minted: Path, tmp_path: Path) -> None:
    keytool, word = need("keytool"), minted.parent / "word"
    words = (keytool, "-J-Duser.language=en", "-list", "-keystore", minted / "server.p12", "-storepass:file", word)
    listed = run(*words, cwd=tmp_path)
    assert "server, " in listed.stdout
    assert "PrivateKeyEntry" in listed.stdout
    (tmp_path / "wrong").write_text("another password\n")
    assert run(*words[:-1], tmp_path / "wrong", cwd=tmp_path).returncode != 0
    store = ("-keystore", "trust.p12", "-storepass:file", word)
    imported = run(
        keytool, "-importcert", "-noprompt", "-alias", "root", "-file", minted / "root.crt", *store, cwd=tmp_path
    )
    assert imported.returncode == 0, imported.stdout
    assert "trustedCertEntry" in run(keytool, "-J-Duser.language=en", "-list", *store, cwd=tmp_path).stdout


def test_docker_finds_its_files_by_name(port: int, minted: Path, tmp_path: Path) -> None:
    """ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH."""
    words = (
        need("docker"),
        "-H",
        f"tcp://127.0.0.1:{port}",
        "--tlsverify",
        "version",
        "--format",
        "{{.Server.Version}}",
    )
    assert run(*words, cwd=tmp_path, DOCKER_CERT_PATH=str(minted)).stdout == "docker\n"
    for name in ("ca.pem", "cert.pem"):
        (tmp_path / name).write_bytes((minted / name).read_bytes())
    (tmp_path / "key.pem").write_bytes((minted / "client.key").read_bytes())
    assert run(*words, cwd=tmp_path, DOCKER_CERT_PATH=str(tmp_path)).returncode != 0
