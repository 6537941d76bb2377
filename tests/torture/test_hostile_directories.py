"""Directories that somebody else has prepared, or may write: nothing is lost, nothing let in, nothing waited for."""

import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from mintls.errors import OutputError
from mintls.minting.output_directory import lock
from mintls.minting.publication import COMMIT

import pytest
from conftest import PROFILES, Run, mint_profile
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from fault_injection import copy
from processes import SCRIPTS

pytestmark = pytest.mark.torture
Fake = Callable[[str], dict[str, str]]
Property = Callable[[str, object], None]
OTHER_USER = 65534
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
DEV = PROFILES / "dev.yaml"


# ---- 1: what is published changes by the commit alone

NAMED_BY_SERIAL = """
files: {key: "{name}.pem"}
defaults: {key: ec:P-256}
authorities: {CA: {subject: {CN: CA}}}
"""


def test_a_serial_that_is_the_name_of_a_key(tmp_path: Path, mint_text: Callable[[str], Path]) -> None:
    """openssl ca writes SERIAL.pem: once that was written through to the CA's private key."""
    directory = mint_text(NAMED_BY_SERIAL)
    key = (directory / "CA.pem").read_bytes()
    server = 'servers: {s: {subject: {CN: s}, san: ["DNS:s"], serial: "0xCA", backdate: 1h}}'
    mint_text(NAMED_BY_SERIAL + server)
    assert (directory / "CA.pem").read_bytes() == key
    certificate = x509.load_pem_x509_certificate((directory / "CA.crt").read_bytes())
    assert load_pem_private_key(key, None).public_key() == certificate.public_key()
    made = x509.load_pem_x509_certificate((directory / "s.crt").read_bytes())
    made.verify_directly_issued_by(certificate)
    assert made.serial_number == 0xCA


def test_the_script_leaves_it_alone_too(tmp_path: Path, run: Run) -> None:
    server = 'servers: {s: {subject: {CN: s}, san: ["DNS:s"], serial: "0xCA", backdate: 1h}}'
    (tmp_path / "p.yaml").write_text(NAMED_BY_SERIAL + server)
    text = run("generate.py", tmp_path / "p.yaml", "--dry-run").stdout
    (tmp_path / "set").mkdir()
    done = subprocess.run(["sh"], input=text, cwd=tmp_path / "set", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == ["CA.crt", "CA.pem", "s.crt", "s.pem"]
    assert b"PRIVATE KEY" in (tmp_path / "set" / "CA.pem").read_bytes()


@pytest.mark.parametrize("profile", sorted(path.name for path in PROFILES.glob("*.yaml")))
def test_no_file_changes_but_by_the_commit(profile: str, tmp_path: Path, fake_openssl: Fake, run: Run) -> None:
    """At each call of openssl the published set is what it was before the run."""
    directory, log = tmp_path / "set", tmp_path / "log"
    mint_profile(PROFILES / profile, directory)
    look = f"(cd {directory} && cat * | sha256sum) >> {log}"
    environment = fake_openssl(f'{look}\n"$REAL" "$@"\nstatus=$?\n{look}\nexit $status')
    done = run("generate.py", PROFILES / profile, "-o", directory, "--force", "--rotate-keys", "-q", env=environment)
    assert done.returncode == 0, done.stderr
    seen = log.read_text().split("\n")
    assert len(seen) > 4
    assert len(set(filter(None, seen))) == 1


# ---- 2: other users


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o077])
def test_the_directory_is_nobody_elses(umask: int, elliptic_profile: Path, tmp_path: Path, run: Run) -> None:
    done = run("generate.py", elliptic_profile, "-o", tmp_path / "a" / "set", "-q", umask=umask)
    assert done.returncode == 0, done.stderr
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "a", tmp_path / "a" / "set")} == {0o755 & ~umask}


