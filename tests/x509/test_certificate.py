"""What is read of a certificate, beside what pyca/cryptography put into it or reads in it."""

from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from mintls.openssl.binary import Openssl
from mintls.openssl.certificate_text import full_text
from mintls.x509.certificate import Certificate, read_certificate

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from foreign import CLIENT, SERVER, Made, make, rsa_key

CA = make("Foreign CA", authority=True)


def read(made: Made) -> Certificate:
    return read_certificate(made.pem.decode())


def identifier(certificate: x509.Certificate) -> str:
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex().upper()


def test_every_field() -> None:
    names = [
        x509.DNSName("a.example"), x509.DNSName("*.a.example"), x509.IPAddress(ip_address("::1")),
        x509.IPAddress(ip_address("10.0.0.1")), x509.RFC822Name("a@a.example"),
        x509.UniformResourceIdentifier("spiffe://a/b"), x509.RegisteredID(x509.ObjectIdentifier("1.2.3")),
    ]  # fmt: skip
    made = make('Ålice, of "A"', CA, san=names, purposes=SERVER + CLIENT, serial=0xABCDEF0123)
    theirs, said = made.certificate, read(made)
    assert said.subject == theirs.subject.rfc4514_string()
    assert said.issuer == "CN=Foreign CA"
    assert said.serial == "ABCDEF0123"
    assert datetime.fromisoformat(said.not_before) == theirs.not_valid_before_utc
    assert datetime.fromisoformat(said.not_after) == theirs.not_valid_after_utc
    assert bytes.fromhex(said.fingerprint) == theirs.fingerprint(hashes.SHA256())
    assert (said.key, said.signature, said.is_authority) == ("ec:P-256", "ecdsa-with-SHA256", False)
    assert said.key_usage == ("Digital Signature",)
    assert said.purposes == ("TLS Web Server Authentication", "TLS Web Client Authentication")
    assert said.names == (
        "DNS:a.example", "DNS:*.a.example", "IP:::1", "IP:10.0.0.1", "email:a@a.example", "URI:spiffe://a/b",
        "RID:1.2.3",
    )  # fmt: skip
    assert (said.key_identifier, said.issuer_key_identifier) == (identifier(theirs), identifier(CA.certificate))


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (rsa_key(2048), "rsa:2048"),
        (ec.generate_private_key(ec.SECP384R1()), "ec:P-384"),
        (ec.generate_private_key(ec.SECP521R1()), "ec:P-521"),
        (ec.generate_private_key(ec.SECP256K1()), "ec:secp256k1"),
        (ed25519.Ed25519PrivateKey.generate(), "ed25519"),
        (ed448.Ed448PrivateKey.generate(), "ed448"),
    ],
)
def test_keys_are_called_as_in_profiles(key: object, name: str) -> None:
    assert read(make("k", CA, key=key)).key == name


def test_a_certificate_with_no_extension_and_no_subject() -> None:
    every = (x509.BasicConstraints, x509.KeyUsage, x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier)
    said = read(make("bare", CA, without=every))
    assert (said.is_authority, said.key_usage, said.purposes, said.names) == (False, (), (), ())
    assert (said.key_identifier, said.issuer_key_identifier) == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        "a\n            X509v3 Basic Constraints: critical\n                CA:TRUE",
        "a\nX509v3 Basic Constraints: critical\n    CA:TRUE",
        "a\nX509v3 Extended Key Usage: \n    TLS Web Server Authentication",
        "Public Key Algorithm: rsaEncryption Public-Key: (512 bit)",
        "Signature Algorithm: md5WithRSAEncryption",
        "a\nserial=01\nsubject=CN=somebody else\n                Public-Key: (4096 bit)",
        "a\n-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    ],
)
@pytest.mark.parametrize("where", ["name", "subject"])
def test_text_in_a_certificate_cannot_pass_for_another_field(text: str, where: str) -> None:
    """openssl prints the line breaks of alternative names as they are."""
    plain = make("plain", CA, san=[x509.DNSName("plain")], purposes=CLIENT)
    if where == "name":
        made = make("plain", CA, key=plain.key, san=[x509.DNSName(text)], purposes=CLIENT)
    else:
        made = make(text[:64], CA, key=plain.key, san=[x509.DNSName("plain")], purposes=CLIENT)
    said, sound = read(made), read(plain)
    assert int(said.serial, 16) == made.certificate.serial_number
    for field in ("issuer", "key", "public_key", "is_authority", "purposes", "key_usage", "signature"):
        assert getattr(said, field) == getattr(sound, field)
    if where == "name":
        assert said.names[0].startswith(f"DNS:{text}")
        assert said.subject == "CN=plain"
    else:
        assert said.names == ("DNS:plain",)
        assert "\n" not in said.subject


def test_the_full_text_steers_no_terminal(openssl: Openssl) -> None:
    hostile = make("\x1b[31mred", CA, san=[x509.DNSName("\x1b]0;title\x07")])
    said = full_text(openssl, hostile.pem.decode())
    assert "X509v3 Subject Alternative Name" in said
    assert all(character.isprintable() or character == "\n" for character in said)


@pytest.mark.parametrize("pem", ["", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate(pem: str) -> None:
    with pytest.raises(ValueError, match=r"does not contain|cut off|structure"):
        read_certificate(pem)


def test_who_may_have_signed_whom() -> None:
    """The name decides, and the key identifier where both say one (RFC 5280 4.2.1.1)."""
    impostor, nameless = make("Foreign CA", authority=True), make("Foreign CA", authority=True,
                                                                 without=[x509.SubjectKeyIdentifier])  # fmt: skip
    ca, other, third, leaf = (read(one) for one in (CA, impostor, nameless, make("leaf", CA)))
    assert ca.may_have_signed(leaf)
    assert not other.may_have_signed(leaf)
    assert third.may_have_signed(leaf)
    assert not leaf.may_have_signed(ca)
    assert [one.is_self_issued for one in (ca, other, leaf)] == [True, True, False]


def test_an_issuer_named_by_its_serial_alone_is_found() -> None:
    """authorityKeyIdentifier without keyid, as x509v3_config(5)'s `issuer:always` makes it."""
    said = x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(CA.certificate.subject)], CA.certificate.serial_number)
    builder = x509.CertificateBuilder(CA.certificate.subject, CA.certificate.subject, CA.key.public_key(), 7)
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2050, 1, 1, tzinfo=UTC)
    )
    leaf = read(Made(builder.add_extension(said, False).sign(CA.key, hashes.SHA256()), CA.key))
    assert leaf.issuer_key_identifier == ""
    assert read(CA).may_have_signed(leaf)
    assert leaf.not_after == "2050-01-01T00:00:00Z"


def test_purposes_that_openssl_has_no_name_for(tmp_path: Path) -> None:
    made = make("p", CA, purposes=[x509.ObjectIdentifier("1.2.3.4"), Eku.CLIENT_AUTH])
    assert read(made).purposes == ("1.2.3.4", "TLS Web Client Authentication")
