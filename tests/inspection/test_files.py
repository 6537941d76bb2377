"""What is found in files, by whatever program they were made."""

import os
import subprocess
from pathlib import Path

from mintls.errors import MintlsError, UsageError
from mintls.inspection.files import MAX_BYTES, read_inventory
from mintls.inspection.inventory import Inventory
from mintls.openssl.binary import Openssl

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from foreign import SERVER, make, revocation_list, rsa_key
from peers import need

CA = make("CA", authority=True)
SUB = make("Sub", CA, authority=True)
LEAF = make("leaf", SUB, purposes=SERVER)


def files(inspection: Inventory) -> list[tuple[str, list[str], list[str]]]:
    """Each certificate by its name, the files that it stands in, and its keys."""
    return sorted(
        (one.name, [path.name for path in one.files], [key.path.name for key in one.keys])
        for one in inspection.certificates
    )


def look(openssl: Openssl, *paths: Path) -> Inventory:
    return read_inventory(paths, openssl)


def test_a_certificate_in_several_files_is_one(tmp_path: Path, openssl: Openssl) -> None:
    """Its own file names it: the one with the fewest certificates, not the chain and not the store."""
    (tmp_path / "a-chain.pem").write_bytes(LEAF.pem + SUB.pem)
    (tmp_path / "all.pem").write_bytes(CA.pem + SUB.pem + LEAF.pem)
    (tmp_path / "leaf.crt").write_bytes(LEAF.pem)
    (tmp_path / "leaf.der").write_bytes(LEAF.der)
    (tmp_path / "leaf.key").write_bytes(LEAF.key_pem)
    assert files(look(openssl, tmp_path)) == [
        ("a-chain.pem", ["a-chain.pem", "all.pem"], []),
        ("all.pem", ["all.pem"], []),
        ("leaf.crt", ["leaf.crt", "leaf.der", "a-chain.pem", "all.pem"], ["leaf.key"]),
    ]  # fmt: skip


def test_a_link_of_openssl_rehash_does_not_name_a_certificate(tmp_path: Path, openssl: Openssl) -> None:
    (tmp_path / "Some_Root.pem").write_bytes(CA.pem)
    (tmp_path / "0a1b2c3d.0").symlink_to("Some_Root.pem")
    assert files(look(openssl, tmp_path)) == [("Some_Root.pem", ["Some_Root.pem", "0a1b2c3d.0"], [])]


def test_certificate_and_key_in_one_file(tmp_path: Path, openssl: Openssl) -> None:
    (tmp_path / "both.pem").write_bytes(
        b"some text\n" + LEAF.key_pem + b"\n# \xff\n" + LEAF.pem.replace(b"\n", b"\r\n")
    )
    (tmp_path / "both.pem").chmod(0o640)
    (found,) = look(openssl, tmp_path / "both.pem").certificates
    assert [(key.path.name, key.mode) for key in found.keys] == [("both.pem", 0o640)]


def test_every_form_of_a_key(tmp_path: Path, openssl: Openssl) -> None:
    """Encrypted ones keep their public half to themselves; their file's name tells whose they are."""
    leaf = make("rsa", CA, key=rsa_key(2048))
    (tmp_path / "rsa.crt").write_bytes(leaf.pem)
    forms = [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL]
    for number, form in enumerate(forms):
        (tmp_path / f"{number}.key").write_bytes(leaf.key.private_bytes(Encoding.PEM, form, NoEncryption()))
        lock = BestAvailableEncryption(b"secret")
        (tmp_path / f"locked{number}.key").write_bytes(leaf.key.private_bytes(Encoding.PEM, form, lock))
    (tmp_path / "rsa.key").write_bytes(leaf.encrypted_key(b"secret"))
    public = subprocess.check_output([need("openssl"), "pkey", "-in", tmp_path / "0.key", "-pubout"])
    (tmp_path / "rsa.pub").write_bytes(public)
    inspection = look(openssl, tmp_path)
    assert files(inspection) == [("rsa.crt", ["rsa.crt"], ["0.key", "1.key", "rsa.key"])]
    assert len(inspection.keys) == 5
    assert inspection.unreadable == ()


