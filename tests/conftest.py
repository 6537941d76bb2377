"""What many tests share: sets minted by the real script, a way to run scripts, and the foreign programs."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mintls.openssl.binary import Openssl

import pytest
from cryptography import x509
from plumbum import local
from processes import SCRIPTS, Running, run_alone, run_script

if TYPE_CHECKING:
    from mintls.pytest_plugin import Mint

pytest_plugins = ["mintls.pytest_plugin"]  # for its fixture `mint`
PROFILES = SCRIPTS.parent / "profiles"
Run = Callable[..., subprocess.CompletedProcess[str]]
Fake = Callable[[str], "FakeEnvironment"]


def pytest_configure(config: pytest.Config) -> None:
    """OPENSSL chooses the openssl of every test: it goes first on PATH, where scripts, fakes and peers look for one.

    Signals that pytest was started to ignore, by nohup(1) or by a shell's &, would be ignored in every script as well;
    a signal that is handled is not.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    if chosen := os.environ.pop("OPENSSL", None):
        found, folder = shutil.which(chosen), tempfile.mkdtemp(prefix="mintls-openssl-")
        config.add_cleanup(lambda: shutil.rmtree(folder))
        if found is None:
            raise pytest.UsageError(f"OPENSSL={chosen}: no such program")
        (Path(folder) / "openssl").symlink_to(Path(found).absolute())
        os.environ["PATH"] = local.env["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"  # plumbum has its own


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two more than the cores, for the times at which a test waits."""
    return (os.cpu_count() or 1) + 2


def mint_profile(profile: Path, directory: Path) -> Path:
    done = run_script("generate.py", profile, "-o", directory, "-q")
    assert done.returncode == 0, done.stderr
    return directory


def load(path: Path) -> x509.Certificate:
    """The certificate that a PEM file holds, as pyca reads it."""
    return x509.load_pem_x509_certificate(path.read_bytes())


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
    def minted(mint: "Mint") -> Path:
        return mint(PROFILES / f"{name}.yaml").directory

    return minted


dev, classic, step_by_step, showcase = map(_minted, ["dev", "classic", "step-by-step", "showcase"])


@pytest.fixture(scope="session")
def elliptic(mint: "Mint") -> Path:
    """Like `dev`, with keys of P-256: for a test that does not ask what the keys are, but makes many like them."""
    return mint(ELLIPTIC).directory


@pytest.fixture(scope="session")
def elliptic_profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """profiles/dev.yaml with keys of P-256: for a test that mints, and does not ask what the keys are."""
    path = tmp_path_factory.mktemp("profile") / "dev.yaml"
    path.write_text(ELLIPTIC)
    return path


ELLIPTIC = (PROFILES / "dev.yaml").read_text().replace("key: rsa:2048", "key: ec:P-256")
ROGUE = """
defaults: {key: ec:P-256}
authorities: {ca: {subject: {CN: Rogue CA}}}
servers: {server: {subject: {CN: localhost}, san: ["DNS:localhost", "IP:127.0.0.1", "IP:::1"]}}
clients: {client: {subject: {CN: dev-client}, san: ["DNS:client.localhost"]}}
"""


@pytest.fixture(scope="session")
def rogue(mint: "Mint") -> Path:
    """A set like `dev` from a CA that nobody trusts."""
    return mint(ROGUE).directory


@pytest.fixture(scope="session")
def user(dev: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a user of the server has, and no more: the CA certificate and a client."""
    directory = tmp_path_factory.mktemp("user")
    for name in ("ca.crt", "client.crt", "client.key"):
        shutil.copy(dev / name, directory)
    return directory


@pytest.fixture(scope="session")
def stranger(dev: Path, rogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trusts what `dev` does, but its client is of the CA that nobody trusts."""
    directory = tmp_path_factory.mktemp("stranger")
    for path in (dev / "ca.crt", rogue / "client.crt", rogue / "client.key"):
        shutil.copy(path, directory)
    return directory


def with_server_san(source: Path, directory: Path, san: str) -> Path:
    """The authority and client of `dev` or `elliptic`, and a server certificate that names something else."""
    shutil.copytree(source, directory, dirs_exist_ok=True)
    name = json.loads((source / "manifest.json").read_text())["profile"]
    text = (PROFILES / "dev.yaml").read_text() if name == "dev" else ELLIPTIC
    profile = directory / f"{name}.yaml"
    profile.write_text(text.replace('["DNS:localhost", "IP:127.0.0.1", "IP:::1"]', san))
    return mint_profile(profile, directory)


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Running]]:
    """Start programs that have ended when the test has."""
    running: list[Running] = []

    def begin(*argv: object) -> Running:
        running.append(Running(argv, tmp_path_factory.mktemp("process")))
        return running[-1]

    yield begin
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


@pytest.fixture
def run() -> Run:
    """Runs one of scripts/ to its end: `run("generate.py", PROFILE, "-o", DIR, cwd=..., env=...)`.

    Gives its status and what it said, as subprocess.run() does. In this process; in one of its own if anything else
    is asked for that subprocess.run() takes (`umask`, `preexec_fn`, `input`), or by processes.run_alone().
    """
    return run_script


@pytest.fixture
def mint_text(tmp_path: Path) -> Callable[[str], Path]:
    """Mints a profile's text into a directory, the same one each time in a test."""

    def mint(text: str) -> Path:
        profile = tmp_path / "profile.yaml"
        profile.write_text(text, encoding="utf-8")
        return mint_profile(profile, tmp_path / "set")

    return mint


class FakeEnvironment(dict[str, str]):
    """An environment in which `openssl` is `program`."""

    program: Path


@pytest.fixture
def fake_openssl(tmp_path: Path) -> Fake:
    """Puts a few lines of shell before the real openssl; $REAL is that one. Gives the environment to run with.

    The program itself, for OPENSSL or Openssl(), is `.program`. For lines that only alter a call there is altered().
    """

    def install(lines: str) -> FakeEnvironment:
        folder = tmp_path / "fake"
        folder.mkdir(exist_ok=True)
        program = folder / "openssl"
        program.write_text(f"#!/bin/sh\nREAL={shutil.which('openssl')}\n{lines}\n")
        program.chmod(0o755)
        environment = FakeEnvironment({name: value for name, value in os.environ.items() if name != "OPENSSL"})
        environment["PATH"] = f"{folder}:{os.environ['PATH']}"
        environment.program = program
        return environment

    return install


def altered(subcommand: str, each: str = "", before: str = "") -> str:
    """Lines for fake_openssl: at this subcommand some may change each argument $arg (to drop one, `continue`), or,
    before that, end it all; then the real one is called. $skip is empty at first.
    """
    others = f'[ "$1" = {subcommand} ] && [ "$2" != -help ] || exec "$REAL" "$@"\n'
    loop = f'for arg do\n    shift\n    {each}\n    set -- "$@" "$arg"\ndone\n' if each else ""
    return f'{others}skip=\n{before}\n{loop}exec "$REAL" "$@"\n'


@pytest.fixture
def hostile_conf(tmp_path: Path, openssl: Openssl) -> Path:
    """An ambient openssl.cnf that makes authorities of leaves, and with which openssl can make no key at all."""
    if not openssl.can("genrsa", "-provider"):
        pytest.skip("no configuration keeps an openssl before 3.0 from making keys")
    path = tmp_path / "openssl.cnf"
    path.write_text(
        "openssl_conf = init\n[init]\nalg_section = evp\n[evp]\ndefault_properties = none=yes\n"
        "[req]\nx509_extensions = v3_ca\nreq_extensions = v3_ca\n[v3_ca]\nbasicConstraints = CA:TRUE\n"
    )
    environment = {**os.environ, "OPENSSL_CONF": str(path)}
    assert subprocess.run(["openssl", "genrsa"], env=environment, capture_output=True).returncode, "it is not hostile"
    return path


@pytest.fixture(autouse=True)
def _hermetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the caller's environment says must not decide a test."""
    for name in ("OPENSSL_CONF", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


class WholeCheck(NamedTuple):
    """What `handshake_check.py`, with no set and no choice of rows, said in a directory of its own, and wrote there."""

    status: int
    stdout: str
    stderr: str
    directory: Path  # with r.json, its rows as JSON, and junit.xml

    @property
    def rows(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((self.directory / "r.json").read_text())["rows"]
        return found


@pytest.fixture(scope="session")
def whole_check(tmp_path_factory: pytest.TempPathFactory) -> WholeCheck:
    """The whole matrix of openssl's own pair, run once for all that is asked of it."""

    def make(directory: Path) -> None:
        (directory / "run").mkdir(parents=True)
        words = ("-v", "--timeout", "30", "--json", "r.json", "--junit", "junit.xml")
        done = run_alone("handshake_check.py", *words, cwd=directory / "run")
        (directory / "said").write_text(json.dumps([done.returncode, done.stdout, done.stderr]))

    directory = made_once(tmp_path_factory, "whole-check", make)
    return WholeCheck(*json.loads((directory / "said").read_text()), directory / "run")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A directory that the first worker of pytest-xdist who needs it makes, and all of them use."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / name).exists():
            make(shared / f"{name}.part")
            (shared / f"{name}.part").rename(shared / name)
    return shared / name


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the torture tests counted: how many kills, inputs and peers stand behind the word "passed"."""
    sums = Counter[str]()
    for report in terminalreporter.getreports("passed"):
        for name, number in report.user_properties:
            if isinstance(number, int):
                sums[name] += number
    for name, number in sorted(sums.items()):
        terminalreporter.write_line(f"{number:7} {name}")
