"""Signing requests of others, made by pyca/cryptography and plain openssl: what is taken over, and what is refused."""

import subprocess
from base64 import encodebytes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, contents
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from foreign import dsa_key, named, rsa_key
from peers import need

TEXT = """\
defaults: {key: "ec:P-256"}
authorities: {ca: {subject: {CN: CA}}}
servers:
  theirs: {subject: {CN: ours to say}, san: ["DNS:a.example"], csr: their.csr, outputs: [chain, der]}
"""


def csr(key: Any, subject: str = "what they want", *extensions: x509.ExtensionType) -> bytes:
    builder = x509.CertificateSigningRequestBuilder(named(subject))
    for extension in extensions:
        builder = builder.add_extension(extension, False)
    edwards = isinstance(key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey))
    return builder.sign(key, None if edwards else SHA256()).public_bytes(Encoding.PEM)


def tampered(pem: bytes) -> bytes:
    """Its signature's last bit is another."""
    lines = pem.decode().strip().splitlines()
    der = bytearray(x509.load_pem_x509_csr(pem).public_bytes(Encoding.DER))
    der[-1] ^= 1
    return f"{lines[0]}\n{encodebytes(bytes(der)).decode()}{lines[-1]}\n".encode()


EC = ec.generate_private_key(ec.SECP256R1())


def public(of: Any) -> bytes:
    return bytes(of.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p.yaml").write_text(TEXT)
    return tmp_path


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (EC, "ec:P-256"), (ec.generate_private_key(ec.SECP521R1()), "ec:P-521"),
        (rsa_key(3072), "rsa:3072"), (ed25519.Ed25519PrivateKey.generate(), "ed25519"),
        (ed448.Ed448PrivateKey.generate(), "ed448"),
    ],
)  # fmt: skip
def test_only_the_public_key_is_taken_over(key: Any, name: str, folder: Path, run: Run) -> None:
    wishes = [x509.BasicConstraints(True, None), x509.SubjectAlternativeName([x509.DNSName("evil.example")])]
    (folder / "their.csr").write_bytes(csr(key, "what they want", *wishes))
    done = run("generate.py", folder / "p.yaml", "-o", folder / "set")
    assert done.returncode == 0, done.stderr
    made = x509.load_pem_x509_certificate((folder / "set/theirs.crt").read_bytes())
    assert public(made) == public(key)
    assert made.subject.rfc4514_string() == "CN=ours to say"
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    san = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(san) == [x509.DNSName("a.example")]
    usage = made.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.key_encipherment is name.startswith("rsa")
    issuer = x509.load_pem_x509_certificate((folder / "set/ca.crt").read_bytes())
    made.verify_directly_issued_by(issuer)
    files = sorted(path.name for path in (folder / "set").iterdir())
    assert files == ["ca.crt", "ca.key", "manifest.json", "theirs.chain.crt", "theirs.crt", "theirs.der"]
    where = f"warning: {folder}/p.yaml:4: servers.theirs.csr: "
    (line,) = done.stderr.splitlines()
    assert line.startswith(where)
    assert line.endswith("ignored in the request: its subject, Basic Constraints, Subject Alternative Name")


