"""Each advice with a real certificate that has only this flaw; and what it says of Go and GnuTLS, asked of these."""

import re
import subprocess
from pathlib import Path
from typing import get_args

from mintls.inspection.advice.certificate_checks import CHECKS, advise_certificate
from mintls.inspection.files import read_inventory
from mintls.inspection.verification import verify_inventory
from mintls.openssl.binary import Openssl
from mintls.profile.fields import Defect
from mintls.x509.certificate import parse_certificate

import pytest
import verifiers
from conftest import mint_profile
from flawed import CA, FLAWED, HOST, LOCAL, REJECTED, SOUND, Flawed, version_1
from foreign import CLIENT, SERVER, make
from peers import need

VERIFIERS = {"Go": verifiers.go, "GnuTLS": verifiers.gnutls}
# Where a rejection needs a newer version than the one that may be installed.
NEWER = {"negative serial": "Go"}


def advice(flawed: Flawed) -> list[str]:
    return list(advise_certificate(parse_certificate((flawed.ca if flawed.about_ca else flawed.made).der)))


@pytest.mark.parametrize("name", SOUND)
def test_sound_ones_get_no_advice(name: str) -> None:
    assert advice(SOUND[name]) == []
    assert list(advise_certificate(parse_certificate(CA.der))) == []


@pytest.mark.parametrize("name", [*FLAWED, *REJECTED])
def test_a_flaw(name: str) -> None:
    """One sentence and no other, about a certificate that lacks nothing else."""
    flawed = {**FLAWED, **REJECTED}[name]
    (sentence,) = advice(flawed)
    assert flawed.advice in sentence


def test_version_1_has_no_names_either() -> None:
    names, version = advice(Flawed(version_1(), ""))
    assert names.startswith("no subjectAltName")
    assert version.startswith("version 1")


def test_every_check_has_its_certificate() -> None:
    made = [one.ca if one.about_ca else one.made for one in (*FLAWED.values(), *REJECTED.values())]
    certificates = [parse_certificate(one.der) for one in (*made, version_1())]
    assert [check.__name__ for check in CHECKS if not any(any(check(one)) for one in certificates)] == []


def test_a_common_name_of_a_client_is_not_a_host_name() -> None:
    assert advice(Flawed(make("b.example", CA, purposes=CLIENT, san=LOCAL), "")) == []
    assert advice(Flawed(make("B b.example", CA, purposes=SERVER, san=LOCAL), "")) == []
    assert advice(Flawed(make(HOST.upper(), CA, purposes=SERVER, san=LOCAL), "")) == []


# ---- who rejects it


def files(flawed: Flawed, folder: Path) -> tuple[Path, Path]:
    (folder / "ca.pem").write_bytes(flawed.ca.pem)
    (folder / "leaf.pem").write_bytes(flawed.made.pem)
    return folder / "ca.pem", folder / "leaf.pem"


def openssl_says(flawed: Flawed, folder: Path, *options: str) -> bool:
    """Plain `openssl verify`, for the purpose and the name."""
    kind = "-verify_ip" if ":" in flawed.name or flawed.name[:1].isdigit() else "-verify_hostname"
    purpose = {"server": "sslserver", "client": "sslclient"}.get(flawed.purpose, "any")
    argv = [need("openssl"), "verify", "-x509_strict", "-purpose", purpose, *options, "-CAfile", "ca.pem"]
    argv += [kind, flawed.name] if flawed.name else []
    return subprocess.run([*argv, "leaf.pem"], cwd=folder, capture_output=True).returncode == 0


@pytest.mark.parametrize("verifier", VERIFIERS)
@pytest.mark.parametrize("name", [*SOUND, *FLAWED])
def test_it_names_who_rejects_what_openssl_accepts(name: str, verifier: str, tmp_path: Path) -> None:
    """Both ways: who is named rejects it, and who rejects it is named; for what openssl itself accepts."""
    flawed = {**SOUND, **FLAWED}[name]
    rejected = bool(VERIFIERS[verifier](*files(flawed, tmp_path), flawed.purpose, flawed.name))
    named = any(verifier in sentence for sentence in advice(flawed))
    if NEWER.get(name) == verifier and not rejected:
        return
    if openssl_says(flawed, tmp_path) or named:
        assert named == rejected


