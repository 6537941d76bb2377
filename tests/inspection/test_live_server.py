"""HOST:PORT as a source: what a real server sends, and whether a client with only the root can verify it."""

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

from mintls.inspection.file_formats import Unreadable
from mintls.inspection.live_server import ServerOptions, is_address, read_server
from mintls.openssl.binary import Openssl

import pytest
from conftest import Run
from cryptography import x509
from deadline import patient
from foreign import CLIENT, SERVER, Made, make
from peers import need

CA = make("CA", authority=True)
SUB = make("Sub", CA, authority=True)
OTHER = make("Other", authority=True)
NAMES = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
LEAF = make("leaf", SUB, purposes=SERVER, san=NAMES)


@contextmanager
def serving(folder: Path, leaf: Made, *chain: Made, more: tuple[str, ...] = ()) -> Iterator[int]:
    """s_server on a free port, which it names when it is ready."""
    (folder / "server.pem").write_bytes(leaf.pem)
    (folder / "server.key").write_bytes(leaf.key_pem)
    (folder / "sent.pem").write_bytes(b"".join(one.pem for one in chain))
    argv = [need("openssl"), "s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem", "-key", "server.key"]
    argv += ["-cert_chain", "sent.pem"] * bool(chain) + ["-no-CAfile", "-no-CApath", *more]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, cwd=folder, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout
            line = next(line for line in server.stdout if line.startswith("ACCEPT"))
            yield int(line.rpartition(":")[2])
        finally:
            server.kill()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root.crt").write_bytes(CA.pem)
    (tmp_path / "sub.crt").write_bytes(SUB.pem)
    (tmp_path / "other.crt").write_bytes(OTHER.pem)
    return tmp_path


def test_a_server_that_sends_its_chain(root: Path, run: Run) -> None:
    with serving(root, LEAF, SUB) as port:
        done = run("verify.py", f"localhost:{port}", "--trust", "root.crt", cwd=root)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"valid   server as DNS:localhost, with what localhost:{port} sends\n" in done.stdout
    assert f"files   localhost:{port}\n" in done.stdout
    assert "chain   " in done.stdout
    assert done.stdout.endswith("2 certificates: all valid\n")


@pytest.mark.parametrize("here", [False, True])
def test_a_server_that_lacks_its_intermediate(here: bool, root: Path, run: Run) -> None:
    """Also if the intermediate is in a file: a client does not have that file."""
    with serving(root, LEAF) as port:
        words = ["root.crt", *(["sub.crt"] if here else [])]
        done = run("verify.py", f"127.0.0.1:{port}", *words, cwd=root)
    assert done.returncode == 1
    invalid = [line for line in done.stdout.splitlines() if f"with what 127.0.0.1:{port} sends" in line]
    assert ["INVALID server as IP:127.0.0.1" in line for line in invalid] == [True]
    assert f"127.0.0.1:{port} does not send the certificate of CN=Sub" in invalid[0]
    assert ("valid   server as DNS:localhost" in done.stdout) == here


def test_a_root_that_only_the_server_sends_is_not_trusted(root: Path, run: Run) -> None:
    with serving(root, LEAF, SUB, CA) as port:
        done = run("verify.py", f"localhost:{port}", cwd=root)
        trusting = run("verify.py", f"localhost:{port}", "root.crt", cwd=root)
        other = run("verify.py", f"localhost:{port}", "--trust", "other.crt", cwd=root)
    assert (done.returncode, trusting.returncode, other.returncode) == (1, 0, 1)
    assert "trusted: nothing, as the files contain no self-signed CA" in done.stdout
    assert "(error 19" in done.stdout


@pytest.mark.parametrize(
    ("leaf", "words", "part"),
    [
        (LEAF, ["--name", "b.example"], "INVALID server as DNS:b.example, with what"),
        (LEAF, ["--sni", "b.example"], "INVALID server as DNS:b.example, with what"),
        (make("old", SUB, purposes=SERVER, san=NAMES, days=(-9, -1)), [], "certificate has expired (error 10"),
        (make("client", SUB, purposes=CLIENT, san=NAMES), [], "INVALID server as DNS:localhost, with what"),
    ],
    ids=["other name", "other SNI", "expired", "client's purpose"],
)
def test_an_invalid_server(leaf: Made, words: list[str], part: str, root: Path, run: Run) -> None:
    with serving(root, leaf, SUB) as port:
        done = run("verify.py", f"localhost:{port}", "root.crt", *words, cwd=root)
    assert done.returncode == 1, done.stdout
    assert part in done.stdout


