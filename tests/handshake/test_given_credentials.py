"""The catalogue minted under a CA that somebody gave: with its key every case, without it some."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from mintls.errors import OutputError
from mintls.handshake.cases.case import Case, Verifier, rows
from mintls.handshake.cases.catalogue import CATALOGUE, VALID
from mintls.handshake.given_credentials import Credential, GivenCredentials
from mintls.handshake.listen.trusting_client import TrustingClient
from mintls.openssl.binary import Openssl
from mintls.pytest_plugin import Mint
from mintls.x509.certificate import read_certificate

import pytest
from conftest import contents, load
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec.structs import replace

pytestmark = pytest.mark.slow

NEEDS_NO_KEY = {
    "good", "good-again", "self-signed", "unknown-ca", "same-name-ca", "same-name-and-key-id-ca", "rogue-root",
    "leaf-as-ca", "bad-signature", "bad-body", "stolen", "tls-1.0", "tls-1.1",
}  # fmt: skip
NEEDS_INTERMEDIATE = {
    "excluded-name", "constrained-address", "excluded-address", "constrained-email", "constrained-uri",
    "name-constraints-above", "within-name-constraints", "nested-purpose", "path-length-above",
    "leaf-below-intermediate-as-ca", "not-yet-valid-intermediate", "intermediate-bad-signature",
    "intermediate-critical-extension", "intermediate-weak-key", "root-sent", "reversed-chain",
    "repeated-intermediate", "useless-certificate", "expired-root-sent", "three-intermediates",
    "good-intermediate", "expired-intermediate", "missing-intermediate", "intermediate-not-ca",
    "intermediate-cannot-sign", "path-length", "name-constraints", "crl-stale", "weak-digest",
    "version-1", "version-1-intermediate", "mismatched-algorithm",
}  # fmt: skip


def shown_to(verifier: Verifier) -> list[Case]:
    return [replace(case, verifiers=(verifier,)) for case in CATALOGUE if verifier in case.verifiers]


def given_from(
    openssl: Openssl, source: Path, directory: Path, role: str, *, key: bool
) -> tuple[GivenCredentials, set[str]]:
    """Everything minted for one direction; with the ids of the cases that could be."""
    leaf = Credential(read_certificate((source / f"{role}.crt").read_text()), source / f"{role}.key")
    ca = Credential(read_certificate((source / "ca.crt").read_text()), source / "ca.key" if key else None)
    given = GivenCredentials(ca, {role: leaf}, directory, openssl)
    verifier = Verifier.CLIENT if role == "server" else Verifier.SERVER
    cases = [case for case in shown_to(verifier) if not given.obstacle(case) and not case.checks]
    valid = {section: VALID[section] for section in ("servers", "clients")}
    given.mint(cases, valid, datetime.now(UTC))
    for case in cases:
        if name := case.credential(verifier):
            assert (directory / f"{name}.crt").is_file()
            assert (directory / f"{name}.key").is_file()
    return given, {case.id for case in cases}


@pytest.mark.parametrize("role", ["server", "client"])
def test_without_the_key_of_the_authority(openssl: Openssl, rogue: Path, tmp_path: Path, role: str) -> None:
    """What anybody can make who has a good leaf: none of it is signed by that authority."""
    before, directory = contents(rogue), tmp_path / "bad"
    given, ids = given_from(openssl, rogue, directory, role, key=False)
    server_only = {"none", "certificate-request", "null-ciphers", "anonymous-ciphers"}
    assert ids == NEEDS_NO_KEY | ({"good-address", "other-address"} if role == "server" else server_only)
    assert contents(rogue) == before
    assert not (directory / "ca.key").exists()
    ca, good = load(rogue / "ca.crt"), load(rogue / f"{role}.crt")
    for name in ("same-name-ca", "same-name-and-key-id-ca", "bad-signature", "bad-body"):
        bad = load(directory / f"{name}-{role}.crt")
        assert bad.issuer == ca.subject
        with pytest.raises(InvalidSignature):
            bad.verify_directly_issued_by(ca)
    bad = load(directory / f"bad-signature-{role}.crt")
    assert bad.tbs_certificate_bytes == good.tbs_certificate_bytes
    bad = load(directory / f"bad-body-{role}.crt")
    assert bad.signature == good.signature
    assert bad.serial_number != good.serial_number
    load(directory / f"leaf-as-ca-{role}.crt").verify_directly_issued_by(good)
    identifier = x509.SubjectKeyIdentifier
    double, namesake = load(directory / "double.crt"), load(directory / "namesake.crt")
    assert double.extensions.get_extension_for_class(identifier) == ca.extensions.get_extension_for_class(identifier)
    assert namesake.extensions.get_extension_for_class(identifier) != ca.extensions.get_extension_for_class(identifier)
    assert double.subject == namesake.subject == ca.subject
    expired = given.obstacle(next(case for case in CATALOGUE if case.id == "expired"))
    assert expired
    assert "private key" in expired.reason


def test_a_stolen_certificate_is_the_good_one_with_a_key_that_is_not(
    openssl: Openssl, rogue: Path, dev: Path, tmp_path: Path
) -> None:
    for source in (rogue, dev):  # EC and RSA
        directory = tmp_path / source.name
        given_from(openssl, source, directory, "client", key=False)
        assert load(directory / "stolen-client.crt") == load(source / "client.crt")
        stolen = (directory / "stolen-client.key").read_text()
        subprocess.run(["openssl", "pkey", "-noout"], input=stolen, text=True, check=True)
        assert stolen != (source / "client.key").read_text()
        with pytest.raises(ValueError, match="key"):
            load_pem_private_key(stolen.encode(), None)


def test_with_the_key_of_the_authority(openssl: Openssl, rogue: Path, tmp_path: Path) -> None:
    before, directory = contents(rogue), tmp_path / "bad"
    given, ids = given_from(openssl, rogue, directory, "server", key=True)
    assert ids == {case.id for case in shown_to(Verifier.CLIENT) if not case.checks}
    assert contents(rogue) == before
    ca = load(rogue / "ca.crt")
    for name in ("expired", "wrong-name", "stolen", "no-extended-key-usage"):
        load(directory / f"{name}-server.crt").verify_directly_issued_by(ca)
    assert not any(map(given.obstacle, CATALOGUE))


def test_an_authority_that_may_have_none_below_it(openssl: Openssl, elliptic: Path, tmp_path: Path) -> None:
    """path_length 0, as profiles/dev.yaml has it."""
    given, ids = given_from(openssl, elliptic, tmp_path / "bad", "server", key=True)
    obstacles = {case.id: given.obstacle(case) for case in CATALOGUE}
    assert {name for name, obstacle in obstacles.items() if obstacle} == NEEDS_INTERMEDIATE
    assert not ids & NEEDS_INTERMEDIATE


NEW = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
FOREIGN = f"""
openssl req -x509 {NEW} -keyout ca.key -out ca.crt -subj '/O=Old, Ltd/OU=a/OU=b/CN=Old CA' -config c
openssl req {NEW} -keyout client.key -out client.csr -subj /CN=client -config c
openssl x509 -req -in client.csr -CA ca.crt -CAkey ca.key -set_serial 1 -out client.crt -extfile /dev/null
"""
CONFIG = "[req]\ndistinguished_name = dn\nx509_extensions = v\n[dn]\n[v]\nbasicConstraints = CA:TRUE\n"


@pytest.mark.parametrize("key", [True, False])
def test_an_authority_that_mintls_did_not_make(openssl: Openssl, tmp_path: Path, key: bool) -> None:
    """No key usage, no key identifier, a version 1 leaf with the serial number 1: strict verifiers refuse it."""
    (tmp_path / "c").write_text(CONFIG)
    subprocess.run(["sh", "-e", "-c", FOREIGN], cwd=tmp_path, check=True, capture_output=True)
    directory = tmp_path / "bad"
    _, ids = given_from(openssl, tmp_path, directory, "client", key=key)
    assert ids >= NEEDS_NO_KEY - {"tls-1.0"}
    ca = load(tmp_path / "ca.crt")
    assert load(directory / "same-name-ca-client.crt").issuer == ca.subject
    assert load(directory / "bad-body-client.crt").serial_number != 1
    if key:
        load(directory / "expired-client.crt").verify_directly_issued_by(ca)


CONSTRAINED = """
defaults: {key: ec:P-256}
authorities: {ca: {subject: {CN: constrained}, name_constraints: {permitted: ["DNS:example.org"]}}}
clients: {client: {subject: {CN: client}, san: ["DNS:client.example.org"]}}
"""


def test_an_authority_whose_certificates_a_verifier_rejects_still_signs(
    openssl: Openssl, mint: Mint, tmp_path: Path
) -> None:
    """The handshake's controls find it out; minting does not stop for what is not ours."""
    source = mint(CONSTRAINED).directory
    given_from(openssl, source, tmp_path / "bad", "client", key=True)
    trusted, made = source / "ca.crt", tmp_path / "bad" / "expired-intermediate-client.crt"
    load(tmp_path / "bad" / "no-extended-key-usage-client.crt").verify_directly_issued_by(load(trusted))
    assert made.is_file()


def test_an_encrypted_key_is_none(openssl: Openssl, rogue: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(rogue, tmp_path / "set")
    argv = ["openssl", "pkey", "-in", rogue / "ca.key", "-aes256", "-passout", "env:WORD", "-out", copy / "ca.key"]
    subprocess.run(argv, check=True, env={"WORD": "secret", "PATH": "/usr/bin:/bin"})
    for source, makes in ((rogue, True), (copy, False)):
        client = TrustingClient(source, tmp_path / f"{makes}", openssl)
        expired = next(row for row in rows(CATALOGUE, ("1.3",)) if row.id == "client/1.3/expired")
        assert (client.obstacle(expired) is None) is makes


def test_a_leaf_is_no_authority(openssl: Openssl, rogue: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(rogue, tmp_path / "set")
    shutil.copy(rogue / "server.crt", copy / "ca.crt")
    with pytest.raises(OutputError, match=r"ca\.crt is not a CA certificate"):
        TrustingClient(copy, tmp_path / "bad", openssl)
    (copy / "ca.crt").write_text("none")
    with pytest.raises(OutputError, match=r"ca\.crt: .*; restore it, or mint the set again"):
        TrustingClient(copy, tmp_path / "worse", openssl)
