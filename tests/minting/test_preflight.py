"""What this openssl cannot make and which secrets are not there: told before anything is made."""

import os
import subprocess
from pathlib import Path

import pytest
from conftest import Fake, Run, modes
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from peers import need

TEXT = """\
defaults: {key: "ec:P-256"}
authorities: {ca: {subject: {CN: CA}, passphrase: {env: CA_PASS}, crl: {}}}
clients:
  file: {subject: {CN: file}, passphrase: {file: pass.txt}, key: "rsa:2048"}
  dated: {subject: {CN: dated}, passphrase: {env: CA_PASS}, key: ed25519, not_after: "2060-01-01T00:00:00Z"}
  plain: {subject: {CN: plain}}
"""
SECRET, OTHER = "correct horse $(touch pwned) 'battery\" staple", "another one"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p.yaml").write_text(TEXT)
    (tmp_path / "pass.txt").write_text(f"{OTHER}\nsecond line\n")
    return tmp_path


def key(path: Path, passphrase: str | None) -> object:
    return load_pem_private_key(path.read_bytes(), passphrase.encode() if passphrase else None).public_key()


def test_keys_are_encrypted(folder: Path, run: Run, fake_openssl: Fake) -> None:
    """As PKCS#8 that pyca opens with the passphrase alone; the words are in no argument, no report, no file."""
    environment = {**fake_openssl(f'echo "$*" >> {folder}/argv; exec $REAL "$@"'), "CA_PASS": SECRET}
    words = ("generate.py", folder / "p.yaml", "-o", folder / "set")
    done = run(*words, env=environment, cwd=folder)
    assert done.returncode == 0, done.stderr
    for name, passphrase in (("ca", SECRET), ("file", OTHER), ("dated", SECRET), ("plain", None)):
        path = folder / "set" / f"{name}.key"
        certificate = x509.load_pem_x509_certificate((folder / "set" / f"{name}.crt").read_bytes())
        assert key(path, passphrase) == certificate.public_key()
        if passphrase:
            assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
            with pytest.raises(ValueError, match=r"(?i)decrypt|password"):
                key(path, "wrong")
            with pytest.raises(TypeError):
                key(path, None)
    seen = (folder / "argv").read_text() + done.stdout + done.stderr + (folder / "set/manifest.json").read_text()
    assert SECRET not in seen
    assert OTHER not in seen
    assert {mode for name, mode in modes(folder / "set").items() if name.endswith(".key")} == {"0600"}
    assert not (folder / "pwned").exists()
    again = run(*words, env=environment)
    assert (again.returncode, again.stdout.count("kept")) == (0, 4)


@pytest.mark.parametrize(
    ("environment", "passphrase_file", "part"),
    [
        ({}, OTHER, "p.yaml:2: authorities.ca.passphrase: the environment variable CA_PASS is not set; set it"),
        ({"CA_PASS": ""}, OTHER, "the environment variable CA_PASS is not set"),
        ({"CA_PASS": SECRET}, None, "p.yaml:4: clients.file.passphrase: "),
        ({"CA_PASS": SECRET}, "\nsecond", "pass.txt is empty; write the passphrase to it"),
    ],
)
def test_a_secret_that_is_not_there(
    environment: dict[str, str], passphrase_file: str | None, part: str, folder: Path, run: Run
) -> None:
    (folder / "pass.txt").unlink()
    if passphrase_file is not None:
        (folder / "pass.txt").write_text(passphrase_file)
    words = ("generate.py", folder / "p.yaml", "-o", folder / "set")
    for more in ((), ("--dry-run",)):
        done = run(*words, *more, env={**os.environ, **environment})
        assert (done.returncode, done.stdout) == (2, "")
        assert part in done.stderr
        assert SECRET not in done.stderr
    assert not (folder / "set").exists()


def test_another_passphrase_than_the_key_has(folder: Path, run: Run) -> None:
    """Nothing is changed, and the sentence says which command could not read the key."""
    words = ("generate.py", folder / "p.yaml", "-o", folder / "set")
    assert run(*words, env={**os.environ, "CA_PASS": SECRET}).returncode == 0
    (folder / "set" / "plain.crt").unlink()
    done = run(*words, env={**os.environ, "CA_PASS": "wrong one"})
    assert done.returncode == 3
    assert "wrong one" not in done.stderr
    assert not (folder / "set" / "plain.crt").exists()
    assert run(*words, env={**os.environ, "CA_PASS": SECRET}).returncode == 0


