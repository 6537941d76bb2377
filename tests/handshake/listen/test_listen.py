"""Foreign clients: those that verify hold, those that do not fall on exactly the rows that they should."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mintls.errors import OutputError, UsageError
from mintls.handshake.cases.case import rows
from mintls.handshake.listen.cases import client_cases, parse_address
from mintls.handshake.listen.client_command import ClientCommand
from mintls.handshake.listen.listener import Address, Listener
from mintls.handshake.listen.trusting_client import TrustingClient
from mintls.handshake.result import Outcome, Run, Subject
from mintls.handshake.verdict import Kind
from mintls.openssl.binary import Openssl

import pytest
from conftest import mint_profile
from handshake_check import HandshakeCheck
from junitparser import JUnitXml
from peers import clients, need
from processes import SCRIPTS, Running, until

pytestmark = pytest.mark.slow

CONTROLS = {"good", "good-intermediate", "good-address", "good-again"}
GOOD = CONTROLS | {
    "name-in-capitals", "name-among-others", "within-name-constraints", "root-sent", "reversed-chain",
    "repeated-intermediate", "useless-certificate", "expired-root-sent", "unknown-extension", "valid-beyond-2050",
    "three-intermediates", "zero-serial", "long-serial",
}  # fmt: skip
# What TLS itself makes every client check: that the server holds its key, and the version that both can.
BY_TLS = {"stolen", "tls-1.0", "tls-1.1"}
WRONG_NAME = {
    "wrong-name",
    "wrong-address",
    "other-address",
    "cn-beside-san",
    "name-as-prefix",
    "name-as-suffix",
    "name-within",
    "subdomain",
    "name-with-nul",
    "name-in-uri",
    "name-in-uri-text",
    "name-in-email",
    "name-in-organization",
    "name-in-subject-text",
    "address-by-wildcard",
    "address-as-prefix",
    "address-in-cn",
    "address-in-uri",
}
DEEP = {
    "parent-domain",
    "wildcard-labels",
    "wildcard-inside",
    "wildcard-twice",
    "wildcard-no-label",
    "wildcard-prefix",
    "wildcard",
}
POLICY = {
    "bad-key-usage",
    "weak-key",
    "cn-only",
    "no-extended-key-usage",
    "ca-with-purpose",
    "wildcard-alone",
    "address-as-dns-name",
    "constrained-email",
    "constrained-uri",
    "nested-purpose",
    "any-purpose",
    "intermediate-weak-key",
    "wrong-key-identifier",
    "version-1",
}
UNVERIFIED = WRONG_NAME | {
    "self-signed", "unknown-ca", "same-name-ca", "same-name-and-key-id-ca", "rogue-root", "leaf-as-ca", "bad-signature",
    "bad-body", "expired", "expired-intermediate", "not-yet-valid", "wrong-purpose", "code-signing", "ca-as-leaf",
    "missing-intermediate", "intermediate-not-ca", "intermediate-cannot-sign", "path-length", "name-constraints",
    "critical-extension", "weak-digest", "excluded-name", "constrained-address", "excluded-address",
    "name-constraints-above", "path-length-above", "leaf-below-intermediate-as-ca", "not-yet-valid-intermediate",
    "intermediate-bad-signature", "intermediate-critical-extension", "version-1-intermediate", "mismatched-algorithm",
}  # fmt: skip
ALL = GOOD | BY_TLS | POLICY | UNVERIFIED
NO_CRL = {"good-crl", "revoked", "crl-missing", "crl-stale", "certificate-hold", "crl-of-another-ca"}
UNTRIED = NO_CRL | DEEP | {"other-cas"}


@pytest.fixture(scope="module")
def trusting(openssl: Openssl, rogue: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TrustingClient, Path]:
    """Everything that can be shown to a client that trusts the CA of the set `rogue`, whose key is there."""
    directory = tmp_path_factory.mktemp("listen") / "bad"
    client = TrustingClient(rogue, directory, openssl)
    plan, _ = client.divide(rows(client_cases(), ("1.2", "1.3")))
    client.mint(plan, datetime.now(UTC))
    return client, directory


@pytest.fixture
def show(openssl: Openssl, trusting: tuple[TrustingClient, Path]) -> Callable[..., Run]:
    """Shows rows to a client's command."""

    def shown(line: str, versions: tuple[str, ...] = ("1.3",), only: tuple[str, ...] = (), timeout: float = 20) -> Run:
        client, directory = trusting
        plan, _ = client.divide(rows(client_cases(), versions, only))
        visitor = client.visitor(ClientCommand(line))
        listener = Listener(openssl, directory, visitor, at=Address("127.0.0.1", 0), timeout=timeout)
        results = listener.run(plan, lambda _: None)
        return Run(
            kind=Subject.CLIENT, subject="", openssl="", started="", milliseconds=0, strict=False, results=results
        )

    return shown


