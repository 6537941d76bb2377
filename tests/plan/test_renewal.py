"""What a rerun makes anew, and why; what it leaves alone to the nanosecond."""

import json
import resource
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mintls.errors import OutputError
from mintls.manifest import decode_manifest
from mintls.plan.renewal import decide
from mintls.plan.selection import Selection
from mintls.profile.load import load_profile

import pytest
from conftest import Run, contents, mint_profile
from cryptography import x509
from peers import need
from processes import run_alone

pytestmark = pytest.mark.slow

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
    done = run("generate.py", profile, "-o", directory, "--json", "-")
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
        assert "root.key is missing; restore it" in done.stderr
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
        decisions = decide(profile, manifest, digests, now + timedelta(days=days), Selection())
        assert {decision.entry.name for decision in decisions if decision.work} == due
    with pytest.raises(OutputError, match=r"root\.key is missing"):
        decide(
            profile,
            manifest,
            {n: d for n, d in digests.items() if n != "root.key"},
            now + timedelta(days=91),
            Selection(),
        )


# ---- what a run is asked


def asked(run: Run, directory: Path, *words: str, text: str = TEXT, status: int = 0) -> dict[str, str]:
    """What was issued, or would be, and why."""
    profile = directory.parent / "profile.yaml"
    profile.write_text(text)
    done = run("generate.py", profile, "-o", directory, "--json", "-", *words)
    assert (done.returncode, done.stderr) == (status, ""), done.stderr
    report = json.loads(done.stdout)
    acted = {one["name"]: one["why"] for one in report["certificates"] if one["action"] not in ("kept", "skipped")}
    assert report["current"] == (not acted)
    return acted


def changed(directory: Path, before: dict[str, tuple[int, bytes]]) -> set[str]:
    return {name for name, now in contents(directory).items() if now != before.get(name)} - {"manifest.json"}


def test_an_unchanged_set_takes_well_under_a_second(minted: Path) -> None:
    """Of the processors' time, for the machine may be busy with other things."""
    (minted.parent / "profile.yaml").write_text(TEXT)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run_alone("generate.py", minted.parent / "profile.yaml", "-o", minted, "-q").returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.8


def test_check_says_what_is_due_and_changes_nothing(minted: Path, run: Run) -> None:
    assert asked(run, minted, "--check") == {}
    (minted / "cal.crt").unlink()
    before = contents(minted)
    text = TEXT.replace("CN: Sub}", "CN: Sub2}")
    due = asked(run, minted, "--check", text=text, status=1)
    assert due == {
        "sub": "its settings changed", "web": "sub has a new key or subject", "cal": "cal.crt is missing",
        "pinned": "sub has a new key or subject",
    }  # fmt: skip
    assert contents(minted) == before
    done = run("generate.py", minted.parent / "profile.yaml", "-o", minted, "--check")
    assert (done.returncode, done.stderr) == (1, "")
    assert "due       web: sub has a new key or subject\n" in done.stdout
    assert "kept      root: valid until " in done.stdout
    assert done.stdout.endswith("set: 4 due, 5 in all\n")
    quiet = run("generate.py", minted.parent / "profile.yaml", "-o", minted, "--check", "-q")
    assert (quiet.returncode, quiet.stdout) == (1, "")
    assert asked(run, minted, text=text) == due  # what was said is what is done
    assert asked(run, minted, "--check", text=text) == {}


def test_check_of_what_is_not_there(tmp_path: Path, run: Run) -> None:
    (tmp_path / "profile.yaml").write_text(TEXT)
    assert set(asked(run, tmp_path / "set", "--check", status=1)) == {"root", "sub", "web", "pinned", "cal"}
    assert not (tmp_path / "set").exists()


def test_force_issues_what_is_good_for_the_same_keys(minted: Path, run: Run) -> None:
    before = contents(minted)
    assert set(asked(run, minted, "--force").values()) == {"forced"}
    assert changed(minted, before) == {"root.crt", "sub.crt", "web.crt", "pinned.crt", "cal.crt"}
    verify_all(minted)


