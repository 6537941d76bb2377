"""Certificates below a CA that exists already: its files are read, and never written."""

import os
import subprocess
from pathlib import Path

from mintls.openssl.binary import Openssl

import pytest
from conftest import Run, contents, load
from cryptography import x509

PROFILE = """\
defaults: {key: ec:P-256, days: 90, subject: {O: Example}}
authorities: {ca: {existing: {certificate: rootCA.pem, key: rootCA-key.pem}%s}}
servers: {server: {subject: {CN: s}, san: ["DNS:localhost"]%s}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As mkcert leaves it: a root, its key in PKCS#8, and a leaf."""
    make_ca(tmp_path, "rootCA.pem", "rootCA-key.pem")
    (tmp_path / "p.yaml").write_text(PROFILE % ("", ""))
    return tmp_path


def make_ca(folder: Path, certificate: str, key: str, *more: str, ca: str = "TRUE") -> None:
    options = (
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-keyout",
        key,
        "-out",
        certificate,
        "-days",
        "99",
    )
    extensions = ("-addext", "keyUsage=critical,keyCertSign,cRLSign") if ca == "TRUE" else ()
    words = ("req", "-x509", "-config", "ca.cnf", "-extensions", "v3", *options, *(more or ("-nodes",)), *extensions)
    (folder / "ca.cnf").write_text(
        '[req]\nprompt=no\ndistinguished_name=dn\n[dn]\nO=mkcert\\ development\nCN=a, "b" ü\n[v3]\n'
        f"basicConstraints=critical,CA:{ca}\nsubjectKeyIdentifier=hash\n"
    )
    Openssl().run(words, cwd=folder)
    (folder / key).chmod(0o400)


def generate(run: Run, folder: Path, *words: str, **more: object) -> "subprocess.CompletedProcess[str]":
    return run("generate.py", folder / "p.yaml", "-o", folder / "set", *words, **more)


