"""The whole check of a foreign server as a user runs it: real servers, set right and set wrong, and none at all."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from mintls.errors import MintlsError, UsageError

import pytest
from conftest import ELLIPTIC, mint_profile, with_server_san
from deadline import patient, slow
from handshake_check import HandshakeCheck
from junitparser import JUnitXml
from peers import Address, need, process, servers
from peers.answering import accepting, tls_server, two_sites
from processes import SCRIPTS, until

pytestmark = pytest.mark.slow

SCRIPT = SCRIPTS / "handshake_check.py"
FULL = """
defaults: {key: "ec:P-256"}
authorities: {ca: {subject: {O: Any Org, CN: Plain CA}}}
servers: {server: {subject: {CN: localhost}, san: ["DNS:localhost", "IP:127.0.0.1"]}}
clients: {client: {subject: {C: NO, O: "Acme, Inc", OU: [a, b], CN: "Zoë"}, san: ["DNS:client.localhost"]}}
"""
DEEP = """
defaults: {key: "ec:P-256"}
authorities: {ca: {subject: {CN: Deep CA}}, issuing: {subject: {CN: Deep issuing}, issuer: ca}}
servers: {server: {subject: {CN: localhost}, san: ["DNS:localhost", "IP:127.0.0.1"], issuer: ca}}
clients: {client: {subject: {CN: deep client}, issuer: issuing, outputs: [chain]}}
"""
NAMELESS = {"none", "no-name", "another-name"}
CA_ALIKE = {"unknown-ca", "same-name-ca", "same-name-and-key-id-ca", "rogue-root"}
TAMPERED = {"bad-signature", "bad-body"}
UNTRUSTED = {"self-signed", "leaf-as-ca", *CA_ALIKE, *TAMPERED}
WITHOUT_THE_KEY = (
    NAMELESS | UNTRUSTED | {"plain-text", "ca-names", "stolen", "good", "good-again", "certificate-request"}
)
MUST_WITH_THE_KEY = {
    "expired", "expired-intermediate", "not-yet-valid", "wrong-purpose", "code-signing", "missing-intermediate",
    "intermediate-not-ca", "intermediate-cannot-sign", "path-length", "name-constraints", "critical-extension",
    "weak-digest",
}  # fmt: skip
# What each server that is set wrong lets in; test_peers.py has pinned what it does, seen by another client.
LETS_IN = {
    "nginx optional": NAMELESS,
    "nginx optional_no_ca": NAMELESS | {"self-signed"} | CA_ALIKE,
    "go RequestClientCert": NAMELESS | UNTRUSTED,
    "go RequireAnyClientCert": UNTRUSTED,
    "go VerifyClientCertIfGiven": NAMELESS,
    "go OnlyByName": {"no-name", "another-name"},
    "node rejectUnauthorized=false": NAMELESS | UNTRUSTED - TAMPERED,
    "python CERT_OPTIONAL": NAMELESS,
    "python CERT_NONE": {"certificate-request"},
    "s_server -www": UNTRUSTED,
    "s_server -rev": UNTRUSTED,
    "gnutls-serv": UNTRUSTED,
    "smtp CERT_OPTIONAL": NAMELESS,
    "smtp CERT_NONE": {"certificate-request"},
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set whose authority allows intermediates, with its key."""
    directory = tmp_path_factory.mktemp("full")
    (directory / "full.yaml").write_text(FULL)
    return mint_profile(directory / "full.yaml", directory / "set")


def check(holder: Path | None, address: Address, *arguments: object) -> tuple[int, dict[str, Any]]:
    """Its exit status and what it says as JSON."""
    words = [*([holder] if holder else []), "--connect", f"{address.host}:{address.port}", "--sni", "localhost"]
    line = ["handshake_check.py", *words, "--json", "report.json", *arguments]
    _, status = HandshakeCheck.run([str(word) for word in line], exit=False)
    return status, json.loads(Path("report.json").read_text())


def cases(report: dict[str, Any], *outcomes: str, tls: str | None = None) -> set[str]:
    """The cases with that outcome, in both versions alike or in the one."""
    found = {row["id"] for row in report["rows"] if row["outcome"] in outcomes}
    names = {row["case"] for row in report["rows"] if row["id"] in found}
    versions = [tls] if tls else ["1.2", "1.3"]
    both = {name for name in names if all(f"server/{version}/{name}" in found for version in versions)}
    assert tls or both == names - {"tls-1.0", "tls-1.1", "null-ciphers", "anonymous-ciphers"}
    return both


def speaks(name: str) -> list[str]:
    if name.startswith("smtp"):
        return ["--starttls", "smtp", "--probe", "line:NOOP"]
    return ["--probe", "line:ping"] if "-rev" in name else []


def of_http(name: str) -> set[str]:
    """The rows that HTTP alone can ask for."""
    return set() if "--probe" in speaks(name) else {"default-site", "forged-headers"}