@pytest.mark.parametrize(("name", "level"), [("SHA-1", 1), ("small RSA", 2)])
def test_what_openssl_rejects_at_a_higher_security_level(
    name: str, level: int, tmp_path: Path, openssl: Openssl
) -> None:
    files(FLAWED[name], tmp_path)
    assert re.search(rf"OpenSSL( 3)? at security level {level}", advice(FLAWED[name])[0])
    if openssl.version().startswith("OpenSSL 1."):
        return  # counts the bits of SHA-1 otherwise
    assert openssl_says(FLAWED[name], tmp_path, "-auth_level", str(level - 1))
    assert not openssl_says(FLAWED[name], tmp_path, "-auth_level", str(level))


DEFECTS = """\
defaults: {key: "ec:P-256"}
authorities:
  ca: {subject: {CN: CA}}
  limited: {subject: {CN: Limited}, issuer: ca, path_length: 0}
  deep: {subject: {CN: Deep}, issuer: limited, defects: [past_path_length]}
  narrow: {subject: {CN: Narrow}, issuer: ca, name_constraints: {permitted: ["DNS:other.example"]}}
  false: {subject: {CN: False}, issuer: ca, defects: [ca_false]}
  unsigning: {subject: {CN: Unsigning}, issuer: ca, key_usage: [cRLSign], defects: [no_key_cert_sign]}
servers:
  sound: {subject: {CN: sound}, issuer: ca, san: ["DNS:a.example"]}
  client:
    {subject: {CN: c}, issuer: ca, san: ["DNS:a.example"], extended_key_usage: [clientAuth], defects: [wrong_purpose]}
  nameless: {subject: {CN: a.example}, issuer: ca, defects: [no_san]}
  weak: {subject: {CN: weak}, issuer: ca, san: ["DNS:a.example"], key: "rsa:1024", defects: [weak_key]}
  old: {subject: {CN: old}, issuer: ca, san: ["DNS:a.example"], digest: sha1, defects: [weak_digest]}
  leaf: {subject: {CN: leaf}, issuer: sound, san: ["DNS:a.example"], defects: [leaf_issuer]}
  outside: {subject: {CN: outside}, issuer: narrow, san: ["DNS:a.example"], defects: [outside_name_constraints]}
"""
ISSUERS = {"below-deep": "deep", "below-false": "false", "below-unsigning": "unsigning"}
SIMPLE = (
    "bad_signature", "bad_body", "stolen_key", "self_signed", "wrong_issuer_key", "version_1", "zero_serial",
    "long_serial", "mismatched_algorithm",
)  # fmt: skip


def test_of_the_defects_of_the_profile_language_too(tmp_path: Path, openssl: Openssl) -> None:
    """Whatever Go or GnuTLS rejects is invalid here as well, or has advice. CRLs they are not asked about."""
    entry = '  {}: {{subject: {{CN: x}}, issuer: {}, san: ["DNS:a.example"], defects: [{}]}}\n'
    text = DEFECTS + "".join(entry.format(name, issuer, "") for name, issuer in ISSUERS.items())
    text += "".join(entry.format(f"x-{defect.replace('_', '-')}", "ca", defect) for defect in SIMPLE)
    assert {defect for defect in get_args(Defect) if defect not in text} == {"stale_crl"}
    (tmp_path / "p.yaml").write_text(text)
    made = mint_profile(tmp_path / "p.yaml", tmp_path / "set")
    inventory = read_inventory([made], openssl)
    verdicts = verify_inventory(inventory, openssl)
    certificates = {entry.fingerprint: entry.certificate for entry in inventory.certificates}
    silent, rejected = {}, set()
    for entry in inventory.certificates:
        if entry.certificate.is_authority or entry.name == "false.crt":
            continue
        chain = [entry.fingerprint, *verdicts.issuers.chain(entry.fingerprint)]
        (tmp_path / "chain.pem").write_text("".join(certificates[one].pem for one in chain))
        answers = {name: ask(made / "ca.crt", tmp_path / "chain.pem", "server", "a.example")
                   for name, ask in VERIFIERS.items()}  # fmt: skip
        if any(answers.values()):
            rejected.add(entry.name)
        valid = not any(check.error for check in verdicts.checks[entry.fingerprint])
        if any(answers.values()) and valid and not any(advise_certificate(certificates[one]) for one in chain):
            silent[entry.name] = answers
    assert silent == {}
    assert len(rejected) > 8, "so that silence would be noticed"
    assert "sound.crt" not in rejected
