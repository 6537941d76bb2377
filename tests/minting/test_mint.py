"""All or nothing: whatever fails, the set that stood stays whole, and the next run works."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mintls.openssl.binary import Openssl

import pytest
from conftest import Fake, Run, contents, mint_profile, modes
from cryptography import x509
from deadline import patient
from processes import SCRIPTS, until

TEXT = """\
defaults: {key: ec:P-256}
authorities: {ca: {subject: {CN: CA}}}
clients: {a: {subject: {CN: a}}, b: {subject: {CN: b}}}
"""
CHANGED = TEXT.replace("CN: a}", "CN: a2}")
FILES = ["a.crt", "a.key", "b.crt", "b.key", "ca.crt", "ca.key", "manifest.json"]
Mint = Callable[[str], Path]
# for a step of the workflow: what this openssl does instead
FAULTS = {
    "fails": "echo 'cannot' >&2; exit 7",
    "is killed": "kill -9 $$",
    "writes garbage": 'while [ "$1" != -out ]; do shift; done; echo garbage > "$2"',
    "writes nothing": "exit 0",
    "writes half": '$REAL "$@"; while [ "$1" != -out ]; do shift; done; head -c 100 "$2" > half; mv half "$2"',
}
STEPS = {
    "key": "genpkey\\ *-out\\ *.key",
    "request": "req\\ *",
    "certificate": "x509\\ -req*",
    "folded": "req\\ -x509*",
    "check": "verify\\ *",
}


def faulty(step: str, fault: str) -> str:
    """An openssl with a fault; one that says of no command what it can gets the plain workflow, not the folded one."""
    old = "" if step in ("folded", "check") else "*\\ -help) exit 0;;"
    return f'case "$*" in {old} {STEPS[step]}) {FAULTS[fault]};; *) exec $REAL "$@";; esac'


def cases() -> Iterator[tuple[str, str]]:
    for step in STEPS:
        for fault in FAULTS:
            if step != "check" or not fault.startswith("writes"):
                yield step, fault


@contextmanager
def hung(profile: Path, directory: Path, environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A run whose openssl does not end, and the pid of that openssl once it is there."""
    told = directory.parent / "pid"
    command = [sys.executable, str(SCRIPTS / "generate.py"), str(profile), "-o", str(directory), "-j", "1"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    pid = 0
    try:
        until(lambda: told.exists() and told.read_text().endswith("\n"), "the openssl that hangs")
        pid = int(told.read_text())
        yield process, pid
    finally:
        process.kill()
        process.communicate()
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def hang(told: Path) -> str:
    return f'case "$*" in req\\ -x509*|x509\\ -req*) echo $$ > {told}; exec sleep 60;; *) exec $REAL "$@";; esac'


def common_name(path: Path) -> str | bytes:
    return next(iter(x509.load_pem_x509_certificate(path.read_bytes()).subject)).value


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mint")
    (folder / "profile.yaml").write_text(TEXT)
    return mint_profile(folder / "profile.yaml", folder / "set")


@pytest.fixture
def minted(template: Path, tmp_path: Path) -> Path:
    """A good set, and beside it a profile that has changed since."""
    (tmp_path / "set").mkdir()
    for path in template.iterdir():
        (tmp_path / "set" / path.name).write_bytes(path.read_bytes())
        (tmp_path / "set" / path.name).chmod(path.stat().st_mode)
    (tmp_path / "profile.yaml").write_text(CHANGED)
    return tmp_path / "set"


@pytest.mark.parametrize(("step", "fault"), [*cases()])
def test_a_step_that_goes_wrong_publishes_nothing(
    step: str, fault: str, tmp_path: Path, run: Run, fake_openssl: Fake, openssl: Openssl
) -> None:
    if step == "folded" and not openssl.can("req", "-CA"):
        pytest.skip("OpenSSL before 3.0 needs the separate commands")
    profile = tmp_path / "profile.yaml"
    profile.write_text(TEXT)
    done = run("generate.py", profile, "-o", tmp_path / "set", env=fake_openssl(faulty(step, fault)))
    assert done.returncode in ((3,) if step == "check" else (1, 3)), done.stderr  # to be asked is not to be refused
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(("step", "fault"), [("certificate", "fails"), ("request", "is killed"), ("check", "fails")])
def test_the_set_that_stood_stays_whole(step: str, fault: str, minted: Path, run: Run, fake_openssl: Fake) -> None:
    before = contents(minted)
    words = ("generate.py", minted.parent / "profile.yaml", "-o", minted)
    done = run(*words, env=fake_openssl(faulty(step, fault)))
    assert done.returncode in (1, 3)
    assert "Traceback" not in done.stderr
    assert contents(minted) == before
    assert common_name(minted / "a.crt") == "a"
    assert run(*words).returncode == 0  # the good twin
    assert common_name(minted / "a.crt") == "a2"


def test_interrupted_it_ends_what_it_started(minted: Path, fake_openssl: Fake) -> None:
    before = contents(minted)
    environment = fake_openssl(hang(minted.parent / "pid"))
    with hung(minted.parent / "profile.yaml", minted, environment) as (process, pid):
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=patient(20))
        assert (process.returncode, stderr) == (130, "interrupted\n")
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert contents(minted) == before