def test_what_each_wrong_server_lets_in_is_stated() -> None:
    assert LETS_IN.keys() == servers.WRONG.keys()


@pytest.mark.peers
@pytest.mark.parametrize("name", servers.RIGHT)
def test_a_server_that_is_set_right(name: str, dev: Path, user: Path, tmp_path: Path) -> None:
    with servers.RIGHT[name](dev, tmp_path) as address:
        status, report = check(user, address, *speaks(name))
    assert status == 0
    assert cases(report, "fail", "unknown") == set()
    assert cases(report, "pass") == WITHOUT_THE_KEY | of_http(name)
    assert cases(report, "info") == {"server-certificate", "resumed"}
    assert {"expired", "revoked", "good-fresh"} <= cases(report, "skip")


@pytest.mark.peers
@pytest.mark.parametrize("name", servers.WRONG)
def test_a_server_that_is_set_wrong(name: str, dev: Path, user: Path, tmp_path: Path) -> None:
    with servers.WRONG[name](dev, tmp_path) as address:
        status, report = check(user, address, *speaks(name))
    assert status == 1
    assert cases(report, "fail") == LETS_IN[name]
    assert cases(report, "unknown") == set()
    if "CERT_NONE" not in name:
        warned = of_http(name) & {"default-site"} if "no-name" in LETS_IN[name] else set()
        void = of_http(name) & {"forged-headers"} if "none" in LETS_IN[name] else set()  # no certificate is needed
        assert cases(report, "pass") == (WITHOUT_THE_KEY | of_http(name)) - LETS_IN[name] - warned - void
        assert warned <= cases(report, "warn")
        assert void <= cases(report, "skip")


@pytest.mark.peers
@pytest.mark.parametrize(
    ("name", "lets_in", "differs"),
    [
        ("python CERT_REQUIRED", set(), set()),
        (
            "go RequireAndVerifyClientCert",
            set(),
            {
                "bad-key-usage",
                "ca-as-leaf",
                "weak-key",
                "intermediate-weak-key",
                "any-purpose",
                "wrong-key-identifier",
            },
        ),
        # gnutls-serv does not say to the library what the certificate has to be for
        (
            "gnutls-serv --verify-client-cert",
            {"wrong-purpose", "code-signing"},
            {
                "weak-key",
                "intermediate-weak-key",
                "any-purpose",
                "nested-purpose",
                "constrained-uri",
            },
        ),
    ],
)
def test_with_the_key_of_the_ca(name: str, lets_in: set[str], differs: set[str], full: Path, tmp_path: Path) -> None:
    with servers.RIGHT[name](full, tmp_path) as address:
        status, report = check(full, address, "--tls", "1.3")
    assert status == bool(lets_in)
    assert cases(report, "fail", tls="1.3") == lets_in
    assert cases(report, "unknown", tls="1.3") == set()
    assert cases(report, "pass", tls="1.3") >= WITHOUT_THE_KEY | MUST_WITH_THE_KEY - lets_in
    assert {"good-fresh", "good-intermediate"} <= cases(report, "pass", tls="1.3")
    assert cases(report, "warn", tls="1.3") == {"no-extended-key-usage", "ca-with-purpose", "version-1", *differs}
    assert cases(report, "skip", tls="1.3") == {
        "revoked",
        "certificate-hold",
        "crl-missing",
        "crl-stale",
        "crl-of-another-ca",
    }


def test_a_session_of_a_name_that_asks_for_nothing(dev: Path, user: Path, tmp_path: Path) -> None:
    options = ("--open-sni", "open.localhost", "--only", "open-name", "--only", "none")
    with servers.nginx_two_names(dev, tmp_path) as address:
        status, report = check(user, address, *options)
    assert status == 0
    assert {"none", "open-name"} <= cases(report, "pass")
    with servers.go(dev, tmp_path, "OnlyByName") as address:
        assert check(user, address, *options)[0] == 0


def test_a_server_that_believes_every_resumed_session(dev: Path, user: Path) -> None:
    def page(peer: bytes | None) -> bytes:
        return b"HTTP/1.1 %d x\r\n\r\n" % (200 if peer else 403)

    with tls_server(dev, page, resumed=page(b"verified when it began")) as address:
        status, report = check(user, address, "--open-sni", "open.localhost", "--only", "open-name", "--only", "none")
    assert status == 1
    assert cases(report, "fail") == {"open-name"}
    assert "none" in cases(report, "pass")


