"""What others made, a test for each kind of set that verify.py once showed wrongly."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mintls.inspection.advice.set_checks import advise
from mintls.inspection.build_report import build_report
from mintls.inspection.files import read_inventory
from mintls.inspection.report import CertificateReport, InspectionReport, as_json, walk
from mintls.inspection.text import as_text
from mintls.inspection.verification import verify_inventory
from mintls.openssl.binary import Openssl

import pytest
from conftest import Run
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)
from foreign import CLIENT, SERVER, Made, dsa_key, make, revocation_list, rsa_key
from peers import need
from processes import SCRIPTS

CA = make("CA", authority=True)
SUB = make("Sub", CA, authority=True)
LOCAL = [x509.DNSName("localhost")]
LEAF = make("leaf", SUB, purposes=SERVER, san=LOCAL)


def look(openssl: Openssl, *paths: Path, password: str | None = None) -> InspectionReport:
    inspection = read_inventory(paths, openssl, password)
    return build_report(inspection, verify_inventory(inspection, openssl), advise(inspection), datetime.now(UTC))


def shown(result: InspectionReport) -> dict[str, CertificateReport]:
    return {one.name: one for one in walk(result.roots)}


def put(directory: Path, **data: bytes) -> None:
    for name, some in data.items():
        path = directory / name.replace("_", ".")
        path.write_bytes(some)
        path.chmod(0o600)


def error(one: CertificateReport) -> str:
    return next((check.error for check in one.checks if check.error), "")


# ---- 1 and 8: forms


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_a_revoked_certificate_is_invalid_whatever_the_form_of_the_list(
    form: str, tmp_path: Path, openssl: Openssl
) -> None:
    put(tmp_path, ca_crt=CA.pem, sub_crt=SUB.pem, leaf_crt=LEAF.pem)
    assert look(openssl, tmp_path).valid
    crl = x509.load_pem_x509_crl(revocation_list(SUB, LEAF.certificate))
    put(tmp_path, sub_crl=crl.public_bytes(getattr(Encoding, form)))
    assert "certificate revoked (error 23" in error(shown(look(openssl, tmp_path))["leaf.crt"])


@pytest.mark.parametrize("name", ["all.p7b", "without-suffix"])
@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_pkcs7(form: str, name: str, tmp_path: Path, openssl: Openssl) -> None:
    every = [CA.certificate, SUB.certificate, LEAF.certificate]
    (tmp_path / name).write_bytes(pkcs7.serialize_certificates(every, getattr(Encoding, form)))
    for path in (tmp_path, tmp_path / name):
        result = look(openssl, path)
        assert (result.valid, result.certificates, result.notes) == (True, 3, ())


def test_pkcs12_with_its_password(tmp_path: Path, openssl: Openssl) -> None:
    lock = BestAvailableEncryption(b"secret")
    data = pkcs12.serialize_key_and_certificates(b"x", LEAF.key, LEAF.certificate, [SUB.certificate], lock)
    put(tmp_path, ca_crt=CA.pem, leaf_p12=data)
    result = look(openssl, tmp_path, password="secret")
    assert (result.valid, result.certificates) == (True, 3)
    assert [len(one.files) for one in shown(result).values() if "leaf" in one.subject] == [1]
    for password, what in ((None, "needs a password: --password-file FILE"), ("wrong", "given password")):
        shut = look(openssl, tmp_path, password=password)
        assert (shut.valid, shut.certificates) == (True, 1), "a container that stays shut does not fail a directory"
        assert [what in note for note in shut.notes] == [True]
        named = look(openssl, tmp_path / "ca.crt", tmp_path / "leaf.p12", password=password)
        assert (named.valid, what in named.unreadable[0]) == (False, True)


def test_a_pkcs12_of_another_key_is_a_mismatch(tmp_path: Path, openssl: Openssl) -> None:
    none = NoEncryption()
    put(tmp_path, ca_crt=CA.pem, sub_crt=SUB.pem, leaf_crt=LEAF.pem)
    (tmp_path / "leaf.p12").write_bytes(
        pkcs12.serialize_key_and_certificates(None, LEAF.key, LEAF.certificate, None, none)
    )
    assert look(openssl, tmp_path).valid


@pytest.mark.parametrize("made", [LEAF, make("e", SUB, key=ed25519.Ed25519PrivateKey.generate(), purposes=CLIENT),
                                  make("r", SUB, key=rsa_key(2048), purposes=CLIENT)],
                         ids=["EC", "Ed25519", "RSA"])  # fmt: skip
def test_a_certificate_and_key_in_der(made: Made, tmp_path: Path, openssl: Openssl) -> None:
    (tmp_path / "x").write_bytes(made.der)
    (tmp_path / "x.key").write_bytes(made.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    (one,) = read_inventory([tmp_path], openssl).certificates
    assert [key.path.name for key in one.keys] == ["x.key"]
    other = make("other").key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "x.key").write_bytes(other)
    (one,) = read_inventory([tmp_path], openssl).certificates
    assert ([key.path.name for key in one.mismatched], one.keys) == (["x.key"], ())


def test_standard_input_and_a_pipe(tmp_path: Path, run: Run) -> None:
    put(tmp_path, ca_crt=CA.pem, sub_crt=SUB.pem)
    command = [sys.executable, str(SCRIPTS / "verify.py")]
    done = subprocess.run([*command, "-", "ca.crt", "sub.crt"], cwd=tmp_path, input=LEAF.pem, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"files   /dev/stdin\n" in done.stdout
    words = f"{' '.join(command)} <(cat ca.crt sub.crt) /dev/stdin"
    done = subprocess.run(["bash", "-c", words], cwd=tmp_path, input=LEAF.pem, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"3 certificates: all valid" in done.stdout


def test_a_file_that_is_too_large_is_named(tmp_path: Path, openssl: Openssl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mintls.inspection.files.MAX_BYTES", 100_000)
    put(tmp_path, ca_crt=CA.pem, all_pem=b"#" * 100_001, film_mp4=b"0" * 100_001)
    result = look(openssl, tmp_path)
    assert ["all.pem is larger than" in one for one in result.unreadable] == [True]
    assert ["film.mp4 is larger than" in one for one in result.notes] == [True]


# ---- 2: the tree


def cross_certified() -> dict[str, Made]:
    a, b = make("A", authority=True), make("B", authority=True)
    return {"z_a": a, "z_b": b, "x1": make("A", b, authority=True, key=a.key),
            "x2": make("B", a, authority=True, key=b.key),
            "leaf": make("leaf", a, purposes=SERVER, san=LOCAL)}  # fmt: skip


@pytest.mark.parametrize("left", [(), ("z_a", "z_b"), ("z_a",), ("z_b",), ("x1", "x2"), ("z_a", "x1")])
@pytest.mark.parametrize("order", [1, -1])
def test_whatever_is_read_is_shown_once(left: tuple[str, ...], order: int, tmp_path: Path, openssl: Openssl) -> None:
    made = {name: one for name, one in cross_certified().items() if name not in left}
    for number, (_, one) in enumerate(sorted(made.items())[::order]):
        (tmp_path / f"{number}.crt").write_bytes(one.pem)
    result = look(openssl, tmp_path)
    expected = sorted(one.certificate.fingerprint(SHA256()).hex().upper() for one in made.values())
    assert sorted(one.fingerprint for one in walk(result.roots)) == expected
    text = as_text(result)
    assert all(f"{number}.crt" in text for number in range(len(made)))
    if not left:
        assert result.valid
        roots = [one.subject for one in result.roots]
        assert sorted(roots) == ["CN=A", "CN=B"]
    if left == ("z_a", "z_b"):
        invalid = [one for one in walk(result.roots) if not one.valid]
        assert len(invalid) == 3
        assert "which is listed elsewhere" in text
        assert all(one.name in text.splitlines()[-1] for one in invalid)


@pytest.fixture
def _shallow_stack() -> Iterator[None]:
    """A third of Python's own limit: what calls itself for each certificate of a chain fails with a third as many."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before // 3)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.slow