def test_killed_it_leaves_the_old_set_and_the_next_run_works(minted: Path, run: Run, fake_openssl: Fake) -> None:
    before = contents(minted)
    environment = fake_openssl(hang(minted.parent / "pid"))
    with hung(minted.parent / "profile.yaml", minted, environment) as (process, _):
        process.kill()
        process.wait(patient(20))
        (staging,) = (path for path in minted.iterdir() if path.name.startswith(".mintls-"))
        assert staging.stat().st_mode & 0o777 == 0o700
        left = {path.name: path for path in minted.iterdir() if path != staging}
        assert {name: (path.stat().st_mtime_ns, path.read_bytes()) for name, path in left.items()} == before
    assert run("generate.py", minted.parent / "profile.yaml", "-o", minted).returncode == 0
    assert sorted(path.name for path in minted.iterdir()) == FILES
    assert common_name(minted / "a.crt") == "a2"


def test_two_runs_at_once_make_one_set(tmp_path: Path) -> None:
    (tmp_path / "profile.yaml").write_text(TEXT)
    words = ("generate.py", tmp_path / "profile.yaml", "-o", tmp_path / "set", "--json", "-")
    command = [sys.executable, str(SCRIPTS / words[0]), *map(str, words[1:])]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate(timeout=patient(60))[0] for process in runs]
    assert [process.returncode for process in runs] == [0, 0, 0]
    issued = sorted(sum(one["action"] == "issued" for one in json.loads(text)["certificates"]) for text in said)
    assert issued == [0, 0, 3]
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == FILES


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o022])
def test_modes_do_not_depend_on_the_umask(umask: int, tmp_path: Path, run: Run, fake_openssl: Fake) -> None:
    """Nor are keys wider for a moment: this openssl looks around after each command."""
    log = tmp_path / "log"
    environment = fake_openssl(f'$REAL "$@"; status=$?; ls -ldn . * >> {log}; echo $PWD >> {log}.dirs; exit $status')
    (tmp_path / "profile.yaml").write_text(TEXT)
    words = ("generate.py", tmp_path / "profile.yaml", "-o", tmp_path / "set")
    done = run(*words, env=environment, umask=umask)
    assert done.returncode == 0, done.stderr
    expected = {name: "0600" if name.endswith(".key") else "0644" for name in FILES}
    assert modes(tmp_path / "set") == expected
    seen = [line.split() for line in log.read_text().splitlines()]
    keys = [words[0] for words in seen if words[-1].endswith(".key")]
    assert len(keys) > 3
    assert set(keys) == {"-rw-------"}
    stages = [directory for directory in (tmp_path / "log.dirs").read_text().splitlines() if "/.mintls-" in directory]
    assert stages
    assert "drwx------" in {words[0] for words in seen if words[-1] == "."}


def test_a_key_that_stood_wide_open_is_narrow_afterwards(minted: Path, run: Run) -> None:
    (minted / "a.key").chmod(0o644)
    (minted.parent / "profile.yaml").write_text(TEXT.replace("CN: a}", "CN: a}, key: ec:P-384"))
    assert run("generate.py", minted.parent / "profile.yaml", "-o", minted).returncode == 0
    assert modes(minted)["a.key"] == "0600"