def test_a_client_of_an_intermediate(tmp_path: Path) -> None:
    (tmp_path / "deep.yaml").write_text(DEEP)
    deep = mint_profile(tmp_path / "deep.yaml", tmp_path / "deep")
    with servers.python(deep, tmp_path) as address:
        status, report = check(deep, address, "--tls", "1.3")
        assert status == 0
        assert cases(report, "pass", tls="1.3") >= WITHOUT_THE_KEY | MUST_WITH_THE_KEY
        alone = ["--ca", deep / "ca.crt", "--cert", deep / "client.chain.crt", "--key", deep / "client.key"]
        status, report = check(None, address, *alone, "--tls", "1.3")
        assert status == 0
        assert cases(report, "pass", tls="1.3") == WITHOUT_THE_KEY | {"default-site", "forged-headers"}


def test_a_session_begun_through_an_intermediate(tmp_path: Path) -> None:
    """The chain is sent then too: else the server would refuse, and nothing be told of the session."""
    (tmp_path / "deep.yaml").write_text(DEEP)
    deep = mint_profile(tmp_path / "deep.yaml", tmp_path / "deep")
    with servers.go(deep, tmp_path) as address:
        report = check(deep, address, "--only", "resumed")[1]
    reasons = {row["reason"] for row in report["rows"] if row["case"] == "resumed"}
    assert reasons == {"HTTP 200, no certificate requested"}


def test_a_client_that_the_set_has_revoked(tmp_path: Path) -> None:
    """It is known, so it is shown; and it is not taken for the good one, though its name is the first."""
    (tmp_path / "p.yaml").write_text(
        "defaults: {key: ec:P-256}\nauthorities: {ca: {subject: {CN: CA}, crl: {}}}\n"
        "servers: {server: {subject: {CN: s}, san: [DNS:localhost]}}\n"
        "clients: {a: {subject: {CN: a}, revoked: keyCompromise}, b: {subject: {CN: b}}}\n"
    )
    certs = mint_profile(tmp_path / "p.yaml", tmp_path / "set")
    revoked = ssl.PEM_cert_to_DER_cert((certs / "a.crt").read_text())

    def page(*refused: bytes | None) -> Callable[[bytes | None], bytes]:
        return lambda peer: b"HTTP/1.1 %d x\r\n\r\n" % (403 if peer in refused else 200)

    for refused, status, outcome in ((page(None), 1, "fail"), (page(None, revoked), 0, "pass")):
        with tls_server(certs, refused) as address:
            found, report = check(certs, address, "--only", "bad-*", "--only", "none")
        assert found == status
        assert "bad-revoked-a" in cases(report, outcome)


def test_a_default_site_that_asks_for_nothing(dev: Path, user: Path, tmp_path: Path) -> None:
    """The name that is proved is not served there; that anything is, only warns."""
    only = ("--only", "default-site", "--only", "*-name")
    with servers.nginx_two_names(dev, tmp_path, default="open.localhost") as address:
        status, report = check(user, address, *only)
        assert (status, cases(report, "warn")) == (0, {"default-site"})
        assert check(user, address, *only, "--strict")[0] == 1
    with servers.nginx_two_names(dev, tmp_path) as address:
        status, report = check(user, address, *only, "--strict")
    assert (status, cases(report, "warn")) == (0, set())
    assert {"default-site", "no-name", "another-name"} <= cases(report, "pass")