def cases(run: Run, *, outcome: Outcome | None = None, kind: Kind | None = None) -> set[str]:
    return {
        result.row.case.id
        for result in run.results
        if outcome in (None, result.outcome) and kind in (None, result.verdict.kind)
    }


def assert_holds(run: Run, name: str) -> None:
    assert run.status == 0, [result.verdict for result in run.results]
    assert not run.count(Outcome.UNKNOWN)
    assert not run.count(Outcome.FAIL)
    assert CONTROLS <= cases(run, kind=Kind.ACCEPTED) <= GOOD | POLICY
    assert GOOD & cases(run) <= cases(run, kind=Kind.ACCEPTED)
    late = cases(run, kind=Kind.REFUSED_LATE)
    allowed = {"curl": WRONG_NAME | POLICY, "node": ALL - GOOD - BY_TLS}.get(name, set())
    assert late <= allowed, "others look before they show who they are"
    assert cases(run, outcome=Outcome.WARN) <= late | POLICY


def test_what_needs_a_crl_is_not_tried(trusting: tuple[TrustingClient, Path]) -> None:
    _, skipped = trusting[0].divide(rows(client_cases(), ("1.3",)))
    assert {result.row.case.id for result in skipped} == UNTRIED
    assert {result.outcome for result in skipped} == {Outcome.SKIP}


@pytest.mark.peers
@pytest.mark.parametrize("name", clients.RIGHT)
def test_a_client_that_verifies_holds(name: str, show: Callable[..., Run]) -> None:
    run = show(clients.template(name))
    assert cases(run) == ALL
    assert_holds(run, name)
    old = show(clients.template(name), ("1.2",), ("unknown-ca", "stolen", "wrong-name"))
    assert cases(old) == CONTROLS | {"unknown-ca", "stolen", "wrong-name"}
    assert_holds(old, name)


@pytest.mark.peers
@pytest.mark.parametrize("name", clients.WRONG)
def test_a_client_that_does_not_verify_falls(name: str, show: Callable[..., Run]) -> None:
    run = show(clients.template(name), ("1.2",) if name == "curl -k" else ("1.3",))
    assert run.status == 1
    assert not run.count(Outcome.UNKNOWN)
    fallen = WRONG_NAME if name == "python check_hostname=False" else UNVERIFIED
    if name.startswith("go "):  # its parser compares the two algorithms whatever is verified
        fallen = fallen - {"mismatched-algorithm"}
    assert cases(run, outcome=Outcome.FAIL) == fallen
    assert cases(run, kind=Kind.ACCEPTED) - POLICY == fallen | GOOD
    assert cases(run, outcome=Outcome.PASS) >= GOOD | BY_TLS


def python(code: str, *words: str) -> str:
    return shlex.join([sys.executable, "-c", code, *words])


CLIENT = """
import socket, ssl, subprocess, sys, time
host, port, ca, cert, key = sys.argv[1:6]
def tls(verify=True):
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(cert, key)
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host)
"""
WORDS = ("{host}", "{port}", "{ca}", "{cert}", "{key}")


def test_the_exit_status_is_no_evidence(show: Callable[..., Run]) -> None:
    code = "import subprocess, sys; subprocess.run(sys.argv[1:]); sys.exit(5)"
    run = show(python(code, *shlex.split(clients.template("python"))), only=("unknown-ca",))
    assert run.status == 0
    assert all("the client ended with status 5" in result.verdict.reason for result in run.results)


