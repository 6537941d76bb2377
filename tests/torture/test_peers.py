"""Hostile peers: bounded time and memory, the verdict that is true, and nothing of theirs unescaped anywhere."""

import datetime
import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from pathlib import Path

from mintls.errors import MintlsError

import https_client
import pytest
from conftest import Fake, altered
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from deadline import slow
from fault_injection import copy, times
from junitparser import JUnitXml
from peers.hostile import NOISE, Peer, drip, flood, held, listening, meet, resets, sane, says, tls
from processes import SCRIPTS, Running, until

pytestmark = pytest.mark.torture
Property = Callable[[str, object], None]


PLAIN = {
    "garbage": says(NOISE[:65536]),
    "garbage without an end": flood(b"", NOISE),
    "half a record": says(b"\x16\x03\x03\x40\x00\x02\x00", hold=True),
    "half a record and the end": says(b"\x16\x03\x03\x40\x00\x02\x00"),
    "records without an end": flood(b"", (b"\x16\x03\x03\x40\x00" + b"\2" * 0x4000) * 60),
    "empty records without an end": flood(b"", b"\x16\x03\x03\x00\x00" * 10_000),
    "alerts that only warn": flood(b"", b"\x15\x03\x03\x00\x02\x01\x5a" * 10_000),
    "a drip": drip(b"\x16\x03\x03\x40\x00\x02"),
    "silence": held,
    "the end": says(b""),
    "a reset": resets,
    "plain HTTP": says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"),
    "escapes": says(b"\x1b]0;owned\x07\x1b[2J<&]]>\xe2\x80\xae\x00\n" * 50),
}


BEHIND = {
    "garbage": says(NOISE[:65536]),
    "a header without an end": flood(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536),
    "headers without an end": flood(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 10_000),
    "100 Continue without an end": flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000),
    "a drip of headers": drip(b"HTTP/1.1 200 OK\r\nX: "),
    "a drip of the body": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
    "silence": held,
    "the end": says(b""),
}


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's patience in this process."""
    monkeypatch.setattr(https_client, "TIMEOUT", 1.0)
    monkeypatch.setattr(https_client, "IN_ALL", 2.0)


def refused(port: int, elliptic: Path) -> str:
    """What the HTTPS client makes of it, and that it was not accepted; in bounded time."""
    start = time.monotonic()
    with pytest.raises(MintlsError) as caught:
        https_client.get("localhost", port, https_client.client_context(elliptic))
    assert time.monotonic() - start < slow(15)
    sane(str(caught.value))
    return f"{type(caught.value).__name__}: {caught.value}"


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", [*PLAIN])
def test_the_client_meets_a_server(name: str, elliptic: Path, record_property: Property) -> None:
    with listening(PLAIN[name]) as port:
        said = refused(port, elliptic)
    if name in ("silence", "a drip", "half a record"):
        assert said.startswith("MintlsError")  # a time-out is never a refusal
        assert "did not answer within" in said
    record_property("hostile peers", 1)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", BEHIND)
def test_the_client_meets_a_server_behind_a_good_handshake(
    name: str, elliptic: Path, record_property: Property
) -> None:
    with listening(tls(elliptic, BEHIND[name])) as port:
        said = refused(port, elliptic)
    if "drip" in name or name == "silence":
        assert said.startswith("MintlsError")
        assert "did not answer within" in said
    record_property("hostile peers", 1)


def test_a_body_of_100_mb_and_escapes_in_an_answer(elliptic: Path) -> None:
    start = b"HTTP/1.1 200 \x1b]0;owned\x07\r\nContent-Length: 104857600\r\n\r\n\x1b[2J\xe2\x80\xae"
    with listening(tls(elliptic, flood(start, b"\x9b" * 65536))) as port:
        done = meet("https_client.py", elliptic, "--port", port)
    assert done.returncode == 0
    sane(done.stdout)
    assert len(done.stdout) > 1000


