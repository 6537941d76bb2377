"""The whole check as a user runs it: a good pair passes, each fault of a pair is found, and nothing is left behind."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from mintls.errors import UsageError
from mintls.handshake.cases.case import rows
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.cases.obstacles import divide, maker_obstacle
from mintls.minting.mint import mint
from mintls.openssl.binary import Openssl
from mintls.profile.load import read_profile

import pytest
from conftest import Fake, WholeCheck, altered
from deadline import patient, slow
from handshake_check import HandshakeCheck
from junitparser import JUnitXml
from processes import SCRIPTS

pytestmark = pytest.mark.slow

SCRIPT = SCRIPTS / "handshake_check.py"
SMALL = """
defaults: {key: "ec:P-256"}
authorities: {root: {subject: {CN: root}}, issuing: {subject: {CN: issuing}, issuer: root}}
servers: {web: {subject: {CN: web}, san: ["DNS:*.example.com"], issuer: issuing}}
clients: {alice: {subject: {CN: alice}, issuer: issuing}}
peers: {node: {subject: {CN: node}, san: ["IP:192.0.2.7"], issuer: root}}
"""


@pytest.fixture(scope="module")
def small(openssl: Openssl, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("small") / "set"
    mint(read_profile(SMALL.encode(), "small.yaml", "small"), directory, openssl, lambda *_: None)
    return directory


def check(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
    """Its exit status and what it says as JSON."""
    file = Path(os.environ["REPORT"])
    _, status = HandshakeCheck.run(["handshake_check.py", *map(str, arguments), "--json", str(file)], exit=False)
    return status, json.loads(file.read_text())


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPORT", str(tmp_path / "report.json"))


@pytest.fixture
def must_be_verified(openssl: Openssl) -> set[str]:
    """The rows that a verifier fails which verifies nothing, but for what this openssl cannot make."""
    makeable, _ = divide(rows(CATALOGUE, ("1.2", "1.3")), maker_obstacle(openssl))
    return {row.id for row in makeable if row.case.errors and row.case.severity == "must"}


def only(*patterns: str) -> list[str]:
    """The options that choose these rows."""
    return [word for pattern in patterns for word in ("--only", pattern)]


def ids(report: dict[str, Any], outcome: str) -> set[str]:
    return {row["id"] for row in report["rows"] if row["outcome"] == outcome}


def test_without_an_argument_a_set_of_the_example_is_minted_and_proved(whole_check: WholeCheck) -> None:
    assert (whole_check.status, whole_check.stderr) == (0, "")
    written, junit = (whole_check.directory / name for name in ("r.json", "junit.xml"))
    report = json.loads(written.read_text())
    assert len(report["rows"]) >= 300
    assert ids(report, "fail") == ids(report, "unknown") == set()
    assert {"server/1.3/set-client", "client/1.2/set-server"} <= ids(report, "pass")
    assert whole_check.stdout.count("\n  pass ") == report["counts"]["pass"]
    assert "\x1b" not in whole_check.stdout
    suites = list(JUnitXml.fromfile(str(junit)))
    assert sum(suite.tests for suite in suites) == len(report["rows"])
    assert sum(suite.failures + suite.errors for suite in suites) == 0
    assert "PRIVATE KEY" not in written.read_text() + junit.read_text() + whole_check.stdout
    assert sorted(path.name for path in whole_check.directory.iterdir()) == ["junit.xml", "r.json"]


def test_the_leaves_of_a_set_are_shown_to_both_ends(small: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in small.iterdir()}
    status, report = check(small, "--only", "set-*", "--tls", "1.3")
    assert status == 0
    assert {name for name in ids(report, "pass") if "set-" in name} == {
        "server/1.3/set-alice", "client/1.3/set-web", "client/1.3/set-node", "server/1.3/set-node",
    }  # fmt: skip
    row = next(row for row in report["rows"] if row["id"] == "client/1.3/set-web")
    assert "www.example.com" in row["commands"][1]
    assert before == {path: path.stat().st_mtime_ns for path in small.iterdir()}


def test_a_set_whose_leaf_is_no_good_fails(openssl: Openssl, tmp_path: Path) -> None:
    text = SMALL.replace(
        "clients: {alice: {", "clients: {alice: {extended_key_usage: [codeSigning], defects: [wrong_purpose], "
    )
    mint(read_profile(text.encode(), "bad.yaml", "bad"), tmp_path / "bad", openssl, lambda *_: None)
    status, report = check(tmp_path / "bad", "--only", "set-*", "--tls", "1.3")
    assert status == 1
    assert ids(report, "fail") == {"server/1.3/set-alice"}


DROP_RETURN_ERROR = '[ "$arg" = -verify_return_error ] && continue'
DROP_VERIFY = '[ -n "$skip" ] && { skip=; continue; }; [ "$arg" = -Verify ] && { skip=1; continue; }'
TRUST_FOREIGN = """case "$arg" in */anchors.crt)
        cat "$arg" "$(dirname "$arg")/foreign.crt" > "$both.$$"; arg="$both.$$";;
    esac"""


def test_gate_a_server_that_verifies_but_does_not_return_the_error(
    small: Path,
    must_be_verified: set[str],
    fake_openssl: Fake,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fake = fake_openssl(altered("s_server", DROP_RETURN_ERROR)).program
    monkeypatch.setenv("OPENSSL", str(fake))
    status, report = check(small, "-v", "--only", "server/*", "--tls", "1.3")
    assert status == 1
    expected = {name for name in must_be_verified if name.startswith("server/1.3/")}
    assert ids(report, "fail") == expected
    assert ids(report, "unknown") == set()
    told = {line.split()[1] for line in capsys.readouterr().out.splitlines() if line.startswith("  fail ")}
    assert told == {name.split("/")[2] for name in expected}


def test_gate_a_server_that_does_not_ask(
    small: Path, fake_openssl: Fake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # OpenSSL 4.0 also asks for a certificate when it has only -verify_return_error
    monkeypatch.setenv("OPENSSL", str(fake_openssl(altered("s_server", f"{DROP_RETURN_ERROR}; {DROP_VERIFY}")).program))
    status, report = check(small, *only("server/*/[aenw]*"), "--tls", "1.2")
    assert len(report["rows"]) >= 20
    assert status == 1
    found = [row for row in report["rows"] if row["verifier"] == "server" and row["tls"] == "1.2"]
    tried = [row for row in found if row["outcome"] != "skip"]
    asked = {row["id"] for row in tried if row["case"] not in ("null-ciphers", "anonymous-ciphers")}
    assert {row["id"] for row in tried if row["observed"] == "not requested"} == asked
    assert ids(report, "fail") == {row["id"] for row in tried if row["id"] in asked and row["severity"] == "must"}
    assert ids(report, "unknown") == set()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("fail:")]
    assert len(lines) == 1, "one cause is told once"


def test_gate_a_server_that_trusts_a_foreign_authority(
    small: Path, fake_openssl: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(
        "OPENSSL", str(fake_openssl(altered("s_server", TRUST_FOREIGN, f"both={tmp_path}/both")).program)
    )
    status, report = check(small, *only("server/*foreign*", "server/*/[nu]*", "server/*ca*"), "--tls", "1.3")
    assert status == 1
    assert len(report["rows"]) >= 20
    assert ids(report, "fail") == {"server/1.3/unknown-ca"}
    assert ids(report, "unknown") == set()


def test_gate_a_client_that_does_not_verify(
    small: Path, must_be_verified: set[str], fake_openssl: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENSSL", str(fake_openssl(altered("s_client", DROP_RETURN_ERROR)).program))
    status, report = check(small, "--only", "client/*", "--tls", "1.2")
    assert status == 1
    assert ids(report, "fail") == {name for name in must_be_verified if name.startswith("client/1.2/")}
    assert ids(report, "unknown") == set()


def test_a_server_that_refuses_everything_proves_nothing(
    small: Path, fake_openssl: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = '[ "$last" = -CAfile ] && arg="$(dirname "$arg")/foreign.crt"; last=$arg'
    monkeypatch.setenv("OPENSSL", str(fake_openssl(altered("s_server", replace)).program))
    status, report = check(small, *only("server/1.3/unknown-ca", "server/1.3/none", "*foreign*"))
    assert status == 1
    assert "server/1.3/good" in ids(report, "fail")
    assert "server/1.3/none" in ids(report, "unknown")


def test_policy_rows_fail_when_strict(small: Path) -> None:
    arguments = (small, "--only", "cn-only", "--tls", "1.3")
    assert check(*arguments)[0] == 0
    assert check(*arguments, "--strict")[0] == 1


def test_an_end_that_hangs_is_inconclusive_in_bounded_time(
    small: Path, fake_openssl: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    fake = fake_openssl(altered("s_server", before=f"echo $$ >> {pids}; exec sleep 1000")).program
    monkeypatch.setenv("OPENSSL", str(fake))
    status, report = check(small, *only("[!s]*/set-*", "*/n*", "*/e*"), "--timeout", "0.3")
    assert len(report["rows"]) >= 40
    assert status == 3
    assert ids(report, "unknown") == {row["id"] for row in report["rows"]} - ids(report, "skip")
    assert report["milliseconds"] < slow(30) * 1000
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 4, "what hangs is not tried again: one control for each verifier and version"
    assert not any(map(is_running, started))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing_running(small: Path, fake_openssl: Fake, tmp_path: Path, number: int) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    fake = fake_openssl(altered("s_client", before=f"echo $$ > {fifo}; exec sleep 1000")).program
    command = [sys.executable, SCRIPT, small, "--only", "server/1.3/none", "--tls", "1.3", "--timeout", "100"]
    path = f"{fake.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "TMPDIR": str(tmp_path)}
    script = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        pid = int(fifo.read_text())  # waits until a client runs
        script.send_signal(number)
        _, said = script.communicate(timeout=patient(30))
    finally:
        script.kill()
        script.wait()
    assert script.returncode == (130 if number == signal.SIGINT else 143)
    assert said == ("interrupted\n" if number == signal.SIGINT else "")
    assert not is_running(pid)
    assert not list(tmp_path.glob("mintls-*"))


def test_a_missing_openssl_is_told_in_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT], env={**os.environ, "OPENSSL": "no-such-openssl"}, capture_output=True, text=True
    )
    assert done.returncode == 3
    assert done.stderr == "no program 'no-such-openssl': install openssl, or set OPENSSL to the path of one\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--tls", "1.4"], "--tls 1.4: '1.4' is not known; did you mean 1."),
        (["--tls", ""], "--tls : '' is not known"),
        (["--only", "nothing"], "--only and --skip leave no row; --list shows all of them"),
        (["--only", "reovked"], "--only and --skip leave no row; did you mean revoked?"),
        (["--only", "server/1.3/revokd"], "leave no row; did you mean server/1.3/revoked?"),
        (["--only", "revoked", "--skip", "*"], "--only and --skip leave no row; --list shows all of them"),
        (["--timeout", "x"], "--timeout x: write a number of seconds above 0"),
        (["--timeout", "0"], "--timeout 0: write a number of seconds above 0"),
        (["--timeout", "-1"], "--timeout -1: write a number of seconds above 0"),
        (["--timeout", "nan"], "--timeout nan: write a number of seconds above 0"),
        (["--timeout", "1e9"], "--timeout 1e9: write a number of seconds above 0 and up to 86400"),
    ],
)
def test_a_wrong_word_is_told(arguments: list[str], sentence: str) -> None:
    with pytest.raises(UsageError, match=re.escape(sentence)):
        HandshakeCheck.run(["handshake_check.py", "--list", *arguments], exit=False)


def test_the_catalogue_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    _, status = HandshakeCheck.run(["handshake_check.py", "--list", "--skip", "client/*"], exit=False)
    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert len(lines) >= 60
    assert not any(line.startswith("client/") for line in lines)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