def test_nginx_refuses_everybody_in_its_own_way(
    dev: Path, rogue: Path, user: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It answers 400 then, to the good certificate too: not the others are let in, that one is kept out."""
    with servers.nginx(rogue, tmp_path) as address:
        status, report = check(user, address)
        assert status == 1
        assert cases(report, "fail") == {"good"}
        assert "expired" not in cases(report, "pass", "fail")
        said = capsys.readouterr().out
        assert "HTTP 400, " in said
        assert "see its log for the reason" in said
        assert "require the certificate" not in said
        # where that is what the path answers to everybody, the user can say so
        assert "good" in cases(check(user, address, "--refused-status", "403")[1], "pass")


def test_a_different_answer_is_not_a_refusal_unless_the_user_says_so(dev: Path, user: Path) -> None:
    """The flaw: any client is told the secret, though in other words."""

    def flawed(peer: bytes | None) -> bytes:
        return b"%s, the secret is 42\n" % (b"dev-client" if peer else b"anonymous")

    def sound(peer: bytes | None) -> bytes:
        return b"dev-client, the secret is 42\n" if peer else b"who are you?\n"

    asks = ("--probe", "line:whoami", "--only", "none")
    with tls_server(dev, flawed) as address:
        status, report = check(user, address, *asks)
        assert status == 3
        reason = next(row["reason"] for row in report["rows"] if row["id"] == "server/1.3/none")
        assert "'anonymous, the secret is 42'" in reason
        assert "'dev-client, the secret is 42' for the valid certificate" in reason
        assert "--accepted-if TEXT or --refused-if TEXT" in reason
        status, report = check(user, address, *asks, "--accepted-if", "the secret is")
        assert (status, cases(report, "fail")) == (1, {"none"})
    with tls_server(dev, sound) as address:
        assert check(user, address, *asks)[0] == 3, "nobody has said what its refusals look like"
        assert check(user, address, *asks, "--accepted-if", "the secret is")[0] == 0
        assert check(user, address, *asks, "--refused-if", "who are you")[0] == 0


def test_a_refusal_in_the_body(dev: Path, user: Path) -> None:
    def page(peer: bytes | None) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n%s" % (b"welcome" if peer else b"who now")

    with tls_server(dev, page) as address:
        assert check(user, address, "--only", "none")[0] == 1
        assert check(user, address, "--only", "none", "--accepted-if", "welcome")[0] == 0


def test_a_service_that_rejects_the_valid_certificate_is_judged_by_tls_alone(dev: Path, user: Path) -> None:
    """A path that the client may not read: TLS may require the certificate all the same."""
    page = b"HTTP/1.1 403 Forbidden\r\n\r\n"
    with tls_server(dev, lambda peer: page, required=True) as address:
        status, report = check(user, address)
        assert status == 0
        assert cases(report, "fail", "unknown") == set()
        good = next(row["reason"] for row in report["rows"] if row["id"] == "server/1.3/good")
        assert good.startswith("accepted by TLS, but the service replied HTTP 403")
    with tls_server(dev, lambda peer: page) as address:
        status, report = check(user, address)
        assert status == 3
        assert "none" in cases(report, "unknown")
        assert "none" not in cases(report, "pass", "fail")
    with tls_server(dev, lambda peer: b"HTTP/1.1 200 OK\r\n\r\n" if peer is None else page) as address:
        assert check(user, address, "--only", "none")[0] == 1, "served without a certificate, of all things"


@pytest.mark.parametrize("flawed", [True, False])
def test_plain_text_on_the_port(dev: Path, user: Path, flawed: bool) -> None:
    page = b"HTTP/1.1 200 OK\r\n\r\n"
    refusal = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    with tls_server(dev, lambda peer: page if peer else None, plain=page if flawed else refusal) as address:
        status, report = check(user, address, "--only", "plain-text")
    assert status == flawed
    assert cases(report, "fail") == ({"plain-text"} if flawed else set())
    assert flawed or "plain-text" in cases(report, "pass")


@pytest.mark.parametrize("flawed", [True, False])
def test_the_host_of_the_protected_site_behind_the_name_of_an_open_one(dev: Path, user: Path, flawed: bool) -> None:
    """Routed by Host alone: whatever the name in the ClientHello was, the Host chooses."""
    only = ("--only", "open-name-other-host", "--only", "none", "--open-sni", "open.localhost")
    with two_sites(dev, compares=not flawed) as address:
        status, report = check(user, address, *only)
    assert status == flawed
    assert cases(report, "fail") == ({"open-name-other-host"} if flawed else set())
    assert "none" in cases(report, "pass")


@pytest.mark.parametrize("header", ["X-SSL-Client-Verify: SUCCESS", "X-Forwarded-Client-Cert: ", "X-SSL-Client-CN: ",
                                    "Client-Cert: :", "X-ARR-ClientCert: MII", ""])  # fmt: skip
def test_a_forged_header(dev: Path, user: Path, header: str) -> None:
    """The flaw: the application believes a header that any client can send."""
    claim = header.lower().encode()

    def page(peer: bytes | None, request: bytes) -> bytes:
        believed = claim and claim in request.lower()
        return b"HTTP/1.1 %d x\r\n\r\n" % (200 if peer or believed else 401)

    with tls_server(dev, page_of=page) as address:
        status, report = check(user, address, "--only", "forged-headers", "--only", "none")
    assert status == bool(header)
    assert cases(report, "fail") == ({"forged-headers"} if header else set())
    assert "none" in cases(report, "pass")


def test_a_status_is_a_refusal_only_where_the_user_says_so(dev: Path, user: Path) -> None:
    with tls_server(dev, lambda peer: b"HTTP/1.1 %d x\r\n\r\n" % (200 if peer else 404)) as address:
        assert check(user, address, "--only", "none")[0] == 1
        assert check(user, address, "--only", "none", "--refused-status", "404")[0] == 0


def test_silence_is_no_refusal(dev: Path, user: Path) -> None:
    with tls_server(dev, lambda peer: b"HTTP/1.1 200 OK\r\n\r\n" if peer else None) as address:
        status, report = check(user, address, "--only", "none", "--timeout", "1")
    assert status == 3
    assert cases(report, "unknown") == {"none"}


def test_a_server_that_knows_its_one_client(full: Path) -> None:
    """What the CA's key can make says nothing there, and nothing is claimed of it."""
    known = ssl.PEM_cert_to_DER_cert((full / "client.crt").read_text())
    with tls_server(full, lambda peer: b"HTTP/1.1 %d x\r\n\r\n" % (200 if peer == known else 403)) as address:
        status, report = check(full, address, "--tls", "1.3", "--only", "expired", "--only", "none")
    assert status == 0
    assert cases(report, "warn", tls="1.3") == {"good-fresh"}
    # that server's TLS refuses it, but its application would have done so too
    assert cases(report, "skip", tls="1.3") == {"expired"}
    assert "none" in cases(report, "pass", tls="1.3")


def test_a_server_that_refuses_everybody_proves_nothing(dev: Path, rogue: Path, user: Path, tmp_path: Path) -> None:
    shutil.copytree(dev, tmp_path / "certs")
    shutil.copy(rogue / "ca.crt", tmp_path / "certs")
    with servers.python(tmp_path / "certs", tmp_path) as address:
        status, report = check(user, address, "--only", "none", "--only", "self-signed")
    assert status == 1
    assert cases(report, "fail") == {"good"}
    assert {"none", "self-signed", "good-again"} <= cases(report, "unknown")
    assert cases(report, "pass") == set()


def test_a_server_that_gives_up_on_the_way_proves_nothing(dev: Path, user: Path) -> None:
    welcome = [True]

    def answer(peer: bytes | None) -> bytes:
        return b"HTTP/1.1 %d x\r\n\r\n" % (200 if peer and welcome and welcome.pop() else 503 if peer else 403)

    with tls_server(dev, answer) as address:
        status, report = check(user, address, "--only", "none", "--tls", "1.3", "-j", "1", "--probe", "http")
    assert status == 3
    assert cases(report, "unknown", tls="1.3") == {"none", "good-again"}
    assert "good" in cases(report, "pass", tls="1.3")


def test_the_servers_own_certificate_is_told_and_hides_nothing(dev: Path, user: Path, tmp_path: Path) -> None:
    misnamed = with_server_san(dev, tmp_path / "misnamed", '["DNS:elsewhere.test"]')
    with servers.python(misnamed, tmp_path) as address:
        status, report = check(user, address, "--only", "none", "--only", "server-certificate")
    assert status == 0
    reasons = {row["reason"] for row in report["rows"] if row["case"] == "server-certificate"}
    assert reasons == {"it does not verify for localhost: verify error 62"}


def test_a_version_that_the_server_does_not_speak_is_left_out(dev: Path, user: Path, tmp_path: Path) -> None:
    argv = [need("openssl"), "s_server", "-accept", "127.0.0.1:0", "-www", "-Verify", "5", "-verify_return_error"]
    argv += ["-CAfile", str(dev / "ca.crt"), "-cert", str(dev / "server.crt"), "-key", str(dev / "server.key")]
    with process.running([*argv, "-tls1_3"], r"^ACCEPT .*:(\d+)", process.workdir(tmp_path, "only13")) as match:
        address = Address("127.0.0.1", int(match[1]))
        status, report = check(user, address, "--only", "none")
        assert status == 0
        assert cases(report, "skip", tls="1.2") == {"good", "certificate-request", "none", "good-again"}
        assert cases(report, "pass", tls="1.3") == {"good", "certificate-request", "none", "good-again"}
        status, report = check(user, address, "--only", "none", "--tls", "1.2")
        assert status == 3
        assert {row["outcome"] for row in report["rows"]} == {"skip"}
        assert report["answer"].endswith("nothing was tested. Not offered: TLS 1.2.")
        status, report = check(user, address, "--only", "none", "--require-tls", "1.2")
        assert status == 1
        assert cases(report, "fail", tls="1.2") == {"good"}
        assert "good" in cases(report, "pass", tls="1.3")


def test_ones_own_bad_certificates(dev: Path, rogue: Path, user: Path, tmp_path: Path) -> None:
    with servers.python(dev, tmp_path) as address:
        bad = ["--bad", f"old={rogue / 'client.crt'}:{rogue / 'client.key'}"]
        status, report = check(user, address, *bad, "--only", "bad-old")
        assert status == 0
        assert "bad-old" in cases(report, "pass")
        files = ["--ca", user / "ca.crt", "--cert", user / "client.crt", "--key", user / "client.key"]
        bad = ["--bad", f"mine={user / 'client.crt'}:{user / 'client.key'}"]
        status, report = check(None, address, *files, *bad, "--only", "bad-mine")
        assert status == 1
        assert cases(report, "fail") == {"bad-mine"}


def test_a_server_far_away_is_asked_at_once(dev: Path, user: Path, tmp_path: Path) -> None:
    """Through a line that takes a tenth of a second each way, in which two at a time would wait for each other."""
    now, most = 0, 0
    lock = threading.Lock()

    def carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                time.sleep(0.1)  # the line
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def far(client: socket.socket) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        with socket.create_connection(near) as server:
            back = threading.Thread(target=carry, args=(server, client))
            back.start()
            carry(client, server)
            back.join()
        with lock:
            now -= 1

    with servers.python(dev, tmp_path) as near, accepting(far) as address:
        status, report = check(user, address, "-j", "2", "--timeout", "30")
    assert (status, report["counts"]["unknown"]) == (0, 0)
    assert most >= 6


def test_the_reports(dev: Path, user: Path, tmp_path: Path) -> None:
    with servers.python(dev, tmp_path) as address:
        line = [sys.executable, SCRIPT, user, "--connect", f"localhost:{address.port}", "--tls", "1.3"]
        line += ["--probe", "http"]
        files = ["--json", "r.json", "--junit", "r.xml"]
        done = subprocess.run([*map(str, line), *files], capture_output=True, text=True, timeout=patient(60))
    assert done.returncode == 0
    report = json.loads(Path("r.json").read_text())
    made = len([row for row in report["rows"] if row["outcome"] in ("pass", "warn", "fail")])
    # the request and its names are seen on the baseline's connection; to resume takes two, forged headers up to four
    assert done.stderr == f"at most {made - 2 + 2 + 3} connections to localhost:{address.port} with {user}/client.crt\n"
    skipped = [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("  skip ")]
    assert sum(skipped) == report["counts"]["skip"] > 0
    suites = list(JUnitXml.fromfile("r.xml"))
    assert sum(suite.skipped for suite in suites) == report["counts"]["skip"]
    assert sum(suite.failures + suite.errors for suite in suites) == 0
    assert "PRIVATE KEY" not in Path("r.json").read_text() + Path("r.xml").read_text() + done.stdout
    assert not list(tmp_path.glob("mintls-*"))


@pytest.fixture
def silent() -> Iterator[tuple[Address, list[socket.socket]]]:
    """A listener that accepts connections and says nothing."""
    accepted: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                accepted.append(listener.accept()[0])
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield Address("127.0.0.1", listener.getsockname()[1]), accepted
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)
    for one in accepted:
        one.close()