@pytest.mark.usefixtures("_shallow_stack")
def test_a_long_chain_is_shown_to_its_end(tmp_path: Path, openssl: Openssl) -> None:
    one = CA
    every = [CA.pem]
    key = CA.key
    for number in range(200):
        one = make(f"C{number}", one, authority=True, key=key)
        every.append(one.pem)
    (tmp_path / "all.pem").write_bytes(b"".join(every))
    result = look(openssl, tmp_path)
    assert len(list(walk(result.roots))) == 201
    assert as_text(result).count("CN=C") >= 200
    assert as_json(result)


# ---- 3: keys


def test_a_key_in_one_file_with_a_chain(tmp_path: Path, openssl: Openssl) -> None:
    put(tmp_path, haproxy_pem=LEAF.key_pem + LEAF.pem + SUB.pem + CA.pem)
    assert look(openssl, tmp_path).valid
    put(tmp_path, haproxy_pem=CA.pem + SUB.pem + LEAF.pem + LEAF.key_pem)
    assert look(openssl, tmp_path).valid
    put(tmp_path, haproxy_pem=make("other").key_pem + LEAF.pem + SUB.pem + CA.pem)
    result = look(openssl, tmp_path)
    assert not result.valid
    assert shown(result)["haproxy.pem[1]"].failures == (
        "haproxy.pem does not match: its public key differs from the certificate's",
    )
    assert not shown(result)["haproxy.pem[2]"].failures


