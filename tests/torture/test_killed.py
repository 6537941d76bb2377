"""Killed anywhere: the published set is the whole old one or the whole new one, and the next run just works."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count, product
from pathlib import Path

from mintls.minting.publication import COMMIT, open_store

import pytest
from conftest import Fake, Run, mint_profile
from fault_injection import (
    FULL,
    at_call,
    check_private,
    check_whole,
    copy,
    files,
    killed_before_changes,
    killed_by_openssl,
    times,
    until_change,
)
from processes import SCRIPTS, run_script

pytestmark = pytest.mark.torture
OLD = """\
defaults: {key: ec:P-256}
authorities: {ca: {subject: {CN: CA}, crl: {days: 30}}}
clients: {a: {subject: {CN: a}}, b: {subject: {CN: b}}}
"""
# what a run begins with, and what it brings about: a first mint, one that renews (with another key), one that
# revokes, one that removes what is no longer in the profile
NEW = {
    "first": OLD,
    "renews": OLD.replace("CN: a}", "CN: a}, key: ec:P-384").replace("CN: b}", "CN: b2}"),
    "revokes": OLD.replace("CN: b}", "CN: b}, revoked: keyCompromise").replace("CN: a}", "CN: a2}"),
    "prunes": OLD.replace(", b: {subject: {CN: b}}", "").replace("CN: a}", "CN: a}, key: ec:P-384"),
}
RUNS = pytest.mark.parametrize("kind", [*NEW])
Property = Callable[[str, object], None]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    (folder / "p.yaml").write_text(OLD)
    return mint_profile(folder / "p.yaml", folder / "set")


class Bench:
    """One directory after the other in which a run of the kind is about to begin."""

    def __init__(self, kind: str, old: Path, folder: Path) -> None:
        self.kind, self.old, self.folder, self.numbers = kind, old, folder, count()
        self.profile = folder / "p.yaml"
        self.profile.write_text(NEW[kind])
        self.before = {} if kind == "first" else files(old)
        self.ends = {"old": 0, "new": 0, "carried on": 0}

    def begin(self) -> Path:
        directory = self.folder / str(next(self.numbers))
        return directory if self.kind == "first" else copy(self.old, directory)

    def command(self, directory: Path) -> list[str]:
        more = ["--prune"] if self.kind == "prunes" else []
        return [str(SCRIPTS / "generate.py"), str(self.profile), "-o", str(directory), "-j", "1", "-q", *more]

    def survived(self, directory: Path) -> None:
        """What has to be true after a kill, and after the run that comes next."""
        if directory.exists():
            check_private(directory)
            decided = (directory / COMMIT).is_dir()
            with open_store(directory):  # as generate.py does first
                pass
            after = files(directory)
            end = "carried on" if decided else "old" if after == self.before else "new"
            if end != "old":
                check_whole(directory)
                assert after != self.before
            self.ends[end] += 1
        else:
            assert self.kind == "first"
            self.ends["old"] += 1
        done = run_script(*self.command(directory))
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        check_whole(directory)
        assert not list(directory.glob(".mintls-*"))
        assert self.is_new(directory)
        check_private(directory)

    def is_new(self, directory: Path) -> bool:
        """By what the published set shows, not by what the manifest says."""
        after = files(directory)
        changed = {name for name in after if after[name] != self.before.get(name)}
        expected = {
            "first": set(after),
            "renews": {"a.crt", "a.key", "b.crt", "manifest.json"},
            "revokes": {"a.crt", "ca.crl", "manifest.json"},
            "prunes": {"a.crt", "a.key", "manifest.json"},
        }
        gone = {"b.crt", "b.key"} if self.kind == "prunes" else set()
        return changed == expected[self.kind] and set(self.before) - set(after) == gone


@pytest.fixture
def bench(kind: str, old: Path, tmp_path: Path) -> Bench:
    return Bench(kind, old, tmp_path)


@RUNS
def test_at_every_change_of_the_disk(bench: Bench, record_property: Property) -> None:
    _, lived = until_change(bench, 0)
    assert lived.returncode == 0, lived.stderr
    assert int(lived.stderr) > 30
    for directory in killed_before_changes(bench, int(lived.stderr)):
        bench.survived(directory)
        record_property("kills at a step boundary, survived", 1)
    if FULL:
        assert min(bench.ends.values()) > 0, f"kills before, in and after the publication: {bench.ends}"


@pytest.mark.parametrize(("kind", "when"), [*product(NEW, ("before", "after"))])
def test_by_every_openssl(
    bench: Bench,
    when: str,
    tmp_path: Path,
    fake_openssl: Fake,
    record_property: Property,
) -> None:
    """It kills the run that started it, before or after it has done its work."""
    calls, work = tmp_path / "calls", {"before": "", "after": '$REAL "$@"\n'}[when]
    environment = fake_openssl(at_call(calls, f"{work}kill -9 $PPID; exit 1"))
    for directory in killed_by_openssl(bench, environment, calls, status=-signal.SIGKILL, least=5):
        bench.survived(directory)
        record_property("kills by the openssl that runs, survived", 1)


@RUNS
@pytest.mark.parametrize("batch", range(times(4, 1)))
def test_at_a_random_instant(bench: Bench, batch: int, record_property: Property) -> None:
    """Most instants of a run's short life are those of Python's own start, so the later ones are tried more."""
    draw = random.Random(f"{bench.kind} {batch}")
    start = time.monotonic()
    subprocess.run([sys.executable, *bench.command(bench.begin())], check=True)
    lifetime = time.monotonic() - start
    kills = 0
    for _ in range(times(400, 30)):
        directory = bench.begin()
        start = time.monotonic()
        process = subprocess.Popen([sys.executable, *bench.command(directory)], stderr=subprocess.PIPE)
        try:
            process.wait(lifetime * draw.triangular(0.2, 1.1, 0.9))
            lifetime = time.monotonic() - start  # the machine is faster now
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        if process.returncode == -9:
            bench.survived(directory)
            kills += 1
        if kills == times(50, 2):
            break
    assert kills == times(50, 2)
    record_property("kills at a random instant, survived", kills)


def standing(directory: Path) -> list[tuple[object, ...]]:
    """Every file and folder, with all that a writer would change."""
    every = [(path, path.lstat()) for path in [directory, *sorted(directory.rglob("*"))]]
    return [(path, one.st_ino, one.st_mode, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for path, one in every]


@pytest.mark.parametrize("script", ["verify.py", "handshake_check.py", "https_client.py", "https_server.py"])
def test_whoever_reads_the_set_sees_all_of_the_new_one(script: str, dev: Path, rogue: Path, tmp_path: Path) -> None:
    """Killed right after the decision: nothing of `rogue` has been moved over `dev` yet."""
    directory = copy(dev, tmp_path / "set")
    copy(rogue, directory / COMMIT).chmod(0o700)
    words = {
        "handshake_check.py": ["--only", "set-*", "--tls", "1.3"],
        "https_client.py": ["--port", "1"],
        "https_server.py": ["--port", "0", "--host", "192.0.2.1"],  # TEST-NET-1: nobody has this address
    }
    before = standing(directory)
    done = run_script(script, directory, *words.get(script, []))
    assert done.returncode == (3 if script.startswith("https") else 0), done.stderr
    if script == "verify.py":
        assert "Rogue CA" in done.stdout
        assert "mintls" not in done.stdout
    assert standing(directory) == before, "it has written there"


def test_the_judgement_can_say_no(old: Path, tmp_path: Path, run: Run) -> None:
    mixed = copy(old, tmp_path / "mixed")
    (tmp_path / "p.yaml").write_text(NEW["renews"])
    other = mint_profile(tmp_path / "p.yaml", copy(old, tmp_path / "other"))
    check_whole(mixed)
    (mixed / "a.key").write_bytes((other / "a.key").read_bytes())
    with pytest.raises(AssertionError):
        check_whole(mixed)
    open_to_others = copy(old, tmp_path / "open")
    (open_to_others / ".mintls-x").mkdir(0o755)
    (open_to_others / ".mintls-x" / "a.key").write_bytes((old / "a.key").read_bytes())
    (open_to_others / ".mintls-x" / "a.key").chmod(0o644)
    with pytest.raises(AssertionError, match="can be read by others"):
        check_private(open_to_others)
