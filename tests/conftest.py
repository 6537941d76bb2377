"""What many tests share: sets minted by the real script, a way to run scripts, and the foreign programs."""

import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from mintls.handshake.case import cases_of, document, rows
from mintls.handshake.cases import CATALOGUE, DEFAULTS, GOOD
from mintls.handshake.credentials import lay_out
from mintls.handshake.credentials import mint as mint_catalogue
from mintls.handshake.obstacles import divide, maker_obstacle
from mintls.openssl import Openssl

import pytest
from processes import SCRIPTS, Running, run_script

PROFILES = SCRIPTS.parent / "profiles"
Run = Callable[..., subprocess.CompletedProcess[str]]
AlteredOpenssl = Callable[..., Path]


def pytest_configure(config: pytest.Config) -> None:
    """OPENSSL chooses the openssl of every test: it goes first on PATH, where scripts, fakes and peers look for one."""
    if chosen := os.environ.pop("OPENSSL", None):
        found, folder = shutil.which(chosen), tempfile.mkdtemp(prefix="mintls-openssl-")
        config.add_cleanup(lambda: shutil.rmtree(folder))
        if found is None:
            raise pytest.UsageError(f"OPENSSL={chosen}: no such program")
        (Path(folder) / "openssl").symlink_to(Path(found).absolute())
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


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


ROGUE = """
defaults: {key: ec:P-256}
authorities: {ca: {subject: {CN: Rogue CA}}}
servers: {server: {subject: {CN: localhost}, san: ["DNS:localhost", "IP:127.0.0.1", "IP:::1"]}}
clients: {client: {subject: {CN: dev-client}, san: ["DNS:client.localhost"]}}
"""


@pytest.fixture(scope="session")
def rogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set like `dev` from a CA that nobody trusts."""
    directory = tmp_path_factory.mktemp("rogue")
    (directory / "rogue.yaml").write_text(ROGUE)
    return mint_profile(directory / "rogue.yaml", directory / "set")


@pytest.fixture(scope="session")
def stranger(dev: Path, rogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trusts what `dev` does, but its client is of the CA that nobody trusts."""
    directory = tmp_path_factory.mktemp("stranger")
    for path in (dev / "ca.crt", rogue / "client.crt", rogue / "client.key"):
        shutil.copy(path, directory)
    return directory


def with_server_san(dev: Path, directory: Path, san: str) -> Path:
    """The same authority and client as `dev`, and a server certificate that names something else."""
    shutil.copytree(dev, directory, dirs_exist_ok=True)
    profile = directory / "dev.yaml"
    profile.write_text((PROFILES / "dev.yaml").read_text().replace('["DNS:localhost", "IP:127.0.0.1", "IP:::1"]', san))
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
def script() -> Run:
    return run_script


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


@pytest.fixture(scope="session")
def credentials(openssl: Openssl, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every case of the catalogue presents, but for those that this openssl cannot make."""
    directory = tmp_path_factory.mktemp("pki") / "catalogue"
    makeable, _ = divide(rows(CATALOGUE, ("1.2", "1.3")), maker_obstacle(openssl))
    mint_catalogue(document(DEFAULTS, GOOD, cases_of(makeable), datetime.now(UTC)), directory, openssl, 2)
    lay_out((), directory, directory)
    return directory


@pytest.fixture
def altered_openssl(tmp_path: Path) -> AlteredOpenssl:
    """Makes an `openssl` in a directory of its own: some lines of sh that may change the arguments, or never come to
    the real one. `$sub` is the subcommand; to drop an argument, `continue`.
    """

    def make(body: str, before: str = "") -> Path:
        directory = tmp_path / "fake"
        directory.mkdir()
        program = directory / "openssl"
        program.write_text(
            f"#!/bin/sh\nreal={shutil.which('openssl')}\nsub=$1\nskip=\n"
            f'[ "$2" = -help ] && exec "$real" "$@"\n{before}\n'
            f'for arg do\n    shift\n    {body}\n    set -- "$@" "$arg"\ndone\nexec "$real" "$@"\n'
        )
        program.chmod(0o755)
        return program

    return make


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the torture tests counted: how many kills, inputs and peers stand behind the word "passed"."""
    sums = Counter[str]()
    for report in terminalreporter.getreports("passed"):
        for name, number in report.user_properties:
            if isinstance(number, int):
                sums[name] += number
    for name, number in sorted(sums.items()):
        terminalreporter.write_line(f"{number:7} {name}")