def test_a_request_of_plain_openssl(folder: Path, run: Run) -> None:
    command = [
        need("openssl"),
        "req",
        "-new",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "k",
        "-subj",
        "/CN=x",
        "-text",
    ]
    subprocess.run([*command, "-text", "-out", "their.csr"], cwd=folder, check=True, capture_output=True)
    assert run("generate.py", folder / "p.yaml", "-o", folder / "set", "-q").returncode == 0


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (tampered(csr(EC)), "is not a signing request, or its signature is wrong"),
        (tampered(csr(EC, "verify OK")), "is not a signing request, or its signature is wrong"),
        (b"", "is not a signing request, or"),
        (b"garbage", "is not a signing request, or"),
        (bytes(range(256)), "is not a signing request, or"),
        (b"x" * 70_000, "is larger than"),
        (csr(rsa_key(1024)), "has the key rsa:1024"),
        (csr(ec.generate_private_key(ec.SECP256K1())), "has the key ec:secp256k1"),
        (csr(dsa_key()), "has the key dsa"),
        (csr(rsa_key(1024), "Public Key Algorithm: id-ecPublicKey"), "has the key rsa:1024"),
        (None, "cannot be read: No such file"),
    ],
    ids=[
        "tampered",
        "tampered, says OK",
        "empty",
        "garbage",
        "binary",
        "huge",
        "weak",
        "curve",
        "dsa",
        "text",
        "absent",
    ],
)
def test_a_bad_request_stops_the_run(data: bytes | None, part: str, folder: Path, run: Run) -> None:
    if data is not None:
        (folder / "their.csr").write_bytes(data)
    done = run("generate.py", folder / "p.yaml", "-o", folder / "set")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"p.yaml:4: servers.theirs.csr: {folder}/their.csr {part}" in done.stderr
    assert not (folder / "set").exists()


def test_a_rerun_and_a_new_request(folder: Path, run: Run) -> None:
    words = ("generate.py", folder / "p.yaml", "-o", folder / "set")
    (folder / "their.csr").write_bytes(csr(EC))
    assert run(*words).returncode == 0
    before = contents(folder / "set")
    for more in ((), ("--rotate-keys",)):
        assert run(*words, *more).returncode == 0
        assert contents(folder / "set") == before
    other = ec.generate_private_key(ec.SECP256R1())
    (folder / "their.csr").write_bytes(csr(other))
    assert "renewed   theirs: its settings changed" in run(*words).stdout
    assert public(x509.load_pem_x509_certificate((folder / "set/theirs.crt").read_bytes())) == public(other)
    assert {name for name, was in contents(folder / "set").items() if was != before[name]} == {
        "theirs.crt", "theirs.der", "theirs.chain.crt", "manifest.json",
    }  # fmt: skip


def test_an_intermediate_of_somebody_else(folder: Path, run: Run) -> None:
    """Its certificate can be made; nothing can be signed with a key that is not here."""
    text = TEXT.partition("servers:")[0].replace(
        "CN: CA}}", "CN: CA}}, sub: {subject: {CN: S}, issuer: ca, csr: their.csr}"
    )
    (folder / "their.csr").write_bytes(csr(EC))
    (folder / "p.yaml").write_text(text)
    assert run("generate.py", folder / "p.yaml", "-o", folder / "set", "-q").returncode == 0
    made = x509.load_pem_x509_certificate((folder / "set/sub.crt").read_bytes())
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    (folder / "p.yaml").write_text(text + "clients: {c: {subject: {CN: c}, issuer: sub}}\n")
    done = run("generate.py", folder / "p.yaml", "-o", folder / "set")
    assert (done.returncode, done.stdout) == (2, "")
    assert "clients.c.issuer: the key of sub belongs to the owner of its csr" in done.stderr


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("outputs: [pkcs12], pkcs12: {password: {env: X}}", "the key stays with its owner"),
        ("outputs: [kubernetes]", "the key stays with its owner"),
        ("passphrase: {env: X}", "the key stays with its owner"),
        ("defects: [stolen_key]", "the key stays with its owner"),
        ("not_after: 2050-01-01T00:00:00Z", "can be combined with days only"),
        ("backdate: 1h", "can be combined with days only"),
    ],
)
def test_what_cannot_be_combined_with_a_request(
    field: str, part: str, folder: Path, mint_text: Callable[[str], Path], run: Run
) -> None:
    (folder / "their.csr").write_bytes(csr(EC))
    (folder / "p.yaml").write_text(TEXT.replace("outputs: [chain, der]", field))
    done = run("generate.py", folder / "p.yaml", "--dry-run")
    assert (done.returncode, done.stdout) == (2, "")
    assert part in done.stderr
