"""Keys for RSA-PSS alone (RFC 4055): what pyca reads of them, and handshakes in which they sign."""

import ssl
import subprocess
from pathlib import Path

import pytest
from conftest import Run, load, mint_profile
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import PublicKeyAlgorithmOID, SignatureAlgorithmOID

pytestmark = pytest.mark.slow

TEXT = """\
authorities:
  ca: {subject: {CN: CA}, key: "rsa-pss:2048", digest: sha384, crl: {}}
servers:
  server: {san: ["DNS:localhost"], key: "rsa-pss:2048"}
  dated: {san: ["DNS:localhost"], key: "rsa-pss:3072", lifetime: 30d}
  elliptic: {san: ["DNS:localhost"], key: "ec:P-256"}
clients:
  client: {subject: {CN: client}, key: "rsa-pss:2048"}
"""


@pytest.fixture(scope="module")
def minted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pss")
    (folder / "profile.yaml").write_text(TEXT)
    return mint_profile(folder / "profile.yaml", folder / "set")


def salt(signed: x509.Certificate | x509.CertificateRevocationList) -> object:
    parameters = signed.signature_algorithm_parameters
    assert isinstance(parameters, padding.PSS)
    return parameters._salt_length


@pytest.mark.parametrize("name", ["ca", "server", "dated", "client", "elliptic"])
def test_its_keys_and_signatures(name: str, minted: Path) -> None:
    """A salt as long as the hash; 1.1.1 is not asked about a root, which it gives the longest one."""
    one, ca = load(minted / f"{name}.crt"), load(minted / "ca.crt")
    one.verify_directly_issued_by(ca)
    assert one.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS
    assert one.signature_hash_algorithm
    assert one.signature_hash_algorithm.name == "sha384"
    if name != "ca":
        assert salt(one) == 48
    if name != "elliptic":
        assert one.public_key_algorithm_oid == PublicKeyAlgorithmOID.RSASSA_PSS
        key = load_pem_private_key((minted / f"{name}.key").read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        assert key.public_key() == one.public_key()
        assert key.key_size == (3072 if name == "dated" else 2048)
    if name == "server":
        assert not one.extensions.get_extension_for_class(x509.KeyUsage).value.key_encipherment


def test_its_crl(minted: Path) -> None:
    revocations = x509.load_pem_x509_crl((minted / "ca.crl").read_bytes())
    assert revocations.is_signature_valid(load(minted / "ca.crt").public_key())  # type: ignore[arg-type]
    assert salt(revocations) == 48


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_handshake_with_them(version: ssl.TLSVersion, minted: Path, elliptic: Path) -> None:
    """Python's ssl as both ends; a client of another CA is refused."""

    def shake(client_set: Path) -> str:
        near, far = ssl.MemoryBIO(), ssl.MemoryBIO()
        server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_context.load_cert_chain(minted / "server.crt", minted / "server.key")
        server_context.load_verify_locations(minted / "ca.crt")
        server_context.verify_mode = ssl.CERT_REQUIRED
        server_context.minimum_version = server_context.maximum_version = version
        client_context = ssl.create_default_context(cafile=str(minted / "ca.crt"))
        client_context.load_cert_chain(client_set / "client.crt", client_set / "client.key")
        client = client_context.wrap_bio(near, far, server_hostname="localhost")
        server = server_context.wrap_bio(far, near, server_side=True)
        for end in (client, server) * 3:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                return str(error)
        return str((server.getpeercert() or {}).get("subject"))

    assert shake(minted) == "((('commonName', 'client'),),)"
    assert "certificate verify failed" in shake(elliptic)


def test_the_set_passes_what_checks_sets(minted: Path, run: Run) -> None:
    assert run("verify.py", minted).returncode == 0
    assert run("handshake_check.py", minted, "--only", "*set-*").returncode == 0
    assert run("generate.py", minted.parent / "profile.yaml", "-o", minted, "--check").returncode == 0


def test_the_commands_alone_make_it_too(tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(TEXT.partition("  elliptic:")[0])
    script = run("generate.py", tmp_path / "p.yaml", "--dry-run").stdout
    assert subprocess.run(["sh"], input=script, text=True, cwd=tmp_path, capture_output=True).returncode == 0
    assert salt(load(tmp_path / "server.crt")) == salt(load(tmp_path / "dated.crt")) == 48
    load(tmp_path / "dated.crt").verify_directly_issued_by(load(tmp_path / "ca.crt"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("key: rsa-pss", "key: 'rsa-pss' is not known; did you mean rsa-pss:2048?"),
        ("key: PSS", "key: 'PSS' is not known; did you mean rsa-pss:2048?"),
        ("key: rsa-pss:2048, outputs: [key-traditional]",
         "outputs: rsa-pss:2048 has no traditional format; remove key-traditional"),
        ("key: rsa-pss:2048, key_usage: [keyEncipherment]",
         "key_usage: keyEncipherment needs an RSA key, and this one is rsa-pss:2048; remove it"),
        ("key: rsa-pss:2048, defects: [stolen_key]",
         "defects: stolen_key needs an RSA or EC key, and this one is rsa-pss:2048"),
    ],
)  # fmt: skip
def test_what_it_cannot_do(fields: str, message: str, tmp_path: Path, run: Run) -> None:
    head = "authorities: {ca: {subject: {CN: CA}}}\n"
    (tmp_path / "p.yaml").write_text(f"{head}clients: {{c: {{subject: {{CN: c}}, {fields}}}}}\n")
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    assert (done.returncode, done.stderr) == (2, f"{tmp_path}/p.yaml:2: clients.c.{message}\n")
