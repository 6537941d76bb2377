"""The folded plan makes what the plain one makes: two sets of one profile, judged by pyca/cryptography."""

from pathlib import Path

from mintls.minting.check import whole_plan
from mintls.plan.fold import compact
from mintls.plan.plan import Plan
from mintls.profile.load import load_profile, read_profile

import pytest
from conftest import PROFILES, Fake, Run
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtensionOID

KEYS = """\
authorities:
  root: {subject: {CN: root}, key: %s}
  ca: {subject: {CN: ca}, issuer: root, key: %s}
servers:
  server: {subject: {O: x, CN: sürver}, issuer: ca, key: %s, san: ["DNS:a.example", "IP:::1", "URI:spiffe://x/y"]}
"""
OWN = {  # what must differ between two sets
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
}


def shape(directory: Path) -> dict[str, object]:
    """Everything in a set but the keys and the serial numbers."""
    found: dict[str, object] = {}
    for path in sorted(directory.glob("*.crt")):
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        key = load_pem_private_key(path.with_suffix(".key").read_bytes(), None)
        assert key.public_key() == certificate.public_key()
        first_line = path.with_suffix(".key").read_bytes().split(b"\n")[0]
        extensions = [(e.oid, e.critical, e.oid in OWN or e.value) for e in certificate.extensions]
        length = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        names = certificate.subject.public_bytes(), certificate.issuer.public_bytes()
        kind = type(certificate.public_key()), getattr(certificate.public_key(), "key_size", 0), first_line
        signature = certificate.signature_algorithm_oid
        found[path.name] = (certificate.version, extensions, length, names, kind, signature)
    return found


@pytest.mark.parametrize("keys", [("ec:P-256", "ec:P-384", "rsa:2048"), ("ed25519", "ed448", "ec:P-256")])
def test_both_plans_make_the_same_set(keys: tuple[str, ...], tmp_path: Path, run: Run, fake_openssl: Fake) -> None:
    profile = tmp_path / "profile.yaml"
    profile.write_text(KEYS % keys, encoding="utf-8")
    # this openssl tells of no command what it can, so that nothing is folded
    plain = fake_openssl(f'echo "$1" >> {tmp_path}/said; [ "$2" = -help ] && exit 0; exec $REAL "$@"')
    assert run("generate.py", profile, "-o", tmp_path / "plain", env=plain).returncode == 0
    assert run("generate.py", profile, "-o", tmp_path / "folded").returncode == 0
    assert "x509\n" in (tmp_path / "said").read_text()
    assert shape(tmp_path / "plain") == shape(tmp_path / "folded")
    assert len(shape(tmp_path / "plain")) == 3


def commands(plan: Plan) -> list[list[str]]:
    return [[step.argv[0] for step in issue.steps] for issue in plan.issues]


@pytest.mark.parametrize(
    ("key", "expected"), [("ec:P-256", ["req"]), ("ed25519", ["req"]), ("rsa:2048", ["genpkey", "req"])]
)
def test_an_entry_takes_few_processes(key: str, expected: list[str]) -> None:
    """One, but for an RSA key: made apart, it does not wait for its issuer's."""
    plan = compact(whole_plan(read_profile((KEYS % (key, key, key)).encode(), "profile.yaml", "profile")))
    assert commands(plan) == [expected] * 3
    keys = [issue.steps[0].needs for issue in plan.issues if expected[0] == "genpkey"]
    assert not any(keys)


def test_a_request_that_is_kept_is_made() -> None:
    plan = compact(whole_plan(load_profile(PROFILES / "step-by-step.yaml")))
    assert commands(plan) == [["genpkey", "req"], *[["genpkey", "req", "x509"]] * 2]