def test_what_is_sent_before_the_connection_is_dropped_counts(show: Callable[..., Run]) -> None:
    """It does not wait for an answer, nor read its session tickets."""
    run = show(python(f"{CLIENT}\ntls(verify=False).sendall(b'secret')", *WORDS), ("1.2", "1.3"), ("expired",))
    assert cases(run, outcome=Outcome.FAIL) == {"expired"}
    assert cases(run, kind=Kind.ACCEPTED) == {"expired", *CONTROLS}


PEERS = Path(__file__).parents[2] / "peers"


def flawed(flaw: str, *more: str) -> str:
    return shlex.join([sys.executable, str(PEERS / "flawed_client.py"), flaw, *WORDS, *more])


def test_a_client_that_tries_again_without_verification(show: Callable[..., Run]) -> None:
    """It is refused nothing that counts: what it says in any connection decides."""
    only = ("expired", "unknown-ca", "wrong-name")
    run = show(flawed("retries"), ("1.2", "1.3"), only)
    assert cases(run, outcome=Outcome.FAIL) == set(only)
    reasons = {result.verdict.reason for result in run.results if result.row.case.id in only}
    assert all("it sent application data, in connection 2 of 2" in reason for reason in reasons)
    assert show(flawed("none"), ("1.2", "1.3"), only).status == 0


def test_connections_that_stay_idle_do_not_count(show: Callable[..., Run]) -> None:
    run = show(flawed("idle"), ("1.2", "1.3"), ("expired", "tls-1.*"))
    assert run.status == 0
    assert not run.count(Outcome.UNKNOWN)
    assert all("in connection 3 of 3" in result.verdict.reason for result in run.results)


def test_a_client_that_goes_on_is_quiet_after_a_while(show: Callable[..., Run]) -> None:
    """As a service does that is the client of another: it keeps running after a refusal."""
    command = [sys.executable, str(PEERS / "flawed_client.py"), "none"]
    code = f"import subprocess, sys, time; subprocess.run({command!r} + sys.argv[1:]); time.sleep(1000)"
    run = show(python(code, *WORDS), only=("expired",))
    assert run.status == 0
    assert all("did not end and was stopped" in result.verdict.reason for result in run.results)


def test_a_client_without_tls(show: Callable[..., Run]) -> None:
    connect = "import socket, sys; one = socket.create_connection((sys.argv[1], int(sys.argv[2])))"
    run = show(python(f"{connect}; one.send(b'PING'); one.recv(9)", *WORDS), only=("good",))
    assert {result.verdict.reason for result in run.results if result.row.case.id == "good"} == {
        "the client connected without TLS and sent b'PING'"
    }
    run = show(python(f"{connect}; one.settimeout(1); one.recv(9)", *WORDS), only=("good",))
    reason = next(result.verdict.reason for result in run.results)
    assert reason == "the client connected and sent nothing, as one that waits for a greeting of the server"


def test_a_control_that_the_client_does_not_pass_for_a_reason_of_its_own(show: Callable[..., Run]) -> None:
    """A client with nothing to say, and one that cannot finish any handshake."""
    # the s_server of 1.1.1 does not answer a close_notify
    code = f"{CLIENT}\ntry:\n    tls().unwrap()\nexcept OSError:\n    pass"
    silent = show(python(code, *WORDS), only=("expired",))
    assert silent.status == 3
    good = next(result for result in silent.results if result.row.case.id == "good")
    assert (good.outcome, "standard input, which is empty" in good.verdict.reason) == (Outcome.UNKNOWN, True)


def test_the_last_words_of_a_client_that_does_not_pass(show: Callable[..., Run], dev: Path) -> None:
    run = show(clients.template("curl").replace("{ca}", str(dev / "ca.crt")), only=("expired",))
    good = next(result for result in run.results if result.row.case.id == "good")
    assert re.search(r"; the client ended with status 60: .*certificate", good.verdict.reason)


