"""The verdict on each certificate of sets that mintls did not make; pyca/cryptography makes them, good and bad."""

from ipaddress import ip_address
from pathlib import Path

from mintls.inspection.files import read_inventory
from mintls.inspection.verification import verify_inventory
from mintls.openssl.binary import Openssl

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from foreign import CLIENT, SERVER, Made, make, revocation_list

CA = make("CA", authority=True)
SUB = make("Sub", CA, authority=True)
IMPOSTOR = make("CA", authority=True)
LOCAL = [x509.DNSName("localhost"), x509.DNSName("*.example.org"), x509.IPAddress(ip_address("127.0.0.1")),
         x509.IPAddress(ip_address("::1")), x509.RFC822Name("a@example.org")]  # fmt: skip
STRICT = ("Missing Authority Key Identifier", "(error 79", "(error 92")
BAD_KEY = make("CA", authority=True, key=CA.key)


def ask(tmp_path: Path, openssl: Openssl, *crls: bytes, **made: Made) -> dict[str, list[tuple[str, str, str]]]:
    """Each certificate's checks: purpose, name, refusal."""
    for name, one in made.items():
        (tmp_path / f"{name}.crt").write_bytes(one.pem)
    (tmp_path / "lists.crl").write_bytes(b"".join(crls) or b"none")
    inspection = read_inventory([tmp_path], openssl)
    checks = verify_inventory(inspection, openssl).checks
    return {
        found.name.removesuffix(".crt"): [
            (check.purpose, check.name, check.error) for check in checks[found.certificate.fingerprint]
        ]
        for found in inspection.certificates
    }


def test_purpose_and_every_name(tmp_path: Path, openssl: Openssl) -> None:
    made = {"ca": CA, "sub": SUB, "server": make("server", SUB, san=LOCAL, purposes=SERVER),
            "peer": make("peer", SUB, san=LOCAL[:1], purposes=SERVER + CLIENT), "any": make("any", SUB),
            "signer": make("signer", SUB, purposes=[Eku.CODE_SIGNING])}  # fmt: skip
    names = ["DNS:localhost", "DNS:*.example.org", "IP:127.0.0.1", "IP:::1", "email:a@example.org"]
    assert ask(tmp_path, openssl, **made) == {
        "ca": [("any", "", "")],
        "sub": [("any", "", "")],
        "server": [("server", name, "") for name in names],
        "peer": [("server", "DNS:localhost", ""), ("client", "DNS:localhost", "")],
        "any": [("server", "", ""), ("client", "", "")],
        "signer": [("any", "", "")],
    }


def tampered(made: Made) -> Made:
    """Its signature's last bit is another."""
    der = bytearray(made.der)
    der[-1] ^= 1
    return Made(x509.load_der_x509_certificate(bytes(der)), made.key)


@pytest.mark.parametrize(
    ("leaf", "others", "refusal"),
    [
        (make("l", CA, purposes=SERVER), {}, "unable to get local issuer certificate (error 20"),
        (make("l", SUB, purposes=SERVER), {"ca": CA}, "unable to get local issuer certificate (error 20"),
        (make("l", IMPOSTOR, purposes=SERVER), {"ca": CA}, "unable to get local issuer certificate (error 20"),
        (make("l", CA, purposes=SERVER, days=(-9, -1)), {"ca": CA}, "certificate has expired (error 10"),
        (make("l", CA, purposes=SERVER, days=(1, 9)), {"ca": CA}, "certificate is not yet valid"),
        (tampered(make("l", CA, purposes=SERVER)), {"ca": CA}, "certificate signature failure (error 7"),
        (make("l", make("Leaf", CA), purposes=SERVER), {"ca": CA}, "unable to get local issuer certificate (error 20"),
        (make("l", CA, without=[x509.AuthorityKeyIdentifier]), {"ca": CA}, "Missing Authority Key Identifier"),
        (make("l", SUB), {"ca": CA, "sub": make("Sub", CA, key=SUB.key)}, "(error 79"),
        (make("l", BAD_KEY), {"ca": make("CA", authority=True, key=CA.key, without=[x509.KeyUsage])}, "(error 92"),
    ],
    ids=[
        "no issuer", "missing intermediate", "same name, other key", "expired", "not yet", "tampered",
        "unknown leaf as issuer", "no AKI", "leaf as issuer", "CA without keyUsage",
    ],
)  # fmt: skip
def test_a_bad_leaf(leaf: Made, others: dict[str, Made], refusal: str, tmp_path: Path, openssl: Openssl) -> None:
    checks = ask(tmp_path, openssl, leaf=leaf, **others)["leaf"]
    assert checks
    if refusal in STRICT and openssl.version().startswith("OpenSSL 1."):
        pytest.skip("-x509_strict of OpenSSL 1.1.1 checks less")
    assert all(refusal in check[2] for check in checks), checks


