"""What versions of openssl say and do differently, as far as the one at hand can be made to; see tests/versions."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from mintls.handshake.wire.transcript import parse
from mintls.minting.ec_key import has_full_length
from mintls.report.messages import STEPS
from mintls.x509.certificate import read_certificate

import pytest
from conftest import Run
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs12
from foreign import named
from peers import need

# Of s_client 3.5: a certificate of 1672 bytes of message, compressed (RFC 8879 section 4: zlib, then the length).
COMPRESSED = """\
>>> TLS 1.3, Handshake [length 0010], CompressedCertificate
    19 00 00 0c 00 01 00 06 84 00 00 04 78 01 02 03
"""
# Of s_client 1.1.1w.
OLD = """\
<<< ??? [length 0005]
    16 03 03 00 7a
<<< TLS 1.3, Handshake [length 007a], ServerHello
    02 00 00 76 03 03 d0 c9
>>> ??? [length 0005]
    17 03 03 06 95
>>> TLS 1.3 [length 0001]
    16
>>> TLS 1.3, Handshake [length 0684], Certificate
    0b 00 06 80 00 00 06 7c
>>> ??? [length 0005]
    17 03 03 00 1c
>>> TLS 1.3 [length 0001]
    17
<<< ??? [length 0005]
    17 03 03 00 13
<<< TLS 1.3 [length 0001]
    15
<<< TLS 1.3, Alert [length 0002], fatal unknown_ca
    02 30
"""
ONE_FILE = """\
defaults: {key: "ec:P-256", outputs: [pkcs12], pkcs12: {password: {file: word}}, passphrase: {file: word}}
authorities: {ca: {subject: {CN: CA}, outputs: []}}
clients: {c: {subject: {CN: c}}, d: {subject: {CN: d}, pkcs12: {password: {file: ./word}}}}
"""
PAST = """\
defaults: {key: "ec:P-256"}
authorities: {ca: {subject: {CN: CA}}}
clients: {c: {subject: {CN: c}, not_before: "2020-01-01T00:00:00Z"}, d: {subject: {CN: d}}}
"""


def test_a_compressed_certificate_counts_with_its_own_length() -> None:
    said = parse(COMPRESSED)
    assert said.certificate(sent=True) == 0x684 + 4
    assert said.certificate(sent=False) == 0
    assert said.messages[0].length == 16  # on the wire
    assert STEPS["client", said.messages[0].name] == STEPS["client", "Certificate"]


def test_messages_as_openssl_1_1_1_lists_them() -> None:
    said = parse(OLD)
    assert [(one.sent, one.content, one.name) for one in said.messages] == [
        (False, "Handshake", "ServerHello"), (True, "Handshake", "Certificate"),
        (True, "ApplicationData", ""), (False, "Alert", "fatal unknown_ca"),
    ]  # fmt: skip
    assert said.has_data(sent=True)
    assert not said.has_data(sent=False)
    assert [alert.number for alert in said.alerts] == [48]


@pytest.mark.parametrize(
    ("lines", "accepted"),
    [
        ("echo 'verify OK' >&2", True),
        ("echo 'Certificate request self-signature verify OK'", True),
        ("echo 'verify OK'; exit 1", False),
        ("echo 'verify failure' >&2", False),
        ("echo 'the subject says verify OK'", False),
    ],
)
def test_how_the_signature_of_a_request_is_confirmed(
    lines: str, accepted: bool, tmp_path: Path, run: Run, fake_openssl: Callable[[str], dict[str, str]]
) -> None:
    """On either stream, as a line of its own, and with status 0."""
    request = x509.CertificateSigningRequestBuilder(named("theirs")).sign(
        ec.generate_private_key(ec.SECP256R1()), SHA256()
    )
    (tmp_path / "c.csr").write_bytes(request.public_bytes(Encoding.PEM))
    (tmp_path / "p.yaml").write_text(
        'defaults: {key: "ec:P-256"}\nauthorities: {ca: {subject: {CN: CA}}}\n'
        "clients: {c: {subject: {CN: c}, csr: c.csr}}\n"
    )
    fake = fake_openssl(f'case "$*" in "req -verify"*) cat > /dev/null; {lines}; exit 0;; esac; exec $REAL "$@"')
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set", env=fake)
    assert done.returncode == (0 if accepted else 2), done.stderr
    assert accepted or "c.csr is not a signing request, or its signature is wrong" in done.stderr


@pytest.mark.parametrize("form", ["plain", "trusted"])
def test_the_fingerprint_is_that_of_the_certificate(form: str, dev: Path) -> None:
    """Also of a TRUSTED CERTIFICATE, which has more after it."""
    pem = (dev / "client.crt").read_text()
    expected = x509.load_pem_x509_certificate(pem.encode()).fingerprint(SHA256()).hex().upper()
    if form == "trusted":
        argv = [need("openssl"), "x509", "-trustout", "-addtrust", "clientAuth", "-setalias", "someone"]
        pem = subprocess.run(argv, input=pem, capture_output=True, text=True, check=True).stdout
        assert "BEGIN TRUSTED" in pem
    assert read_certificate(pem).fingerprint == expected


def test_one_file_for_passphrase_and_password(tmp_path: Path, run: Run) -> None:
    """Its first line is both: openssl would take the second for what a command writes."""
    (tmp_path / "p.yaml").write_text(ONE_FILE)
    for text in ("a word\n", "a word\nanother\n"):
        (tmp_path / "word").write_text(text)
        directory = tmp_path / str(len(text))
        done = run("generate.py", tmp_path / "p.yaml", "-o", directory, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        for name in ("c", "d"):
            assert load_pem_private_key((directory / f"{name}.key").read_bytes(), b"a word")
            assert pkcs12.load_pkcs12((directory / f"{name}.p12").read_bytes(), b"a word").key


def test_what_can_only_be_expired_is_not_due_for_ever(tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(PAST)
    words = ("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    assert run(*words).returncode == 0
    assert run(*words, "--check").returncode == 0
    again = run(*words)
    assert (again.returncode, again.stdout.count("kept")) == (0, 3)
    renewed = run(*words, "--renew-within", "370d")  # the other one would end later, and is due
    assert [line.split()[1] for line in renewed.stdout.splitlines() if line.startswith("renewed")] == ["d:"]


def test_pkcs12_names_its_ciphers(tmp_path: Path, run: Run) -> None:
    """OpenSSL 1.1.1 and LibreSSL would take RC2-40 for the certificates."""
    (tmp_path / "word").write_text("a word\n")
    (tmp_path / "p.yaml").write_text(ONE_FILE)
    printed = run("generate.py", tmp_path / "p.yaml", "--dry-run").stdout
    lines = [line for line in printed.splitlines() if " pkcs12 -export " in line]
    assert len(lines) == 2
    assert all("-keypbe AES-256-CBC -certpbe AES-256-CBC -macalg sha256" in line for line in lines)


@pytest.mark.parametrize(("curve", "length"), [("prime256v1", 32), ("secp384r1", 48), ("secp521r1", 66)])
def test_the_length_of_an_ec_key(curve: str, length: int) -> None:
    argv = [need("openssl"), "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}"]
    pem = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert has_full_length(pem, length)
    assert not has_full_length(pem, length + 1)
    assert has_full_length("rubbish", length)


def test_what_the_binary_cannot_make_is_skipped(
    dev: Path, tmp_path: Path, run: Run, fake_openssl: Callable[[str], dict[str, str]]
) -> None:
    """As with the FIPS provider: no 1024-bit keys, no MD5, no key derivation of PKCS#12."""
    fake = fake_openssl('case "$*" in *rsa_keygen_bits:1024*|*-md5-sha1*|*PKCS12KDF*) exit 1;; esac; exec $REAL "$@"')
    words = ("-v", "--only", "weak-key", "--only", "tls-1.*")
    done = run("handshake_check.py", dev, *words, env=fake)
    assert done.returncode == 0, done.stdout + done.stderr
    skipped = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("  skip")}
    assert skipped == {"weak-key", "tls-1.0", "tls-1.1"}
    (tmp_path / "word").write_text("a word\n")
    (tmp_path / "p.yaml").write_text(ONE_FILE)
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set", env=fake)
    if subprocess.run([need("openssl"), "kdf", "-help"], capture_output=True).returncode == 0:
        assert (done.returncode, done.stdout) == (2, "")
        assert "p.yaml:3: clients.c.outputs: this openssl has no PKCS12KDF, as with the FIPS provider (" in done.stderr