def test_a_silent_server_is_asked_once_in_each_version_and_no_more(
    silent: tuple[Address, list[socket.socket]], user: Path
) -> None:
    address, accepted = silent
    status, report = check(user, address, "--timeout", "0.4")
    assert status == 3
    assert {row["outcome"] for row in report["rows"]} == {"unknown", "skip", "info"}
    assert len(accepted) == 4, "one baseline for each version, after two to find out what it speaks"
    assert report["milliseconds"] < slow(10) * 1000


def test_nobody_listens(user: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    status, _ = check(user, Address("127.0.0.1", port), "--only", "none")
    assert status == 3
    assert "s_client did not connect: Connection refused" in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing_running(
    silent: tuple[Address, list[socket.socket]], user: Path, tmp_path: Path, number: int
) -> None:
    address, accepted = silent
    line = [sys.executable, str(SCRIPT), str(user), "--connect", f"127.0.0.1:{address.port}", "--timeout", "100"]
    line += ["--probe", "http"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    script = subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: accepted or script.poll() is not None, "a connection")
        accepted[0].settimeout(patient(30))
        assert accepted[0].recv(1)
        script.send_signal(number)
        _, said = script.communicate(timeout=patient(30))
        while accepted[0].recv(65536):
            pass  # until the client has gone
    finally:
        script.kill()
        script.wait()
    assert script.returncode == (130 if number == signal.SIGINT else 143)
    assert said.splitlines()[1:] == (["interrupted"] if number == signal.SIGINT else [])
    assert not list(tmp_path.glob("mintls-*"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--connect", "localhost"], "--connect localhost: write HOST:PORT"),
        (["--connect", "localhost:0"], "--connect localhost:0: write HOST:PORT"),
        (["--connect", "localhost:99999"], "write HOST:PORT"),
        (["--probe", "https"], "--probe https: 'https' is not known; did you mean http?"),
        (["--probe", "http:private"], "write a path such as /private/"),
        (["--probe", "hex:0"], "write pairs of hexadecimal digits"),
        (["--probe", "hex:"], "write the bytes to send"),
        (["--probe", "none:x"], "nothing follows it"),
        (["--probe", "line:a\r\nb"], "one line of printable characters"),
        (["--refused-status", "4"], "--refused-status 4: write HTTP statuses"),
        (["--sni", "a b"], "--sni a b: use only letters"),
        (["--starttls", "smpt"], "--starttls smpt: 'smpt' is not known; did you mean smtp"),
        (["--bad", "x"], "--bad x: write NAME=CERT:KEY"),
        (["--bad", "x=a:b", "--bad", "x=a:b"], "--bad x is given twice"),
        (["--bad", "x=absent.crt:absent.key"], "absent.crt: No such file or directory"),
    ],
)
def test_a_wrong_word_is_told(arguments: list[str], sentence: str, user: Path) -> None:
    connect = [] if "--connect" in arguments else ["--connect", "localhost:4443"]
    with pytest.raises(UsageError) as told:
        HandshakeCheck.run(["handshake_check.py", str(user), *connect, *arguments], exit=False)
    assert sentence in str(told.value)


def test_what_does_not_go_together_is_reported(user: Path) -> None:
    line = ["handshake_check.py", str(user), "--connect", "localhost:4443", "--listen", ":"]
    with pytest.raises(UsageError, match="--connect and --listen do not go together"):
        HandshakeCheck.run(line, exit=False)


def test_a_recording_of_each_row(dev: Path, user: Path, tmp_path: Path) -> None:
    """Decrypted by tshark: the request, and the status in the tunnel."""
    only = ("--only", "none", "--tls", "1.3", "--probe", "http")
    with servers.python(dev, tmp_path) as address:
        status, _ = check(user, address, *only, "--pcap", "wire")
    assert status == 0
    files = {path.name: path.stat().st_mode & 0o777 for path in Path("wire").iterdir()}
    assert files == dict.fromkeys(
        ["server-1.3-good.pcapng", "server-1.3-good-again.pcapng", "server-1.3-none.pcapng"], 0o600
    )
    words = [need("tshark"), "-n", "-r", "wire/server-1.3-good.pcapng", "-T", "fields", "-e", "http.response.code"]
    environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "LC_ALL": "C", "HOME": str(tmp_path)}
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    assert "200" in done.stdout.split()


