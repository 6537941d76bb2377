"""The output directory: a publication that was decided is finished by whoever comes next."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from mintls.errors import OutputError
from mintls.manifest import MANIFEST, decode_manifest, encode_manifest
from mintls.minting.publication import COMMIT, open_store

import pytest
from conftest import contents, mint_profile
from deadline import patient
from processes import SCRIPTS

TEXT = "defaults: {key: ec:P-256}\nauthorities: {ca: {subject: {CN: %s}}}\nclients: {c: {subject: {CN: c}}}\n"


def files(directory: Path) -> dict[str, bytes]:
    return {name: data for name, (_, data) in contents(directory).items()}


@pytest.fixture(scope="module")
def two_sets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    made = []
    for name in ("old", "new"):
        folder = tmp_path_factory.mktemp(name)
        (folder / "p.yaml").write_text(TEXT % name)
        made.append(mint_profile(folder / "p.yaml", folder / "set"))
    return made[0], made[1]


@pytest.mark.parametrize("moved", range(6))
def test_killed_while_publishing_the_new_set_stands(moved: int, two_sets: tuple[Path, Path], tmp_path: Path) -> None:
    """The commit directory with its first `moved` files in place already, as a SIGKILL would leave them."""
    old, new = two_sets
    directory = Path(shutil.copytree(old, tmp_path / "set"))
    shutil.copytree(new, directory / COMMIT)
    for name in sorted(path.name for path in new.iterdir() if path.name != MANIFEST)[:moved]:
        (directory / COMMIT / name).replace(directory / name)
    with open_store(directory):
        pass
    assert files(directory) == files(new)


def test_the_manifest_moves_last(two_sets: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells of the others, so a set without its manifest is unfinished and never the other way round."""
    directory = Path(shutil.copytree(two_sets[0], tmp_path / "set"))
    shutil.copytree(two_sets[1], directory / COMMIT)
    moved: list[str] = []
    replace = os.replace

    def note(old: str, new: str, **folders: int) -> None:
        moved.append(new)
        replace(old, new, **folders)

    monkeypatch.setattr(os, "replace", note)
    with open_store(directory):
        pass
    assert (len(moved), moved[-1]) == (5, MANIFEST)


def test_killed_before_publishing_the_old_set_stands(two_sets: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = two_sets
    directory = Path(shutil.copytree(old, tmp_path / "set"))
    shutil.copytree(new, directory / ".mintls-stage-0123456789abcdef" / "+commit")
    with open_store(directory):
        pass
    assert files(directory) == files(old)


def test_a_second_process_waits_for_the_first(tmp_path: Path) -> None:
    code = "from pathlib import Path\nfrom mintls.minting.publication import open_store\nimport sys\n"
    code += "with open_store(Path(sys.argv[1])): print('in', flush=True)\n"
    command = [sys.executable, "-c", code, str(tmp_path)]
    with open_store(tmp_path):
        second = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(SCRIPTS)})
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(0.5)
    assert second.communicate(timeout=patient(20))[0] == "in\n"


def test_a_directory_that_stays_empty_is_gone_again(tmp_path: Path) -> None:
    with open_store(tmp_path / "new") as store:
        assert store.manifest is None
    assert not (tmp_path / "new").exists()
    (tmp_path / "mine").mkdir()
    with open_store(tmp_path / "mine"):
        pass
    assert (tmp_path / "mine").is_dir()


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="choose a different directory"), open_store(path):
            pytest.fail("it was opened")


def test_a_manifest_comes_back_as_it_was(two_sets: tuple[Path, Path]) -> None:
    data = (two_sets[0] / MANIFEST).read_bytes()
    assert encode_manifest(decode_manifest(data, MANIFEST)) == data
    assert b"PRIVATE" not in data


@pytest.mark.parametrize(
    ("old", "new"), [('"version": 1', '"version": 2'), ("T", " "), ('"role"', '"rolle"'), ("Z", "+01:00")]
)
def test_a_manifest_that_was_changed(old: str, new: str, two_sets: tuple[Path, Path]) -> None:
    text = (two_sets[0] / MANIFEST).read_text()
    assert old in text
    with pytest.raises(OutputError, match="is not a manifest written by mintls"):
        decode_manifest(text.replace(old, new).encode(), MANIFEST)
