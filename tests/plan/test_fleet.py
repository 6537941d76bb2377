"""Fleets: what `count` makes of an entry, and shares of a fleet that many machines mint."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from mintls.errors import ProfileError
from mintls.manifest import Manifest, Record, joined
from mintls.plan.shard import Shard
from mintls.profile.load import load_profile, read_profile

import pytest
from conftest import Run, contents, load, mint_profile
from deadline import patient
from processes import SCRIPTS

TEXT = """\
defaults: {key: "ec:P-256"}
authorities: {ca: {subject: {CN: CA}}}
servers:
  web: {subject: {CN: web}, san: ["DNS:web"]}
clients:
  sensor:
    subject: {OU: ["site {index}", fixed], CN: "sensor-{index:04d}"}
    san: ["DNS:s{index}.example.org", "URI:urn:sensor:{index:02d}"]
    count: 13
peers:
  node: {subject: {CN: "node {index}"}, san: ["DNS:n{index}.example.org"], count: 3}
"""
FLEET = [f"sensor-{number:02d}" for number in range(1, 14)] + [f"node-{number}" for number in range(1, 4)]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the profile, and a set of its authority alone."""
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "p.yaml").write_text(TEXT)
    command = [sys.executable, str(SCRIPTS / "generate.py"), "p.yaml", "-o", "set", "--only", "ca"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    assert sorted(path.name for path in (folder / "set").iterdir()) == ["ca.crt", "ca.key", "manifest.json"]
    return folder


def names(directory: Path) -> set[str]:
    return {path.stem for path in directory.glob("*.crt")} - {"ca"}


# ---- what count makes


def test_each_of_a_fleet_has_its_own_names(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(TEXT)
    entries = {entry.name: entry for entry in load_profile(tmp_path / "p.yaml").entries}
    assert list(entries) == ["ca", "web", *FLEET]
    seventh = entries["sensor-07"]
    assert list(seventh.settings.subject) == [("OU", "site 7"), ("OU", "fixed"), ("CN", "sensor-0007")]
    assert list(map(str, seventh.settings.san)) == ["DNS:s7.example.org", "URI:urn:sensor:07"]
    assert (seventh.index, seventh.issuer, seventh.role) == (7, "ca", "client")


def test_one_of_one_is_a_fleet_too() -> None:
    text = 'authorities: {ca: {subject: {CN: CA}}}\nclients: {c: {subject: {CN: "{index}"}, count: 1}}\n'
    assert [entry.name for entry in read_profile(text.encode(), "p", "p").entries] == ["ca", "c-1"]


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("count: 0", "clients.c.count"),
        ("count: 1000001", "clients.c.count"),
        ("count: many", "clients.c.count"),
        ('count: 2, san: ["DNS:{index:4}.example.org"]', "clients.c.san[0]"),
        ('count: 2, san: ["DNS:a_{index}!.example.org"]', "clients.c.san[0]"),
        ("count: 2, serial: 7", "the same serial"),
    ],
)
def test_a_mistake_in_a_fleet_is_told_once(field: str, part: str) -> None:
    text = f'authorities: {{ca: {{subject: {{CN: CA}}}}}}\nclients: {{c: {{subject: {{CN: "{{index}}"}}, {field}}}}}\n'
    with pytest.raises(ProfileError) as caught:
        read_profile(text.encode(), "p", "p")
    assert [part in complaint for complaint in caught.value.complaints] == [True]


def test_a_fleet_cannot_take_the_name_of_another() -> None:
    text = TEXT.replace("  web:", "  sensor-03:")
    with pytest.raises(ProfileError, match=r"would be the same file as sensor-03\.crt"):
        read_profile(text.encode(), "p", "p")


def test_an_authority_is_no_fleet() -> None:
    with pytest.raises(ProfileError, match=r"authorities\.ca\.count"):
        read_profile(b"authorities: {ca: {subject: {CN: CA}, count: 2}}", "p", "p")


# ---- shares


@pytest.mark.parametrize("of", [1, 2, 3, 5, 40])
def test_shares_are_disjoint_and_their_union_is_the_whole(of: int) -> None:
    entries = [one for one in read_profile(TEXT.encode(), "p", "p").entries if not one.is_authority]
    shares = [{one.name for one in entries if Shard(number, of).covers(one)} for number in range(1, of + 1)]
    assert sum(map(len, shares)) == len(set().union(*shares)) == len(entries)
    sizes = [sum(name.startswith("sensor") for name in share) for share in shares]
    assert max(sizes) - min(sizes) <= 1


def start(argv: Sequence[object], folder: Path) -> "subprocess.Popen[str]":
    words = [sys.executable, str(SCRIPTS / "generate.py"), *map(str, argv)]
    return subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("together", [True, False], ids=["one directory", "a directory each"])