def cut(target: int, most: int) -> Peer:
    """Carry a connection to a good server, and close it after so many bytes of that one's."""

    def peer(client: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", target), 20) as server:

            def forth() -> None:
                with suppress(OSError):
                    while data := client.recv(65536):
                        server.sendall(data)

            thread = threading.Thread(target=forth, daemon=True)
            thread.start()
            left = most
            while left and (data := server.recv(left)):
                client.sendall(data)
                left -= len(data)
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            thread.join(20)

    return peer


@pytest.fixture
def server(elliptic: Path, start: Callable[..., Running]) -> tuple[Running, int]:
    """With less patience than it has for people."""
    code = (
        f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); import mintls.https; mintls.https.TIMEOUT = {slow(2)};"
        "import https_server; https_server.HttpsServer.start()"
    )
    running = start(sys.executable, "-c", code, elliptic, "--port", "0")
    return running, int(running.first_line().rpartition(":")[2])


@pytest.mark.usefixtures("short")
def test_a_server_that_closes_at_each_moment_of_the_handshake(
    elliptic: Path, server: tuple[Running, int], record_property: Property
) -> None:
    """At every TLS record's end and in its midst; only the whole conversation is accepted."""
    _, port = server
    context = https_client.client_context(elliptic)
    with listening(cut(port, 1 << 20)) as through:
        assert https_client.get("localhost", through, context)[0] == 200
    places = [*range(0, 1500, times(25, 300))]
    for place in places:
        with listening(cut(port, place)) as through:
            assert "closed the connection" in refused(through, elliptic)
    record_property("hostile peers", len(places))


def connect(elliptic: Path, port: int, tmp_path: Path) -> dict[str, object]:
    report, junit = tmp_path / "r.json", tmp_path / "r.xml"
    words = ["--connect", f"localhost:{port}", "--only", "none", "--only", "unknown-ca", "--timeout", "1", "-j", "2"]
    start = time.monotonic()
    done = meet("handshake_check.py", elliptic, *words, "--json", report, "--junit", junit)
    assert time.monotonic() - start < slow(60)
    assert done.returncode in (1, 3), done.stderr
    sane(done.stdout + done.stderr)
    assert sum(suite.failures + suite.errors for suite in JUnitXml.fromfile(str(junit))) > 0
    sane(junit.read_text(encoding="utf-8"))
    sane(report.read_text(encoding="utf-8"))
    found: dict[str, object] = json.loads(report.read_text())
    return found


# whoever meets a server and gives a verdict: what meets it, and what says that it did not hold
@pytest.mark.parametrize("name", PLAIN)
def test_connect_meets_a_server(name: str, elliptic: Path, tmp_path: Path, record_property: Property) -> None:
    with listening(PLAIN[name]) as port:
        report = connect(elliptic, port, tmp_path)
    rows = report["rows"]
    assert isinstance(rows, list)
    assert not [row["id"] for row in rows if row["outcome"] == "pass"], "without a good control nothing counts"
    record_property("hostile peers", 1)


@pytest.mark.parametrize("name", BEHIND)
def test_connect_meets_a_server_behind_a_good_handshake(
    name: str, elliptic: Path, tmp_path: Path, record_property: Property
) -> None:
    with listening(tls(elliptic, BEHIND[name])) as port:
        report, junit = tmp_path / "r.json", tmp_path / "r.xml"
        words = ["--connect", f"localhost:{port}", "--only", "none", "--timeout", "1", "-j", "2"]
        done = meet("handshake_check.py", elliptic, *words, "--json", report, "--junit", junit)
    assert done.returncode in (0, 1, 3), done.stderr  # any answer is one, and shows who was let in
    sane(done.stdout + done.stderr + report.read_text() + junit.read_text())
    record_property("hostile peers", 1)


# ---- hostile clients of the HTTPS server


