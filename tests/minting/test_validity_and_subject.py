"""Exact lifetimes, relative dates, and certificates without a subject, as pyca/cryptography reads them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from mintls.minting.check import check
from mintls.minting.snapshot import read_manifest
from mintls.plan.renewal import decide
from mintls.plan.selection import Selection
from mintls.profile.load import load_profile

import pytest
from conftest import Run, load
from cryptography import x509

PROFILE = """\
defaults: {key: ec:P-256, days: 90}
authorities: {ca: {subject: {CN: ca}, crl: {lifetime: 60s}}}
servers:
  short: {subject: {CN: s}, san: ["DNS:localhost"], lifetime: 90s}
  named: {san: ["DNS:localhost"]}
  empty: {subject: {}, san: ["DNS:localhost"]}
  stapled: {san: ["DNS:s"], must_staple: true, ocsp: ["http://o.example"], ca_issuers: ["http://p.example/ca.der"]}
  fleet: {san: ["DNS:f{index}.example"], count: 2}
peers:
  web: {san: ["URI:spiffe://example.org/web"]}
clients:
  expired: {subject: {CN: e}, not_after: -1d}
  later: {subject: {CN: l}, not_before: +1h, not_after: 2099-01-01}
"""


@pytest.fixture(scope="module")
def minted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from conftest import mint_profile

    folder = tmp_path_factory.mktemp("validity")
    (folder / "p.yaml").write_text(PROFILE)
    return mint_profile(folder / "p.yaml", folder / "set")


def test_the_dates(minted: Path) -> None:
    def dates(name: str) -> tuple[datetime, datetime]:
        certificate = load(minted / f"{name}.crt")
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc

    begin, end = dates("short")
    assert end - begin == timedelta(seconds=90)
    assert abs(datetime.now(UTC) - begin) < timedelta(minutes=10)
    begin, end = dates("expired")
    assert end - begin == timedelta(90)
    assert timedelta(1) <= datetime.now(UTC) - end < timedelta(1, minutes=10)
    assert dates("later")[1] == datetime(2099, 1, 1, tzinfo=UTC)
    assert timedelta(minutes=50) < dates("later")[0] - datetime.now(UTC) <= timedelta(hours=1)
    begin, end = dates("ca")
    assert end - begin == timedelta(3650), "CAs do not inherit days"
    crl = x509.load_pem_x509_crl((minted / "ca.crl").read_bytes())
    assert crl.next_update_utc - crl.last_update_utc == timedelta(seconds=60)


@pytest.mark.parametrize(
    ("name", "subject", "critical"),
    [
        ("web", "", True), ("empty", "", True), ("named", "CN=named", False),
        ("fleet-1", "CN=fleet-1", False), ("fleet-2", "CN=fleet-2", False), ("short", "CN=s", False),
    ],
)  # fmt: skip
def test_a_subject_that_is_not_written(name: str, subject: str, critical: bool, minted: Path) -> None:
    """RFC 5280 section 4.1.2.6."""
    certificate = load(minted / f"{name}.crt")
    san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert (certificate.subject.rfc4514_string(), san.critical) == (subject, critical)


def test_without_a_subject_it_verifies(minted: Path, run: Run) -> None:
    done = run("verify.py", *(minted / f"{name}.crt" for name in ("ca", "web", "empty")))
    assert done.returncode == 0, done.stdout + done.stderr


def test_when_it_is_due(minted: Path) -> None:
    profile, manifest = load_profile(minted.parent / "p.yaml"), read_manifest(minted)
    assert manifest
    digests = {file: digest for record in manifest.certificates for file, digest in record.sha256.items()}
    begin = datetime.fromisoformat(manifest.named["short"].not_before)

    def due(seconds: float) -> list[str]:
        now = begin + timedelta(seconds=seconds)
        return [one.entry.name for one in decide(profile, manifest, digests, now, Selection()) if one.work]

    assert (due(1), due(91)) == ([], ["short"])
    (expired,) = [one for one in decide(profile, manifest, digests, begin, Selection()) if one.entry.name == "expired"]
    assert expired.why == f"expired {manifest.named['expired'].not_after}, as in the profile"


def test_it_is_checked_at_once(minted: Path) -> None:
    assert not [one for one in check(load_profile(minted.parent / "p.yaml"), minted, Selection()).decisions if one.work
                and one.entry.name != "short"]  # fmt: skip


def test_the_commands_alone_make_it_too(minted: Path, run: Run, tmp_path: Path) -> None:
    import subprocess

    script = run("generate.py", minted.parent / "p.yaml", "--dry-run")
    done = subprocess.run(["sh"], input=script.stdout, text=True, cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert load(tmp_path / "web.crt").subject.rfc4514_string() == ""
    certificate = load(tmp_path / "short.crt")
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(seconds=90)


@pytest.mark.parametrize("wrong", ["authorities: {ca: {}}", "authorities: {ca: {subject: {CN: ca}}}\nclients: {c: {}}"])
def test_who_needs_a_subject(wrong: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(wrong)
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    assert (done.returncode, ".subject: is missing; write subject: {CN: c" in done.stderr) == (2, True)
    assert not (tmp_path / "set").exists()


def test_must_staple_and_where_the_issuer_is(minted: Path) -> None:
    """RFC 7633 section 4.2.3.1; RFC 5280 section 4.2.2.1."""
    extensions = load(minted / "stapled.crt").extensions
    assert list(extensions.get_extension_for_class(x509.TLSFeature).value) == [x509.TLSFeatureType.status_request]
    methods = x509.AuthorityInformationAccessOID
    assert [
        (one.access_method, one.access_location.value)
        for one in extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    ] == [(methods.OCSP, "http://o.example"), (methods.CA_ISSUERS, "http://p.example/ca.der")]
    with pytest.raises(x509.ExtensionNotFound):
        load(minted / "named.crt").extensions.get_extension_for_class(x509.TLSFeature)