def test_to_finish_the_handshake_and_leave_is_to_refuse_late(show: Callable[..., Run]) -> None:
    code = f"{CLIENT}\none = tls(verify=False)\nif b'localhost' in one.getpeercert(True): one.sendall(b'hello')"
    run = show(python(code, *WORDS), ("1.2", "1.3"), only=("wrong-name", "unknown-ca"))
    late = [result for result in run.results if result.verdict.kind is Kind.REFUSED_LATE]
    assert {result.row.case.id for result in late} == {"wrong-name"}
    assert all(
        "after it had completed the handshake and presented its certificate" in result.verdict.reason for result in late
    )
    assert {result.outcome for result in late} == {Outcome.WARN}


def test_silence_is_no_refusal(show: Callable[..., Run]) -> None:
    """It verifies nothing, says nothing after a bad handshake, and never ends."""
    code = f"{CLIENT}\none = tls(False)\nif b'localhost' not in one.getpeercert(True): time.sleep(1000)\none.send(b'x')"
    run = show(python(code, *WORDS), only=("wrong-name",), timeout=2)
    assert cases(run, outcome=Outcome.UNKNOWN) == {"wrong-name"}
    assert run.status == 3
    said = next(result.verdict.reason for result in run.results if result.row.case.id == "wrong-name")
    assert said == "not finished within --timeout; the client did not end and was stopped"


def test_without_a_good_control_no_refusal_counts(show: Callable[..., Run], dev: Path) -> None:
    """It trusts another CA, so it refuses everything."""
    run = show(clients.template("curl").replace("{ca}", str(dev / "ca.crt")), only=("expired", "unknown-ca"))
    assert cases(run, outcome=Outcome.FAIL) == CONTROLS - {"good-address"}, "which only warns"
    assert cases(run, outcome=Outcome.UNKNOWN) == {"expired", "unknown-ca"}
    assert run.status == 1


def test_the_servers_own_judgement_does_not_count(show: Callable[..., Run], dev: Path) -> None:
    """It shows a certificate of a CA that the server does not know, and then none: only the client is examined."""
    stranger = clients.template("curl").replace("{cert}", f"{dev}/client.crt").replace("{key}", f"{dev}/client.key")
    nobody = shlex.join([need("curl"), "-q", "-sS", "--noproxy", "*", "--cacert", "{ca}", clients.URL])
    for line in (stranger, nobody):
        run = show(line, only=("expired", "unknown-ca"))
        assert (run.status, run.count(Outcome.PASS)) == (0, len(run.results)), run.results


def test_a_client_that_never_connects_is_told_with_its_words(show: Callable[..., Run]) -> None:
    code = "import sys; print('no proxy'); sys.exit(4)"
    run = show(python(code, "{port}"))
    assert run.status == 3
    assert cases(run, outcome=Outcome.UNKNOWN) == ALL
    reasons = {result.verdict.reason for result in run.results}
    assert "the client ended with status 4 and did not connect: no proxy" in reasons
    assert len(reasons) == 2, "the rest is not tried"


def check(*arguments: object) -> tuple[int, dict[str, Any]]:
    file = Path(os.environ["REPORT"])
    _, status = HandshakeCheck.run(["handshake_check.py", *map(str, arguments), "--json", str(file)], exit=False)
    return status, json.loads(file.read_text())


@pytest.fixture(autouse=True)
def _report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORT", str(tmp_path / "report.json"))