def test_four_processes_mint_a_fleet(together: bool, authority: Path, tmp_path: Path, run: Run) -> None:
    """At once and with no coordination: on one machine, or on four of which each has a copy of the authority."""
    folders = [tmp_path / ("all" if together else f"machine{number}") for number in range(1, 5)]
    for folder in dict.fromkeys(folders):
        shutil.copytree(authority / "set", folder)
    running = [
        start(["p.yaml", "-o", folder, "--shard", f"{number}/4", "-j", "2", "-q"], authority)
        for number, folder in enumerate(folders, start=1)
    ]
    said = [process.communicate(timeout=patient(100)) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0, 0], said
    if not together:
        assert sum(len(names(folder)) for folder in folders) == len(FLEET) + 1
        for folder in folders[1:]:
            for path in folder.iterdir():
                if not path.name.startswith("ca.") and path.name != "manifest.json":
                    assert not (folders[0] / path.name).exists()
                    shutil.copy2(path, folders[0])
    whole = folders[0]
    assert names(whole) == {"web", *FLEET}
    certificates = [load(path) for path in whole.glob("*.crt")]
    assert len({one.serial_number for one in certificates}) == len(certificates) == len(FLEET) + 2
    for one in certificates:
        one.verify_directly_issued_by(load(authority / "set" / "ca.crt"))
    shown = run("verify.py", whole, "--json", "-")
    assert (shown.returncode, json.loads(shown.stdout)["certificates"]) == (0, len(certificates)), shown.stdout
    # the whole profile finds nothing to do in the shares' union, and writes one manifest at its next work
    before = contents(whole)
    done = run("generate.py", authority / "p.yaml", "-o", whole, "--json", "-")
    assert done.returncode == 0, done.stderr
    assert {one["action"] for one in json.loads(done.stdout)["certificates"]} == {"kept"}
    assert contents(whole) == before
    (whole / "web.crt").unlink()
    assert run("generate.py", authority / "p.yaml", "-o", whole).returncode == 0
    assert [path.name for path in whole.glob("manifest*")] == ["manifest.json"]
    told = json.loads((whole / "manifest.json").read_text())["certificates"]
    assert {record["name"] for record in told} == {"ca", "web", *FLEET}


def test_a_share_again_and_after_a_change(authority: Path, tmp_path: Path, run: Run) -> None:
    folder = Path(shutil.copytree(authority / "set", tmp_path / "set"))
    words = ("generate.py", tmp_path / "p.yaml", "-o", folder)
    (tmp_path / "p.yaml").write_text(TEXT)
    assert "set: 4 issued, 5 in all" in run(*words, "--shard", "2/4").stdout
    before = contents(folder)
    assert "set: 0 issued, 5 in all" in run(*words, "--shard", "2/4").stdout
    assert contents(folder) == before
    (tmp_path / "p.yaml").write_text(TEXT.replace("fixed", "other"))
    for _ in range(2):  # at once, so that old and new begin in the same second
        done = run(*words, "--shard", "2/4")
        assert done.returncode == 0, done.stderr
    assert "set: 0 issued, 5 in all" in done.stdout
    assert load(folder / "sensor-02.crt").subject.rfc4514_string() == "CN=sensor-0002,OU=other,OU=site 2"


def test_a_share_after_the_whole(tmp_path: Path, run: Run) -> None:
    """The whole set's manifest and the share's tell of the same names; the later is believed."""
    (tmp_path / "p.yaml").write_text(TEXT)
    folder = mint_profile(tmp_path / "p.yaml", tmp_path / "set")
    (tmp_path / "p.yaml").write_text(TEXT.replace("fixed", "other"))
    words = ("generate.py", tmp_path / "p.yaml", "-o", folder)
    assert run(*words, "--shard", "1/2").stdout.count("renewed") == 7
    assert run(*words, "--shard", "1/2", "--check").returncode == 0
    done = run(*words)
    assert (done.returncode, done.stdout.count("renewed")) == (0, 6), done.stderr


def test_of_two_manifests_the_later_record_counts() -> None:
    """And in the same second that of the share, which was made beside the manifest that stood."""

    def manifest(serial: str, begin: str) -> Manifest:
        record = Record(name="a", role="client", issuer="ca", subject="", san=(), key="", serial=serial, fingerprint="",
                        not_before=begin, not_after=begin, settings="", files={}, sha256={})  # fmt: skip
        return Manifest(profile="p", openssl="", certificates=(record,))

    early, late = "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"
    for whole, share, expected in ((early, late, "share"), (late, late, "share"), (late, early, "whole")):
        (record,) = joined([manifest("whole", whole), manifest("share", share)]).certificates
        assert record.serial == expected


def test_a_share_makes_no_authority(tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(TEXT)
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set", "--shard", "1/2")
    assert (done.returncode, done.stdout) == (3, "")
    assert "its issuer ca does not exist yet; mint that first" in done.stderr
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("share", ["0/2", "3/2", "1", "-1/2", "1/9999999"])
def test_what_is_no_share(share: str, authority: Path, run: Run) -> None:
    done = run("generate.py", authority / "p.yaml", "-o", authority / "none", f"--shard={share}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not a share; write K/N" in done.stderr