def test_sni_chooses_the_certificate(root: Path, run: Run) -> None:
    second = make("second", SUB, purposes=SERVER, san=[x509.DNSName("b.example")])
    (root / "second.pem").write_bytes(second.pem)
    (root / "second.key").write_bytes(second.key_pem)
    more = ("-servername", "b.example", "-cert2", "second.pem", "-key2", "second.key")
    with serving(root, LEAF, SUB, more=more) as port:
        done = run("verify.py", f"localhost:{port}", "--sni", "b.example", "root.crt", "sub.crt", cwd=root)
        default = run("verify.py", f"localhost:{port}", "root.crt", "sub.crt", cwd=root)
    assert ("CN=second" in done.stdout, "CN=leaf" in done.stdout) == (True, False)
    assert ("CN=second" in default.stdout, "CN=leaf" in default.stdout) == (False, True)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_server_that_requires_a_client_certificate(version: str, root: Path, run: Run) -> None:
    with serving(root, LEAF, SUB, more=(version, "-Verify", "1", "-CAfile", "root.crt")) as port:
        done = run("verify.py", f"localhost:{port}", "root.crt", cwd=root)
    assert (done.returncode, done.stdout[-27:]) == (0, "\n3 certificates: all valid\n")


def test_an_order_that_is_wrong(root: Path, run: Run) -> None:
    low = make("Low", SUB, authority=True)
    leaf = make("leaf", low, purposes=SERVER, san=NAMES)
    with serving(root, leaf, SUB, low) as port:
        done = run("verify.py", f"localhost:{port}", "root.crt", cwd=root)
    assert f"order of localhost:{port}: each certificate must be followed by its issuer" in done.stdout


# ---- STARTTLS


def smtp(listener: socket.socket, port: int) -> None:
    """Greets, agrees to STARTTLS, and passes on to the TLS server what follows."""
    with listener, listener.accept()[0] as client, socket.create_connection(("127.0.0.1", port)) as server:
        client.sendall(b"220 mail ESMTP\r\n")
        client.recv(1000)
        client.sendall(b"250-mail\r\n250 STARTTLS\r\n")
        client.recv(1000)
        client.sendall(b"220 go ahead\r\n")
        back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
        back.start()
        _pass_on(client, server)
        back.join(patient(10))


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_starttls(root: Path, run: Run) -> None:
    with serving(root, LEAF, SUB) as port:
        for words, status in ((["--starttls", "smtp"], 0), ([], 3)):
            listener = socket.create_server(("127.0.0.1", 0))
            thread = threading.Thread(target=smtp, args=(listener, port), daemon=True)
            thread.start()
            address = f"localhost:{listener.getsockname()[1]}"
            done = run("verify.py", address, *words, "--trust", "root.crt", cwd=root)
            assert done.returncode == status, done.stdout + done.stderr
            thread.join(patient(20))
    assert (
        f"{address} sent no certificate; if TLS begins within another protocol, name it: --starttls smtp" in done.stderr
    )


# ---- what is not a server


def test_what_does_not_answer(root: Path, run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = run("verify.py", f"127.0.0.1:{port}", cwd=root)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines()[0] == f"127.0.0.1:{port}: Connection refused"
    with_file = run("verify.py", f"127.0.0.1:{port}", "root.crt", cwd=root)
    assert (with_file.returncode, "unreadable: 127.0.0.1" in with_file.stdout) == (1, True)
    host = f"{'x' * 64}.example"  # a label that no resolver asks for
    unknown = run("verify.py", f"{host}:443", cwd=root)
    assert (unknown.returncode, unknown.stderr.splitlines()[0]) == (
        3,
        f"{host}:443: unknown host name",
    )


@pytest.mark.parametrize(
    "greeting", [b"", b"HTTP/1.0 400 Bad Request\r\n\r\n", b"\x16\x03\x03\xff\xff", bytes(100_000)]
)
def test_what_is_not_tls(greeting: bytes, openssl: Openssl, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it sends, and if it never ends the connection, this takes no longer than the time limit."""
    monkeypatch.setattr("mintls.inspection.live_server.TIMEOUT", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client, suppress(OSError):
                client.sendall(greeting)
                client.recv(1)
                while client.recv(65536):
                    pass

        threading.Thread(target=serve, daemon=True).start()
        begun = time.monotonic()
        answer = read_server(f"127.0.0.1:{listener.getsockname()[1]}", ServerOptions(), openssl)
    assert isinstance(answer, Unreadable)
    assert "did not complete a TLS handshake within 1 s" in answer.reason or "sent no certificate" in answer.reason
    assert time.monotonic() - begun < patient(10)


def test_a_file_named_like_an_address(root: Path, run: Run) -> None:
    (root / "localhost:1").write_bytes(CA.pem)
    assert run("verify.py", "localhost:1", cwd=root).returncode == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost:443", True), ("a.example:65535", True), ("[::1]:443", True), ("127.0.0.1:1", True),
        ("localhost", False), ("localhost:", False), ("localhost:0", False), ("localhost:65536", False),
        ("::1:443", False), ("a/b:443", False), ("C:\\certs", False), ("-x:443", False), (":443", False),
        ("a b:443", False), ("localhost:443x", False), ("localhost:\u0664\u0664\u0663", False),
    ],
)  # fmt: skip
def test_what_an_address_looks_like(text: str, expected: bool) -> None:
    assert is_address(text) == expected
