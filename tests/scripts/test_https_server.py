"""https_server.py against the clients that people have: curl, Go, Node, openssl and Python."""

import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from deadline import patient
from foreign import CLIENT, SERVER, Made, make
from peers import Address, clients, need
from processes import SCRIPTS, Running

pytestmark = pytest.mark.slow

ANSWER = "This is an example server.\n"


def serial(certificate: Path) -> str:
    """As openssl says it."""
    said = subprocess.run(
        ["openssl", "x509", "-in", certificate, "-noout", "-serial"],
        check=True,
        capture_output=True,
        text=True,
    )
    return said.stdout.strip().removeprefix("serial=")


def write(directory: Path, name: str, made: Made) -> None:
    (directory / f"{name}.crt").write_bytes(made.pem)
    (directory / f"{name}.key").write_bytes(made.key_pem)


@pytest.fixture
def serve(start):
    def begin(directory: Path, *options: str) -> tuple[Running, str, int]:
        server = start(sys.executable, SCRIPTS / "https_server.py", directory, "--port", "0", *options)
        line = server.first_line()
        assert re.fullmatch(r"Listening on https://\S+:\d+", line)
        url = line.rpartition(" ")[2]
        return server, url, urlsplit(url).port

    return begin


def client_context(ca: Path, who: Path | None, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca / "ca.crt")
    if who:
        context.load_cert_chain(who / "client.crt", who / "client.key")
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def ask(port: int, context: ssl.SSLContext, request: bytes = b"GET / HTTP/1.0\r\n\r\n") -> bytes:
    """Everything the server answers; an ssl.SSLError when it refuses."""
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def curl(url: str, ca: Path, who: Path | None, *options: str) -> subprocess.CompletedProcess[str]:
    words = ["-sS", "--noproxy", "*", "-m", "15", "--cacert", ca / "ca.crt", *options]
    if who:
        words += ["--cert", who / "client.crt", "--key", who / "client.key"]
    return subprocess.run([need("curl"), *words, url], capture_output=True, text=True, timeout=patient(20))


def test_it_answers_and_logs_who_called(serve, dev):
    server, _, port = serve(dev)
    answer = ask(port, client_context(dev, dev)).decode()
    assert answer.startswith("HTTP/1.0 200 OK\r\n")
    assert answer.endswith("\r\n\r\n" + ANSWER)
    line = server.says('"GET / HTTP/1.0" 200')
    assert f"CN=dev-client; SAN DNS:client.localhost; serial {serial(dev / 'client.crt')}: " in line


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    ("who", "alert", "logged"),
    [
        (None, ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE"), "refused: the client sent no certificate"),
        ("rogue", ("UNKNOWN_CA", "DECRYPT_ERROR"), "refused: the client's certificate is invalid: "),
    ],
)
def test_others_are_refused_at_the_handshake(serve, dev, rogue, version, who, alert, logged):
    """RFC 8446 section 6.2. The refused client hears the alert each time: no reset overtakes it."""
    server, _, port = serve(dev)
    good, bad = client_context(dev, dev, version), client_context(dev, who and rogue, version)
    assert ANSWER.encode() in ask(port, good)
    for _ in range(10):
        with pytest.raises(ssl.SSLError) as refusal:
            ask(port, bad)
        assert refusal.value.reason.partition("_ALERT_")[2] in alert
    server.says(logged)
    assert ANSWER.encode() in ask(port, good)


def test_the_systems_trust_does_not_count_for_clients(serve, dev, rogue, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(rogue / "ca.crt"))
    server, _, port = serve(dev)
    with pytest.raises(ssl.SSLError, match="UNKNOWN_CA"):
        ask(port, client_context(dev, rogue))
    server.says("refused: ")
    assert ANSWER.encode() in ask(port, client_context(dev, dev))


def test_old_tls_is_refused(serve, dev):
    server, _, port = serve(dev)
    old = client_context(dev, dev)
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        ask(port, old)
    server.says("refused: ")


def test_a_certificate_for_servers_is_refused_as_a_clients(serve, dev, tmp_path):
    server, _, port = serve(dev)
    for suffix in ("crt", "key"):
        shutil.copy(dev / f"server.{suffix}", tmp_path / f"client.{suffix}")
    with pytest.raises(ssl.SSLError, match="ALERT"):
        ask(port, client_context(dev, tmp_path))
    server.says("refused: the client's certificate is invalid: ")


@pytest.mark.parametrize("version", ["--tlsv1.2 --tls-max 1.2", "--tlsv1.3"])
def test_curl(serve, dev, rogue, version):
    server, url, _ = serve(dev)
    good = curl(url, dev, dev, *version.split())
    assert (good.returncode, good.stdout) == (0, ANSWER), good.stderr
    for who in (None, rogue):
        bad = curl(url, dev, who, *version.split())
        assert bad.returncode != 0
        assert "alert" in bad.stderr
    assert curl(url, rogue, dev).returncode == 60  # curl(1): it cannot verify the server
    server.says("rejected the handshake with alert 'unknown ca'")


def test_head(serve, dev):
    _, url, _ = serve(dev)
    head = curl(url, dev, dev, "--head")
    assert head.stdout.startswith("HTTP/1.0 200 OK")
    assert f"Content-Length: {len(ANSWER)}" in head.stdout


@pytest.mark.peers
@pytest.mark.parametrize("name", clients.RIGHT)
def test_the_clients_that_people_have(serve, dev, rogue, stranger, name):
    """A good one gets its answer; one of another CA is refused; one that distrusts the server goes."""
    server, _, port = serve(dev)

    def visit(certs: Path) -> subprocess.CompletedProcess[str]:
        argv = clients.argv(name, Address("127.0.0.1", port), certs)
        return subprocess.run(argv, capture_output=True, text=True, timeout=patient(20))

    good = visit(dev)
    assert good.returncode == 0, good.stderr
    assert ANSWER in good.stdout
    refused = visit(stranger)
    assert refused.returncode != 0
    assert ANSWER not in refused.stdout
    server.says("refused: the client's certificate is invalid: ")
    distrusting = visit(rogue)
    assert distrusting.returncode != 0
    assert ANSWER not in distrusting.stdout
    assert visit(dev).returncode == 0


def test_slow_clients_block_nobody(serve, dev):
    """Some send nothing, some stop in the middle of a ClientHello; a good client still gets its answer."""
    server, _, port = serve(dev)
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    try:
        for connection in silent[10:]:
            connection.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert ANSWER.encode() in ask(port, client_context(dev, dev))
        assert "refused" not in server.stderr  # they still had their time
    finally:
        for connection in silent:
            connection.close()


def test_a_slow_client_is_let_go(start, dev):
    """Dripping bytes does not prolong the time for the handshake, shortened here to one second."""
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import mintls.https; mintls.https.TIMEOUT = 1.0;"
        "import https_server; https_server.HttpsServer.start()"
    )
    server = start(sys.executable, "-c", code, SCRIPTS, dev, "--port", "0")
    port = int(server.first_line().rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 0.1) as drip:
        drip.sendall(b"\x16\x03\x01\x02\x00\x01")
        for _ in range(100):
            try:
                if not drip.recv(1):
                    break
            except TimeoutError:
                drip.sendall(b"\x00")
        else:
            pytest.fail("the server let a client drip on")
    server.says("refused: the client did not answer within 1 s")
    assert ANSWER.encode() in ask(port, client_context(dev, dev))


@pytest.mark.parametrize(
    "garbage",
    [b"GET / HTTP/1.0\r\n\r\n", b"\x00" * 4096, b"\x16\x03\x01\xff\xff" + b"A" * 70000, b"\x1b[2J\n", b""],
)
def test_garbage_is_survived(serve, dev, garbage):
    server, _, port = serve(dev)
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        server.says("refused: ")
    assert ANSWER.encode() in ask(port, client_context(dev, dev))
    assert "Traceback" not in server.stderr
    assert "\x1b" not in server.stderr