def test_a_key_that_is_to_be_encrypted_now(folder: Path, run: Run) -> None:
    """And one that is not any more: a leaf's is made anew, an authority's never overwritten."""
    words = ("generate.py", folder / "p.yaml", "-o", folder / "set")
    environment = {**os.environ, "CA_PASS": SECRET}
    assert run(*words, env=environment).returncode == 0
    (folder / "p.yaml").write_text(TEXT.replace("{CN: plain}", "{CN: plain}, passphrase: {env: CA_PASS}"))
    assert "renewed   plain: its key must be encrypted" in run(*words, env=environment).stdout
    assert key(folder / "set/plain.key", SECRET)
    (folder / "p.yaml").write_text(TEXT)
    assert "renewed   plain: its key must not have a passphrase" in run(*words, env=environment).stdout
    assert key(folder / "set/plain.key", None)
    (folder / "p.yaml").write_text(TEXT.replace("passphrase: {env: CA_PASS}, crl", "crl"))
    done = run(*words, env=environment)
    assert done.returncode == 3
    assert "ca.key would be overwritten" in done.stderr


@pytest.mark.parametrize("text", ["{}", "{env: A, file: b}", "{env: not a name}", "secret words", "{pass: secret}"])
def test_a_passphrase_stands_in_no_profile(text: str, folder: Path, run: Run) -> None:
    (folder / "p.yaml").write_text(TEXT.replace("{env: CA_PASS}", text, 1))
    done = run("generate.py", folder / "p.yaml", "--dry-run")
    assert (done.returncode, done.stdout) == (2, "")
    assert "passphrase" in done.stderr


# ---- what a binary cannot do


@pytest.mark.parametrize("size", ["44", "65", "87"])
def test_post_quantum_keys(size: str, tmp_path: Path, run: Run) -> None:
    """FIPS 204: openssl makes them from 3.5 on; before, a sentence says so and nothing is made."""
    (tmp_path / "p.yaml").write_text(
        f"defaults: {{key: ml-dsa-{size}}}\n"
        "authorities: {ca: {subject: {CN: CA}, crl: {}}}\n"
        "clients: {c: {subject: {CN: c}}, d: {subject: {CN: d}, not_after: 2050-01-01T00:00:00Z}}\n"
    )
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    version = subprocess.check_output([need("openssl"), "version"], text=True).strip()
    can = [need("openssl"), "genpkey", "-algorithm", f"ML-DSA-{size}"]
    if subprocess.run(can, capture_output=True).returncode:
        assert (done.returncode, done.stdout) == (2, "")
        sentence = f"ml-dsa-{size}: this openssl cannot make it ({version}); openssl 3.5 or newer makes it"
        assert f"p.yaml:2: authorities.ca.key: {sentence}, or set OPENSSL to a different one" in done.stderr
        assert len(done.stderr.splitlines()) == 3
        assert not (tmp_path / "set").exists()
        return
    assert done.returncode == 0, done.stderr
    command = [need("openssl"), "x509", "-in", str(tmp_path / "set/c.crt"), "-noout", "-text"]
    assert f"Public Key Algorithm: ML-DSA-{size}" in subprocess.check_output(command, text=True)


def test_an_openssl_that_can_make_post_quantum_keys_is_believed(tmp_path: Path, run: Run, fake_openssl: Fake) -> None:
    """The binary is asked; its version is not compared."""
    (tmp_path / "p.yaml").write_text("authorities: {ca: {subject: {CN: CA}, key: ml-dsa-65}}\n")
    fake = fake_openssl('case "$*" in *ML-DSA-65*) exit 0;; *) exec $REAL "$@";; esac')
    done = run("generate.py", tmp_path / "p.yaml", "--dry-run", env=fake)
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        '"$OPENSSL" genpkey -algorithm ML-DSA-65 -provparam ml-dsa.output_formats=seed-only -out ca.key\n'
        in done.stdout
    )
    assert "-sha" not in done.stdout  # it takes no digest (RFC 9881)


def test_a_truststore_for_java(tmp_path: Path, run: Run, fake_openssl: Fake) -> None:
    """openssl 3.2 can mark an anchor for Java; keytool lists it then. Before, a sentence says what to do."""
    (tmp_path / "word").write_text("not-a-secret")
    (tmp_path / "p.yaml").write_text(
        "authorities: {ca: {subject: {CN: CA}, key: ed25519, outputs: [truststore], "
        "pkcs12: {password: {file: word}}}}\n"
    )
    words = ("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    help_text = subprocess.run([need("openssl"), "pkcs12", "-help"], capture_output=True, text=True).stderr
    done = run(*words)
    if "-jdktrust" not in help_text:
        assert (done.returncode, done.stdout) == (2, "")
        assert "this openssl has no `pkcs12 -jdktrust` (" in done.stderr
        assert "keytool -importcert" in done.stderr
        assert not (tmp_path / "set").exists()
        (tmp_path / "p.yaml").write_text((tmp_path / "p.yaml").read_text().replace("truststore", "pkcs12"))
        assert run(*words).returncode == 0
        return
    assert done.returncode == 0, done.stderr
    command = [need("keytool"), "-list", "-keystore", str(tmp_path / "set/ca.truststore.p12"), "-storepass:file"]
    listed = subprocess.run([*command, str(tmp_path / "word")], capture_output=True, text=True)
    assert "trustedCertEntry" in listed.stdout