def test_lists_stand_beside_certificates(tmp_path: Path, openssl: Openssl) -> None:
    (tmp_path / "ca.pem").write_bytes(CA.pem + revocation_list(CA))
    (tmp_path / "more.crl").write_bytes(revocation_list(SUB) + revocation_list(CA))
    assert sorted(crl.issuer for crl in look(openssl, tmp_path).crls) == ["CN=CA", "CN=CA", "CN=Sub"]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("cut.crt", LEAF.pem[:-40], "is cut off"),
        ("cut.key", LEAF.key_pem[:60], "is cut off"),
        ("bad.crt", LEAF.pem.replace(b"\nM", b"\n!", 1), "cannot read this certificate"),
        ("bad.key", LEAF.key_pem.replace(b"\nM", b"\n!", 1), "cannot read this private key"),
        ("bad.crl", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "cannot read this CRL"),
        ("empty.crt", b"", ""),
        ("garbage.pem", bytes(range(256)), ""),
        ("bad.der", LEAF.der[:-1], "it is cut off"),
        ("text.key", b"secret", ""),  # of some other program
        ("README", b"", ""),
        ("params.pem", b"-----BEGIN DH PARAMETERS-----\nMAYC\n-----END DH PARAMETERS-----\n", ""),
        (".hidden.crt", b"", ""),
        ("large.txt", b"-----BEGIN CERTIFICATE-----" * (MAX_BYTES // 27 + 1), ""),
    ],
)
def test_what_cannot_be_read_is_told(name: str, data: bytes, said: str, tmp_path: Path, openssl: Openssl) -> None:
    (tmp_path / "good.crt").write_bytes(CA.pem)
    (tmp_path / name).write_bytes(data)
    inspection = look(openssl, tmp_path)
    assert [one.name for one in inspection.certificates] == ["good.crt"]
    assert [said in one and name in one for one in inspection.unreadable] == ([True] if said else [])


@pytest.mark.parametrize(
    ("certificate", "name", "data", "is_told"),
    [
        ("web.crt", "web.key", b"", True),
        ("web.crt", "web.key", b"-----BEGIN PRIVATE KEY-----\nMIIBgarbage\n-----END PRIVATE KEY-----\n", True),
        ("web-cert.pem", "web-key.pem", bytes(range(256)), True),
        ("web.pem", "web-key.pem", b"text", True),
        ("web.crt", "web.key", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", True),
        ("web.crt", "web.key", LEAF.key_pem, False),
        ("web.crt", "web.key", LEAF.encrypted_key(b"secret"), False),
        ("web.crt", "other.key", b"", False),  # of some other program
        ("web.crt", "web.txt", b"", False),
    ],
)
def test_a_file_that_is_named_as_a_key_and_is_none(
    certificate: str, name: str, data: bytes, is_told: bool, tmp_path: Path, openssl: Openssl
) -> None:
    """Its pair was not compared, so the answer is not that all is valid."""
    (tmp_path / certificate).write_bytes(LEAF.pem)
    (tmp_path / name).write_bytes(data)
    told = [f"{tmp_path / name}: named as the private key of {certificate}, but contains none that can be read"]
    assert list(look(openssl, tmp_path).unreadable) == (told if is_told else [])


def test_where_there_is_none(tmp_path: Path, openssl: Openssl) -> None:
    (tmp_path / "only.key").write_bytes(LEAF.key_pem)
    for path in (tmp_path, tmp_path / "only.key"):
        with pytest.raises(UsageError, match="no certificate in"):
            look(openssl, path)
    with pytest.raises(UsageError, match="no such file or directory"):
        look(openssl, tmp_path / "absent")
    (tmp_path / "cut.pem").write_bytes(LEAF.pem[:-40])
    with pytest.raises(UsageError, match=r"cut\.pem is cut off(?s:.*)no certificate in"):
        look(openssl, tmp_path)


def test_what_may_not_be_read(tmp_path: Path, openssl: Openssl) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything, so that nothing is refused")
    (tmp_path / "good.crt").write_bytes(CA.pem)
    (tmp_path / "closed.crt").write_bytes(CA.pem)
    (tmp_path / "closed.crt").chmod(0)
    (said,) = look(openssl, tmp_path).unreadable
    assert said.endswith("closed.crt: Permission denied")
    (tmp_path / "closed").mkdir(0)
    with pytest.raises(MintlsError, match="closed: Permission denied"):
        look(openssl, tmp_path / "closed")