@pytest.mark.parametrize("which", ["set", "parent"])
@pytest.mark.parametrize("how", ["every user", pytest.param("the user", marks=AS_ROOT)])
def test_no_keys_are_made_where_another_user_may_write(
    which: str, how: str, elliptic_profile: Path, tmp_path: Path, run: Run
) -> None:
    directory = tmp_path / "parent" / "set"
    directory.mkdir(parents=True)
    place = directory if which == "set" else directory.parent
    if how == "every user":
        place.chmod(0o777)
    else:
        os.chown(place, OTHER_USER, OTHER_USER)
    done = run("generate.py", elliptic_profile, "-o", directory, "-q")
    assert (done.returncode, done.stdout) == (3, "")
    assert re.fullmatch(
        rf"{re.escape(str(place))} (may be written by|belongs to) {how}.*choose a different -o\n", done.stderr
    )
    assert list(directory.iterdir()) == []
    if how == "every user":
        place.chmod(0o1777)  # sticky: nobody can exchange what is another's
        assert run("generate.py", elliptic_profile, "-o", directory, "-q").returncode == 0


def test_a_stage_that_is_exchanged(tmp_path: Path, fake_openssl: Fake, run: Run) -> None:
    """By whoever may write the directory after all: what is put in its place is not published."""
    directory = tmp_path / "set"
    swap = f'cd {directory} && stage=$(ls -d .mintls-stage-* 2>/dev/null) && mv "$stage" ../taken && mkdir "$stage"'
    made = "for f in ca server client; do : > $stage/$f.key; chmod 666 $stage/$f.key; done; cp ../taken/*.cnf $stage"
    once = f'[ "$1" = genpkey ] && [ ! -e {tmp_path}/taken ] && ({swap} && {made})'
    environment = fake_openssl(f'{once}\nexec $REAL "$@"')
    done = run("generate.py", DEV, "-o", directory, "-q", "-j", "1", env=environment)
    assert (tmp_path / "taken").exists()
    assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr
    assert not list(directory.glob("*")) if directory.exists() else True
    assert (tmp_path / "taken").stat().st_mode & 0o777 == 0o700


# ---- 3: a publication that is found


@AS_ROOT
@pytest.mark.parametrize("kind", ["another user's", "open to others", "a link"])
def test_a_commit_that_is_not_ours_is_left_alone(kind: str, dev: Path, tmp_path: Path, run: Run) -> None:
    directory, other = copy(dev, tmp_path / "set"), tmp_path / "other"
    other.mkdir()
    (other / "passwd").write_text("precious")
    if kind == "a link":
        (directory / COMMIT).symlink_to(other)
    else:
        other.rename(directory / COMMIT)
        (directory / COMMIT).chmod(0o777 if kind == "open to others" else 0o755)
        os.chown(directory / COMMIT, OTHER_USER if kind == "another user's" else 0, 0)
    for script, words in (("verify.py", []), ("generate.py", ["--check"]), ("generate.py", [])):
        subject = [directory] if script == "verify.py" else [DEV, "-o", directory]
        done = run(script, *subject, *words)
        assert "Traceback" not in done.stderr
        assert (directory / COMMIT / "passwd").read_text() == "precious"
        assert not (directory / "passwd").exists()
    assert done.returncode == 3
    assert "move it away" in done.stderr


@pytest.mark.parametrize("name", [".mintls-backup", ".mintls-12345678", ".mintls-stage-mine", "manifest.a-of-b.json"])
def test_only_names_of_our_own_are_removed(name: str, dev: Path, tmp_path: Path, run: Run) -> None:
    directory = copy(dev, tmp_path / "set")
    if name.endswith("json"):
        (directory / name).write_text("mine")
    else:
        (directory / name).mkdir(0o700)
        (directory / name / "mine").write_text("mine")
    for script, words in (("verify.py", [directory]), ("generate.py", [DEV, "-o", directory, "--force"])):
        assert run(script, *words).returncode == 0
        assert (directory / name).exists()


# ---- 4: a signing request


def request(path: Path, name: str) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    path.write_bytes(
        x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256()).public_bytes(Encoding.PEM)
    )
    return key


