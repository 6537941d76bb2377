"""What a user can ask of verify.py: anchors, name, purpose, time, a warning, the one that decides, a password."""

import json
import os
from pathlib import Path

import pytest
from conftest import Run
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from foreign import CLIENT, SERVER, Made, make

CA = make("CA", authority=True)
OTHER = make("Other", authority=True)
LEAF = make("leaf", CA, purposes=SERVER, san=[x509.DNSName("a.example"), x509.DNSName("*.b.example")])
OLD = make("old", CA, purposes=CLIENT, san=[x509.DNSName("old")], days=(-9, -1))
SECRET = "correct horse battery staple"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made: dict[str, Made] = {"ca": CA, "other": OTHER, "leaf": LEAF}
    for name, one in made.items():
        (tmp_path / f"{name}.crt").write_bytes(one.pem)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "status", "part"),
    [
        (["leaf.crt", "--trust", "ca.crt"], 0, "trusted: the 1 certificate of ca.crt, and no other"),
        (["leaf.crt", "--trust", "other.crt"], 1, "error 20"),
        (["leaf.crt", "ca.crt", "--trust", "other.crt"], 1, "leaf.crt"),
        (["leaf.crt", "ca.crt", "--trust", "system"], 1, "error"),
        (["leaf.crt", "ca.crt"], 0, "trusted: the self-signed CAs in the files: ca.crt; --trust FILE"),
        (["leaf.crt", "--trust", "."], 0, "all valid"),
        (["leaf.crt", "--trust", "leaf.crt"], 1, "error 2"),
        (["leaf.crt", "ca.crt", "--name", "a.example"], 0, "valid   server as DNS:a.example"),
        (["leaf.crt", "ca.crt", "--name", "x.b.example"], 0, "valid   server as DNS:x.b.example"),
        (["leaf.crt", "ca.crt", "--name", "c.example"], 1, "(error 62"),
        (["leaf.crt", "ca.crt", "--name", "10.0.0.1"], 1, "(error 64"),
        (["leaf.crt", "ca.crt", "--name", "a@b.example"], 1, "(error 63"),
        (["leaf.crt", "ca.crt", "--purpose", "server"], 0, "valid   server as DNS:a.example"),
        (["leaf.crt", "ca.crt", "--purpose", "client"], 1, "error 26"),
        (["leaf.crt", "ca.crt", "--at", "2001-01-01T00:00:00Z"], 1, "(error 9"),
        (["leaf.crt", "ca.crt", "--warn", "7d"], 0, "all valid"),
        (["leaf.crt", "ca.crt", "--warn", "31d"], 1, "sooner than --warn allows"),
        (["leaf.crt", "ca.crt", "--warn", "31"], 2, "--warn '31' is not a length of time"),
        (["leaf.crt", "ca.crt", "--at", "tomorrow"], 2, "--at 'tomorrow' is not a date"),
        (["leaf.crt", "--trust", "absent"], 2, "absent: no such file"),
        (["leaf.crt", "ca.crt", "--password-env", "ABSENT"], 2, "ABSENT is not set"),
        (["leaf.crt", "ca.crt", "--password-file", "absent"], 2, "--password-file absent: No such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_question(words: list[str], status: int, part: str, folder: Path, run: Run) -> None:
    done = run("verify.py", *words, cwd=folder)
    assert done.returncode == status, done.stdout + done.stderr
    assert part in done.stdout + done.stderr
    assert (done.stdout == "") == (status == 2)


def test_only_one_decides(folder: Path, run: Run) -> None:
    (folder / "old.crt").write_bytes(OLD.pem)
    assert run("verify.py", folder).returncode == 1
    for name in ("leaf.crt", "leaf", "CN=leaf"):
        done = run("verify.py", folder, "--only", name)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"4 certificates: {name} alone decides: valid")
    done = run("verify.py", folder, "--only", "old.crt")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "4 certificates: old.crt alone decides: invalid")
    done = run("verify.py", folder, "--only", "laef.crt")
    assert (done.returncode, done.stderr) == (2, "--only laef.crt: 'laef.crt' is not known; did you mean leaf.crt?\n")


def test_strict_makes_advice_fail(folder: Path, run: Run) -> None:
    (folder / "long.crt").write_bytes(make("l", CA, purposes=SERVER, san=[x509.DNSName("l")], days=(-1, 900)).pem)
    lax, strict = run("verify.py", folder), run("verify.py", folder, "--strict")
    assert (lax.returncode, strict.returncode) == (0, 1)
    assert "advice  valid for 901 days" in lax.stdout
    assert "INVALID valid for 901 days" in strict.stdout
    assert " advice  " not in strict.stdout


def test_verbose_lists_the_extensions(folder: Path, run: Run) -> None:
    assert "ext     basicConstraints, critical\n" in run("verify.py", folder, "-v").stdout
    assert "basicConstraints" not in run("verify.py", folder).stdout


def test_json_to_a_file_or_to_standard_output(folder: Path, run: Run) -> None:
    plain = run("verify.py", "ca.crt", cwd=folder)
    to_file = run("verify.py", "ca.crt", "--json", "report.json", cwd=folder)
    to_stdout = run("verify.py", "ca.crt", "--json", "-", cwd=folder)
    assert to_file.stdout == plain.stdout
    assert (folder / "report.json").read_text() == to_stdout.stdout
    assert json.loads(to_stdout.stdout)["answer"] == plain.stdout.splitlines()[-1]
    absent = run("verify.py", "ca.crt", "--json", "absent/report.json", cwd=folder)
    assert (absent.returncode, absent.stdout) == (3, "")
    assert absent.stderr == "absent/report.json: No such file or directory; name a file that can be written\n"


def test_a_password_opens_a_pkcs12_and_is_never_shown(folder: Path, run: Run, tmp_path: Path) -> None:
    lock = BestAvailableEncryption(SECRET.encode())
    data = pkcs12.serialize_key_and_certificates(b"x", LEAF.key, LEAF.certificate, None, lock)
    (folder / "x.p12").write_bytes(data)
    (folder / "secret").write_text(f"{SECRET}\nsomething else\n")
    for words, environment in ((("--password-file", "secret"), {}), (("--password-env", "PASS"), {"PASS": SECRET})):
        done = run("verify.py", "x.p12", "ca.crt", *words, cwd=folder, env={**os.environ, **environment})
        assert (done.returncode, done.stderr) == (0, "")
        assert "x.p12 0" in done.stdout
        assert SECRET not in done.stdout
    (folder / "secret").write_text("wrong\n")
    done = run("verify.py", "x.p12", "ca.crt", "--password-file", "secret", cwd=folder)
    assert (done.returncode, "does not open with the given password" in done.stdout) == (1, True)


def test_a_password_is_in_no_command_line(folder: Path, run: Run, fake_openssl: object, tmp_path: Path) -> None:
    (folder / "secret").write_text(SECRET)
    (folder / "leaf.key").write_bytes(LEAF.encrypted_key(SECRET.encode()))
    log = tmp_path / "log"
    environment = fake_openssl(f'echo "$*" >> {log}; exec $REAL "$@"')  # type: ignore[operator]
    done = run("verify.py", folder, "--password-file", folder / "secret", env=environment)
    assert (done.returncode, "leaf.key" in done.stdout) == (0, True)
    assert "pkey -pubout -passin env:" in log.read_text()
    assert SECRET not in log.read_text()
