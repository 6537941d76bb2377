"""Certificates, keys and lists that mintls did not make: pyca/cryptography signs whatever a test wants."""

import base64
import subprocess
import tempfile
import textwrap
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from peers import need, need_module

SERVER, CLIENT = [Eku.SERVER_AUTH], [Eku.CLIENT_AUTH]


class Made(NamedTuple):
    """A certificate and its key; `encoded` is its DER where pyca cannot make it: certificate is then another one."""

    certificate: x509.Certificate
    key: Any
    encoded: bytes = b""

    @property
    def pem(self) -> bytes:
        body = "\n".join(textwrap.wrap(base64.b64encode(self.der).decode(), 64))
        return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n".encode()

    @property
    def der(self) -> bytes:
        return self.encoded or self.certificate.public_bytes(Encoding.DER)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def encrypted_key(self, passphrase: bytes) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase))


@cache
def dsa_key() -> dsa.DSAPrivateKey:
    """Of 2048 bits, from pyca's vectors: to find parameters takes long."""
    name = "asymmetric/Traditional_OpenSSL_Serialization/dsa.2048.pem"
    folder = Path(need_module("cryptography_vectors").__file__).parent
    key = load_pem_private_key((folder / name).read_bytes(), None)
    assert isinstance(key, dsa.DSAPrivateKey)
    return key


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """One of each size for all, because primes take long."""
    return rsa.generate_private_key(65537, bits)


def named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)] if common_name else [])


def make(
    common_name: str,
    signer: Made | None = None,
    *,
    authority: bool = False,
    san: Sequence[x509.GeneralName] = (),
    purposes: Sequence[x509.ObjectIdentifier] = (),
    days: tuple[float, float] = (-1, 30),  # from when to when, counted from now
    key: Any = None,
    serial: int | None = None,
    digest: Any = None,
    without: Sequence[type[x509.ExtensionType]] = (),
    more: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> Made:
    """One that strict verifiers accept, issued by `signer` or by itself; `without` some extensions, with `more`,
    each with whether it is critical; one of a kind that is there already replaces it.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    by = signer or Made(None, key)  # type: ignore[arg-type]
    issuer = signer.certificate.subject if signer else named(common_name)
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer, named(common_name), key.public_key())
    builder = builder.serial_number(serial or x509.random_serial_number())
    builder = builder.not_valid_before(now + timedelta(days[0])).not_valid_after(now + timedelta(days[1]))
    usage = dict.fromkeys(
        ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"], False,
    ) | ({"key_cert_sign": True, "crl_sign": True} if authority else {"digital_signature": True})  # fmt: skip
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(authority, None), True),
        (x509.KeyUsage(**usage), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), False),
    ]
    if san:
        extensions.append((x509.SubjectAlternativeName(san), False))
    if purposes:
        extensions.append((x509.ExtendedKeyUsage(purposes), False))
    replaced = (*without, *(type(extension) for extension, _ in more))
    for extension, critical in [*(pair for pair in extensions if not isinstance(pair[0], replaced)), *more]:
        builder = builder.add_extension(extension, critical)
    return Made(builder.sign(by.key, digest or SHA256()), key)


def altered(
    made: Made,
    signer: Made,
    change: Callable[[list[bytes]], list[bytes]] = list,
    outer: bytes | None = None,
    digest: str = "sha256",
) -> Made:
    """With changed elements of its TBSCertificate (RFC 5280 section 4.1), signed again: what pyca refuses to make.

    `outer` replaces the signatureAlgorithm outside of what is signed.
    """
    tbs, algorithm, _ = _elements(_content(made.der))
    tbs = _encoded(0x30, b"".join(change(_elements(_content(tbs)))))
    with tempfile.NamedTemporaryFile() as key:  # pyca does not sign with SHA-1
        key.write(signer.key_pem)
        key.flush()
        signature = subprocess.check_output([need("openssl"), "dgst", f"-{digest}", "-sign", key.name], input=tbs)
    der = _encoded(0x30, tbs + (outer or algorithm) + _encoded(0x03, b"\0" + signature))
    return Made(made.certificate, made.key, der)


def _elements(content: bytes) -> list[bytes]:
    """The DER elements that follow each other."""
    found = []
    while content:
        length = 2 + content[1]
        if content[1] > 0x80:
            head = 2 + content[1] - 0x80
            length = head + int.from_bytes(content[2:head])
        found.append(content[:length])
        content = content[length:]
    return found


def _content(element: bytes) -> bytes:
    return element[2 + max(0, element[1] - 0x80) :] if element[1] > 0x80 else element[2:]


def _encoded(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 0x80 else bytes([0x82]) + size.to_bytes(2) if size > 0xFF else bytes([0x81, size])
    return bytes([tag]) + length + content


def revocation_list(signer: Made, *revoked: x509.Certificate, days: tuple[float, float] = (-1, 30)) -> bytes:
    """A CRL as PEM."""
    now = datetime.now(UTC)
    builder = x509.CertificateRevocationListBuilder(signer.certificate.subject)
    builder = builder.last_update(now + timedelta(days[0])).next_update(now + timedelta(days[1]))
    builder = builder.add_extension(x509.CRLNumber(1), False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
    builder = builder.add_extension(identifier, False)
    for certificate in revoked:
        entry = x509.RevokedCertificateBuilder(certificate.serial_number, now)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(signer.key, SHA256()).public_bytes(Encoding.PEM)
