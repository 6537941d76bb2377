"""PKCS#12 files, opened by pyca/cryptography, Java's keytool and Python's eyes on their algorithms."""

import subprocess
from pathlib import Path

import pytest
from conftest import Run, load, mint_profile, modes
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from peers import need

TEXT = """\
defaults:
  key: "ec:P-256"
  outputs: [pkcs12]
  pkcs12: {password: {file: word}}
authorities:
  root: {subject: {CN: Root}}
  sub: {subject: {CN: Sub}, issuer: root, outputs: []}
clients:
  modern: {subject: {CN: modern}, issuer: sub}
  legacy: {subject: {CN: legacy}, issuer: sub, key: "rsa:2048", pkcs12: {compatibility: legacy, alias: "Ann's key"}}
  locked: {subject: {CN: locked}, issuer: root, passphrase: {file: other}, pkcs12: {password: {env: MINTLS_WORD}}}
"""
WORD, OTHER, ENV = "not-a-secret 'x' $y", "another", "from the environment"
# RFC 8018 and RFC 7292: PBES2 with AES-256-CBC and PBKDF2; pbeWithSHAAnd3-KeyTripleDES-CBC
PBES2, AES_256 = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d", b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a"
TRIPLE_DES = b"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pkcs12")
    (folder / "word").write_text(f"{WORD}\n")
    (folder / "other").write_text(f"{OTHER}\n")
    (folder / "profile.yaml").write_text(TEXT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINTLS_WORD", ENV)
        return mint_profile(folder / "profile.yaml", folder / "set")


@pytest.mark.parametrize(
    ("name", "password", "passphrase", "alias", "above"),
    [
        ("modern", WORD, None, "modern", ["sub", "root"]),
        ("legacy", WORD, None, "Ann's key", ["sub", "root"]),
        ("locked", ENV, OTHER, "locked", ["root"]),
        ("root", WORD, None, "root", []),
    ],
)
def test_pyca_opens_it(
    name: str, password: str, passphrase: str | None, alias: str, above: list[str], made: Path
) -> None:
    """The key, the certificate under its alias, and its issuers with the root."""
    data = (made / f"{name}.p12").read_bytes()
    store = pkcs12.load_pkcs12(data, password.encode())
    key = load_pem_private_key((made / f"{name}.key").read_bytes(), passphrase.encode() if passphrase else None)
    assert store.key
    assert store.key.private_numbers() == key.private_numbers()  # type: ignore[union-attr]
    assert store.cert
    assert store.cert.certificate == load(made / f"{name}.crt")
    assert store.cert.friendly_name == alias.encode()
    assert [one.certificate for one in store.additional_certs] == [load(made / f"{one}.crt") for one in above]
    for wrong in (b"", b"wrong", OTHER.encode()):
        with pytest.raises(ValueError, match=r"(?i)password"):
            pkcs12.load_pkcs12(data, wrong)


def test_only_legacy_uses_old_ciphers(made: Path) -> None:
    for name in ("modern", "locked", "root"):
        data = (made / f"{name}.p12").read_bytes()
        assert PBES2 in data
        assert AES_256 in data
        assert TRIPLE_DES not in data
    legacy = (made / "legacy.p12").read_bytes()
    assert TRIPLE_DES in legacy
    assert PBES2 not in legacy


@pytest.mark.peers
@pytest.mark.parametrize("name", ["modern", "legacy"])
def test_keytool_opens_it(name: str, made: Path) -> None:
    word = made.parent / "word"
    command = [need("keytool"), "-list", "-rfc", "-storetype", "PKCS12", "-keystore", f"{name}.p12"]
    done = subprocess.run([*command, "-storepass:file", str(word)], cwd=made, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Entry type: PrivateKeyEntry" in done.stdout
    assert "Certificate chain length: 3" in done.stdout
    chain = x509.load_pem_x509_certificates(done.stdout.encode())
    assert chain == [load(made / f"{one}.crt") for one in (name, "sub", "root")]
    assert f"Alias name: {'modern' if name == 'modern' else 'ann' + chr(39) + 's key'}\n" in done.stdout
    wrong = subprocess.run([*command, "-storepass", "wrong-one"], cwd=made, capture_output=True, text=True)
    assert wrong.returncode == 1
    assert "password was incorrect" in wrong.stdout + wrong.stderr


def test_gnutls_opens_it(made: Path) -> None:
    command = [need("certtool"), "--p12-info", "--inder", "--infile=legacy.p12", f"--password={WORD}"]
    done = subprocess.run(command, cwd=made, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("BEGIN CERTIFICATE") == 3


def test_it_is_as_private_as_the_key(made: Path) -> None:
    assert {mode for name, mode in modes(made).items() if name.endswith(".p12")} == {"0600"}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (
            TEXT.replace("  pkcs12: {password: {file: word}}\n", ""),
            "needs a password; write pkcs12: {password: {env: NAME}}",
        ),
        (TEXT.replace("{file: word}", "{file: word, env: X}"), "write either env: NAME or file: PATH"),
        (
            TEXT.replace("{file: word}", "{file: nowhere}"),
            ": No such file or directory; write the passphrase to it",
        ),
        (TEXT.replace("{file: word}", "not-a-secret"), "pkcs12.password"),
        (TEXT, "the environment variable MINTLS_WORD is not set"),
    ],
)
def test_a_password_that_is_not_there(text: str, part: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "profile.yaml").write_text(text)
    for name in ("word", "other"):
        (tmp_path / name).write_text("x\n")
    done = run("generate.py", tmp_path / "profile.yaml", "-o", tmp_path / "set")
    assert (done.returncode, done.stdout) == (2, "")
    assert part in done.stderr
    assert not (tmp_path / "set").exists()


def test_an_empty_password_that_is_asked_for_by_name(tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(
        "authorities: {ca: {subject: {CN: ca}}}\n"
        "clients: {c: {subject: {CN: c}, outputs: [pkcs12], pkcs12: {password: {empty: true}}}}"
    )
    words = ("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    done = run(*words)
    assert done.returncode == 0, done.stderr
    assert pkcs12.load_pkcs12((tmp_path / "set" / "c.p12").read_bytes(), b"").key
    with pytest.raises(ValueError, match=r"\w"):
        pkcs12.load_pkcs12((tmp_path / "set" / "c.p12").read_bytes(), b"x")
    assert run(*words, "--check").returncode == 0


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("passphrase: {empty: true}", "passphrase: a private key cannot have an empty passphrase"),
        ("pkcs12: {password: {empty: true, env: A}}", "pkcs12: write either env: NAME or file: PATH"),
        ("pkcs12: {password: {empty: maybe}}", "password.empty: 'maybe' does not fit; write true or false"),
    ],
)
def test_an_empty_password_in_the_wrong_place(field: str, message: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(
        f"authorities: {{ca: {{subject: {{CN: ca}}}}}}\nclients: {{c: {{subject: {{CN: c}}, {field}}}}}"
    )
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr
