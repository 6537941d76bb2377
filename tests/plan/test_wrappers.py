"""One key in every wrapper that programs want, each opened by a program or library that wants it so."""

import shutil
import subprocess
from pathlib import Path

from mintls.openssl.binary import Openssl

import pytest
import yaml
from conftest import Run, contents, load, mint_profile, modes
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

PROFILE = """\
defaults: {key: ec:P-256, days: 90}
authorities:
  root: {subject: {CN: root}, crl: {}}
  sub: {subject: {CN: sub}, issuer: root, crl: {}}
servers:
  server:
    subject: {CN: s}
    san: ["DNS:localhost"]
    issuer: sub
    outputs: [ca-bundle, combined, crl-bundle, key-der, key-traditional, kubernetes, kubernetes-ca]
    kubernetes: {namespace: shop, labels: {app.kubernetes.io/name: web, tier: "1"}}
  encrypted:
    subject: {CN: e}
    san: ["DNS:localhost"]
    issuer: sub
    key: rsa:2048
    outputs: [key-der, key-traditional, combined]
    passphrase: {file: word}
  docker:
    subject: {CN: d}
    san: ["DNS:localhost"]
    issuer: sub
    outputs: [ca-bundle]
    files: {certificate: cert.pem, key: key.pem, ca-bundle: ca.pem}
clients:
  client: {subject: {CN: c}, issuer: sub}
"""


@pytest.fixture(scope="module")
def minted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wrappers")
    (folder / "p.yaml").write_text(PROFILE)
    (folder / "word").write_text("a word\nanother line\n")
    return mint_profile(folder / "p.yaml", folder / "set")


@pytest.fixture
def copy(minted: Path, tmp_path: Path) -> Path:
    shutil.copytree(minted.parent, tmp_path / "copy")
    return tmp_path / "copy" / "set"


def test_combined(minted: Path) -> None:
    data = (minted / "server.combined.pem").read_bytes()
    certificates = x509.load_pem_x509_certificates(data)
    assert certificates == [load(minted / "server.crt"), load(minted / "sub.crt")]
    assert load_pem_private_key(data, None).public_key() == certificates[0].public_key()


def test_bundles(minted: Path) -> None:
    """-crl_check_all asks for a list of each issuer."""
    bundle = x509.load_pem_x509_certificates((minted / "server.ca-bundle.pem").read_bytes())
    assert bundle == [load(minted / "sub.crt"), load(minted / "root.crt")]
    words = ("verify", "-crl_check_all", "-CAfile", "server.ca-bundle.pem", "-CRLfile")
    assert Openssl().ask((*words, "server.crl-bundle.pem", "server.crt"), cwd=minted).status == 0
    assert Openssl().ask((*words, "sub.crl", "server.crt"), cwd=minted).status != 0


@pytest.mark.parametrize(("name", "word"), [("server", None), ("encrypted", b"a word")])
def test_keys(name: str, word: bytes | None, minted: Path) -> None:
    key = load_pem_private_key((minted / f"{name}.key").read_bytes(), word)
    assert load_der_private_key((minted / f"{name}.key.der").read_bytes(), word).public_key() == key.public_key()
    data = (minted / f"{name}.traditional.key").read_bytes()
    assert data.startswith(b"-----BEGIN EC PRIVATE KEY" if word is None else b"-----BEGIN RSA PRIVATE KEY")
    assert load_pem_private_key(data, word).public_key() == key.public_key()
    if word:
        with pytest.raises(ValueError, match=r"\w"):
            load_der_private_key((minted / f"{name}.key.der").read_bytes(), b"another line")


def test_who_may_read_them(minted: Path) -> None:
    found = modes(minted)
    secret = {name for name, mode in found.items() if mode == "0600"}
    assert secret == {name for name in found if "key" in name or "combined" in name or name == "server.secret.yaml"}


def test_kubernetes(minted: Path) -> None:
    secret = yaml.safe_load((minted / "server.secret.yaml").read_text())
    config = yaml.safe_load((minted / "server.ca.yaml").read_text())
    for found, kind, name in ((secret, "Secret", "server"), (config, "ConfigMap", "server-ca")):
        assert (found["kind"], found["metadata"]) == (
            kind,
            {"name": name, "namespace": "shop", "labels": {"app.kubernetes.io/name": "web", "tier": "1"}},
        )
    assert config["data"] == {"ca.crt": (minted / "root.crt").read_text()}


def test_file_names_of_one_entry(minted: Path) -> None:
    assert load(minted / "cert.pem").subject.rfc4514_string() == "CN=d"
    assert not (minted / "docker.crt").exists()
    assert len(x509.load_pem_x509_certificates((minted / "ca.pem").read_bytes())) == 2


def test_a_rerun_touches_nothing_and_a_new_list_makes_the_bundle(copy: Path, run: Run) -> None:
    before = contents(copy)
    words = ("generate.py", copy.parent / "p.yaml", "-o", copy)
    assert run(*words).returncode == 0
    assert contents(copy) == before
    profile = copy.parent / "p.yaml"
    profile.write_text(PROFILE.replace("client: {subject: {CN: c}", "client: {subject: {CN: c}, revoked: superseded"))
    checked = run(*words, "--check")
    assert (checked.returncode, "due       server: sub.crl is reissued" in checked.stdout) == (1, True)
    assert run(*words).returncode == 0
    lists = (copy / "server.crl-bundle.pem").read_bytes()
    assert lists == (copy / "sub.crl").read_bytes() + (copy / "root.crl").read_bytes()
    assert len(x509.load_pem_x509_crl(lists)) == 1
    assert run(*words, "--check").returncode == 0


def test_a_list_made_without_its_bundle_is_noticed_later(copy: Path, run: Run) -> None:
    words = ("generate.py", copy.parent / "p.yaml", "-o", copy)
    (copy / "sub.crl").unlink()
    assert run(*words, "--only", "sub").returncode == 0
    done = run(*words, "--check")
    assert (done.returncode, "due       server: its contents changed" in done.stdout) == (1, True)


def test_the_commands_alone_make_them_too(minted: Path, run: Run, tmp_path: Path) -> None:
    script = run("generate.py", minted.parent / "p.yaml", "--dry-run")
    done = subprocess.run(["sh"], input=script.stdout, text=True, cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in minted.iterdir()} - {"manifest.json"} == {path.name for path in tmp_path.iterdir()}
    lists = (tmp_path / "server.crl-bundle.pem").read_bytes()
    assert lists == (tmp_path / "sub.crl").read_bytes() + (tmp_path / "root.crl").read_bytes()
    assert modes(tmp_path) == {name: mode for name, mode in modes(minted).items() if name != "manifest.json"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            "key: ed25519, outputs: [key-traditional]",
            "ed25519 has no traditional format; remove key-traditional",
        ),
        ("outputs: [crl-bundle]", "outputs: crl-bundle needs a CRL of ca; write crl: {} there"),
        ("files: {key: a/b}", "files.key: 'a/b' is not a file name: write letters, digits and inner ._-"),
        ("files: {key: c.crt}", "clients.c: its key c.crt would be the same file as c.crt of clients.c; rename one"),
        ("files: {kye: k}", "files.kye: 'kye' is not known; did you mean key?"),
        ("kubernetes: {namespace: My_Shop}", "namespace: 'My_Shop' is not a Kubernetes name"),
        ('kubernetes: {labels: {"a b": x}}', "'a b' is not the key of a Kubernetes label"),
        ('kubernetes: {labels: {a: "b c"}}', "'b c' is not the value of a Kubernetes label"),
        ("csr: x.csr, outputs: [combined]", "csr: the key stays with its owner"),
    ],
)
def test_what_cannot_be_made(fields: str, message: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(
        f"authorities: {{ca: {{subject: {{CN: ca}}}}}}\nclients: {{c: {{subject: {{CN: c}}, {fields}}}}}"
    )
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr
