"""Dates to the second and every defect, as other programs see them."""

import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mintls.openssl.binary import Openssl

import pytest
from conftest import contents, load, mint_profile
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import verification
from peers import need
from processes import run_script

DATES = """\
defaults: {key: "ec:P-256"}
authorities:
  ca:
    subject: {CN: Dated CA}
    not_before: 2020-01-01T00:00:00Z
    not_after: 2090-01-01T00:00:00Z
  edwards:
    subject: {CN: Edwards CA, O: Ålesund}
    issuer: ca
    key: ed25519
    not_after: 2080-01-01T00:00:00Z
clients:
  expired: {subject: {CN: expired}, issuer: ca, not_before: "2021-06-01T12:34:56Z", not_after: "2021-07-01T00:00:00Z"}
  early: {subject: {CN: early}, issuer: ca, not_before: "2049-12-31T23:59:59Z", not_after: "2050-01-01T00:00:00Z"}
  late: {subject: {CN: late}, issuer: ca, not_before: "2050-01-01T00:00:00Z", days: 36}
  zones:
    {subject: {CN: z}, issuer: ca, not_before: "2030-03-01T00:30:00+05:45", not_after: "2030-03-01T23:00:00-08:00"}
  back:
    subject: {OU: [One, Two], CN: "Åse #1, \\"B\\"", emailAddress: ase@example.org, 1.3.6.1.4.1.99999.1: Ørsted}
    issuer: ca
    backdate: 90m
    days: 10
  both: {subject: {CN: both}, issuer: ca, backdate: 1h, not_after: "2088-08-08T08:08:08Z"}
  plain: {subject: {CN: plain}, issuer: ca, days: 10}
  numbered: {subject: {CN: numbered}, issuer: ca, serial: 0x0ABC, not_after: "2070-01-01T00:00:00Z"}
  below: {subject: {CN: below}, issuer: edwards, not_after: "2070-01-01T00:00:00Z"}
"""
DEFECTS = """\
defaults: {key: "ec:P-256"}
authorities:
  ca: {subject: {CN: Defect CA}, key: "rsa:2048"}
  old: {subject: {CN: Old CA}, digest: sha1, key: "rsa:2048", defects: [weak_digest]}
  barren: {subject: {CN: Barren}, issuer: ca, defects: [ca_false]}
  keyless: {subject: {CN: No certSign}, issuer: ca, key_usage: [cRLSign], defects: [no_key_cert_sign]}
  short: {subject: {CN: Short}, issuer: ca, path_length: 0}
  deep: {subject: {CN: Deep}, issuer: short, defects: [past_path_length]}
  tiny: {subject: {CN: T}}
  big: {subject: {CN: Big}, key: "ec:P-521", digest: sha512}
  version_1_ca: {subject: {CN: Old CA}, issuer: ca, defects: [version_1]}
  narrow: {subject: {CN: Narrow}, issuer: ca, name_constraints: {permitted: ["DNS:example.org", "IP:10.0.0.0/8"]}}
clients:
  good: {subject: {CN: good}, issuer: ca}
  bad_signature: {subject: {CN: bad signature}, issuer: ca, defects: [bad_signature]}
  bad_body: {subject: {CN: bad body}, issuer: ca, defects: [bad_body]}
  bad_body_dated: {subject: {CN: bad body}, issuer: ca, defects: [bad_body], not_after: "2060-01-01T00:00:00Z"}
  bad_body_short: {subject: {CN: bad body}, issuer: ca, defects: [bad_body], serial: 1}
  bad_body_m: {subject: {CN: bad body}, issuer: ca, defects: [bad_body], serial: 0x016D}
  stolen_ec: {subject: {CN: stolen}, issuer: ca, defects: [stolen_key]}
  stolen_521: {subject: {CN: stolen}, issuer: ca, key: "ec:P-521", defects: [stolen_key]}
  stolen_rsa: {subject: {CN: stolen}, issuer: ca, key: "rsa:2048", defects: [stolen_key]}
  self_signed: {subject: {CN: self}, issuer: ca, defects: [self_signed]}
  wrong_issuer_key: {subject: {CN: impostor's}, issuer: ca, defects: [wrong_issuer_key]}
  dated_impostor:
    {subject: {CN: impostor's}, issuer: ca, defects: [wrong_issuer_key], not_after: "2060-01-01T00:00:00Z"}
  weak_key: {subject: {CN: weak}, issuer: ca, key: "rsa:1024", defects: [weak_key]}
  weak_digest: {subject: {CN: weak}, issuer: old}
  of_barren: {subject: {CN: leaf}, issuer: barren}
  of_keyless: {subject: {CN: leaf}, issuer: keyless}
  of_deep: {subject: {CN: leaf}, issuer: deep}
  of_leaf: {subject: {CN: leaf}, issuer: good, defects: [leaf_issuer]}
  outside: {subject: {CN: leaf}, issuer: narrow, san: ["DNS:example.net"], defects: [outside_name_constraints]}
  inside: {subject: {CN: leaf}, issuer: narrow, san: ["DNS:a.example.org", "IP:10.1.2.3"]}
  version_1: {subject: {CN: old}, issuer: ca, defects: [version_1]}
  version_1_dated: {subject: {CN: old}, issuer: ca, defects: [version_1], not_after: "2060-01-01T00:00:00Z"}
  version_1_short: {subject: {CN: o}, issuer: tiny, key: ed25519, serial: 5, defects: [version_1]}
  version_1_self: {subject: {CN: old}, issuer: ca, key: "ec:P-521", defects: [version_1, self_signed]}
  of_version_1: {subject: {CN: leaf}, issuer: version_1_ca, authority_key_identifier: none}
  mismatched_rsa: {subject: {CN: two}, issuer: ca, defects: [mismatched_algorithm]}
  mismatched_ec: {subject: {CN: two}, issuer: tiny, defects: [mismatched_algorithm]}
  mismatched_512: {subject: {CN: two}, issuer: big, defects: [mismatched_algorithm]}
  zero_serial: {subject: {CN: zero}, issuer: ca, defects: [zero_serial]}
  long_serial: {subject: {CN: long}, issuer: ca, defects: [long_serial]}
  long_dated: {subject: {CN: long}, issuer: ca, serial: 7, defects: [long_serial], not_after: "2060-01-01T00:00:00Z"}
  no_identifier: {subject: {CN: leaf}, issuer: ca, subject_key_identifier: none, authority_key_identifier: none}
servers:
  no_san: {subject: {CN: localhost}, issuer: ca, defects: [no_san]}
  wrong_purpose: {subject: {CN: s}, issuer: ca, san: ["DNS:localhost"], extended_key_usage: [clientAuth],
                  defects: [wrong_purpose]}
"""


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dates")
    (folder / "profile.yaml").write_text(DATES)
    return mint_profile(folder / "profile.yaml", folder / "set")


@pytest.fixture(scope="module")
def defective(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("defects")
    (folder / "profile.yaml").write_text(DEFECTS)
    return mint_profile(folder / "profile.yaml", folder / "set")


# ---- dates


@pytest.mark.parametrize(
    ("name", "begin", "end"),
    [
        ("ca", (2020, 1, 1), (2090, 1, 1)),
        ("expired", (2021, 6, 1, 12, 34, 56), (2021, 7, 1)),
        ("early", (2049, 12, 31, 23, 59, 59), (2050, 1, 1)),
        ("late", (2050, 1, 1), (2050, 2, 6)),
        ("zones", (2030, 2, 28, 18, 45), (2030, 3, 2, 7)),
    ],
)
def test_dates_are_those_of_the_profile(name: str, begin: tuple[int, ...], end: tuple[int, ...], dated: Path) -> None:
    certificate = load(dated / f"{name}.crt")
    assert certificate.not_valid_before_utc == datetime(*begin, tzinfo=UTC)  # type: ignore[arg-type, misc]
    assert certificate.not_valid_after_utc == datetime(*end, tzinfo=UTC)  # type: ignore[arg-type, misc]


def test_dates_are_written_as_the_standard_wants_them(dated: Path) -> None:
    """RFC 5280 4.1.2.5: through 2049 as UTCTime (tag 0x17), from 2050 on as GeneralizedTime (0x18)."""

    def encoded(name: str) -> bytes:
        return load(dated / f"{name}.crt").tbs_certificate_bytes

    assert b"\x17\x0d491231235959Z\x18\x0f20500101000000Z" in encoded("early")
    assert b"\x18\x0f20500101000000Z\x18\x0f20500206000000Z" in encoded("late")
    assert b"\x17\x0d210601123456Z\x17\x0d210701000000Z" in encoded("expired")


def test_backdate_and_days_count_from_the_moment_of_issue(dated: Path) -> None:
    plain, back, both = (load(dated / f"{name}.crt") for name in ("plain", "back", "both"))
    issued = plain.not_valid_before_utc
    assert timedelta(minutes=89) < issued - back.not_valid_before_utc < timedelta(minutes=91)
    assert back.not_valid_after_utc - back.not_valid_before_utc == timedelta(10)
    assert plain.not_valid_after_utc - issued == timedelta(10)
    assert timedelta(minutes=59) < issued - both.not_valid_before_utc < timedelta(minutes=61)
    assert both.not_valid_after_utc == datetime(2088, 8, 8, 8, 8, 8, tzinfo=UTC)


def test_nothing_else_of_a_dated_certificate_is_lost(dated: Path) -> None:
    """The database of ca(1) knows a policy; ours lets every attribute pass, in its order."""
    subject = load(dated / "back.crt").subject
    assert [(one.oid.dotted_string, one.value) for one in subject] == [
        ("2.5.4.11", "One"), ("2.5.4.11", "Two"), ("2.5.4.3", 'Åse #1, "B"'),
        ("1.2.840.113549.1.9.1", "ase@example.org"), ("1.3.6.1.4.1.99999.1", "Ørsted"),
    ]  # fmt: skip
    assert load(dated / "numbered.crt").serial_number == 0xABC
    serials = [load(path).serial_number for path in dated.glob("*.crt")]
    assert len(set(serials)) == len(serials)
    assert load(dated / "edwards.crt").subject.rfc4514_string() == "O=Ålesund,CN=Edwards CA"
    load(dated / "below.crt").verify_directly_issued_by(load(dated / "edwards.crt"))
    plain, back = ([(e.oid, e.critical) for e in load(dated / f"{n}.crt").extensions] for n in ("plain", "numbered"))
    assert plain == back


@pytest.mark.parametrize(("name", "answer"), [("plain", True), ("back", True), ("expired", False), ("late", False)])
def test_gnutls_knows_the_dates_too(name: str, answer: bool, dated: Path) -> None:
    command = [need("certtool"), "--verify", "--load-ca-certificate", "ca.crt", "--infile", f"{name}.crt"]
    done = subprocess.run(command, cwd=dated, capture_output=True, text=True)
    assert ("Verified." in done.stdout) != ("Not verified." in done.stdout), done.stdout + done.stderr
    assert ("Not verified." not in done.stdout) is answer, done.stdout


def test_a_set_with_dates_stays_as_it_is(dated: Path) -> None:
    """What is meant to be expired, or not to be valid yet, is not due."""
    before = contents(dated)
    mint_profile(dated.parent / "profile.yaml", dated)
    assert contents(dated) == before


# ---- defects


def verdict(directory: Path, name: str, *above: str, purpose: str = "sslclient") -> str:
    """openssl's error number, or ok."""
    anchors = [word for other in above[1:] for word in ("-untrusted", f"{other}.crt")]
    command = [need("openssl"), "verify", "-x509_strict", "-purpose", purpose, "-no-CApath"]
    command += ["-CAfile", f"{above[0] if above else 'ca'}.crt", *anchors, f"{name}.crt"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, errors="replace")
    return "ok" if done.returncode == 0 else done.stderr.partition("error ")[2].partition(" ")[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "above", "error"),
    [
        ("good", (), "ok"), ("inside", ("ca", "narrow"), "ok"),
        ("bad_signature", (), "7"), ("bad_body", (), "7"), ("bad_body_dated", (), "7"), ("stolen_ec", (), "ok"),
        ("self_signed", (), "18"), ("wrong_issuer_key", (), "20"), ("dated_impostor", (), "20"),
        ("weak_key", (), "ok"), ("of_barren", ("ca", "barren"), "79"), ("of_keyless", ("ca", "keyless"), "79"),
        ("of_deep", ("ca", "short", "deep"), "25"), ("of_leaf", ("ca", "good"), "79"),
        ("outside", ("ca", "narrow"), "47"), ("no_identifier", (), "85"), ("version_1", (), "ok"),
        ("zero_serial", (), "ok"), ("long_serial", (), "ok"),
    ],
)  # fmt: skip
def test_openssl_refuses_a_defect_for_its_reason(
    name: str, above: tuple[str, ...], error: str, defective: Path, openssl: Openssl
) -> None:
    if error == "85" and not openssl.can("req", "-CA"):
        pytest.skip("OpenSSL before 3.0 does not require an authority key identifier")
    # OpenSSL 1.1.1 says of a CA that is none what 3 says of its keyUsage: 24 (X509_V_ERR_INVALID_CA)
    assert verdict(defective, name, *above) in ({"79", "24"} if error == "79" else {error})