@pytest.mark.parametrize(("source", "status"), [("env:SECRET", 0), ("file:secret", 0), ("env:WRONG", None)])
def test_an_encrypted_key(
    source: str, status: int | None, dev: Path, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "a long one")
    monkeypatch.setenv("WRONG", "a wrong one")
    Path("secret").write_text("a long one\n")
    argv = [need("openssl"), "pkcs8", "-topk8", "-in", user / "client.key", "-out", "encrypted.key"]
    subprocess.run([*argv, "-passout", "env:SECRET"], check=True)
    files = ("--ca", user / "ca.crt", "--cert", user / "client.crt", "--key", "encrypted.key", "--only", "none")
    with tls_server(dev, lambda peer: b"HTTP/1.1 %d x\r\n\r\n" % (200 if peer else 403)) as address:
        if status is None:
            with pytest.raises(UsageError, match="cannot be decrypted with --key-pass env:WRONG; check the passphrase"):
                check(None, address, *files, "--key-pass", source)
            return
        found, report = check(None, address, *files, "--key-pass", source)
    assert found == status
    assert "a long one" not in json.dumps(report)


@pytest.mark.parametrize("source", ["{env: SECRET}", "{file: secret}"])
def test_the_passphrase_of_the_set_itself(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest has where it comes from, as the profile does, and not the passphrase."""
    monkeypatch.setenv("SECRET", "a long one")
    (tmp_path / "secret").write_text("a long one\n")
    text = ELLIPTIC.replace("  client:\n", f"  client:\n    passphrase: {source}\n")
    (tmp_path / "p.yaml").write_text(text)
    made = mint_profile(tmp_path / "p.yaml", tmp_path / "set")
    assert "a long one" not in (made / "manifest.json").read_text()
    with tls_server(made, lambda peer: b"HTTP/1.1 %d x\r\n\r\n" % (200 if peer else 403)) as address:
        status, report = check(made, address, "--only", "none")
        assert status == 0
        assert "a long one" not in json.dumps(report)
        (tmp_path / "other").write_text("a wrong one\n")
        with pytest.raises(UsageError, match="cannot be decrypted with --key-pass file"):
            check(made, address, "--only", "none", "--key-pass", f"file:{tmp_path / 'other'}")
        monkeypatch.delenv("SECRET")
        (tmp_path / "secret").unlink()
        lost = "SECRET, which does not exist; export it" if "env" in source else "is encrypted; give its passphrase"
        with pytest.raises(UsageError, match=lost):
            check(made, address, "--only", "none")


def test_a_key_that_is_named_needs_no_passphrase_of_the_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "a long one")
    (tmp_path / "p.yaml").write_text(ELLIPTIC.replace("  client:\n", "  client:\n    passphrase: {env: SECRET}\n"))
    made = mint_profile(tmp_path / "p.yaml", tmp_path / "set")
    argv = [
        need("openssl"),
        "pkey",
        "-in",
        made / "client.key",
        "-passin",
        "env:SECRET",
        "-out",
        tmp_path / "plain.key",
    ]
    subprocess.run(argv, check=True)
    monkeypatch.delenv("SECRET")
    with tls_server(made, lambda peer: b"HTTP/1.1 %d x\r\n\r\n" % (200 if peer else 403)) as address:
        assert check(made, address, "--only", "none", "--key", tmp_path / "plain.key")[0] == 0


@pytest.mark.parametrize("source", ["secret", "pass:secret", "env:", "file"])
def test_a_passphrase_is_not_given_openly(source: str, user: Path) -> None:
    with pytest.raises(UsageError, match=r"--key-pass .*: write env:NAME or file:PATH") as told:
        check(user, Address("localhost", 4443), "--key-pass", source)
    assert "secret;" not in str(told.value)


def test_the_credentials_are_kept_on_request(dev: Path, user: Path) -> None:
    """The commands of the report can be run again with them."""
    page = b"HTTP/1.1 %d x\r\n\r\n"
    with tls_server(dev, lambda peer: page % (200 if peer else 403)) as address:
        status, report = check(user, address, "--only", "unknown-ca", "--tls", "1.3", "--keep", "kept")
        assert status == 0
        assert Path("kept").stat().st_mode & 0o777 == 0o700
        row = next(row for row in report["rows"] if row["case"] == "unknown-ca")
        words = next(command for command in row["commands"] if "s_client" in command)
        words = words if isinstance(words, list) else words.split()
        for option in ("-cert", "-key", "-CAfile"):
            assert Path(words[words.index(option) + 1]).exists(), option
        with pytest.raises(UsageError, match="--keep kept: it exists; name a new directory"):
            check(user, address, "--keep", "kept")


@pytest.mark.parametrize("flawed", [True, False])
def test_what_comes_before_tls(dev: Path, user: Path, flawed: bool) -> None:
    """A server behind the PROXY protocol, and one that greets in plain text as NATS does."""
    page = b"HTTP/1.1 %d x\r\n\r\n"
    only = ("--only", "none", "--only", "unknown-ca")
    with tls_server(
        dev, lambda peer: page % (200 if peer or flawed else 403), expects=b"PROXY TCP4 127.0.0.1 "
    ) as address:
        status, report = check(user, address, "--proxy-protocol", *only)
        assert (status, cases(report, "fail")) == (flawed, {"none"} if flawed else set())
        assert check(user, address, *only)[0] == 3, "without the header it does not serve"
    with tls_server(
        dev, lambda peer: b"PONG\r\n" if peer or flawed else b"-ERR 'Authorization Violation'\r\n", opens=b"INFO {}\r\n"
    ) as address:
        status, report = check(user, address, *only)
        assert (status, cases(report, "fail")) == (flawed, {"none"} if flawed else set())


@pytest.mark.parametrize("option", ["ca", "cert", "key", "ca-key", "sni", "open-sni", "starttls", "probe", "bad",
                                    "accepted-if", "refused-if", "require-tls", "key-pass", "keep", "proxy",
                                    "refused-status"])  # fmt: skip
def test_what_says_something_of_a_server_needs_one(option: str, user: Path) -> None:
    words = ["handshake_check.py", "--list", f"--{option}", str(user / "ca.crt")]
    with pytest.raises(UsageError, match=f"--{option} needs --connect"):
        HandshakeCheck.run(words, exit=False)
    _, status = HandshakeCheck.run([*words, "--connect", "localhost:4443"], exit=False)
    assert status == 0


def test_alpn_needs_a_peer() -> None:
    words = ["handshake_check.py", "--list", "--alpn", "h2"]
    with pytest.raises(UsageError, match="--alpn needs --connect or --listen"):
        HandshakeCheck.run(words, exit=False)
    for peer in (["--connect", "localhost:4443"], ["--listen", ":"]):
        _, status = HandshakeCheck.run([*words, *peer], exit=False)
        assert status == 0


def test_a_client_command_needs_somewhere_to_listen() -> None:
    words = ["handshake_check.py", "--list", "--client-cmd", "curl {port}"]
    with pytest.raises(UsageError, match="--client-cmd needs --listen"):
        HandshakeCheck.run(words, exit=False)
    _, status = HandshakeCheck.run([*words, "--listen", ":"], exit=False)
    assert status == 0


def test_a_host_that_nobody_knows_is_told(user: Path) -> None:
    with pytest.raises(MintlsError, match=r"--connect nobody\.invalid:443: .*; check the host name"):
        HandshakeCheck.run(["handshake_check.py", str(user), "--connect", "nobody.invalid:443"], exit=False)


def test_a_directory_is_needed(tmp_path: Path) -> None:
    for words, sentence in (
        ([], "--connect needs DIR with ca.crt"),
        (["profile.yaml"], "profile.yaml is not a directory"),
        ([str(tmp_path)], "ca.crt: No such file or directory"),
    ):
        with pytest.raises(UsageError, match=sentence):
            HandshakeCheck.run(["handshake_check.py", *words, "--connect", "localhost:1"], exit=False)


def test_the_catalogue_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    HandshakeCheck.run(["handshake_check.py", "--list", "--connect", "localhost:443"], exit=False)
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert {"server/1.3/none", "server/1.3/open-name", "server/1.2/expired", "server/1.3/good-fresh"} <= listed
    assert not any(name.startswith("client/") for name in listed)
