"""Clients that need more than a command: those of HTTP/2, git, ldapsearch, and a browser, each right and wrong."""

import json
import shlex
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from handshake_check import HandshakeCheck
from peers import need
from peers.clients import FILES, HERE, URL
from peers.golang import program

pytestmark = pytest.mark.peers

ROWS = {"expired", "unknown-ca", "wrong-name", "cn-beside-san"}
CURL = f"curl -q -sS --noproxy * --max-time 10 --http2 --cacert {{ca}} --cert {{cert}} --key {{key}} {URL}"
# on machines with a proxy it is often set, and replaces http.sslCAInfo
GIT = "env -u GIT_SSL_CAINFO git -c http.sslCAInfo={ca} -c http.sslCert={cert} -c http.sslKey={key}"
LDAP = "ldapsearch -x -H ldaps://{host}:{port}/ -b '' -s base"


def failed(tmp_path: Path, rogue: Path, command: str, *options: str, listen: str = ":") -> tuple[set[str], int, str]:
    """The cases that fail, the number of unknown rows, and why the baseline was accepted or not."""
    only = [word for row in sorted(ROWS) for word in ("--only", row)]
    words = [str(rogue), "--listen", listen, *only, "--skip", "good-address", "--tls", "1.3", *options]
    _, status = HandshakeCheck.run(
        ["x", *words, "--json", str(tmp_path / "r.json"), "--client-cmd", command], exit=False
    )
    report = json.loads((tmp_path / "r.json").read_text())
    cases = {row["case"] for row in report["rows"] if row["outcome"] == "fail"}
    assert status == (3 if report["counts"]["unknown"] else 1 if cases else 0)
    return cases, report["counts"]["unknown"], report["rows"][0]["reason"]


def go(mode: str) -> str:
    return shlex.join([str(program()), "get", mode, URL, *FILES])


def node(reject: str) -> str:
    return shlex.join([need("node"), str(HERE / "h2_client.js"), reject, URL, *FILES])


@pytest.mark.parametrize(
    ("client", "accepted"),
    [
        ("curl", set()),
        ("curl -k", ROWS),
        ("go h2-verify", set()),
        ("go h2-insecure", ROWS),
        ("node true", set()),
        ("node false", ROWS),
    ],
)
def test_a_client_of_http_2_sends_its_preface_without_an_answer(
    client: str, accepted: set[str], rogue: Path, tmp_path: Path
) -> None:
    """RFC 9113 section 3.4: it is the first that a client sends, before the server has said anything in HTTP/2."""
    program_name, _, how = client.partition(" ")
    need(program_name)
    command = {"curl": f"{CURL} {how}", "go": go(how), "node": node(how)}[program_name]
    cases, unknown, reason = failed(tmp_path, rogue, command, "--alpn", "h2")
    assert (cases, unknown) == (accepted, 0), reason
    assert "it sent application data" in reason


@pytest.mark.parametrize(
    ("verifies", "accepted"), [("true", set()), ("false", ROWS)], ids=["http.sslVerify", "http.sslVerify=false"]
)
def test_git(verifies: str, accepted: set[str], rogue: Path, tmp_path: Path) -> None:
    """Debian's is of GnuTLS and judges after the handshake: it refuses late, and says why."""
    need("git")
    command = f"{GIT} -c http.sslVerify={verifies} ls-remote {URL}x"
    cases, unknown, reason = failed(tmp_path, rogue, command)
    assert (cases, unknown) == (accepted, 0), reason


def test_git_with_another_ca_in_its_environment(rogue: Path, elliptic: Path, tmp_path: Path) -> None:
    """It is inconclusive, with git's own words, which name the file."""
    need("git")
    ca = elliptic / "ca.crt"
    command = f"env GIT_SSL_CAINFO={ca} git -c http.sslCAInfo={{ca}} ls-remote {URL}x"
    cases, unknown, reason = failed(tmp_path, rogue, command)
    assert (cases, unknown) == (set(), len(ROWS) + 3)
    assert f"CAfile: {ca}" in reason


@pytest.mark.parametrize(("requires", "accepted"), [("demand", {"cn-beside-san"}), ("never", ROWS)])
def test_ldapsearch(requires: str, accepted: set[str], rogue: Path, tmp_path: Path) -> None:
    """With GnuTLS, libldap checks the machine's own name where it connects to localhost. It takes a CN beside a SAN,
    against RFC 9525 section 6.3.
    """
    need("ldapsearch")
    name = socket.gethostname()
    try:
        address = socket.gethostbyname(name)
        socket.create_server((address, 0)).close()
    except OSError:
        pytest.skip(f"{name} is not an address of this machine")
    files = "LDAPTLS_CACERT={ca} LDAPTLS_CERT={cert} LDAPTLS_KEY={key}"
    command = f"env {files} LDAPTLS_REQCERT={requires} {LDAP}"
    cases, unknown, reason = failed(tmp_path, rogue, command, "--name", name, listen=f"{address}:0")
    assert (cases, unknown) == (accepted, 0), reason


@pytest.mark.parametrize(("requires", "accepted"), [("demand", set()), ("never", ROWS)])
def test_ldapsearch_by_address(requires: str, accepted: set[str], rogue: Path, tmp_path: Path) -> None:
    """Or it is told the address, which each certificate of the control has as well."""
    need("ldapsearch")
    files = "LDAPTLS_CACERT={ca} LDAPTLS_CERT={cert} LDAPTLS_KEY={key}"
    command = f"env {files} LDAPTLS_REQCERT={requires} {LDAP}".replace("{host}", "127.0.0.1")
    cases, unknown, reason = failed(tmp_path, rogue, command)
    assert (cases, unknown) == (accepted, 0), reason


@pytest.mark.parametrize(
    ("option", "accepted"),
    [("", set()), ("--ignore-certificate-errors", {"expired", "wrong-name"})],
    ids=["right", "--ignore-certificate-errors"],
)
def test_chromium(option: str, accepted: set[str], rogue: Path, tmp_path: Path) -> None:
    """It trusts what the NSS database of its user has, and is asked for no certificate."""
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("this test needs Chromium, which is too large to be installed for it alone")
    database = tmp_path / "home" / ".pki" / "nssdb"
    database.mkdir(parents=True)
    words = [need("certutil"), "-d", f"sql:{database}"]
    subprocess.run([*words, "-N", "--empty-password"], check=True)
    subprocess.run([*words, "-A", "-t", "C,,", "-n", "ca", "-i", rogue / "ca.crt"], check=True)
    quiet = "--headless --no-sandbox --disable-gpu --no-proxy-server --disable-background-networking --no-first-run"
    browser = f"env HOME={tmp_path / 'home'} {chromium} {quiet} --disable-component-update {option}"
    command = f"{browser} --user-data-dir={tmp_path / 'profile'} --dump-dom {URL}"
    only = ["--only", "expired", "--only", "wrong-name", "--skip", "good-address", "--tls", "1.3"]
    words = ["x", str(rogue), "--listen", ":", "--no-request", "-j", "1", "--timeout", "60", *only]
    report = tmp_path / "r.json"
    _, status = HandshakeCheck.run([*words, "--json", str(report), "--client-cmd", command], exit=False)
    rows = json.loads(report.read_text())["rows"]
    assert {row["case"] for row in rows if row["outcome"] == "fail"} == accepted
    assert not [row for row in rows if row["outcome"] == "unknown"]
    assert status == (1 if accepted else 0)