def test_servers_that_are_wrong(defective: Path) -> None:
    assert verdict(defective, "no_san", purpose="sslserver") == "ok"
    assert verdict(defective, "wrong_purpose", purpose="sslserver") == "26"
    assert verdict(defective, "wrong_purpose") == "ok"
    with pytest.raises(x509.ExtensionNotFound):
        load(defective / "no_san.crt").extensions.get_extension_for_class(x509.SubjectAlternativeName)


@pytest.mark.parametrize("name", ["weak_key", "weak_digest"])
def test_what_is_weak_is_refused_at_a_tls_level(name: str, defective: Path) -> None:
    """verify(1) at security level 2, which is what OpenSSL's TLS asks by default (SSL_CTX_set_security_level(3))."""
    root = "old" if name == "weak_digest" else "ca"
    for level, answer in (("0", 0), ("2", 2)):
        command = [need("openssl"), "verify", "-auth_level", level, "-CAfile", f"{root}.crt", f"{name}.crt"]
        assert subprocess.run(command, cwd=defective, capture_output=True).returncode == answer


def ask_pyca(directory: Path, name: str, *between: str) -> bool:
    store = verification.Store([load(directory / "ca.crt")])
    verifier = verification.PolicyBuilder().store(store).time(datetime.now(UTC)).build_client_verifier()
    try:
        verifier.verify(load(directory / f"{name}.crt"), [load(directory / f"{one}.crt") for one in between])
    except verification.VerificationError:
        return False
    return True


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@pytest.mark.parametrize(
    ("name", "between"),
    [
        ("bad_signature", ()), ("bad_body", ()), ("self_signed", ()), ("wrong_issuer_key", ()), ("weak_key", ()),
        ("of_barren", ("barren",)), ("of_keyless", ("keyless",)), ("of_deep", ("short", "deep")),
        ("of_leaf", ("good",)), ("outside", ("narrow",)), ("version_1", ()), ("of_version_1", ("version_1_ca",)),
        ("mismatched_rsa", ()), ("zero_serial", ()), ("long_serial", ()),
    ],
)  # fmt: skip
def test_pyca_refuses_it_too(name: str, between: tuple[str, ...], defective: Path) -> None:
    """Its good twins first: pyca wants a SAN, so `inside` is the one that a client verifier takes."""
    assert ask_pyca(defective, "inside", "narrow")
    assert not ask_pyca(defective, name, *between)