@pytest.mark.parametrize("file", ["ca.key", "ca.crt", "a.key", "b.crt"])
@pytest.mark.parametrize("kind", ["file", "folder", "link", "dangling link"])
def test_a_foreign_file_is_never_overwritten(file: str, kind: str, tmp_path: Path, run: Run) -> None:
    directory, foreign = tmp_path / "set", tmp_path / "set" / file
    directory.mkdir()
    (tmp_path / "profile.yaml").write_text(TEXT)
    (tmp_path / "mine").write_text("mine")
    match kind:
        case "file":
            foreign.write_text("mine")
        case "folder":
            foreign.mkdir()
        case "link":
            foreign.symlink_to(tmp_path / "mine")
        case _:
            foreign.symlink_to(tmp_path / "nowhere")
    done = run("generate.py", tmp_path / "profile.yaml", "-o", directory)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"mintls did not write {file}; move it away" in done.stderr
    assert [path.name for path in directory.iterdir()] == [file]
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_link_to_the_same_content_is_not_replaced(minted: Path, run: Run) -> None:
    """It leads to a file of somebody, who would be surprised to find a certificate that does not change."""
    (minted / "a.crt").rename(minted.parent / "mine.crt")
    (minted / "a.crt").symlink_to(minted.parent / "mine.crt")
    done = run("generate.py", minted.parent / "profile.yaml", "-o", minted, "--force")
    assert (done.returncode, "mintls did not write a.crt; move it away" in done.stderr) == (3, True)
    assert (minted / "a.crt").is_symlink()


def test_the_key_that_signs_is_copied_for_its_owner_alone(minted: Path, run: Run, fake_openssl: Fake) -> None:
    """Seen by each openssl that is started beside it."""
    seen = minted.parent / "seen"
    environment = fake_openssl(f'[ -e ca.key ] && ls -lL ca.key | cut -c1-10 >> {seen}\nexec $REAL "$@"')
    done = run("generate.py", minted.parent / "profile.yaml", "-o", minted, env=environment)
    assert done.returncode == 0, done.stderr
    assert set(seen.read_text().split()) == {"-rw-------"}


@pytest.mark.parametrize("data", [b"{}", b"mine", b"\xff", b'{"version": 2}'])
def test_a_manifest_that_is_not_ours(data: bytes, tmp_path: Path, run: Run) -> None:
    (tmp_path / "profile.yaml").write_text(TEXT)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "manifest.json").write_bytes(data)
    done = run("generate.py", tmp_path / "profile.yaml", "-o", tmp_path / "set")
    assert done.returncode == 3
    assert "manifest.json is not a manifest written by mintls" in done.stderr
    assert (tmp_path / "set" / "manifest.json").read_bytes() == data


def test_the_key_of_an_authority_is_never_overwritten(minted: Path, run: Run) -> None:
    before = contents(minted)
    (minted.parent / "profile.yaml").write_text(TEXT.replace("CN: CA}", "CN: CA}, key: ec:P-384"))
    done = run("generate.py", minted.parent / "profile.yaml", "-o", minted)
    assert (done.returncode, done.stdout) == (3, "")
    assert "ca.key would be overwritten" in done.stderr
    assert contents(minted) == before


def test_what_would_not_verify_is_not_published(minted: Path, run: Run) -> None:
    """nsCertType server on a client: openssl issues it, and refuses it as a client's."""
    before = contents(minted)
    (minted.parent / "profile.yaml").write_text(TEXT.replace("CN: a}", "CN: a}, netscape: {cert_type: [server]}"))
    done = run("generate.py", minted.parent / "profile.yaml", "-o", minted)
    assert done.returncode == 1
    assert "a new certificate failed to verify as sslclient" in done.stderr
    assert contents(minted) == before


def test_what_the_profile_no_longer_names_is_kept(minted: Path, run: Run) -> None:
    before = contents(minted)
    (minted.parent / "profile.yaml").write_text(TEXT.replace(", b: {subject: {CN: b}}", ""))
    assert run("generate.py", minted.parent / "profile.yaml", "-o", minted).returncode == 0
    assert contents(minted) == before


def test_a_key_that_this_openssl_cannot_make(tmp_path: Path, run: Run, fake_openssl: Fake) -> None:
    (tmp_path / "profile.yaml").write_text(TEXT.replace("CN: a}", "CN: a}, key: ed448"))
    fake = fake_openssl('case "$*" in *ED448*) echo no >&2; exit 1;; *) exec $REAL "$@";; esac')
    words = ("generate.py", tmp_path / "profile.yaml", "-o", tmp_path / "set")
    for more in ((), ("--dry-run",)):
        done = run(*words, *more, env=fake)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"{tmp_path}/profile.yaml:3: clients.a.key: ed448: this openssl cannot make it")
    assert not (tmp_path / "set").exists()
    assert run(*words).returncode == 0  # the good twin: the real one can