def test_a_key_beside_a_chain_of_its_name(tmp_path: Path, openssl: Openssl) -> None:
    put(tmp_path, server_crt=LEAF.pem + SUB.pem, root_crt=CA.pem, server_key=LEAF.key_pem)
    assert look(openssl, tmp_path).valid
    put(tmp_path, server_key=make("other").key_pem)
    (wrong,) = [one for one in shown(look(openssl, tmp_path)).values() if not one.valid]
    assert wrong.subject == "CN=leaf"


# ---- 4 and 9: what cannot be read, and what is something else


@pytest.mark.parametrize("text", [b"Bad time value", b"2026010100000X", b"991399000000Z"])
def test_a_date_that_is_none_loses_one_certificate(text: bytes, tmp_path: Path, openssl: Openssl) -> None:
    at = LEAF.der.index(f"{LEAF.certificate.not_valid_before_utc:%y%m%d%H%M%SZ}".encode())
    der = LEAF.der[:at] + text[:13] + LEAF.der[at + 13 :]
    put(tmp_path, ca_crt=CA.pem, sub_crt=SUB.pem, bad_crt=der)
    result = look(openssl, tmp_path)
    assert (result.valid, result.certificates) == (False, 2)
    assert ["bad.crt: cannot read this certificate:" in one for one in result.unreadable] == [True]


SSH = b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2g=\n"


@pytest.mark.parametrize(
    ("name", "data", "noted"),
    [
        ("README.md", b"Write\n-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----\ninto it", False),
        ("README.md", b"The line `-----BEGIN CERTIFICATE-----` begins one", False),
        ("README.md", b"-----BEGIN CERTIFICATE-----\n\nand so on", False),
        ("id_ed25519", SSH + b"-----END OPENSSH PRIVATE KEY-----\n", True),
        ("x.der", LEAF.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), False),
        ("empty.pem", b"", True),
        ("garbage.der", bytes(range(256)), True),
        ("data.bin", b"\x30\x82\x00\x05hello", False),
        ("params.pem", b"-----BEGIN DH PARAMETERS-----\nMAYCAQECAQE=\n-----END DH PARAMETERS-----\n", True),
    ],
)
def test_other_material_does_not_fail_a_directory(
    name: str, data: bytes, noted: bool, tmp_path: Path, openssl: Openssl
) -> None:
    put(tmp_path, ca_crt=CA.pem)
    (tmp_path / name).write_bytes(data)
    (tmp_path / name).chmod(0o600)
    result = look(openssl, tmp_path)
    assert (result.valid, result.unreadable) == (True, ())
    assert [name in note for note in result.notes] == ([True] if noted else [])


# ---- 5: many