def listing(folder: Path) -> dict[str, object]:
    """Like conftest's contents, for a directory in which a set may lie."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_it_signs(folder: Path, run: Run) -> None:
    before = {name: (data, (folder / name).stat().st_mode) for name, data in listing(folder).items()}
    done = generate(run, folder)
    assert (done.returncode, done.stderr) == (0, "")
    root, leaf = load(folder / "rootCA.pem"), load(folder / "set" / "server.crt")
    leaf.verify_directly_issued_by(root)
    assert load(folder / "set" / "ca.crt") == root
    assert sorted(path.name for path in (folder / "set").iterdir()) == [
        "ca.crt", "manifest.json", "server.crt", "server.key",
    ]  # fmt: skip
    verified = run("verify.py", folder / "set")
    assert verified.returncode == 0, verified.stdout
    again = contents(folder / "set")
    for words in (
        [],
        ["--force", "--only", "ca"],
        ["--rotate-keys", "--only", "ca"],
        ["--renew-within", "100d", "--only", "ca"],
    ):
        assert generate(run, folder, *words).returncode == 0
        assert contents(folder / "set") == again
    assert generate(run, folder, "--check").returncode == 0
    assert generate(run, folder, "--force").stdout.splitlines()[0].startswith("kept      ca: existing, valid until ")
    assert {name: (data, (folder / name).stat().st_mode) for name, data in listing(folder).items()} == before


def test_the_commands_alone_make_it_too(folder: Path, run: Run) -> None:
    script = run("generate.py", folder / "p.yaml", "--dry-run")
    (folder / "by-hand").mkdir()
    done = subprocess.run(["sh"], input=script.stdout, text=True, cwd=folder / "by-hand", capture_output=True)
    assert done.returncode == 0, done.stderr
    load(folder / "by-hand" / "server.crt").verify_directly_issued_by(load(folder / "rootCA.pem"))
    assert sorted(path.name for path in (folder / "by-hand").iterdir()) == ["ca.crt", "server.crt", "server.key"]


def test_below_an_existing_intermediate_with_a_passphrase(folder: Path, run: Run) -> None:
    """Its root is not here; the list of what it revoked is signed with the same key."""
    (folder / "rootCA-key.pem").unlink()
    make_ca(folder, "rootCA.pem", "rootCA-key.pem", "-passout", "pass:secret")
    (folder / "p.yaml").write_text(PROFILE % (", passphrase: {env: CAPASS}, crl: {}", ", revoked: superseded"))
    done = generate(run, folder, env={**os.environ, "CAPASS": "secret"})
    assert (done.returncode, done.stderr) == (0, "")
    crl = x509.load_pem_x509_crl((folder / "set" / "ca.crl").read_bytes())
    root = load(folder / "rootCA.pem")
    assert crl.is_signature_valid(root.public_key())  # type: ignore[arg-type]
    assert [one.serial_number for one in crl] == [load(folder / "set" / "server.crt").serial_number]
    wrong = generate(run, folder, "--force", env={**os.environ, "CAPASS": "other"})
    assert wrong.returncode == 2
    assert "rootCA-key.pem cannot be read as a private key; its passphrase is wrong or missing" in wrong.stderr


def test_a_different_ca_reissues_what_it_signs(folder: Path, run: Run) -> None:
    assert generate(run, folder).returncode == 0
    (folder / "rootCA-key.pem").unlink()
    make_ca(folder, "rootCA.pem", "rootCA-key.pem")
    done = generate(run, folder)
    assert (done.returncode, done.stdout.splitlines()[:2]) == (
        0, ["renewed   ca: a different existing certificate", "renewed   server: ca has a new key or subject"],
    )  # fmt: skip
    load(folder / "set" / "server.crt").verify_directly_issued_by(load(folder / "rootCA.pem"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("other key", "existing.key: DIR/rootCA-key.pem is not the key of DIR/rootCA.pem; name the matching file"),
        ("a leaf", "existing.certificate: DIR/rootCA.pem is not a CA (CN="),
        ("no certificate", "existing.certificate: DIR/rootCA.pem is not a certificate in PEM"),
        ("missing", "existing.certificate: DIR/rootCA.pem: No such file or directory"),
        ("missing key", "existing.key: DIR/rootCA-key.pem: No such file or directory"),
        ("encrypted", "rootCA-key.pem cannot be read as a private key; if it is encrypted, add passphrase to this CA"),
        (", days: 3", "ca.days: the existing certificate decides this; remove it"),
        (", subject: {CN: x}", "ca.subject: the existing certificate decides this; remove it"),
        (", outputs: [pkcs12], pkcs12: {password: {env: A}}", "the key of an existing CA is not copied; remove pkcs12"),
        (", defects: [ca_false]", "an existing certificate cannot get a defect"),
        ("only the key", "existing: certificate is missing; write both certificate and key"),
    ],
)
def test_what_cannot_sign(change: str, message: str, folder: Path, run: Run) -> None:
    key = folder / "rootCA-key.pem"
    match change:
        case "other key":
            (folder / "rootCA.pem").rename(folder / "kept.pem")
            key.unlink()
            make_ca(folder, "rootCA.pem", "rootCA-key.pem")
            (folder / "kept.pem").rename(folder / "rootCA.pem")
        case "a leaf":
            key.unlink()
            make_ca(folder, "rootCA.pem", "rootCA-key.pem", ca="FALSE")
        case "no certificate":
            (folder / "rootCA.pem").write_text("nothing")
        case "missing":
            (folder / "rootCA.pem").unlink()
        case "missing key":
            key.unlink()
        case "encrypted":
            key.unlink()
            make_ca(folder, "rootCA.pem", "rootCA-key.pem", "-passout", "pass:secret")
        case "only the key":
            text = (folder / "p.yaml").read_text().replace("certificate: rootCA.pem, ", "")
            (folder / "p.yaml").write_text(text)
        case fields:
            (folder / "p.yaml").write_text(PROFILE % (fields, ""))
    done = generate(run, folder)
    assert done.returncode == 2, done.stdout
    assert message.replace("DIR", str(folder)) in done.stderr
    assert not (folder / "set").exists()