def test_key_identifiers_can_be_left_out(defective: Path) -> None:
    """openssl 3 would add them by itself."""
    assert {type(one.value) for one in load(defective / "no_identifier.crt").extensions} == {
        x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage,
    }  # fmt: skip
    both = {x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier}
    assert both <= {type(one.value) for one in load(defective / "good.crt").extensions}


def test_a_tampered_certificate_is_still_one(defective: Path) -> None:
    """Only the signature, or only what is signed, is another: its issuer did not sign that."""
    issuer = load(defective / "ca.crt")
    load(defective / "good.crt").verify_directly_issued_by(issuer)
    for name in (
        "bad_signature", "bad_body", "bad_body_dated", "bad_body_short", "bad_body_m", "wrong_issuer_key",
        "dated_impostor",
    ):  # fmt: skip
        certificate = load(defective / f"{name}.crt")
        assert certificate.issuer == issuer.subject
        with pytest.raises(InvalidSignature):
            certificate.verify_directly_issued_by(issuer)
    serials = [load(defective / f"{name}.crt").serial_number for name in ("bad_body_short", "bad_body_m")]
    assert serials == [ord("m"), 0x0100 + ord("n")]
    assert isinstance(load(defective / "weak_digest.crt").signature_hash_algorithm, SHA1)


