"""What many tests share: sets minted by the real script, a way to run scripts, and the foreign programs."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from mintls.openssl import Openssl

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS, PROFILES = ROOT / "scripts", ROOT / "profiles"
Run = Callable[..., subprocess.CompletedProcess[str]]


def run_script(script: str, *words: object, **options: object) -> subprocess.CompletedProcess[str]:
    """A script of ours, to its end; what it said is text."""
    command = [sys.executable, str(SCRIPTS / script), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=100, **options)  # type: ignore[call-overload,no-any-return]


def need(program: str) -> str:
    """The path of a foreign program; without it the test is skipped, or fails where MINTLS_REQUIRE_PEERS=1."""
    if path := shutil.which(program):
        return path
    sentence = f"{program} is not installed"
    if os.environ.get("MINTLS_REQUIRE_PEERS") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


def mint_profile(profile: Path, directory: Path) -> Path:
    done = run_script("generate.py", profile, "-o", directory, "-q")
    assert done.returncode == 0, done.stderr
    return directory


def modes(directory: Path) -> dict[str, str]:
    """Each file's mode as people write it: {"ca.key": "0600"}."""
    return {path.name: f"{path.stat().st_mode & 0o7777:04o}" for path in directory.iterdir()}


def contents(directory: Path) -> dict[str, tuple[int, bytes]]:
    """Each file's modification time in nanoseconds and its bytes: equal only if nothing was touched."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in directory.iterdir()}


@pytest.fixture(scope="session")
def openssl() -> Openssl:
    return Openssl()


def _minted(name: str) -> Callable[..., Path]:
    @pytest.fixture(scope="session", name=name.replace("-", "_"))
    def minted(tmp_path_factory: pytest.TempPathFactory) -> Path:
        return mint_profile(PROFILES / f"{name}.yaml", tmp_path_factory.mktemp(name) / "set")

    return minted


dev, classic, step_by_step, showcase = map(_minted, ["dev", "classic", "step-by-step", "showcase"])


@pytest.fixture
def run() -> Run:
    return run_script


@pytest.fixture
def mint_text(tmp_path: Path) -> Callable[[str], Path]:
    """Mints a profile's text into a directory, the same one each time in a test."""

    def mint(text: str) -> Path:
        profile = tmp_path / "profile.yaml"
        profile.write_text(text, encoding="utf-8")
        return mint_profile(profile, tmp_path / "set")

    return mint


@pytest.fixture
def fake_openssl(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Puts a few lines of shell before the real openssl; $REAL is that one. Gives the environment to run with."""

    def install(lines: str) -> dict[str, str]:
        folder = tmp_path / "fake"
        folder.mkdir(exist_ok=True)
        program = folder / "openssl"
        program.write_text(f"#!/bin/sh\nREAL={shutil.which('openssl')}\n{lines}\n")
        program.chmod(0o755)
        environment = {name: value for name, value in os.environ.items() if name != "OPENSSL"}
        return {**environment, "PATH": f"{folder}:{os.environ['PATH']}"}

    return install


@pytest.fixture(autouse=True)
def _hermetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the caller's environment says must not decide a test."""
    for name in ("OPENSSL_CONF", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
