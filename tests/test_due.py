"""What a rerun makes anew, and why; what it leaves alone to the nanosecond."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mintls.due import Wishes, decide
from mintls.errors import OutputError
from mintls.manifest import decode_manifest
from mintls.profile import load_profile

import pytest
from conftest import Run, contents, mint_profile
from cryptography import x509
from peers import need

TEXT = """\
defaults: {key: ec:P-256, days: 100}
authorities:
  root: {subject: {CN: Root}, days: 300}
  sub: {subject: {CN: Sub}, days: 200, issuer: root}
servers:
  web: {subject: {CN: web}, san: ["DNS:web"], issuer: sub}
clients:
  pinned: {subject: {CN: pinned}, issuer: sub, authority_key_identifier: "keyid,issuer:always"}
  cal: {subject: {CN: cal}, issuer: root}
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("due")
    (folder / "profile.yaml").write_text(TEXT)
    mint_profile(folder / "profile.yaml", folder / "set")
    return folder


@pytest.fixture
def minted(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "copy")) / "set"


def rerun(run: Run, directory: Path, text: str = TEXT) -> dict[str, str]:
    """What was issued, and why."""
    profile = directory.parent / "profile.yaml"
    profile.write_text(text)
    done = run("generate.py", profile, "-o", directory, "--json")
    assert done.returncode == 0, done.stderr
    return {one["name"]: one["why"] for one in json.loads(done.stdout)["certificates"] if one["action"] != "kept"}


def verify_all(directory: Path) -> None:
    """Every certificate verifies below the root, asked of openssl without our own code."""
    anchors = ["-trusted", "root.crt", "-untrusted", "sub.crt"]
    files = sorted(path.name for path in directory.glob("*.crt"))
    command = [need("openssl"), "verify", "-x509_strict", *anchors, *files]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    assert done.stdout.splitlines() == [f"{file}: OK" for file in files], done.stderr