def test_the_script_without_the_key_of_the_authority(
    rogue: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory, junit = tmp_path / "set", tmp_path / "junit.xml"
    directory.mkdir()
    for path in rogue.iterdir():
        if path.name != "ca.key":
            (directory / path.name).symlink_to(path)
    arguments = (directory, "--listen", ":", "--tls", "1.3", "--junit", junit, "--client-cmd")
    status, report = check(*arguments, clients.template("curl"))
    assert status == 0
    tried = {"self-signed", "unknown-ca", "same-name-ca", "same-name-and-key-id-ca", "rogue-root", "leaf-as-ca"}
    tried |= {
        "bad-signature",
        "bad-body",
        "stolen",
        "tls-1.0",
        "tls-1.1",
        "good",
        "good-again",
        "good-address",
        "other-address",
    }
    skipped = {row["case"]: row["reason"] for row in report["rows"] if row["outcome"] == "skip"}
    assert {row["case"] for row in report["rows"]} - skipped.keys() == tried
    assert skipped.keys() == (ALL | UNTRIED) - tried
    assert skipped["expired"] == "the set has no unencrypted private key of the CA"
    assert skipped["crl-stale"] == "the client is given no CRL"
    assert skipped["expired"] in capsys.readouterr().out
    suites = list(JUnitXml.fromfile(str(junit)))
    assert sum(suite.skipped for suite in suites) == len(skipped)
    status, report = check(*arguments, clients.template("curl -k"))
    assert status == 1
    assert {row["case"] for row in report["rows"] if row["outcome"] == "fail"} == tried & UNVERIFIED


def test_without_a_command_the_user_is_told_where_to_connect(
    rogue: Path, start: Callable[..., Running], tmp_path: Path
) -> None:
    words = ("--only", "expired", "--tls", "1.3", "--timeout", "60", "--json", tmp_path / "r.json")
    script = start(sys.executable, SCRIPTS / "handshake_check.py", rogue, "--listen", "127.0.0.1:0", *words)
    seen = 0
    for row in ("good", "good-intermediate", "good-address", "expired", "good-again"):
        line = script.says(f"client/1.3/{row}: connect to https://")
        found = re.search(r"connect to https://(\S+):(\d+)/ within 60 s", line)
        assert found
        subprocess.run(
            [
                need("curl"),
                "-q",
                "-sS",
                "--noproxy",
                "*",
                "--cacert",
                rogue / "ca.crt",
                f"https://{found[1]}:{found[2]}/",
            ],
            capture_output=True,
        )
        seen += 1
    until(lambda: script.process.poll() is not None, "the end of the script")
    assert script.end() == 0, script.stdout
    assert f"let the client trust {rogue}/ca.crt and present {rogue}/client.crt" in script.stderr
    rows = json.loads((tmp_path / "r.json").read_text())["rows"]
    assert len([row for row in rows if row["outcome"] != "skip"]) == seen


def test_nobody_connects_and_the_time_is_bounded(rogue: Path) -> None:
    status, report = check(rogue, "--listen", ":", "--tls", "1.3", "--timeout", "0.5", "--only", "expired")
    assert status == 3
    assert report["rows"][0]["reason"] == "no client connected within the time allowed (--timeout)"


def test_a_port_that_is_taken_is_told(rogue: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = ("--listen", f"127.0.0.1:{port}", "--only", "good", "--client-cmd", f"{sys.executable} {{port}}")
        status, report = check(rogue, *words)
    assert status == 3
    assert "Address already in use" in report["rows"][0]["reason"]


def test_interrupted_it_leaves_no_client_behind(rogue: Path, start: Callable[..., Running], tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = "import os, sys, time; print(os.getpid(), file=open(sys.argv[2], 'a')); time.sleep(1000)"
    command = python(code, "{port}", str(pids))
    words = ("--listen", ":", "--only", "expired", "--client-cmd", command)
    script = start(sys.executable, SCRIPTS / "handshake_check.py", rogue, *words)
    until(lambda: pids.exists() and pids.read_text().endswith("\n"), "a client")
    assert script.end(signal.SIGINT) == 130
    assert script.stderr == "interrupted\n"
    for pid in map(int, pids.read_text().split()):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_command_is_words_with_values() -> None:
    """No shell: a value stays one word, whatever is in it, and other braces are the client's own."""
    command = ClientCommand("sh -c 'echo {port} $x' {ca} '{{host}}' %{http_code}")
    values = {"host": "h", "port": "1", "ca": "a b; {port}", "cert": "c", "key": "k"}
    assert command.argv(values) == ("sh", "-c", "echo 1 $x", "a b; {port}", "{h}", "%{http_code}")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("curl https://localhost/", "has no {port}"),
        ("curl 'https://localhost:{port}/", "No closing quotation"),
        (
            "curl https://{hst}:{port}/",
            "--client-cmd: {hst} in word 2 is not known; did you mean {host}? There are {host} {port} {ca} {cert}",
        ),
        ("curl https://{host}:{prt}/", "{prt} in word 2 is not known; did you mean {port}?"),
        ("curl --cacert {CA} https://{host}:{port}/", "{CA} in word 3 is not known; did you mean {ca}?"),
        ("no-such-program {port}", "program 'no-such-program' not found; the command runs without a shell"),
    ],
)
def test_a_command_that_cannot_be_one_is_told(line: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=re.escape(sentence)):
        ClientCommand(line)


@pytest.mark.parametrize(
    "own",
    ["-d '{\"port\":1}'", "-d '{\"a\":{}}'", "'{print}'", "'{exit}'", "'{ print $1 }'", "%{certs}", "${keys}",
     "{{hosts}}", "'a{1,2}'", "{}"],
)  # fmt: skip
def test_braces_of_the_clients_own_are_no_slip(own: str) -> None:
    ClientCommand(f"sh {{port}} {own}")


def test_where_to_listen_is_read() -> None:
    assert parse_address(":") == parse_address("127.0.0.1:0") == parse_address(":0") == Address("127.0.0.1", 0)
    assert parse_address("0.0.0.0:4433") == Address("0.0.0.0", 4433)
    for wrong in ("4433", "example.test:4433", "127.0.0.1:http", "127.0.0.1:65536"):
        with pytest.raises(UsageError, match=f"--listen {wrong}: write 127"):
            parse_address(wrong)


NO_SERVER = """
defaults: {key: ec:P-256}
authorities: {ca: {subject: {CN: Lone CA}}}
clients: {client: {subject: {CN: client}}}
"""


def test_a_set_that_lacks_what_is_needed_is_told(openssl: Openssl, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(NO_SERVER)
    source = mint_profile(tmp_path / "p.yaml", tmp_path / "set")
    assert TrustingClient(source, tmp_path / "one", openssl).ca == source / "ca.crt"
    (source / "ca.key").rename(tmp_path / "ca.key")
    with pytest.raises(OutputError, match="neither the CA's key nor a server certificate for DNS:localhost"):
        TrustingClient(source, tmp_path / "two", openssl)


SET_OF_NAME = """
defaults: {key: ec:P-256}
authorities: {ca: {subject: {CN: Name CA}}}
servers: {server: {subject: {CN: s}, san: ["DNS:api.dev.example.org", "IP:127.0.0.1"]}}
clients: {client: {subject: {CN: client}}}
"""
NAMED = ("--listen", ":", "--tls", "1.3", "--name", "api.dev.example.org")


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("named")
    (directory / "p.yaml").write_text(SET_OF_NAME)
    return mint_profile(directory / "p.yaml", directory / "set")


# A client of ten lines for each way to compare names wrongly, and the rows that find it, of those it is shown.
@pytest.mark.parametrize(
    ("flaw", "found"),
    [
        ("cn", {"cn-beside-san"}),
        ("prefix", {"name-as-prefix", "name-with-nul"}),
        ("suffix", {"name-as-suffix", "subdomain"}),
        ("substring", {"name-as-prefix", "name-as-suffix", "name-within", "subdomain", "name-with-nul"}),
        ("any-kind", {"name-in-uri", "name-in-uri-text", "name-in-email"}),
        ("none", set()),
    ],
)
def test_a_client_that_compares_names_in_its_own_way(flaw: str, found: set[str], show: Callable[..., Run]) -> None:
    run = show(flawed(flaw), only=("cn-beside-san", "name-*", "subdomain", "wrong-name"))
    assert cases(run, outcome=Outcome.FAIL) == found
    assert run.status == (1 if found else 0)


@pytest.mark.parametrize(
    ("flaw", "found"),
    [
        ("labels", {"wildcard-labels", "wildcard-inside", "wildcard-twice"}),
        ("suffix", {"parent-domain", "wildcard-no-label"}),
        ("none", set()),
    ],
)
def test_wildcards_for_a_name_of_the_users_choice(flaw: str, found: set[str], named: Path) -> None:
    """The client checks for that name at 127.0.0.1, as curl does with --connect-to."""
    words = [sys.executable, str(PEERS / "flawed_client.py"), flaw, "127.0.0.1", *WORDS[1:], "{host}"]
    status, report = check(
        named, *NAMED, "--only", "*wildcard*", "--only", "parent-domain", "--client-cmd", shlex.join(words)
    )
    assert {row["case"] for row in report["rows"] if row["outcome"] == "fail"} == found
    assert status == (1 if found else 0)
    if flaw == "labels":
        prefix = next(row for row in report["rows"] if row["case"] == "wildcard-prefix")
        assert (prefix["observed"], prefix["outcome"]) == ("accepted", "warn")


@pytest.mark.peers
def test_curl_with_a_name_of_the_users_choice(named: Path, tmp_path: Path) -> None:
    """Also without the key of the CA, where the set's own certificate has the name."""
    command = [need("curl"), "-q", "-sS", "--noproxy", "*", "--cacert", "{ca}", "--connect-to", "::127.0.0.1:{port}"]
    line = shlex.join([*command, clients.URL])
    status, report = check(named, *NAMED, "--client-cmd", line)
    assert (status, report["counts"]["fail"], report["counts"]["unknown"]) == (0, 0, 0)
    skipped = {row["case"] for row in report["rows"] if row["outcome"] == "skip"}
    assert skipped == NO_CRL | {"other-cas", "other-address"}
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in named.iterdir():
        if path.name != "ca.key":
            (copy / path.name).symlink_to(path)
    status, report = check(copy, *NAMED, "--only", "unknown-ca", "--client-cmd", line)
    assert (status, report["counts"]["pass"]) == (0, 4)
    with pytest.raises(OutputError, match=r"server certificate for DNS:other\.example"):
        TrustingClient(copy, tmp_path / "x", Openssl(), "other.example")


def test_without_the_key_a_client_that_checks_no_address_is_found(rogue: Path, tmp_path: Path) -> None:
    """By a valid certificate at another loopback address."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in rogue.iterdir():
        if path.name != "ca.key":
            (copy / path.name).symlink_to(path)
    words = ("--listen", ":", "--tls", "1.3", "--only", "other-address", "--client-cmd")
    status, report = check(copy, *words, clients.template("python check_hostname=False"))
    assert (status, {row["case"] for row in report["rows"] if row["outcome"] == "fail"}) == (1, {"other-address"})
    assert check(copy, *words, clients.template("python"))[0] == 0


def test_what_cannot_be_observed_is_reported(rogue: Path) -> None:
    _, report = check(rogue, "--listen", ":", "--tls", "1.3", "--client-cmd", clients.template("curl"), "--only", "o*")
    assert "whether the client also trusts other CAs (it cannot be observed from outside)" in report["answer"]


def test_a_client_that_has_no_certificate_is_not_asked(show: Callable[..., Run], rogue: Path) -> None:
    """A browser closes when it is; this one fails when it is asked."""
    code = f"""{CLIENT}
context = ssl.create_default_context(cafile=ca)
one = context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host)
one.sendall(b"x")
one.recv(1)
"""
    words = ("--listen", ":", "--tls", "1.2", "--only", "expired", "--client-cmd", python(code, *WORDS))
    for more, asked in ((["--no-request"], False), ([], True)):
        status, report = check(rogue, *words, *more)
        assert status == 0
        names = {message["name"] for row in report["rows"] for message in row["messages"]}
        assert ("CertificateRequest" in names) is asked


def test_application_protocols_are_offered(rogue: Path) -> None:
    code = f"""{CLIENT}
context = ssl.create_default_context(cafile=ca)
context.set_alpn_protocols(["h2"])
one = context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host)
if one.selected_alpn_protocol() != "h2": sys.exit("no h2")
one.sendall(b"PRI * HTTP/2.0")
"""
    words = ("--listen", ":", "--tls", "1.3", "--only", "expired", "--client-cmd", python(code, *WORDS))
    assert check(rogue, *words)[0] == 3
    assert check(rogue, *words, "--alpn", "h2,http/1.1")[0] == 0


@pytest.mark.parametrize("wrong", ["", "127.0.0.1", "*.example.org", "https://a.example", "a b"])
def test_a_name_that_cannot_be_one_is_told(wrong: str, rogue: Path) -> None:
    with pytest.raises(UsageError, match=r"--name .*; write a host name such as api\.dev\.example\.org"):
        HandshakeCheck.run(["x", str(rogue), "--listen", ":", "--name", wrong], exit=False)
