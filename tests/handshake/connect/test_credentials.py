"""The invalid credentials beside the user's own, read by another implementation."""

from datetime import UTC, datetime
from pathlib import Path

from mintls.handshake.connect.cases import possible, server_cases
from mintls.handshake.connect.client_files import FilePaths, files_of, read_client_files
from mintls.handshake.connect.credentials import mint_beside
from mintls.handshake.connect.names import names_of
from mintls.handshake.connect.options import capabilities_of
from mintls.handshake.connect.protocols.none import NONE
from mintls.handshake.connect.protocols.protocol import Request
from mintls.handshake.connect.question import Question
from mintls.handshake.connect.server import Target
from mintls.openssl.binary import Openssl
from mintls.x509.certificate import read_certificate

import pytest
from conftest import load, mint_profile
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

pytestmark = pytest.mark.slow

TARGET = Target(
    host="localhost", port=1, sni="", starttls="", open_sni="", question=Question(protocol=NONE, request=Request())
)
ODD = """
defaults: {key: "ec:P-256"}
authorities: {ca: {subject: {C: "NO", DC: [example, test], O: "A, \\"B\\" + C", CN: Ærlig}, serial: "7"}}
clients: {client: {subject: {C: "NO", OU: [one, "two, three"], CN: "Zoë #1"},
  san: ["URI:spiffe://a/b", "email:z@example.org"], serial: "1", issuer: ca}}
"""


def laid_out(openssl: Openssl, files: FilePaths, directory: Path) -> Path:
    held = read_client_files(files, {}, openssl)
    capabilities = capabilities_of(held, TARGET)
    mint_beside(held, possible(server_cases(capabilities), capabilities), directory, openssl, datetime.now(UTC))
    return directory


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("odd")
    (directory / "odd.yaml").write_text(ODD)
    return mint_profile(directory / "odd.yaml", directory / "set")