def new_key(path: Path) -> None:
    command = [need("openssl"), "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)


def test_a_rerun_touches_nothing(minted: Path, run: Run) -> None:
    before = contents(minted)
    assert rerun(run, minted) == {}
    assert contents(minted) == before


@pytest.mark.parametrize("file", ["web.crt", "sub.crt", "root.crt"])
def test_a_missing_certificate_is_issued_for_the_key_that_is_there(minted: Path, run: Run, file: str) -> None:
    before = contents(minted)
    (minted / file).unlink()
    issued = rerun(run, minted)
    name = file.removesuffix(".crt")
    assert issued.pop(name) == f"{file} is missing"
    assert set(issued) <= {"pinned"}, "only that which names its issuer's serial goes with it"
    after = contents(minted)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {file, "manifest.json", *(f"{other}.crt" for other in issued)}
    verify_all(minted)


def test_a_certificate_that_names_its_issuers_serial_goes_with_it(minted: Path, run: Run) -> None:
    (minted / "sub.crt").unlink()
    assert set(rerun(run, minted)) == {"sub", "pinned"}
    issuer = x509.load_pem_x509_certificate((minted / "sub.crt").read_bytes())
    leaf = x509.load_pem_x509_certificate((minted / "pinned.crt").read_bytes())
    named = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert named.authority_cert_serial_number == issuer.serial_number


def test_nothing_goes_with_an_issuer_that_only_gets_another_file(minted: Path, run: Run) -> None:
    text = TEXT.replace("CN: Sub}", "CN: Sub}, outputs: [der]")
    assert rerun(run, minted, text) == {"sub": "sub.der is missing"}
    before = contents(minted)
    assert rerun(run, minted, text) == {}
    assert contents(minted) == before


def test_a_missing_leaf_key_is_made_anew(minted: Path, run: Run) -> None:
    (minted / "web.key").unlink()
    assert rerun(run, minted) == {"web": "web.key is missing"}
    verify_all(minted)


@pytest.mark.parametrize(
    ("old", "new", "issued"),
    [
        ("CN: web}", "CN: www}", {"web"}),
        ('"DNS:web"', '"DNS:web", "DNS:www"', {"web"}),
        ("days: 100", "days: 101", {"web", "pinned", "cal"}),
        ("CN: cal}", "CN: cal}, serial: 77", {"cal"}),
        ("CN: cal}", "CN: cal}, digest: sha512", {"cal"}),
        ("CN: cal}", "CN: cal}, key: ec:P-384", {"cal"}),
        ("CN: cal}", "CN: cal}, extended_key_usage: [clientAuth, 1.2.3]", {"cal"}),
        ("CN: cal}, issuer: root", "CN: cal}, issuer: sub", {"cal"}),
        ("days: 200", "days: 201", {"sub", "pinned"}),
        ("CN: Sub}", "CN: Sub2}", {"sub", "web", "pinned"}),
        ("CN: Root}", "CN: Root2}", {"root", "sub", "cal", "pinned"}),
        ("clients:\n", "clients:\n  new: {subject: {CN: new}, issuer: root}\n", {"new"}),
        ("clients:\n", "# a comment\nclients:\n", set()),
    ],
)
def test_what_changed_settings_make_anew(minted: Path, run: Run, old: str, new: str, issued: set[str]) -> None:
    before = contents(minted)
    assert set(rerun(run, minted, TEXT.replace(old, new))) == issued
    after = contents(minted)
    kept = [name for name in before if name.endswith(".key") and "P-384" not in new]
    assert [after[name] for name in kept] == [before[name] for name in kept]
    verify_all(minted)


def test_below_a_new_authority_everything_is_issued_again(minted: Path, run: Run) -> None:
    (minted / "sub.key").unlink()
    (minted / "sub.crt").unlink()
    before = contents(minted)
    assert set(rerun(run, minted)) == {"sub", "web", "pinned"}
    assert contents(minted)["web.key"] == before["web.key"]
    verify_all(minted)


@pytest.mark.parametrize(("name", "issued"), [("sub", {"sub", "web", "pinned"}), ("web", {"web"})])
def test_a_key_that_was_replaced(minted: Path, run: Run, name: str, issued: set[str]) -> None:
    new_key(minted / f"{name}.key")
    assert set(rerun(run, minted)) == issued
    verify_all(minted)


def test_a_key_of_an_authority_may_be_elsewhere_until_it_must_sign(minted: Path, run: Run) -> None:
    (minted / "root.key").rename(minted.parent / "root.key")
    assert rerun(run, minted) == {}
    before = contents(minted)
    for file, text in (("cal.crt", TEXT), ("", TEXT.replace("CN: Root}", "CN: Root2}"))):
        if file:
            (minted / file).rename(minted.parent / file)
        (minted.parent / "profile.yaml").write_text(text)
        done = run("generate.py", minted.parent / "profile.yaml", "-o", minted)
        assert (done.returncode, done.stdout) == (3, "")
        assert "root.key is not here; put it back" in done.stderr
        if file:
            (minted.parent / file).rename(minted / file)
        assert contents(minted) == before


@pytest.mark.parametrize("data", [b"", b"garbage"])
def test_a_certificate_that_was_changed_is_not_called_good(minted: Path, run: Run, data: bytes) -> None:
    (minted / "web.crt").write_bytes(data)
    before = contents(minted)
    done = run("generate.py", minted.parent / "profile.yaml", "-o", minted)
    assert done.returncode == 3
    assert "web.crt; move it away" in done.stderr
    assert contents(minted) == before
    (minted / "web.crt").unlink()
    assert set(rerun(run, minted)) == {"web"}


def test_what_ends_soon_is_due(minted: Path) -> None:
    """A tenth of its life before the end, by the clock that is given."""
    profile = load_profile(minted.parent / "profile.yaml")
    manifest = decode_manifest((minted / "manifest.json").read_bytes(), "manifest.json")
    digests = {name: digest for record in manifest.certificates for name, digest in record.sha256.items()}
    now = datetime.now(UTC)
    for days, due in ((0, set()), (89, set()), (91, {"web", "pinned", "cal"}), (181, {"web", "pinned", "cal", "sub"})):
        decisions = decide(profile, manifest, digests, now + timedelta(days=days), Wishes())
        assert {decision.entry.name for decision in decisions if decision.work} == due
    with pytest.raises(OutputError, match=r"root\.key is not here"):
        decide(
            profile, manifest, {n: d for n, d in digests.items() if n != "root.key"}, now + timedelta(days=91), Wishes()
        )
