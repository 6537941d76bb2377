"""The four profiles: field for field what they promise, and what a linter of certificates finds in them."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from mintls.openssl.binary import Openssl

import pytest
from conftest import PROFILES, load, modes
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from cryptography.x509.oid import ExtensionOID
from peers import need
from pkilint.bin import lint_pkix_cert

pytestmark = pytest.mark.slow

NS_CERT_TYPE, NS_COMMENT = map(x509.ObjectIdentifier, ("2.16.840.1.113730.1.1", "2.16.840.1.113730.1.13"))
USAGES = [
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign",
]  # fmt: skip


def usage(certificate: x509.Certificate) -> list[str]:
    value = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    return [name for name in USAGES if getattr(value, name)]


def purposes(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
    return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def san(certificate: x509.Certificate) -> list[x509.GeneralName]:
    return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)


def raw(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> bytes:
    value = certificate.extensions.get_extension_for_oid(oid).value
    assert isinstance(value, x509.UnrecognizedExtension)
    return value.value


def test_dev(dev: Path) -> None:
    ca, server, client = (load(dev / f"{name}.crt") for name in ("ca", "server", "client"))
    assert [c.subject.rfc4514_string() for c in (ca, server, client)] == [
        "CN=mintls development CA", "CN=localhost", "CN=dev-client",
    ]  # fmt: skip
    local = [x509.IPAddress(ip_address("127.0.0.1")), x509.IPAddress(ip_address("::1"))]
    assert san(server) == [x509.DNSName("localhost"), *local]
    basic = ca.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value) == (True, x509.BasicConstraints(ca=True, path_length=0))
    assert usage(ca) == ["key_cert_sign", "crl_sign"]
    assert (purposes(server), purposes(client)) == ([Eku.SERVER_AUTH], [Eku.CLIENT_AUTH])
    for certificate in (ca, server, client):
        key = certificate.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        assert key.key_size == 2048
    assert server.not_valid_after_utc - server.not_valid_before_utc == timedelta(days=365)
    assert server.version == x509.Version.v3


def test_classic_is_the_recipe_field_for_field(classic: Path) -> None:
    ca, server, client = (load(classic / f"{name}.crt") for name in ("ca", "server", "client"))
    assert [c.subject.rfc4514_string() for c in (ca, server)] == ["CN=YourCAName", "CN=server_common_name"]
    assert {c.issuer.rfc4514_string() for c in (ca, server, client)} == {"CN=YourCAName"}
    assert san(server) == [x509.DNSName("server.example.com"), x509.IPAddress(ip_address("127.0.0.1"))]
    assert usage(ca) == ["key_cert_sign", "crl_sign"]
    assert purposes(server) == [Eku.SERVER_AUTH]
    assert purposes(client) == [Eku.CLIENT_AUTH, Eku.EMAIL_PROTECTION]
    # BIT STRINGs: client is bit 0, server bit 1, email bit 2 (x509v3_config(5), nsCertType)
    assert (raw(server, NS_CERT_TYPE), raw(client, NS_CERT_TYPE)) == (b"\x03\x02\x06\x40", b"\x03\x02\x05\xa0")
    for certificate, what in ((server, b"Server"), (client, b"Client")):
        comment = b"OpenSSL Generated " + what + b" Certificate"
        assert raw(certificate, NS_COMMENT) == b"\x16" + bytes([len(comment)]) + comment
        assert usage(certificate) == ["digital_signature", "content_commitment", "key_encipherment"]
        assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        named = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        own = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        assert named.key_identifier == own.digest
        assert named.authority_cert_serial_number == ca.serial_number
        assert named.authority_cert_issuer == [x509.DirectoryName(ca.subject)]
        assert certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    with pytest.raises(x509.ExtensionNotFound):
        client.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    for certificate in (ca, server, client):
        key = certificate.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        assert (key.key_size, type(certificate.signature_hash_algorithm)) == (2048, SHA256)
        assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(days=36500)


def test_step_by_step_has_the_recipes_files(step_by_step: Path) -> None:
    private, public = "0600", "0644"
    assert modes(step_by_step) == {
        "ca-key.pem": private, "ca-cert.pem": public, "manifest.json": public,
        "server-key.pem": private, "server-req.pem": public, "server-cert.pem": public,
        "client-key.pem": private, "client-req.pem": public, "client-cert.pem": public,
    }  # fmt: skip
    server, client = load(step_by_step / "server-cert.pem"), load(step_by_step / "client-cert.pem")
    assert san(server) == [x509.DNSName("localhost")]
    assert (purposes(server), purposes(client)) == ([Eku.SERVER_AUTH], [Eku.CLIENT_AUTH])
    assert server.not_valid_after_utc - server.not_valid_before_utc == timedelta(days=365)
    for name, certificate in (("server", server), ("client", client)):
        request = x509.load_pem_x509_csr((step_by_step / f"{name}-req.pem").read_bytes())
        assert request.is_signature_valid
        assert request.public_key() == certificate.public_key()
        assert request.subject == certificate.subject


ABOVE = {
    "root": "root", "issuing": "root", "devices": "root", "web": "issuing", "legacy": "issuing", "partner": "issuing",
    "alice": "issuing", "bob": "issuing", "sensor-1": "devices", "sensor-2": "devices", "sensor-3": "devices",
    "node": "devices", "expired": "devices", "stolen": "devices",
}  # fmt: skip


def value(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> Any:
    return certificate.extensions.get_extension_for_class(kind).value


def test_showcase(showcase: Path) -> None:
    made = {name: load(showcase / f"{name}.crt") for name in [*ABOVE, "forged"]}
    assert {path.stem for path in showcase.glob("*.crt")} == {*made, "web.chain"}
    for name, issuer in ABOVE.items():
        made[name].verify_directly_issued_by(made[issuer])
    with pytest.raises(InvalidSignature):
        made["forged"].verify_directly_issued_by(made["devices"])
    said = [(attribute.rfc4514_attribute_name, attribute.value) for attribute in made["alice"].subject]
    assert said == [
        ("C", "NO"), ("O", "Showcase AS"), ("OU", "Engineering"), ("OU", "Platform"), ("CN", "Ålice Ørsted"),
        ("1.3.6.1.4.1.32473.2.1", "badge 0042"),
    ]  # fmt: skip
    assert purposes(made["node"]) == [Eku.SERVER_AUTH, Eku.CLIENT_AUTH]
    assert usage(made["web"]) == ["digital_signature"]
    assert usage(made["legacy"]) == ["digital_signature", "key_encipherment"]
    assert isinstance(made["alice"].public_key(), ed25519.Ed25519PublicKey)
    node = made["node"].public_key()
    assert isinstance(node, ec.EllipticCurvePublicKey)
    assert node.curve.name == "secp521r1"
    assert isinstance(made["issuing"].signature_hash_algorithm, SHA384)


def test_showcase_has_every_extension_of_the_language(showcase: Path) -> None:
    root, issuing, devices, web, alice, sensor, node = (
        load(showcase / f"{name}.crt") for name in ("root", "issuing", "devices", "web", "alice", "sensor-2", "node")
    )
    oid = x509.ObjectIdentifier
    assert root.not_valid_before_utc == datetime(2020, 1, 1, tzinfo=UTC)
    assert root.not_valid_after_utc == datetime(2059, 12, 31, 23, tzinfo=UTC)
    constraints = value(issuing, x509.NameConstraints)
    assert constraints.permitted_subtrees == [
        x509.DNSName("example.org"), x509.DNSName("localhost"), x509.IPAddress(ip_network("127.0.0.0/8")),
        x509.IPAddress(ip_network("::1/128")), x509.RFC822Name("example.org"),
    ]  # fmt: skip
    assert constraints.excluded_subtrees == [x509.DNSName("secret.example.org")]
    (policy,) = value(devices, x509.CertificatePolicies)
    assert policy.policy_identifier == oid("1.3.6.1.4.1.32473.1.1")
    for certificate, uri in ((issuing, "root"), (devices, "root"), (web, "issuing")):
        (point,) = value(certificate, x509.CRLDistributionPoints)
        assert point.full_name == [x509.UniformResourceIdentifier(f"http://pki.example.org/{uri}.crl")]
    responder, issuer = value(web, x509.AuthorityInformationAccess)
    assert responder.access_method == x509.AuthorityInformationAccessOID.OCSP
    assert responder.access_location == x509.UniformResourceIdentifier("http://ocsp.example.org/")
    assert issuer.access_method == x509.AuthorityInformationAccessOID.CA_ISSUERS
    assert issuer.access_location == x509.UniformResourceIdentifier("http://pki.example.org/issuing.der")
    assert list(value(web, x509.TLSFeature)) == [x509.TLSFeatureType.status_request]
    docker = load(showcase / "docker-cert.pem")
    assert docker.subject.rfc4514_string() == "O=Showcase AS,C=NO"
    assert docker.not_valid_after_utc - docker.not_valid_before_utc == timedelta(hours=36)
    email, other = san(alice)
    assert email == x509.RFC822Name("alice@example.org")
    assert isinstance(other, x509.OtherName)
    text = "ålice@example.org".encode()  # a UTF8String: tag 12, its length, UTF-8
    assert (other.type_id, other.value) == (oid("1.3.6.1.4.1.311.20.2.3"), bytes([12, len(text)]) + text)
    assert purposes(alice) == [Eku.CLIENT_AUTH, Eku.EMAIL_PROTECTION, oid("1.3.6.1.4.1.32473.3.1")]
    assert san(sensor) == [
        x509.UniformResourceIdentifier("urn:dev:ops:32473-sensor-0002"),
        x509.RegisteredID(oid("1.3.6.1.4.1.32473.4.1")),
    ]  # fmt: skip
    assert usage(sensor) == ["digital_signature", "key_agreement"]
    assert raw(sensor, oid("1.3.6.1.4.1.32473.5.1")) == b"\x0c\x0asite north"
    named = value(sensor, x509.AuthorityKeyIdentifier)
    assert named.key_identifier == value(devices, x509.SubjectKeyIdentifier).digest
    assert sensor.subject.rfc4514_string() == "2.5.4.5=0002,CN=sensor 2,O=Showcase AS,C=NO"
    assert node.serial_number == 0x1001
    assert value(node, x509.SubjectKeyIdentifier).digest.hex() == "00112233445566778899aabbccddeeff00112233"
    assert timedelta(minutes=59) < issuing.not_valid_before_utc - web.not_valid_before_utc < timedelta(minutes=61)
    request = x509.load_pem_x509_csr((PROFILES / "showcase-partner.csr").read_bytes())
    assert load(showcase / "partner.crt").public_key() == request.public_key()
    assert not (showcase / "partner.key").exists()


def test_showcase_has_every_output_of_the_language(showcase: Path) -> None:
    word = (PROFILES / "showcase-password.txt").read_bytes().splitlines()[0]
    assert load_pem_private_key((showcase / "issuing.key").read_bytes(), word)
    for name, alias in (("web", b"web"), ("legacy", b"legacy server")):
        store = pkcs12.load_pkcs12((showcase / f"{name}.p12").read_bytes(), word)
        assert store.cert
        assert (store.cert.certificate, store.cert.friendly_name) == (load(showcase / f"{name}.crt"), alias)
    bob, issuing = load(showcase / "bob.crt"), load(showcase / "issuing.crt")
    listed = x509.load_pem_x509_crl((showcase / "issuing.crl").read_bytes())
    assert listed.is_signature_valid(issuing.public_key())  # type: ignore[arg-type]
    assert [one.serial_number for one in listed] == [bob.serial_number]
    assert len(x509.load_pem_x509_crl((showcase / "root.crl").read_bytes())) == 0
    made = {path.name for path in showcase.iterdir()}
    assert {"web.chain.crt", "web.der", "web.secret.yaml", "web.ca.yaml", "web.combined.pem", "web.ca-bundle.pem",
            "web.crl-bundle.pem", "web.key.der", "web.traditional.key", "docker-key.pem"} <= made  # fmt: skip


@pytest.mark.parametrize("name", [*ABOVE, "forged"])
def test_gnutls_verifies_showcase(name: str, showcase: Path, tmp_path: Path) -> None:
    """All but those that are deliberately bad; what was revoked is, as soon as the list is asked."""
    between = ABOVE.get(name, "devices")
    links = [name] if between == "root" else [name, between]
    (tmp_path / "chain.pem").write_bytes(b"".join((showcase / f"{link}.crt").read_bytes() for link in links))
    command = [need("certtool"), "--verify", f"--load-ca-certificate={showcase / 'root.crt'}"]
    lists = [f"--load-crl={showcase / f'{between}.crl'}"] if between == "issuing" else []
    done = subprocess.run([*command, *lists, f"--infile={tmp_path / 'chain.pem'}"], capture_output=True, text=True)
    assert "Verified." in done.stdout or "Not verified." in done.stdout, done.stdout + done.stderr
    reason = {"bob": "revoked", "expired": "expired", "forged": "issuer is unknown"}.get(name)
    assert ("Not verified." in done.stdout) is (reason is not None), done.stdout
    assert (reason or "") in done.stdout


# What pkilint calls an ERROR and is none: its domain names must be public ones of several labels, without a
# wildcard (RFC 6125 allows `*.`, RFC 6761 reserves localhost), and its URIs are those with a known scheme and host.
NO_ERRORS = {
    "Invalid domain name syntax: \"localhost\"": "a reserved name of one label (RFC 6761 6.3)",
    "Invalid domain name syntax: \"*.web.example.org\"": "a wildcard (RFC 6125 6.4.3)",
    "Invalid URI syntax: \"spiffe://example.org/node\"": "a scheme that it does not know",
    **{
        f"Invalid URI syntax: \"urn:dev:ops:32473-sensor-000{n}\"": "a URN has no host (RFC 8141, RFC 9039)"
        for n in (1, 2, 3)
    },
}  # fmt: skip


def lint(path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    lint_pkix_cert.main(["lint", "-s", "ERROR", "-f", "JSON", str(path)])
    results = json.loads(capsys.readouterr().out)["results"]
    return [finding["message"] for result in results for finding in result["finding_descriptions"]]


@pytest.mark.filterwarnings("ignore")  # pkilint's own
def test_pkilint_finds_no_error(dev: Path, showcase: Path, capsys: pytest.CaptureFixture[str]) -> None:
    every = [*dev.glob("*.crt"), *showcase.glob("*.crt")]
    paths = [path for path in every if not path.name.endswith(".chain.crt")]  # it reads one certificate a file
    found = {message for path in paths for message in lint(path, capsys)}
    assert found == set(NO_ERRORS)


@pytest.mark.filterwarnings("ignore")
def test_pkilint_can_find_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The twin: a negative serial number, which RFC 5280 4.1.2.2 forbids."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "k", "-out", "c")
    (tmp_path / "req.cnf").write_text("[req]\ndistinguished_name = dn\n[dn]\n")  # which 1.1.1 wants
    Openssl().run(("req", "-x509", "-subj", "/CN=c", "-set_serial", "-1", "-config", "req.cnf", *key), cwd=tmp_path)
    assert lint(tmp_path / "c", capsys)
