"""https_client.py against the servers that people have: ours, Go's, Node's, openssl's and Python's."""

import http.client
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from mintls.errors import RefusedError

import https_client
import pytest
from conftest import with_server_san
from deadline import patient
from peers import servers
from processes import SCRIPTS, until

pytestmark = pytest.mark.slow

SHOWN = "Response status: 200 OK\nMsg:  This is an example server.\n"


@pytest.fixture
def serve(start):
    def begin(directory: Path, *options: str):
        server = start(sys.executable, SCRIPTS / "https_server.py", directory, "--port", "0", *options)
        return server, urlsplit(server.first_line().rpartition(" ")[2]).port

    return begin


def without_certificate(directory: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.crt", directory / "server.key")
    return context


@contextmanager
def answering(answer):
    """A server of one connection, handled by `answer(socket)` in a thread; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(patient(15))

    def run():
        try:
            connection, _ = listener.accept()
            with connection:
                answer(connection)
        except OSError:
            pass

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join()
        listener.close()


def test_our_server(serve, run, dev):
    _, port = serve(dev)
    for options in ([], ["--host", "127.0.0.1"]):
        ended = run("https_client.py", dev, "--port", port, *options)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, SHOWN, "")


@pytest.mark.parametrize("name", [name for name in servers.RIGHT if "smtp" not in name and "-rev" not in name])
def test_the_servers_that_people_have(run, dev, rogue, stranger, tmp_path, name):
    """They answer a good client, and refuse another CA's: by an alert, by hanging up, or, like nginx, in HTTP."""
    with servers.RIGHT[name](dev, tmp_path) as (_, port):
        good = run("https_client.py", dev, "--port", port)
        assert good.returncode == 0, good.stderr
        assert good.stdout.lower().startswith("response status: 200 ok\nmsg:  ")
        refused = run("https_client.py", stranger, "--port", port)
        assert refused.returncode == 1
        if name.startswith("nginx"):
            assert refused.stdout.startswith("Response status: 400 Bad Request\n")
        else:
            assert refused.stdout == ""
            assert any(words in refused.stderr for words in ("rejected the handshake", "closed the connection"))
            assert refused.stderr.count("\n") == 1
        distrusting = run("https_client.py", rogue, "--port", port)
        assert distrusting.returncode == 1
        assert "the server's certificate is invalid: " in distrusting.stderr
        assert run("https_client.py", dev, "--port", port).returncode == 0


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_each_version_of_tls(start, run, dev, stranger, version):
    server = start(
        *("openssl", "s_server", "-accept", "127.0.0.1:0", version, "-www"),
        *("-cert", dev / "server.crt", "-key", dev / "server.key"),
        *("-CAfile", dev / "ca.crt", "-Verify", "5", "-verify_return_error"),
    )
    port = until(lambda: re.search(r"ACCEPT \S+:(\d+)\n", server.stdout), "ACCEPT")[1]
    good = run("https_client.py", dev, "--port", port)
    assert good.returncode == 0, good.stderr
    assert (dev / "client.crt").read_text().splitlines()[1] in good.stdout.splitlines()  # whom s_server saw
    refused = run("https_client.py", stranger, "--port", port)
    assert refused.returncode == 1
    assert "the server rejected the handshake with alert 'unknown ca': it does not trust the CA" in refused.stderr


@pytest.mark.parametrize("times", range(5))
def test_a_refusal_is_told_each_time(serve, run, dev, stranger, times):
    server, port = serve(dev)
    ended = run("https_client.py", stranger, "--port", port)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"localhost:{port}: the server rejected the handshake with alert '")
    assert ended.stderr.count("\n") == 1
    server.says("refused: the client's certificate is invalid")
    assert run("https_client.py", dev, "--port", port).returncode == 0


OWN_NAMES = """
defaults: {key: "ec:P-256", outputs: [chain]}
files: {certificate: "{name}-cert.pem", key: "{name}-key.pem", chain: "{name}-chain.pem"}
authorities:
  servers: {subject: {CN: servers}}
  clients: {subject: {CN: clients}}
  issuing: {subject: {CN: issuing}, issuer: clients}
servers: {web: {subject: {CN: web}, san: ["DNS:localhost"], issuer: servers}}
clients: {alice: {subject: {CN: alice}, issuer: issuing}}
"""


def test_a_set_with_names_of_its_own(serve, run, mint_text, dev):
    """As its manifest tells them: entries, files, a CA for each end, and an intermediate."""
    directory = mint_text(OWN_NAMES)
    server, port = serve(directory)
    ended = run("https_client.py", directory, "--port", port)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, SHOWN, "")
    assert "CN=alice; " in server.says("200")
    assert run("https_client.py", dev, "--port", port).returncode == 1


def test_without_its_manifest_such_a_set_is_not_found(run, mint_text):
    directory = mint_text(OWN_NAMES)
    (directory / "manifest.json").unlink()
    ended = run("https_client.py", directory)
    names = ", ".join(str(directory / name) for name in ("ca.crt", "client.crt", "client.key"))
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == f"no file {names}: run generate.py first, or name another DIR\n"


def test_a_manifest_that_cannot_be_read(run, dev, tmp_path):
    directory = shutil.copytree(dev, tmp_path / "DIR")
    (directory / "manifest.json").write_text("{}")
    ended = run("https_client.py", directory)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "manifest.json is not a manifest written by mintls" in ended.stderr
    assert ended.stderr.count("\n") == 1
    (directory / "manifest.json").unlink()
    (directory / "manifest.json").mkdir()
    ended = run("https_client.py", directory)
    assert (ended.returncode, ended.stderr) == (
        3,
        f"{directory / 'manifest.json'}: Not a regular file; name another DIR\n",
    )