def test_a_name_cannot_write_to_the_terminal_nor_forge_the_log(serve, dev, tmp_path):
    """A CN with an escape sequence, a line feed, a bidirectional override and what looks like another RDN."""
    ca = Made(
        x509.load_pem_x509_certificate((dev / "ca.crt").read_bytes()),
        load_pem_private_key((dev / "ca.key").read_bytes(), None),
    )
    write(tmp_path, "client", make("\x1b]0;x\x07\nroot; SAN DNS:admin, O=Bank\u202e+e\u0301", ca, purposes=CLIENT))
    server, _, port = serve(dev)
    assert ANSWER.encode() in ask(port, client_context(dev, tmp_path), b"GET /\x1b[31m\xe2\x80\xae HTTP/1.0\r\n\r\n")
    line = server.says("200")
    assert r"CN=\1B]0\;x\07\0Aroot\; SAN DNS:admin\, O\=Bank\E2\80\AE\+e" in line
    assert "\x1b" not in server.stderr
    assert "\u202e" not in server.stderr


def test_intermediates_are_presented(serve, tmp_path):
    """server.chain.crt, leaf first: a client that knows only the root can verify; without it, it cannot."""
    root = make("root", authority=True)
    issuing = make("issuing", root, authority=True)
    server = make("localhost", issuing, san=[x509.DNSName("localhost")], purposes=SERVER)
    write(tmp_path, "ca", root)
    write(tmp_path, "server", server)
    write(tmp_path, "client", make("client", root, purposes=CLIENT))
    _, _, port = serve(tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(port, client_context(tmp_path, tmp_path))
    (tmp_path / "server.chain.crt").write_bytes(server.pem + issuing.pem)
    _, _, port = serve(tmp_path)
    assert ANSWER.encode() in ask(port, client_context(tmp_path, tmp_path))


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_it_ends_cleanly(serve, dev, number, status):
    server, _, port = serve(dev)
    with socket.create_connection(("127.0.0.1", port)):  # an open connection does not hold it up
        assert server.end(number) == status
    assert "Traceback" not in server.stderr


def test_ipv6(serve, dev):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    _, url, port = serve(dev, "--host", "::1")
    assert url == f"https://[::1]:{port}"
    with (
        socket.create_connection(("::1", port), 10) as plain,
        client_context(dev, dev).wrap_socket(plain, server_hostname="::1") as connection,
    ):
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.0 200"


def spoil(name: str, content: bytes):
    def change(directory: Path) -> None:
        (directory / name).write_bytes(content)

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: (d / "server.key").unlink(), "no file DIR/server.key: run generate.py first"),
        (lambda d: (d / "ca.crt").unlink(), "no file DIR/ca.crt: run generate.py first"),
        (
            lambda d: shutil.copy(d / "client.key", d / "server.key"),
            "DIR/server.key is not the key of DIR/server.crt",
        ),
        (spoil("ca.crt", b"nonsense"), "DIR/ca.crt is not a CA certificate in PEM"),
        (spoil("server.crt", b""), "DIR/server.crt and DIR/server.key cannot be used"),
    ],
)
def test_bad_files_are_told_in_a_sentence(run, dev, tmp_path, change, sentence):
    directory = shutil.copytree(dev, tmp_path / "DIR")
    change(directory)
    ended = run("https_server.py", "DIR", "--port", "0", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr.startswith(sentence)
    assert ended.stderr.count("\n") == 1


def test_a_key_with_a_passphrase_is_not_waited_for(run, dev, tmp_path):
    directory = shutil.copytree(dev, tmp_path / "DIR")
    locked = directory / "server.key"
    subprocess.run(
        ["openssl", "pkey", "-aes128", "-passout", "env:WORD", "-in", dev / "server.key", "-out", locked],
        check=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "WORD": "secret"},
    )
    ended = run("https_server.py", directory, "--port", "0")
    assert ended.returncode == 3
    assert "server.key has a passphrase" in ended.stderr


def test_a_port_in_use_and_bad_words(run, dev):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("https_server.py", dev, "--port", port)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr.startswith(f"cannot listen on 127.0.0.1:{port}: Address already in use")
    for words in (["--port", "65536"], ["--port", "x"], ["--verbose"], [dev, "more"]):
        assert run("https_server.py", *words).returncode == 2
