"""A script called within this process says what one in a process of its own says, and leaves nothing changed."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from conftest import PROFILES, Fake, Run
from in_process import call, needs_a_process
from plumbum import local
from processes import run_alone, run_script

pytestmark = pytest.mark.slow

DEV = PROFILES / "dev.yaml"


@pytest.mark.parametrize(
    "words",
    [
        ("generate.py", DEV, "--export", "cert-manager"), ("generate.py", "none.yaml"), ("generate.py", "--version"),
        ("generate.py", DEV, "--check", "-o", "set"), ("verify.py",), ("verify.py", "."),
        ("handshake_check.py", "--list"), ("handshake_check.py", "--list", "--only", "nothing"),
        ("https_client.py", "none"), ("https_server.py", "none"), ("https_server.py", "--port", "x"),
    ],
    ids=lambda words: " ".join(map(str, words)),
)  # fmt: skip
def test_it_says_what_a_process_says(words: tuple[object, ...], tmp_path: Path) -> None:
    within, alone = run_script(*words, cwd=tmp_path), run_alone(*words, cwd=tmp_path)  # type: ignore[arg-type]
    assert (within.returncode, within.stdout, within.stderr) == (alone.returncode, alone.stdout, alone.stderr)
    assert within.args == alone.args


def test_nothing_is_left_changed(run: Run, elliptic_profile: Path, tmp_path: Path) -> None:
    def state() -> tuple[object, ...]:
        streams = sys.stdin, sys.stdout, sys.stderr
        return os.getcwd(), dict(os.environ), dict(local.env), sys.argv, streams, signal.getsignal(signal.SIGTERM)

    before = state()
    environment = {**os.environ, "TMPDIR": str(tmp_path), "MORE": "1"}
    assert run("generate.py", elliptic_profile, "-o", "set", cwd=tmp_path, env=environment).returncode == 0
    assert run("generate.py", "--nope", cwd=tmp_path, env=environment).returncode == 2
    assert state() == before
    assert tempfile.gettempdir() != str(tmp_path)


def test_each_call_has_its_own_environment(
    run: Run, elliptic_profile: Path, tmp_path: Path, fake_openssl: Fake
) -> None:
    fake = fake_openssl("echo no >&2; exit 9")
    assert run("generate.py", elliptic_profile, "-o", tmp_path / "set", env=fake).returncode == 3
    assert run("generate.py", elliptic_profile, "-o", tmp_path / "set").returncode == 0
    assert (
        run("generate.py", elliptic_profile, "-o", tmp_path / "new", env={**os.environ, "PATH": "/nowhere"}).returncode
        == 3
    )


@pytest.mark.parametrize(
    ("code", "status", "out", "err"),
    [
        ("import sys; print('ü'); sys.exit(7)", 7, "ü\n", ""), ("raise SystemExit", 0, "", ""),
        ("raise SystemExit('why')", 1, "", "why\n"), ("print(__name__)", 0, "__main__\n", ""),
        ("import sys; print(sys.argv[1:], sys.stdin.read())", 0, "['a'] \n", ""),
        ("1 / 0", 1, "", "ZeroDivisionError: division by zero\n"),
        ("import os, sys; sys.stderr.write(os.getcwd())", 0, "", "{cwd}"),
    ],
)  # fmt: skip
def test_how_a_script_can_end(code: str, status: int, out: str, err: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(code, encoding="utf-8")
    done = call(script, ["a"], cwd=tmp_path, env=None, seconds=60)
    assert (done.returncode, done.stdout) == (status, out)
    assert done.stderr.endswith(err.format(cwd=tmp_path))
    assert ("Traceback" in done.stderr) == ("Error" in err)


def test_one_that_never_ends_is_told(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import time\nwhile True:\n    try:\n        time.sleep(9)\n    except Exception: 0\n"
    )
    with pytest.raises(subprocess.TimeoutExpired):
        call(tmp_path / "script.py", [], cwd=None, env=None, seconds=0.1)


def test_what_python_reads_at_its_start_needs_a_process() -> None:
    assert not needs_a_process(os.environ)
    assert not needs_a_process({**os.environ, "OPENSSL": "x"})
    for name in ("PYTHONUTF8", "LC_ALL", "LANG"):
        assert needs_a_process({**os.environ, name: "something else"})