@pytest.mark.parametrize(
    ("name", "issuer"),
    [
        ("version_1", "ca"), ("version_1_dated", "ca"), ("version_1_short", "tiny"),
        ("version_1_self", "version_1_self"), ("version_1_ca", "ca"),
    ],
)  # fmt: skip
def test_a_version_1_certificate_is_sound_but_for_its_version(name: str, issuer: str, defective: Path) -> None:
    """The content of tbsCertificate begins with the serial number: there is no [0] EXPLICIT (A0) before it."""
    certificate = load(defective / f"{name}.crt")
    assert certificate.version is x509.Version.v1
    tag, length, *content = certificate.tbs_certificate_bytes
    assert (tag, content[length & 0x7F if length > 0x80 else 0]) == (0x30, 0x02)
    assert list(certificate.extensions) == []
    certificate.verify_directly_issued_by(load(defective / f"{issuer}.crt"))


@pytest.mark.parametrize(
    ("name", "issuer", "inner", "outer", "hashed"),
    [
        # SHA256withRSA and SHA512withRSA (RFC 4055), ecdsa-with-SHA256 and -SHA512 (RFC 5758)
        ("mismatched_rsa", "ca", "2A864886F70D01010B", "1.2.840.113549.1.1.13", SHA512()),
        ("mismatched_ec", "tiny", "2A8648CE3D040302", "1.2.840.10045.4.3.4", SHA512()),
        ("mismatched_512", "big", "2A8648CE3D040304", "1.2.840.10045.4.3.2", SHA256()),
    ],
)
def test_the_signature_is_that_of_the_outer_algorithm(
    name: str, issuer: str, inner: str, outer: str, hashed: HashAlgorithm, defective: Path
) -> None:
    """A verifier that does not compare the two accepts it."""
    certificate, key = load(defective / f"{name}.crt"), load(defective / f"{issuer}.crt").public_key()
    body = certificate.tbs_certificate_bytes
    assert certificate.signature_algorithm_oid.dotted_string == outer
    assert bytes.fromhex(f"06{len(inner) // 2:02X}{inner}") in body
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(certificate.signature, body, PKCS1v15(), hashed)
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(certificate.signature, body, ec.ECDSA(hashed))


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_serial_numbers_that_a_ca_must_not_use(defective: Path) -> None:
    assert load(defective / "zero_serial.crt").serial_number == 0
    for name in ("long_serial", "long_dated"):
        assert load(defective / f"{name}.crt").serial_number.to_bytes(21)[0] == 1  # 21 octets, of which it is the first
    assert load(defective / "long_dated.crt").serial_number == (1 << 160) + 7