def test_a_request_exchanged_after_it_was_checked(tmp_path: Path, fake_openssl: Fake, run: Run) -> None:
    """What was checked is what is certified."""
    checked = request(tmp_path / "a.csr", "checked")
    request(tmp_path / "b.csr", "another")
    (tmp_path / "p.yaml").write_text(
        "defaults: {key: ec:P-256}\nauthorities: {ca: {subject: {CN: CA}}}\n"
        "clients: {c: {subject: {CN: c}, csr: a.csr}}\n"
    )
    swap = f'case "$*" in *-verify*) "$REAL" "$@"; status=$?; cp {tmp_path}/b.csr {tmp_path}/a.csr; exit $status;; esac'
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set", env=fake_openssl(f'{swap}\nexec $REAL "$@"'))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.csr").read_bytes() == (tmp_path / "b.csr").read_bytes(), "it was exchanged"
    certificate = x509.load_pem_x509_certificate((tmp_path / "set" / "c.crt").read_bytes())
    assert certificate.public_key() == checked.public_key()


# ---- 5: things in the place of files


def put(kind: str, path: Path) -> None:
    path.unlink()
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "sparse":
            with path.open("wb") as file:
                file.truncate(256 << 30)
        case "directory":
            path.mkdir()
        case "loop":
            path.symlink_to(path)


LOOK = {
    "generate.py": [DEV, "-o", "{set}", "-q"],
    "generate.py --check": [DEV, "-o", "{set}", "--check"],
    "verify.py": ["{set}"],
    "handshake_check.py": ["{set}", "--only", "set-*", "--tls", "1.3", "--timeout", "1"],
    "handshake_check.py --connect": ["{set}", "--connect", "127.0.0.1:1", "--timeout", "1"],
    "handshake_check.py --listen": ["{set}", "--listen", ":", "--client-cmd", "true {port}", "--only", "good",
                                    "--tls", "1.3", "--timeout", "1"],
    "https_client.py": ["{set}", "--port", "1"],
    "https_server.py": ["{set}", "--port", "0", "--host", "192.0.2.1"],
}  # fmt: skip
THINGS = [
    (script, name, kind)
    for kind in ("pipe", "device", "sparse", "directory", "loop")
    for name in ("manifest.json", "ca.crt", "ca.key", "server.crt", "client.crt", "client.key")
    for script in LOOK
]