def test_rotate_keys_spares_the_authorities(minted: Path, run: Run) -> None:
    before = contents(minted)
    assert set(asked(run, minted, "--rotate-keys")) == {"web", "pinned", "cal"}
    leaves = ("web", "pinned", "cal")
    assert changed(minted, before) == {f"{name}.{kind}" for name in leaves for kind in ("key", "crt")}
    verify_all(minted)


@pytest.mark.parametrize(
    ("words", "touched"),
    [
        (["--only", "web"], {"web"}), (["--only", "sub", "--only", "c*"], {"sub", "cal"}), (["--only", "*"], None),
        (["--only", "[pw]*"], {"web", "pinned"}),
    ],
)  # fmt: skip
def test_only_touches_no_other(words: list[str], touched: set[str] | None, minted: Path, run: Run) -> None:
    before = contents(minted)
    everything = {"root", "sub", "web", "pinned", "cal"}
    assert set(asked(run, minted, "--force", *words)) == (touched or everything)
    assert changed(minted, before) == {f"{name}.crt" for name in touched or everything}


def test_only_a_name_that_there_is(minted: Path, run: Run) -> None:
    done = run("generate.py", minted.parent / "profile.yaml", "-o", minted, "--only", "web", "--only", "wbe")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--only 'wbe' matches no entry" in done.stderr
    assert done.stderr.endswith("; did you mean web?\n")
    done = run("generate.py", minted.parent / "profile.yaml", "-o", minted, "--only", "z*")
    assert done.stderr.endswith("; write a name or a glob\n")


def test_what_a_partial_run_left_behind_is_due_in_the_next(minted: Path, run: Run) -> None:
    """Its issuer became another while it was not to be touched."""
    text = TEXT.replace("CN: Sub}", "CN: Sub2}")
    assert set(asked(run, minted, "--only", "sub", text=text)) == {"sub"}
    due = asked(run, minted, "--check", text=text, status=1)
    assert due == dict.fromkeys(["web", "pinned"], "sub has changed since it signed this")
    assert asked(run, minted, text=text) == due
    verify_all(minted)
    assert asked(run, minted, text=text) == {}
    (minted / "sub.crt").unlink()  # issued again for the same key and name: only who names its serial goes with it
    assert set(asked(run, minted, "--only", "sub", text=text)) == {"sub"}
    assert asked(run, minted, text=text) == {"pinned": "sub has changed since it signed this"}
    verify_all(minted)


def test_only_a_new_entry_below_one_that_is_not_there(tmp_path: Path, run: Run) -> None:
    (tmp_path / "profile.yaml").write_text(TEXT)
    done = run("generate.py", tmp_path / "profile.yaml", "-o", tmp_path / "set", "--only", "web")
    assert (done.returncode, done.stdout) == (3, "")
    assert "web must be issued (new), but its issuer sub does not exist yet; mint that first" in done.stderr
    assert asked(run, tmp_path / "set", "--only", "sub", "--only", "root")
    assert asked(run, tmp_path / "set", "--only", "web") == {"web": "new"}


def test_renew_within(minted: Path, run: Run) -> None:
    leaves = {"web", "pinned", "cal"}
    profile = load_profile(minted.parent / "profile.yaml")
    manifest = decode_manifest((minted / "manifest.json").read_bytes(), "manifest.json")
    digests = {name: digest for record in manifest.certificates for name, digest in record.sha256.items()}
    for days, due in ((0, set()), (99, set()), (101, leaves), (201, {*leaves, "sub"}), (301, {*leaves, "sub", "root"})):
        selection = Selection(renew_within=timedelta(days))
        decisions = decide(profile, manifest, digests, datetime.now(UTC), selection)
        assert {decision.entry.name for decision in decisions if decision.work} == due
    assert set(asked(run, minted, "--check", "--renew-within", "2425h", status=1)) == leaves


@pytest.mark.parametrize("within", ["30", "-1d", "1y", "99999999d"])
def test_what_is_no_length_of_time(within: str, minted: Path, run: Run) -> None:
    done = run("generate.py", minted.parent / "profile.yaml", "-o", minted, f"--renew-within={within}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--renew-within" in done.stderr
    assert "is not a length of time" in done.stderr
