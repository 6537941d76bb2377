"""`--dry-run | sh`: the printed script makes what generate.py makes, with nothing but openssl and POSIX tools."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import PROFILES, modes
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from deadline import patient
from peers import need
from processes import run_script

pytestmark = pytest.mark.slow

TOOLS = ["openssl", "cat", "mkdir", "rm", "chmod"]  # all that the script may call, besides the shell itself ...
DEFECT_TOOLS = ["tail", "od", "tr", "cut", "dd"]  # ... and for what is deliberately bad
SECRET = (PROFILES / "showcase-password.txt").read_bytes().splitlines()[0]


def script_of(name: str, folder: Path) -> Path:
    done = run_script("generate.py", PROFILES / f"{name}.yaml", "--dry-run", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert list(folder.iterdir()) == []
    path = folder.parent / f"{name}.sh"
    path.write_text(done.stdout, encoding="utf-8")
    return path


def run_sh(script: Path, folder: Path, path: Path) -> subprocess.CompletedProcess[str]:
    command = [shutil.which("sh") or "sh", str(script)]
    return subprocess.run(
        command, cwd=folder, env={"PATH": str(path)}, capture_output=True, text=True, timeout=patient(100)
    )


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(need(tool))
    return folder


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def shown(path: Path) -> object:
    """What a certificate says, without what is random: keys, their identifiers, the serial, the dates."""
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    fixed = (x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier)
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    extensions = [
        (each.oid, each.critical, type(each.value) if isinstance(each.value, fixed) else each.value)
        for each in certificate.extensions
    ]
    algorithm = certificate.signature_algorithm_oid
    return certificate.version, certificate.subject, certificate.issuer, lifetime, algorithm, extensions


@pytest.mark.parametrize("name", ["dev", "classic", "step-by-step", "showcase"])
def test_the_script_makes_the_same_set(name: str, request: pytest.FixtureRequest, empty: Path, bare_path: Path) -> None:
    minted: Path = request.getfixturevalue(name.replace("-", "_"))
    for tool in DEFECT_TOOLS if name == "showcase" else []:
        (bare_path / tool).symlink_to(need(tool))
    done = run_sh(script_of(name, empty), empty, bare_path)
    assert done.returncode == 0, done.stderr
    assert modes(empty) == {file: mode for file, mode in modes(minted).items() if file != "manifest.json"}
    certificates = [path for path in minted.iterdir() if path.read_bytes().startswith(b"-----BEGIN CERTIFICATE--")]
    assert len(certificates) >= 3
    for path in certificates:
        assert shown(empty / path.name) == shown(path)
        key = empty / path.name.replace(".crt", ".key").replace("-cert.", "-key.")
        if key.stem in ("web.chain", "web.ca-bundle", "partner", "stolen"):  # several; with its owner; not its own
            continue
        locked = b"ENCRYPTED" in key.read_bytes()
        public = load_pem_private_key(key.read_bytes(), SECRET if locked else None).public_key()
        form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        own = x509.load_pem_x509_certificate((empty / path.name).read_bytes()).public_key()
        assert public.public_bytes(*form) == own.public_bytes(*form)


def test_the_comparison_can_say_no(dev: Path) -> None:
    assert shown(dev / "server.crt") == shown(dev / "server.crt")
    assert shown(dev / "server.crt") != shown(dev / "client.crt")


@pytest.mark.parametrize("file", ["ca.key", "server.crt", "client.cnf"])
def test_it_overwrites_nothing(file: str, empty: Path, bare_path: Path) -> None:
    script = script_of("dev", empty)
    (empty / file).write_text("mine")
    done = run_sh(script, empty, bare_path)
    assert done.returncode == 1
    assert f"{file} already exists" in done.stderr
    assert [path.name for path in empty.iterdir()] == [file]
    assert (empty / file).read_text() == "mine"


def test_it_stops_where_openssl_fails(empty: Path, bare_path: Path) -> None:
    script = script_of("dev", empty)
    (bare_path / "openssl").unlink()
    (bare_path / "openssl").write_text("#!/bin/sh\nexit 3\n")
    (bare_path / "openssl").chmod(0o755)
    assert run_sh(script, empty, bare_path).returncode == 3
    assert [path.name for path in empty.iterdir()] == ["ca.cnf"]


@pytest.mark.parametrize("shell", [["sh", "-n"], ["dash", "-n"], ["bash", "--posix", "-n"], ["shellcheck", "-s", "sh"]])
def test_shells_and_shellcheck_find_nothing(shell: list[str], empty: Path) -> None:
    script = script_of("showcase", empty)
    done = subprocess.run([need(shell[0]), *shell[1:], str(script)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_hostile_text_stays_text(tmp_path: Path, empty: Path, bare_path: Path) -> None:
    """Also the profile's own path, which stands in the script's title."""
    folder = tmp_path / "x\ntouch pwned"
    folder.mkdir()
    profile = folder / "$(touch pwned).yaml"
    subject = "$(touch pwned)`touch pwned`';touch pwned;\\"
    profile.write_text(json.dumps({"authorities": {"ca": {"key": "ec:P-256", "subject": {"CN": subject}}}}))
    done = run_script("generate.py", profile, "--dry-run")
    assert done.returncode == 0, done.stderr
    (tmp_path / "script").write_text(done.stdout)
    assert run_sh(tmp_path / "script", empty, bare_path).returncode == 0
    assert sorted(path.name for path in empty.iterdir()) == ["ca.crt", "ca.key"]
    name = x509.load_pem_x509_certificate((empty / "ca.crt").read_bytes()).subject
    assert [attribute.value for attribute in name] == [subject]


def test_the_ambient_configuration_changes_nothing(empty: Path, hostile_conf: Path) -> None:
    script = script_of("dev", empty)
    environment = {"PATH": "/usr/bin:/bin", "OPENSSL_CONF": str(hostile_conf)}
    subprocess.run(["sh", str(script)], cwd=empty, env=environment, check=True, capture_output=True)
    authority = x509.load_pem_x509_certificate((empty / "ca.crt").read_bytes())
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_what_it_writes_is_private_while_it_runs(empty: Path, bare_path: Path, tmp_path: Path) -> None:
    script = script_of("dev", empty)
    (bare_path / "openssl").unlink()
    (bare_path / "openssl").write_text(f'#!/bin/sh\numask >> {tmp_path}/umasks\nexec {need("openssl")} "$@"\n')
    (bare_path / "openssl").chmod(0o755)
    assert run_sh(script, empty, bare_path).returncode == 0
    assert set((tmp_path / "umasks").read_text().split()) == {"0077"}