@pytest.mark.parametrize(("script", "name", "kind"), THINGS)
def test_things_in_the_place_of_files(
    script: str, name: str, kind: str, dev: Path, tmp_path: Path, record_property: Property
) -> None:
    """An answer or a sentence, at once and in little memory."""
    directory = copy(dev, tmp_path / "set")
    put(kind, directory / name)
    words = [str(word).replace("{set}", str(directory)) for word in LOOK[script]]
    limited = f'ulimit -v 3000000; exec {sys.executable} {SCRIPTS / script.split()[0]} "$@"'
    done = subprocess.run(["bash", "-c", limited, "-", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1, 2, 3), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") <= 4
    record_property("things in the place of files", 1)


# ---- 7: a lock of a stranger


def test_a_lock_that_is_never_let_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    try:
        with pytest.raises(OutputError, match=r"has been locked by another process for 1\.2 s; end it"):
            lock(tmp_path, patience=1.2)
    finally:
        os.close(handle)
    assert capsys.readouterr().err == f"waiting for another process that has locked {tmp_path}\n"
    os.close(lock(tmp_path, patience=0))


def test_to_check_needs_no_lock(dev: Path, run: Run) -> None:
    handle = os.open(dev, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        assert run("generate.py", DEV, "-o", dev, "--check", timeout=20).returncode == 0
        assert run("verify.py", dev, timeout=20).returncode == 0
    finally:
        os.close(handle)


# ---- 8: loops and holes in a manifest


def mutated(kind: str, manifest: dict[str, list[dict[str, object]]]) -> None:
    records = {str(record["name"]): record for record in manifest["certificates"]}
    match kind:
        case "loop":
            records["ca"]["issuer"] = "ca"
        case "loop of two":
            manifest["certificates"].append({**records["ca"], "name": "b", "issuer": "ca"})
            records["ca"]["issuer"] = "b"
        case "unknown issuer":
            records["client"]["issuer"] = records["server"]["issuer"] = "gone"
        case "no certificate":
            records["server"]["files"] = {"key": "server.key"}
        case "no key":
            records["client"]["files"] = {"certificate": "client.crt"}
        case "no CA":
            manifest["certificates"] = manifest["certificates"][1:]
        case "doubled":
            manifest["certificates"] += manifest["certificates"]
        case "the issuer is a client":
            records["server"]["issuer"] = "client"
        case "another's file":
            records["server"]["files"] = dict.fromkeys(("certificate", "key"), "manifest.json")
        case "a file that is not there":
            records["client"]["files"] = {"certificate": "gone.crt", "key": "gone.key"}
        case "a long time ago":
            records["client"]["not_before"] = records["client"]["not_after"] = "0001-01-01T00:00:00Z"
        case "nothing":
            manifest["certificates"] = []
        case "deep":
            manifest["profile"] = "DEEP"  # type: ignore[assignment]


MUTATIONS = ("loop", "loop of two", "unknown issuer", "no certificate", "no key", "no CA", "doubled", "a long time ago",
             "the issuer is a client", "another's file", "a file that is not there", "nothing", "deep")  # fmt: skip
STRUCTURE = [(script, kind) for kind in MUTATIONS for script in LOOK]


@pytest.mark.parametrize(("script", "kind"), STRUCTURE)
def test_a_manifest_of_another_structure(
    script: str, kind: str, dev: Path, tmp_path: Path, record_property: Property
) -> None:
    directory = copy(dev, tmp_path / "set")
    manifest = json.loads((directory / "manifest.json").read_text())
    mutated(kind, manifest)
    text = json.dumps(manifest).replace('"DEEP"', "[" * 100_000 + "]" * 100_000)
    (directory / "manifest.json").write_text(text)
    words = [str(word).replace("{set}", str(directory)) for word in LOOK[script]]
    command = [sys.executable, str(SCRIPTS / script.split()[0]), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1, 2, 3), done.stderr
    assert "Traceback" not in done.stderr
    record_property("manifests of another structure", 1)


def test_a_set_whose_client_keeps_its_key(tmp_path: Path, mint_text: Callable[[str], Path], run: Run) -> None:
    request(tmp_path / "c.csr", "c")
    directory = mint_text(
        "defaults: {key: ec:P-256}\nauthorities: {ca: {subject: {CN: CA}}}\n"
        'servers: {server: {subject: {CN: s}, san: ["DNS:localhost"]}}\nclients: {c: {subject: {CN: c}, csr: c.csr}}\n'
    )
    done = run("handshake_check.py", directory, "-v", "--only", "set-*", "--only", "good", "--tls", "1.3")
    assert done.returncode == 0, done.stderr
    assert "set-server" in done.stdout
    assert "set-c " not in done.stdout


def test_a_set_in_shards_is_one_set_for_every_script(tmp_path: Path, run: Run) -> None:
    """Its manifests lie beside each other, and no run has put them together."""
    (tmp_path / "p.yaml").write_text(
        "defaults: {key: ec:P-256}\nauthorities: {ca: {subject: {CN: CA}}}\n"
        'clients: {c: {count: 2, subject: {CN: "c{index}"}}}\n'
    )
    words = [tmp_path / "p.yaml", "-o", tmp_path / "set", "-q"]
    for more in (["--only", "ca"], ["--shard", "1/2"], ["--shard", "2/2"]):
        assert run("generate.py", *words, *more).returncode == 0
    assert (tmp_path / "set" / "manifest.2-of-2.json").exists()
    done = run("handshake_check.py", tmp_path / "set", "-v", "--only", "set-*", "--only", "good", "--tls", "1.3")
    assert done.returncode == 0, done.stderr
    assert {f"set-c-{index}" for index in (1, 2)} <= set(done.stdout.split())
    done = run("handshake_check.py", tmp_path / "set", "--connect", "127.0.0.1:1", *["--only", "none", "--tls", "1.3"])
    assert "has no client" not in done.stderr
    assert "with " + str(tmp_path / "set" / "c-1.crt") in done.stderr
