"""What verify.py advises: each sentence beside a certificate that does not deserve it."""

from ipaddress import ip_address
from pathlib import Path

from mintls.inspection.advice.set_checks import advise
from mintls.inspection.files import read_inventory
from mintls.openssl.binary import Openssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from foreign import CLIENT, SERVER, Made, make, rsa_key

CA = make("CA", authority=True)
LOCAL, EMAIL = [x509.DNSName("localhost")], [x509.RFC822Name("a@example.org")]
SMALL = rsa_key(1024)
LARGE = rsa_key(2048)


def advice(tmp_path: Path, openssl: Openssl, **made: Made) -> dict[str, list[str]]:
    for name, one in made.items():
        (tmp_path / f"{name}.crt").write_bytes(one.pem)
    inspection = read_inventory([tmp_path], openssl)
    said = advise(inspection)
    return {one.name.removesuffix(".crt"): list(said[one.certificate.fingerprint]) for one in inspection.certificates}


@pytest.mark.parametrize(
    ("bad", "good", "sentence"),
    [
        (make("s", CA, purposes=SERVER), make("s", CA, purposes=SERVER, san=LOCAL), "browsers ignore CN"),
        (make("s", CA, purposes=SERVER, san=EMAIL),
         make("s", CA, purposes=SERVER, san=[x509.IPAddress(ip_address("::1"))]), "browsers ignore CN"),
        (make("c", CA, purposes=CLIENT), make("c", CA, purposes=CLIENT, san=EMAIL), "find only CN"),
        (make("s", CA, purposes=SERVER, san=LOCAL, days=(-1, 826)),
         make("s", CA, purposes=SERVER, san=LOCAL, days=(-1, 823)), "valid for 827 days"),
        (make("p", CA, purposes=SERVER + CLIENT, san=LOCAL, days=(0, 826)),
         make("c", CA, purposes=CLIENT, san=LOCAL, days=(0, 826)), "valid for 826 days"),
        (make("a", CA, san=LOCAL, days=(0, 826)),
         make("a", CA, purposes=[Eku.CODE_SIGNING], san=LOCAL, days=(0, 826)), "valid for 826 days"),
        (make("k", CA, purposes=CLIENT, san=LOCAL, key=SMALL), make("k", CA, purposes=CLIENT, san=LOCAL, key=LARGE),
         "rsa:1024 is weak"),
        (make("R", authority=True, without=[x509.KeyUsage]), make("R", authority=True, days=(-1, 9999)),
         "without keyUsage keyCertSign"),
    ],
)  # fmt: skip
def test_about_one(bad: Made, good: Made, sentence: str, tmp_path: Path, openssl: Openssl) -> None:
    said = advice(tmp_path, openssl, ca=CA, bad=bad, good=good)
    assert said["ca"] == said["good"] == []
    assert len(said["bad"]) == 1
    assert sentence in said["bad"][0]


def test_a_serial_that_was_given_twice(tmp_path: Path, openssl: Openssl) -> None:
    """Of two issuers it may be the same."""
    other = make("Other", authority=True, serial=9)
    made = {name: make(name, CA, purposes=CLIENT, san=LOCAL, serial=7) for name in ("one", "two")}
    made["third"] = make("third", other, purposes=CLIENT, san=LOCAL, serial=7)
    said = advice(tmp_path, openssl, ca=CA, other=other, **made)
    assert said["one"] == said["two"]
    assert "serial 07 was used twice" in said["one"][0]
    assert said["third"] == said["other"] == said["ca"] == []


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o604, 0o610, 0o666])
def test_a_key_that_others_can_read(mode: int, tmp_path: Path, openssl: Openssl) -> None:
    (tmp_path / "ca.key").write_bytes(CA.key_pem)
    (tmp_path / "ca.key").chmod(mode)
    said = advice(tmp_path, openssl, ca=CA)["ca"]
    assert said == ([f"ca.key can be read by others (mode {mode:04o}): chmod 600"] if mode & 0o077 else [])


@pytest.mark.parametrize("names", [("x.crt", "x.key"), ("x-cert.pem", "x-key.pem"), ("x.pem", "x.key")])
def test_a_key_that_does_not_match(names: tuple[str, str], tmp_path: Path, openssl: Openssl) -> None:
    def misfits() -> list[list[str]]:
        return [[key.path.name for key in one.mismatched] for one in read_inventory([tmp_path], openssl).certificates]

    certificate, key = (tmp_path / name for name in names)
    certificate.write_bytes(CA.pem)
    for one, expected in ((CA, []), (make("other"), [names[1]])):
        key.write_bytes(one.key_pem)
        key.chmod(0o600)
        assert misfits() == [expected]
    key.write_bytes(make("other").encrypted_key(b"secret"))  # cannot be compared
    assert misfits() == [[]]


SUB = make("Sub", CA, authority=True)
LOW = make("Low", SUB, authority=True)
LEAF = make("leaf", LOW, purposes=SERVER, san=LOCAL)
CROSS = make("CA", make("Elder", authority=True), authority=True, key=CA.key)


@pytest.mark.parametrize(
    ("bundle", "problem"),
    [
        ([LEAF, LOW, SUB], ""), ([LEAF, LOW, SUB, CA], ""), ([LEAF, LOW, SUB, CROSS], ""),
        ([LEAF, LOW, SUB, CROSS, CA], ""), ([LEAF, LOW], ""),
        ([SUB, LOW, LEAF], "must come first, then its issuers; it is number 3"),
        ([LOW, LEAF], "must come first, then its issuers; it is number 2"),
        ([LEAF, SUB, LOW], "each certificate must be followed by its issuer"),
        ([CA, SUB, LOW], ""), ([CA, LEAF], ""), ([LEAF, make("other", LOW, purposes=SERVER, san=LOCAL), LOW], ""),
    ],
    ids=lambda value: value if isinstance(value, str) else str(len(value)),
)  # fmt: skip
def test_the_order_of_a_bundle(bundle: list[Made], problem: str, tmp_path: Path, openssl: Openssl) -> None:
    """Only of a file with one leaf and an issuer of it: a trust store has no order."""
    (tmp_path / "leaf.crt").write_bytes(LEAF.pem)
    (tmp_path / "fullchain.pem").write_bytes(b"".join(one.pem for one in bundle))
    sentences = advise(read_inventory([tmp_path], openssl))
    found = [sentence for some in sentences.values() for sentence in some if "order of" in sentence]
    assert [problem in sentence and "fullchain.pem" in sentence for sentence in found] == ([True] if problem else [])


def test_the_order_in_a_container_means_nothing(tmp_path: Path, openssl: Openssl) -> None:
    every = [SUB.certificate, LOW.certificate, LEAF.certificate]
    (tmp_path / "all.p7b").write_bytes(pkcs7.serialize_certificates(every, Encoding.DER))
    assert not [one for some in advise(read_inventory([tmp_path], openssl)).values() for one in some]