def test_a_tampered_root(tmp_path: Path, openssl: Openssl) -> None:
    """openssl does not look at a trust anchor's own signature unless told to."""
    assert ask(tmp_path, openssl, ca=CA)["ca"] == [("any", "", "")]
    ((_, _, refusal),) = ask(tmp_path, openssl, ca=tampered(CA))["ca"]
    assert "certificate signature failure (error 7" in refusal


def test_names_are_asked_of_the_certificate_itself(tmp_path: Path, openssl: Openssl) -> None:
    """What openssl prints as two names is one."""
    hostile = make("h", CA, purposes=SERVER, san=[x509.DNSName("a.example, DNS:b.example")])
    checks = ask(tmp_path, openssl, ca=CA, hostile=hostile)["hostile"]
    assert checks == [("server", "", "")], "no host has that name, so that openssl is not asked"


@pytest.mark.parametrize("name", ["", "-verify_depth", "a\0b", "\n", "é".encode().decode("latin-1"), "x" * 2000])
def test_names_that_are_none_break_nothing(name: str, tmp_path: Path, openssl: Openssl) -> None:
    san = [x509.DNSName._init_without_validation(name)]
    checks = ask(tmp_path, openssl, ca=CA, odd=make("odd", CA, purposes=SERVER, san=san))
    assert checks["ca"] == [("any", "", "")]
    assert checks["odd"]


def test_revocation(tmp_path: Path, openssl: Openssl) -> None:
    bad, good = make("bad", CA, purposes=CLIENT), make("good", CA, purposes=CLIENT)
    below = make("below", SUB, purposes=CLIENT)
    made = {"ca": CA, "sub": SUB, "bad": bad, "good": good, "below": below}
    for lists, refused in (
        ([], {}),
        ([revocation_list(CA)], {}),
        ([revocation_list(CA, bad.certificate)], {"bad": "certificate revoked (error 23"}),
        ([revocation_list(CA, SUB.certificate)], {"sub": "certificate revoked (error 23"}),
        ([revocation_list(SUB, below.certificate)], {"below": "certificate revoked (error 23"}),
        ([revocation_list(CA, days=(-9, -1))], dict.fromkeys(["bad", "good", "sub"], "CRL has expired (error 12")),
        ([revocation_list(IMPOSTOR)], dict.fromkeys(["bad", "good", "sub"], "error")),
        ([b"# \xc3\xa5 text\n", revocation_list(CA, bad.certificate)], {"bad": "certificate revoked (error 23"}),
    ):  # fmt: skip
        checks = ask(tmp_path, openssl, *lists, **made)
        said = {name: refusal for name, ((_, _, refusal),) in checks.items() if refusal}
        assert said.keys() == refused.keys()
        assert all(part in said[name] for name, part in refused.items()), said


def test_cross_signed_and_renewed_authorities(tmp_path: Path, openssl: Openssl) -> None:
    """One key with two certificates, and one name with two keys: what the leaf names is found."""
    other = make("Other root", authority=True)
    crossed = make("CA", other, authority=True, key=CA.key)
    renewed = make("CA", authority=True, key=CA.key, days=(-2, 60))
    made = {"ca": CA, "renewed": renewed, "impostor": IMPOSTOR, "other": other, "crossed": crossed,
            "leaf": make("leaf", CA, purposes=SERVER, san=LOCAL[:1]),
            "twin": make("twin", IMPOSTOR, purposes=SERVER, san=LOCAL[:1])}  # fmt: skip
    checks = ask(tmp_path, openssl, **made)
    assert {name: some for name, some in checks.items() if any(refusal for *_, refusal in some)} == {}
    inspection = read_inventory([tmp_path], openssl)
    above = verify_inventory(inspection, openssl).issuers.of
    found = {one.name: above[one.certificate.fingerprint] for one in inspection.certificates}
    names = {name: issuer.name if issuer else None for name, issuer in found.items()}
    assert names["twin.crt"] == "impostor.crt"
    assert names["leaf.crt"] in ("ca.crt", "renewed.crt", "crossed.crt")
    assert names["crossed.crt"] == "other.crt"
    assert [names[f"{name}.crt"] for name in ("ca", "renewed", "impostor", "other")] == [None] * 4


def test_nothing_but_the_set_is_trusted(tmp_path: Path, openssl: Openssl, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same leaf holds as soon as its root lies beside it, and never through the system's store."""
    leaf = make("leaf", CA, purposes=SERVER)
    (tmp_path / "store.pem").write_bytes(CA.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "store.pem"))
    (tmp_path / "set").mkdir()
    ((_, _, refusal),) = ask(tmp_path / "set", openssl, leaf=leaf)["leaf"]
    assert "error 20" in refusal
    assert ask(tmp_path / "set", openssl, leaf=leaf, ca=CA)["leaf"] == [("server", "", "")]