def counting(openssl: Openssl, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []
    ask = Openssl.ask

    def counted(self: Openssl, argv: Any, **more: Any) -> Any:
        calls.append(argv)
        return ask(self, argv, **more)

    monkeypatch.setattr(Openssl, "ask", counted)
    return calls


def test_many_leaves_names_and_purposes_take_few_processes(
    tmp_path: Path, openssl: Openssl, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [x509.DNSName(f"h{number}.example") for number in range(500)]
    leaves = [make(f"l{n}", SUB, key=LEAF.key, purposes=SERVER + CLIENT, san=names) for n in range(60)]
    put(tmp_path, ca_crt=CA.pem, all_pem=b"".join(one.pem for one in [SUB, *leaves]))
    calls = counting(openssl, monkeypatch)
    result = look(openssl, tmp_path)
    assert (result.valid, result.certificates) == (True, 62)
    assert sum(len(one.checks) for one in walk(result.roots)) == 60 * 2 * 500 + 2
    assert len(calls) < 10


def test_one_refusal_among_many_is_that_ones(tmp_path: Path, openssl: Openssl) -> None:
    good = [make(f"g{n}", SUB, purposes=SERVER, san=LOCAL) for n in range(5)]
    bad = [make(f"b{n}", SUB, purposes=SERVER, san=LOCAL, days=(-9, -1)) for n in range(5)]
    mixed = [one for pair in zip(good, bad, strict=True) for one in pair]
    for number, one in enumerate([CA, SUB, *mixed]):
        (tmp_path / f"{number}.crt").write_bytes(one.pem)
    result = look(openssl, tmp_path)
    said = {one.subject: error(one) for one in walk(result.roots)}
    assert all("expired (error 10" in said[f"CN=b{n}"] and not said[f"CN=g{n}"] for n in range(5))


# ---- 6 and 10: names


@pytest.mark.parametrize(
    ("name", "valid"),
    [("*.example.org", True), ("*", False), ("*.com", False), ("a.*.example", False), ("f*.example.org", True)],
)
def test_where_a_wildcard_is_not_accepted(name: str, valid: bool, tmp_path: Path, openssl: Openssl) -> None:
    leaf = make("w", SUB, purposes=SERVER, san=[x509.DNSName._init_without_validation(name)])
    put(tmp_path, ca_crt=CA.pem, sub_crt=SUB.pem, leaf_crt=leaf.pem)
    (check,) = shown(look(openssl, tmp_path))["leaf.crt"].checks
    assert (check.name, not check.error) == (f"DNS:{name}", valid)
    assert valid or check.error.startswith("wildcard not accepted here")


def test_an_address_of_mail_has_no_wildcard(tmp_path: Path, openssl: Openssl) -> None:
    leaf = make("w", SUB, purposes=CLIENT, san=[x509.RFC822Name._init_without_validation("*@example.com")])
    put(tmp_path, ca_crt=CA.pem, sub_crt=SUB.pem, leaf_crt=leaf.pem)
    assert look(openssl, tmp_path).valid


def test_a_name_cannot_add_another(tmp_path: Path, openssl: Openssl) -> None:
    evil = "https://x/, DNS:bank.example, IP Address:9.9.9.9"
    folder = x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a, DNS:bank.example")]))
    san = [x509.UniformResourceIdentifier(evil), folder, *LOCAL]
    put(tmp_path, ca_crt=CA.pem, sub_crt=SUB.pem, leaf_crt=make("w", SUB, purposes=SERVER, san=san).pem)
    result = look(openssl, tmp_path)
    assert result.valid
    assert shown(result)["leaf.crt"].names == (f"URI:{evil}", "DirName:CN=a\\, DNS:bank.example", "DNS:localhost")
    assert f'names   "URI:{evil}", "DirName:CN=a\\\\, DNS:bank.example", DNS:localhost\n' in as_text(result)


# ---- 7: the right issuer


def test_of_two_cas_of_one_name_the_one_that_signed(tmp_path: Path, openssl: Openssl) -> None:
    """Without key identifiers nothing but the signature can tell; with the same one, too."""
    ids = [x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier]
    for without in (ids, []):
        one, two = (make("Twin", authority=True, without=without) for _ in range(2))
        for signer in (one, two):
            leaf = make(
                "leaf", signer, purposes=SERVER, san=LOCAL, without=[x509.AuthorityKeyIdentifier] if without else []
            )
            put(tmp_path, a_crt=one.pem, b_crt=two.pem, leaf_crt=leaf.pem)
            result = look(openssl, tmp_path)
            issuer = shown(result)["leaf.crt"].issuer_name
            assert issuer == ("a.crt" if signer is one else "b.crt")
            assert shown(result)["leaf.crt"].chain == ("leaf.crt", issuer)
            assert "signature" not in error(shown(result)["leaf.crt"])


def test_names_that_openssl_takes_for_one(tmp_path: Path, openssl: Openssl) -> None:
    """Case and spacing do not count (RFC 5280 section 7.1), for a list's issuer neither."""
    spelt = Made(CA.certificate, CA.key)
    other = make("  cA ", authority=True, key=CA.key)
    leaf = make("leaf", other, purposes=SERVER, san=LOCAL)
    put(tmp_path, ca_crt=spelt.pem, leaf_crt=leaf.pem, ca_crl=revocation_list(other, leaf.certificate))
    said = shown(look(openssl, tmp_path))["leaf.crt"]
    assert said.issuer_name == "ca.crt"
    assert "certificate revoked" in error(said)


# ---- 11 and 12


def test_a_self_signed_leaf_is_its_own_anchor(tmp_path: Path, openssl: Openssl) -> None:
    own = make("own", purposes=SERVER, san=LOCAL)
    put(tmp_path, s_crt=own.pem)
    command = [need("openssl"), "verify", "-x509_strict", "-CAfile", "s.crt", "s.crt"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
    result = look(openssl, tmp_path)
    assert result.valid
    assert any("self-signed" in sentence for sentence in shown(result)["s.crt"].advice)
    put(tmp_path, s_crt=make("own", purposes=SERVER, san=LOCAL, days=(-9, -1)).pem)
    assert "expired" in error(shown(look(openssl, tmp_path))["s.crt"])


def test_a_server_that_is_its_own_ca_is_asked_for_its_names(tmp_path: Path, openssl: Openssl) -> None:
    put(tmp_path, s_crt=make("own", authority=True, purposes=SERVER, san=LOCAL).pem)
    checks = [(check.purpose, check.name) for check in shown(look(openssl, tmp_path))["s.crt"].checks]
    assert checks == [("any", ""), ("server", "DNS:localhost")]


def test_two_of_one_bundle_are_told_apart(tmp_path: Path, openssl: Openssl) -> None:
    old = [make(f"l{n}", CA, purposes=SERVER, san=LOCAL, days=(-9, -1)) for n in range(2)]
    put(tmp_path, ca_crt=CA.pem, bundle_crt=old[0].pem + old[1].pem)
    assert as_text(look(openssl, tmp_path)).endswith("3 certificates: bundle.crt[1], bundle.crt[2] invalid")


def test_a_dsa_key_has_a_size(tmp_path: Path, openssl: Openssl) -> None:
    made = make("d", CA, key=dsa_key(), purposes=CLIENT)
    put(tmp_path, d_crt=made.pem)
    assert shown(look(openssl, tmp_path))["d.crt"].key == "dsa:2048"


@pytest.mark.parametrize(
    ("options", "key"),
    [
        (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"],
         "ec:explicit-256"),
        (["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"], "rsa-pss:2048"),
        (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"], "ec:brainpoolP256r1"),
    ],
)  # fmt: skip
def test_keys_that_pyca_does_not_make(options: list[str], key: str, tmp_path: Path, openssl: Openssl) -> None:
    binary = need("openssl")
    subprocess.run([binary, "genpkey", *options, "-out", "k.key"], cwd=tmp_path, check=True, capture_output=True)
    argv = [binary, "req", "-x509", "-new", "-key", "k.key", "-subj", "/CN=k", "-out", "k.crt"]
    subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True)
    (one,) = read_inventory([tmp_path], openssl).certificates
    assert one.certificate.key == key
    assert [path.path.name for path in one.keys] == ["k.key"]