def test_a_write_that_fails_does_not_hide_the_refusal(dev, stranger, monkeypatch):
    """The server has refused and reset the connection by the time the request is written."""
    strict, gone = without_certificate(dev), threading.Event()
    strict.verify_mode = ssl.CERT_REQUIRED
    strict.load_verify_locations(dev / "ca.crt")

    def refuse(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with pytest.raises(ssl.SSLError):
            strict.wrap_socket(connection, server_side=True)
        connection.close()
        gone.set()

    request = http.client.HTTPConnection.request

    def late(*words):
        assert gone.wait(patient(10))
        request(*words)

    monkeypatch.setattr(http.client.HTTPConnection, "request", late)
    context = https_client.client_context(stranger)
    with answering(refuse) as port, pytest.raises(RefusedError, match="with alert '"):
        https_client.get("127.0.0.1", port, context)


def test_a_server_of_another_ca(serve, run, dev, rogue):
    server, port = serve(rogue)
    ended = run("https_client.py", dev, "--port", port)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"localhost:{port}: the server's certificate is invalid: ")
    server.says("refused: ")


@pytest.mark.parametrize(
    ("host", "san", "said"),
    [
        ("localhost", '["DNS:elsewhere.test", "IP:127.0.0.1"]', "Hostname mismatch"),
        ("127.0.0.1", '["DNS:localhost"]', "IP address mismatch"),
    ],
)
def test_another_name(serve, run, dev, tmp_path, host, san, said):
    with_server_san(dev, tmp_path, san)
    _, port = serve(tmp_path)
    ended = run("https_client.py", dev, "--port", port, "--host", host)
    assert ended.returncode == 1
    assert f"the server's certificate is invalid: {said}" in ended.stderr


def test_the_ca_joins_the_systems_trust(dev, rogue, monkeypatch):
    """What the system trusts, here another CA by SSL_CERT_FILE, is trusted still."""
    code = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1]); import https_client;"
        "print(len(https_client.client_context(pathlib.Path(sys.argv[2])).get_ca_certs()))"
    )
    monkeypatch.setenv("SSL_CERT_DIR", "/nonexistent")
    for anchors, count in (("/dev/null", "1\n"), (str(rogue / "ca.crt"), "2\n")):
        monkeypatch.setenv("SSL_CERT_FILE", anchors)
        argv = [sys.executable, "-c", code, str(SCRIPTS), str(dev)]
        assert subprocess.run(argv, check=True, capture_output=True, text=True).stdout == count


def test_nothing_listens(run, dev):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    ended = run("https_client.py", dev, "--port", port)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == f"nothing listens on localhost:{port}: start https_server.py first, or give --port\n"


def test_an_unknown_host(run, dev):
    ended = run("https_client.py", dev, "--host", "no-such-host.invalid")
    assert ended.returncode == 3
    assert ended.stderr.startswith("the name no-such-host.invalid is not known")


@pytest.mark.parametrize("said", [b"HTTP/1.0 200 OK\r\n\r\nhello", b"\x00" * 100, b"220 mail\r\n"])
def test_a_server_that_speaks_no_tls(run, dev, said):
    def answer(connection):
        connection.recv(4096)
        connection.sendall(said)
        connection.recv(4096)

    with answering(answer) as port:
        ended = run("https_client.py", dev, "--port", port, "--host", "127.0.0.1")
    assert ended.returncode == 3
    assert ended.stderr.count("\n") == 1
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("said", "status", "shown"),
    [
        (
            b"HTTP/1.1 400 Bad \x1b[2JRequest\r\nContent-Length: 4\r\n\r\n\x1b[2J",
            1,
            "Response status: 400 Bad",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"A" * 200_000, 0, "Response status: 200 OK"),
        (b"nonsense\r\n\r\n", 3, ""),
        (b"", 1, ""),
    ],
)
def test_odd_answers(run, dev, said, status, shown):
    def answer(connection):
        with without_certificate(dev).wrap_socket(connection, server_side=True) as tls:
            tls.recv(4096)
            tls.sendall(said)
            tls.unwrap()

    with answering(answer) as port:
        ended = run("https_client.py", dev, "--port", port, "--host", "127.0.0.1")
    assert ended.returncode == status, ended.stderr
    assert ended.stdout.startswith(shown)
    assert "\x1b" not in ended.stdout + ended.stderr
    assert len(ended.stdout) < 70_000


def test_bad_files_and_words(run, dev, tmp_path):
    directory = shutil.copytree(dev, tmp_path / "DIR")
    shutil.copy(dev / "server.key", directory / "client.key")
    ended = run("https_client.py", "DIR", cwd=tmp_path)
    assert ended.returncode == 3
    assert ended.stderr.startswith("DIR/client.key is not the key of DIR/client.crt")
    (directory / "client.key").unlink()
    assert run("https_client.py", "DIR", cwd=tmp_path).stderr.startswith("no file DIR/client.key")
    ended = run("https_client.py", cwd=tmp_path)
    assert ended.returncode == 3
    assert ended.stderr.startswith("no file certs/dev/ca.crt, certs/dev/client.crt, certs/dev/client.key: ")
    for words in (["--port", "0"], ["--port", "x"], ["--verbose"]):
        assert run("https_client.py", *words).returncode == 2