@pytest.mark.parametrize("name", ["stolen_ec", "stolen_521", "stolen_rsa"])
def test_a_stolen_certificates_key_only_looks_like_it(name: str, defective: Path) -> None:
    """Python's ssl takes the pair, for the public halves agree; the private half does not sign for it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_cert_chain(defective / f"{name}.crt", defective / f"{name}.key")
    with pytest.raises(ssl.SSLError):
        context.load_cert_chain(defective / f"{name}.crt", defective / "good.key")
    command = [need("openssl"), "pkey", "-in", f"{name}.key", "-noout", "-check"]
    for other, sound in ((f"{name}.key", False), ("good.key", True)):
        done = subprocess.run([*command[:3], other, *command[4:]], cwd=defective, capture_output=True, text=True)
        assert (done.returncode == 0 and "invalid" not in done.stdout) is sound  # which 1.1.1 says with status 0
    public = load(defective / f"{name}.crt").public_key()
    assert isinstance(public, (ec.EllipticCurvePublicKey, rsa.RSAPublicKey))
    with pytest.raises(ValueError, match=r"(?i)invalid|mismatch|key"):
        load_pem_private_key((defective / f"{name}.key").read_bytes(), None)


def test_a_defect_is_always_said(tmp_path: Path) -> None:
    """What a defect permits is otherwise forbidden: the same profile without the word."""
    for word in ("weak_key", "weak_digest", "no_key_cert_sign", "past_path_length", "leaf_issuer", "no_san",
                 "outside_name_constraints", "wrong_purpose"):  # fmt: skip
        (tmp_path / "p.yaml").write_text(DEFECTS.replace(f"defects: [{word}]", "defects: []"))
        done = run_script("generate.py", tmp_path / "p.yaml", "--dry-run")
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    (tmp_path / "p.yaml").write_text(DEFECTS)
    assert run_script("generate.py", tmp_path / "p.yaml", "--dry-run").returncode == 0


def test_a_rerun_leaves_the_defects_alone(defective: Path) -> None:
    before = contents(defective)
    mint_profile(defective.parent / "profile.yaml", defective)
    assert contents(defective) == before


def test_names_of_entries_cannot_meet_what_is_thrown_away(tmp_path: Path) -> None:
    """Scratch files of one entry beside the files of another whose name looks like them."""
    (tmp_path / "p.yaml").write_text("""\
defaults: {key: "ec:P-256"}
authorities: {ca: {subject: {CN: CA}, crl: {}}}
clients:
  ca.crl: {subject: {CN: one}}
  a: {subject: {CN: a}, not_after: "2060-01-01T00:00:00Z"}
  a.ca: {subject: {CN: two}}
  s: {subject: {CN: s}, defects: [stolen_key]}
  s.other: {subject: {CN: three}}
  b: {subject: {CN: b}, defects: [bad_body], outputs: [der]}
  b.sound: {subject: {CN: four}}
""")
    made = mint_profile(tmp_path / "p.yaml", tmp_path / "set")
    for name, common_name in (("ca.crl", "one"), ("a.ca", "two"), ("s.other", "three"), ("b.sound", "four")):
        certificate = load(made / f"{name}.crt")
        assert certificate.subject.rfc4514_string() == f"CN={common_name}"
        key = load_pem_private_key((made / f"{name}.key").read_bytes(), None)
        assert key.public_key() == certificate.public_key()
    assert x509.load_der_x509_certificate((made / "b.der").read_bytes()) == load(made / "b.crt")


def test_it_is_signed_again_with_a_key_that_has_a_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And from a directory and a file whose names a shell would split."""
    monkeypatch.setenv("SIGNER", "a long one")
    (tmp_path / "pass word's").write_text("another one\n")
    (tmp_path / "p.yaml").write_text("""\
defaults: {key: "ec:P-256"}
authorities:
  ca: {subject: {CN: CA}, passphrase: {env: SIGNER}}
  rsa: {subject: {CN: RSA CA}, key: "rsa:2048", passphrase: {file: "pass word's"}}
clients:
  a: {subject: {CN: a}, issuer: ca, defects: [version_1]}
  b: {subject: {CN: b}, issuer: rsa, defects: [mismatched_algorithm]}
""")
    made = mint_profile(tmp_path / "p.yaml", tmp_path / "a set")
    load(made / "a.crt").verify_directly_issued_by(load(made / "ca.crt"))
    certificate, key = load(made / "b.crt"), load(made / "rsa.crt").public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(certificate.signature, certificate.tbs_certificate_bytes, PKCS1v15(), SHA512())