def test_the_server_meets_all_of_them_at_once(
    elliptic: Path, server: tuple[Running, int], record_property: Property
) -> None:
    """And still answers a good client at once."""
    running, port = server

    def attack(peer: Peer) -> None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 20) as connection:
            peer(connection)

    threads = [threading.Thread(target=attack, args=(peer,), daemon=True) for peer in PLAIN.values()]
    for thread in threads:
        thread.start()
    start = time.monotonic()
    assert https_client.get("localhost", port, https_client.client_context(elliptic))[0] == 200
    assert time.monotonic() - start < slow(10)
    until(lambda: running.stderr.count("refused: ") >= len(PLAIN) - 3, "the refusals of the quick ones")
    sane(running.stderr)
    status = Path(f"/proc/{running.process.pid}/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        assert int(line.split()[1]) < 200_000, "KiB at most at any time"
    record_property("hostile peers", len(PLAIN))


# ---- hostile clients of --listen, each a program of its own

CLIENTS = {
    "garbage": "s.sendall(os.urandom(65536))",
    "half a record": "s.sendall(b'\\x16\\x03\\x03\\x40\\x00\\x01'); time.sleep(1000)",
    "silence": "time.sleep(1000)",
    "the end": "s.close()",
    "words without an end": "[sys.stdout.write('x' * 65536) for _ in range(1600)]",
    "escapes": "sys.stdout.write('\\x1b]0;owned\\x07<&>]]>\\u202e\\n'); sys.stderr.write('\\x1b[2J\\n'); sys.exit(1)",
}


@pytest.mark.parametrize("name", CLIENTS)
def test_listen_meets_a_client(name: str, elliptic: Path, tmp_path: Path, record_property: Property) -> None:
    program, report, junit = tmp_path / "client.py", tmp_path / "r.json", tmp_path / "r.xml"
    program.write_text(
        "import os, socket, sys, time\ns = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
        f"sys.stdout.reconfigure(encoding='utf-8')\n{CLIENTS[name]}\n"
    )
    words = ["--listen", "127.0.0.1:0", "--client-cmd", f"{sys.executable} {program} {{port}}", "--timeout", "2"]
    words += ["--only", "unknown-ca", "--tls", "1.3", "-j", "2"]
    start = time.monotonic()
    done = meet("handshake_check.py", elliptic, *words, "--json", report, "--junit", junit)
    assert time.monotonic() - start < slow(60)
    assert done.returncode in (1, 3), done.stderr
    sane(done.stdout + done.stderr + report.read_text() + junit.read_text())
    rows = json.loads(report.read_text())["rows"]
    assert not [row["id"] for row in rows if row["outcome"] == "pass"], "without a good control nothing counts"
    record_property("hostile peers", 1)


# ---- hostile names

NASTY = "\x1b]0;owned\x07\x1b[31m\x9b2J<a b='c'>&amp;]]>\u202e\u2066,CN=admin\r\nX: y\u2028"


@pytest.fixture(scope="module")
def nasty(elliptic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set like `elliptic` whose authority has signed names that steer a terminal and break XML."""
    directory = copy(elliptic, tmp_path_factory.mktemp("nasty") / "set")
    authority = x509.load_pem_x509_certificate((elliptic / "ca.crt").read_bytes())
    signer = load_pem_private_key((elliptic / "ca.key").read_bytes(), None)
    for name, purpose in (("server", "SERVER_AUTH"), ("client", "CLIENT_AUTH")):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, NASTY[:60]),
                x509.NameAttribute(x509.NameOID.COMMON_NAME, NASTY[:60]),
            ]
        )
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=9))
            .add_extension(
                x509.SubjectAlternativeName(
                    [
                        x509.DNSName("localhost"),
                        x509.RFC822Name("a@b.c\x1b[31m<&"),
                        x509.UniformResourceIdentifier("urn:\x1b]0;x\x07\n, DNS:admin"),
                    ]
                ),
                critical=False,
            )
            .add_extension(x509.ExtendedKeyUsage([getattr(x509.ExtendedKeyUsageOID, purpose)]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),  # type: ignore[arg-type]
                critical=False,
            )
        )
        certificate = builder.sign(signer, hashes.SHA256())  # type: ignore[arg-type]
        (directory / f"{name}.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (directory / f"{name}.key").write_bytes(private)
    return directory


def test_names_in_the_log_of_the_server(nasty: Path, server: tuple[Running, int], record_property: Property) -> None:
    running, port = server
    assert https_client.get("localhost", port, https_client.client_context(nasty))[0] == 200
    line = running.says('"GET / HTTP/1.1" 200')
    assert "owned" in line
    sane(running.stderr)
    record_property("hostile peers", 1)


def test_names_of_a_server(nasty: Path, elliptic: Path, tmp_path: Path, start: Callable[..., Running]) -> None:
    running = start(sys.executable, SCRIPTS / "https_server.py", nasty, "--port", "0")
    port = int(running.first_line().rpartition(":")[2])
    sane(meet("https_client.py", elliptic, "--port", port).stdout)
    sane(meet("https_client.py", elliptic, "--port", port, "--host", "127.0.0.1").stderr)  # it has no such name
    report, junit, html = (tmp_path / name for name in ("r.json", "r.xml", "r.html"))
    words = ["--connect", f"localhost:{port}", "--only", "none", "--tls", "1.3", "--messages"]
    done = meet("handshake_check.py", elliptic, *words, "--json", report, "--junit", junit, "--html", html)
    assert done.returncode == 0, done.stdout
    sane(done.stdout + done.stderr)
    for file in (report, junit, html):
        sane(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("words", [(), ("--json", "-"), ("--text",)])
def test_names_in_what_verify_says(words: tuple[str, ...], nasty: Path) -> None:
    done = meet("verify.py", nasty, *words)
    assert "owned" in done.stdout
    sane(done.stdout + done.stderr)
    if words == ("--json", "-"):
        json.loads(done.stdout)


# ---- hostile files for verify.py


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN CERTIFICATE-----\n" * 36_000,
        "-----BEGIN " * 90_000,
        "-----BEGIN CERTIFICATE-----" + "-" * 1_000_000,
        "-----BEGIN CERTIFICATE-----\n\x1b[31m\n-----END CERTIFICATE-----\n" * 20,
    ],
    ids=["begins", "half begins", "dashes", "escapes"],
)
def test_files_that_are_slow_to_read(text: str, elliptic: Path, tmp_path: Path, record_property: Property) -> None:
    directory = copy(elliptic, tmp_path / "set")
    (directory / "nasty.pem").write_text(text)
    start = time.monotonic()
    done = meet("verify.py", directory)
    assert time.monotonic() - start < slow(60)
    assert (done.returncode, "note: " in done.stdout) == (0, True), "it holds no certificate, which is only noted"
    sane(done.stdout + done.stderr)
    record_property("hostile inputs, refused", 1)


# ---- an openssl at our own end that floods

FLOODS = {
    "data": "exec head -c 300000000 /dev/zero",
    "complaints": "exec head -c 300000000 /dev/zero >&2",
    "a drip": "while :; do echo; sleep 0.05; done",
    "escapes": 'printf "\\033]0;owned\\007<&>\\n" >&2; exit 1',
}


@pytest.mark.parametrize(("end", "what"), [*product(("s_server", "s_client"), FLOODS)])
def test_an_own_end_that_floods(
    what: str,
    end: str,
    elliptic: Path,
    tmp_path: Path,
    fake_openssl: Fake,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Property,
) -> None:
    ready = 'echo "ACCEPT 127.0.0.1:9"; ' if end == "s_server" else ""
    program = fake_openssl(altered(end, before=f"{ready}{FLOODS[what]}; exit")).program
    monkeypatch.setenv("OPENSSL", str(program))
    start, report, junit = time.monotonic(), tmp_path / "r.json", tmp_path / "r.xml"
    words = ("--only", "server/1.3/none", "--timeout", "2", "-j", "2", "--json", report, "--junit", junit)
    done = meet("handshake_check.py", elliptic, *words)
    assert done.returncode == 3, done.stdout + done.stderr
    assert time.monotonic() - start < slow(60)
    sane(done.stdout + done.stderr + report.read_text() + junit.read_text())
    record_property("hostile peers", 1)