@pytest.fixture(scope="module")
def made(openssl: Openssl, odd: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return laid_out(openssl, files_of(odd), tmp_path_factory.mktemp("made") / "credentials")


def is_signed(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    return True


def identifier(certificate: x509.Certificate) -> bytes:
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_two_roots_are_called_as_the_authority_is_to_the_last_byte(made: Path, odd: Path) -> None:
    ca = load(odd / "ca.crt")
    for name, alike in (("namesake", False), ("double", True)):
        root = load(made / f"{name}.crt")
        assert root.subject.public_bytes() == root.issuer.public_bytes() == ca.subject.public_bytes()
        assert root.public_key() != ca.public_key()
        assert (identifier(root) == identifier(ca)) is alike
        assert is_signed(root, root)
        case = {"namesake": "same-name-ca", "double": "same-name-and-key-id-ca"}[name]
        leaf = load(made / f"{case}-client.crt")
        assert leaf.issuer.public_bytes() == ca.subject.public_bytes()
        assert is_signed(leaf, root)
        assert not is_signed(leaf, ca)


def test_a_leaf_has_the_users_names(made: Path, odd: Path) -> None:
    own = load(odd / "client.crt")
    names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    for case in ("self-signed", "unknown-ca", "same-name-ca", "good-fresh", "expired", "rogue-root"):
        leaf = load(made / f"{case}-client.crt")
        assert leaf.subject.public_bytes() == own.subject.public_bytes()
        assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value == names
    assert is_signed(load(made / "good-fresh-client.crt"), load(odd / "ca.crt"))


def test_a_leaf_that_the_users_own_leaf_signed(made: Path, odd: Path) -> None:
    assert is_signed(load(made / "leaf-as-ca-client.crt"), load(odd / "client.crt"))


def test_what_is_tampered_with_is_the_users_own(made: Path, odd: Path) -> None:
    own, ca = load(odd / "client.crt"), load(odd / "ca.crt")
    signature, body = load(made / "bad-signature-client.crt"), load(made / "bad-body-client.crt")
    assert signature.tbs_certificate_bytes == own.tbs_certificate_bytes
    assert signature.signature != own.signature
    assert body.signature == own.signature
    differ = [a != b for a, b in zip(body.tbs_certificate_bytes, own.tbs_certificate_bytes, strict=True)]
    assert sum(differ) == 1
    assert own.serial_number == 1 != body.serial_number > 0
    assert not is_signed(signature, ca)
    assert not is_signed(body, ca)
    for name in ("client", "bad-signature-client", "bad-body-client"):
        assert (made / f"{name}.key").samefile(odd / "client.key")


def test_a_stolen_certificate_has_a_key_that_only_looks_like_its_own(made: Path, odd: Path) -> None:
    assert (made / "stolen-client.crt").read_text() == (odd / "client.crt").read_text()
    forged = (made / "stolen-client.key").read_bytes()
    assert forged != (odd / "client.key").read_bytes()
    # this implementation looks closer than OpenSSL, which compares the public halves alone
    with pytest.raises(ValueError, match=r"(?i)invalid|mismatch|public|key"):
        load_pem_private_key(forged, None)


@pytest.mark.parametrize("again", range(4))
def test_a_stolen_rsa_key_has_odd_factors(openssl: Openssl, dev: Path, tmp_path: Path, again: int) -> None:
    """With an even one OpenSSL gives up before it signs, and nothing is tried."""
    del again
    held = read_client_files(files_of(dev), {}, openssl)
    capabilities = capabilities_of(held, TARGET)
    stolen = [case for case in server_cases(capabilities) if case.id == "stolen"]
    mint_beside(held, stolen, tmp_path / "c", openssl, datetime.now(UTC))
    key = tmp_path / "c" / "stolen-client.key"
    (tmp_path / "text").write_text("text")
    openssl.run(("dgst", "-sha256", "-sign", str(key), "-out", str(tmp_path / "signature"), str(tmp_path / "text")))
    public = tmp_path / "public"
    openssl.run(("pkey", "-in", str(dev / "client.key"), "-pubout", "-out", str(public)))
    check = ("dgst", "-sha256", "-verify", str(public), "-signature", str(tmp_path / "signature"))
    assert openssl.ask((*check, str(tmp_path / "text"))).status == 1


def test_keys_are_private_and_none_of_the_users_is_copied(made: Path, odd: Path) -> None:
    assert made.stat().st_mode & 0o777 == 0o700
    own = {(odd / name).read_bytes() for name in ("ca.key", "client.key")}
    for path in made.rglob("*.key"):
        assert path.is_symlink() is (path.read_bytes() in own)
        assert path.stat().st_mode & 0o077 == 0


def test_an_old_authority_without_extensions(openssl: Openssl, tmp_path: Path) -> None:
    """As the common recipe makes it: X.509 v1 without extensions; openssl 3.5 and newer makes v3, with a key identifier
    of the subject at most.
    """
    for name, subject in (("ca", "/CN=Old CA"), ("client", "/CN=old client")):
        key = str(tmp_path / f"{name}.key")
        openssl.run(("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key))
        config = tmp_path / "empty.cnf"
        config.write_text("[req]\ndistinguished_name=dn\n[dn]\n")
        request = str(tmp_path / f"{name}.csr")
        openssl.run(("req", "-new", "-config", str(config), "-key", key, "-subj", subject, "-out", request))
        signer = ("-signkey", key) if name == "ca" else ("-CA", str(tmp_path / "ca.crt"), "-CAkey", ca_key(tmp_path))
        serial = ("-set_serial", "1")
        openssl.run(("x509", "-req", "-in", request, *signer, *serial, "-out", str(tmp_path / f"{name}.crt")))
    made = laid_out(openssl, files_of(tmp_path), tmp_path / "credentials")
    ca = load(tmp_path / "ca.crt")
    assert {type(one.value) for one in ca.extensions} <= {x509.SubjectKeyIdentifier}
    assert ca.version is x509.Version.v1 or openssl.version() >= "OpenSSL 3.5"
    for case in ("good-fresh", "expired", "good-intermediate", "leaf-as-ca"):
        leaf = load(made / f"{case}-client.crt")
        assert leaf.subject.rfc4514_string() == ("CN=leaf-as-ca client" if case == "leaf-as-ca" else "CN=old client")
    assert is_signed(load(made / "expired-client.crt"), ca)


def ca_key(directory: Path) -> str:
    return str(directory / "ca.key")


def test_an_edwards_key_is_not_forged_and_all_else_is_made(openssl: Openssl, tmp_path: Path) -> None:
    profile = tmp_path / "ed.yaml"
    profile.write_text(
        "defaults: {key: ed25519}\nauthorities: {ca: {subject: {CN: ca}}}\nclients: {client: {subject: {CN: c}}}\n"
    )
    files = files_of(mint_profile(profile, tmp_path / "set"))
    made = laid_out(openssl, files, tmp_path / "credentials")
    assert not (made / "stolen-client.crt").exists()
    assert is_signed(load(made / "expired-client.crt"), load(tmp_path / "set" / "ca.crt"))
    capabilities = capabilities_of(read_client_files(files, {}, openssl), TARGET)
    assert capabilities.no_forged_key == "needs an RSA or NIST EC key; yours is ed25519"


def test_names_that_no_profile_can_say_give_way(openssl: Openssl, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.ObjectIdentifier("2.5.4.6"), "NO")])
    odd = x509.DNSName("not a host name")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(datetime(2030, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2031, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([odd]), False)
    )
    pem = certificate.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
    assert names_of(read_certificate(pem)) == {"subject": {"C": ["NO"]}}
