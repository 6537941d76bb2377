"""A disk that is full, a directory that goes away, an openssl with a fault at each call: the old set stays whole."""

import ctypes
import fcntl
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from mintls.openssl.binary import Openssl

import pytest
from conftest import Fake, Run, mint_profile
from deadline import patient
from fault_injection import FULL, at_call, check_private, check_whole, copy, emptied, files, some, times
from generate import Generate
from processes import SCRIPTS, Running

pytestmark = pytest.mark.torture
OLD = """\
defaults: {key: ec:P-256}
authorities: {ca: {subject: {CN: CA}, crl: {days: 30}}}
clients: {a: {subject: {CN: a}}, b: {subject: {CN: b}}}
"""
NEW = OLD.replace("CN: a}", "CN: a}, key: ec:P-384").replace("CN: b}", "CN: b}, revoked: superseded")
Property = Callable[[str, object], None]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faults")
    (folder / "p.yaml").write_text(OLD)
    return mint_profile(folder / "p.yaml", folder / "set")


@pytest.fixture
def standing(old: Path, tmp_path: Path) -> Path:
    """The old set, and beside it the profile that is new."""
    (tmp_path / "p.yaml").write_text(NEW)
    return copy(old, tmp_path / "set")


def check_failed(done: "subprocess.CompletedProcess[str]", directory: Path, before: dict[str, bytes]) -> None:
    """A sentence, and the directory as it was."""
    assert done.returncode in (1, 2, 3), (done.returncode, done.stderr)
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert directory.exists() == bool(before)
    assert not before or files(directory) == before
    if before:
        assert not list(directory.glob(".mintls-*"))
        check_private(directory)


CALLS = 6  # the key P-384 is tried, the version, what req can, a certificate, a list, verify


# ---- the disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a file system of so many KiB, where that is allowed."""
    mounted: list[Path] = []

    def mount(size: int) -> Path:
        point = Path(tempfile.mkdtemp(dir=tmp_path))
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}k,mode=700", "tmpfs", str(point)]
        if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("this user may not mount a tmpfs")
        mounted.append(point)
        return point

    yield mount
    for point in mounted:
        subprocess.run(["umount", str(point)], check=True)


@pytest.mark.parametrize("first", [True, False], ids=["first", "rerun"])
def test_a_full_disk(
    first: bool, old: Path, tmp_path: Path, run: Run, small_disk: Callable[[int], Path], record_property: Property
) -> None:
    (tmp_path / "p.yaml").write_text(NEW)
    before = {} if first else files(old)
    failed = 0
    sizes = some(range(36, 180, 4), 3)  # KiB; a file takes a page of 4 KiB
    for size in sizes:
        disk = small_disk(size)
        if not first:
            copy(old, disk / "set")
        done = run("generate.py", tmp_path / "p.yaml", "-o", disk / "set", "-q")
        if done.returncode:
            check_failed(done, disk / "set", before)
            failed += 1
        else:
            check_whole(disk / "set")
    assert 0 < failed < len(sizes), "some are too small, and some are not"
    record_property("full disks", failed)


@pytest.mark.parametrize("first", [True, False], ids=["first", "rerun"])
def test_files_that_cannot_grow(first: bool, old: Path, tmp_path: Path, run: Run, record_property: Property) -> None:
    """RLIMIT_FSIZE: python is told EFBIG, openssl is killed by SIGXFSZ."""
    (tmp_path / "p.yaml").write_text(NEW)
    before = {} if first else files(old)
    failed = 0
    sizes = some(range(0, 8000, 250), 3)
    for size in sizes:
        directory = tmp_path / f"set{size}"
        if not first:
            copy(old, directory)

        def limit(size: int = size) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        done = run("generate.py", tmp_path / "p.yaml", "-o", directory, "-q", preexec_fn=limit)
        if done.returncode:
            check_failed(done, directory, before)
            failed += 1
        else:
            check_whole(directory)
    assert 0 < failed < len(sizes), "some are too small, and some are not"
    record_property("full disks", failed)


def without_privileges() -> None:
    """root writes everywhere unless it has lost CAP_DAC_OVERRIDE: prctl(2), capabilities(7)."""
    if os.geteuid() == 0:
        drop, dac_override = 24, 1
        assert ctypes.CDLL(None).prctl(drop, dac_override, 0, 0, 0) == 0


def test_a_directory_that_may_not_be_written(standing: Path, run: Run) -> None:
    before = files(standing)
    standing.chmod(0o555)
    try:
        done = run("generate.py", standing.parent / "p.yaml", "-o", standing, "-q", preexec_fn=without_privileges)
        assert (done.returncode, done.stderr.partition(": ")[2]) == (3, "Permission denied; nothing was published\n")
        below = run("generate.py", standing.parent / "p.yaml", "-o", standing / "x", preexec_fn=without_privileges)
        assert (below.returncode, below.stderr.partition(": ")[2]) == (
            3, "Permission denied; choose a different directory with -o\n",
        )  # fmt: skip
    finally:
        standing.chmod(0o755)
    assert files(standing) == before


def test_a_directory_that_vanishes(old: Path, tmp_path: Path, fake_openssl: Fake, record_property: Property) -> None:
    """With every openssl once: moved away, or removed."""
    (tmp_path / "p.yaml").write_text(NEW)
    before, directory, calls = files(old), tmp_path / "set", tmp_path / "calls"
    for words in ("rm -rf", "mv -T"):
        target = f" {tmp_path}/moved" if words.startswith("mv") else ""
        fake = fake_openssl(at_call(calls, f"{words} {directory}{target}"))
        for number in some(range(1, CALLS + 1), 3):
            emptied(calls)
            for stale in (directory, tmp_path / "moved"):
                shutil.rmtree(stale, ignore_errors=True)
            copy(old, directory)
            command = [sys.executable, str(SCRIPTS / "generate.py"), str(tmp_path / "p.yaml"), "-o", str(directory)]
            done = subprocess.run(
                [*command, "-q", "-j", "1"], env={**fake, "N": str(number)}, capture_output=True, text=True
            )
            vanished = len(list(calls.iterdir())) >= number
            assert "Traceback" not in done.stderr
            if done.returncode == 0:  # it was gone before it was opened: a first mint
                assert number <= 2 or not vanished
                check_whole(directory)
                continue
            assert (done.returncode, bool(done.stderr)) == (3, True), done.stderr
            if target:
                assert files(tmp_path / "moved") == before
                check_private(tmp_path / "moved")
            assert not directory.exists()
            record_property("directories that vanished", 1)


# ---- openssl

FAULTS = {
    "fails": "echo 'no, I will not' >&2; exit 7",
    "is killed": "kill -9 $$",
    "prints rubbish": "head -c 300000 /dev/urandom; head -c 300000 /dev/urandom >&2; exit 0",
    "prints rubbish and fails": "head -c 300000 /dev/urandom >&2; exit 1",
    "does nothing": "exit 0",
    "does its work and fails": '$REAL "$@"; exit 1',
}


@pytest.mark.parametrize("fault", [*FAULTS])
def test_a_fault_at_each_call(
    fault: str, old: Path, standing: Path, tmp_path: Path, fake_openssl: Fake, record_property: Property
) -> None:
    calls, before = tmp_path / "calls", files(old)
    environment = fake_openssl(at_call(calls, FAULTS[fault]))
    command = [sys.executable, str(SCRIPTS / "generate.py"), str(tmp_path / "p.yaml"), "-q", "-j", "1", "-o"]
    harmless = 0
    numbers = range(1, CALLS + 1) if FULL else [1 + [*FAULTS].index(fault)]
    for number in numbers:
        emptied(calls)
        directory = copy(old, tmp_path / f"set{number}")
        done = subprocess.run(
            [*command, str(directory)], env={**environment, "N": str(number)}, capture_output=True, encoding="utf-8"
        )
        if done.returncode:
            check_failed(done, directory, before)
            assert done.stderr.replace("\n", "").isprintable(), "what openssl prints is made harmless"
            assert len(done.stderr) < 20_000
        else:  # a question about what it can, or more calls than there were: the plain workflow made the set
            harmless += 1
            check_whole(directory)
            assert files(directory) != before
        assert len(list(calls.iterdir())) >= number
        record_property("faults of openssl", 1)
    assert harmless < 6


@pytest.mark.parametrize("number", range(1, CALLS + 1))
def test_a_call_that_hangs(
    number: int,
    standing: Path,
    tmp_path: Path,
    fake_openssl: Fake,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    record_property: Property,
) -> None:
    """In this process, so that the 120 s that openssl has can be shortened here and nowhere else."""
    before = files(standing)
    fake = fake_openssl(at_call(emptied(tmp_path / "calls"), f"echo $$ > {tmp_path}/pid; exec sleep 1000", number))
    monkeypatch.setenv("OPENSSL", shutil.which("openssl", path=fake["PATH"]) or "")
    for method in (Openssl.ask, Openssl.run):
        monkeypatch.setitem(method.__kwdefaults__, "timeout", 2.0)
    monkeypatch.setattr(sys, "argv", ["generate.py", str(tmp_path / "p.yaml"), "-o", str(standing), "-q", "-j", "1"])
    with pytest.raises(SystemExit) as ended:
        Generate.start()
    assert (tmp_path / "pid").exists()
    assert ended.value.code == 3
    assert "did not end within 2 s and was stopped" in capsys.readouterr().err
    assert files(standing) == before
    assert not list(standing.glob(".mintls-*"))
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    record_property("faults of openssl", 1)


# ---- two at once

TOGETHER = times(8, 3)
FLEET = OLD.replace("a: {subject: {CN: a}}", 'f: {count: 16, subject: {CN: "f{index}"}}')


def begin(profile: Path, directory: Path, *words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, str(SCRIPTS / "generate.py"), str(profile), "-o", str(directory), "-j", "1", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_runs_of_one_profile_at_once(old: Path, tmp_path: Path) -> None:
    """They begin with an old set and renew it: one does, the others find it done. The CA is not lost."""
    (tmp_path / "p.yaml").write_text(NEW)
    directory = copy(old, tmp_path / "set")
    runs = [begin(tmp_path / "p.yaml", directory) for _ in range(TOGETHER)]
    said = [run.communicate(timeout=patient(100)) for run in runs]
    assert [run.returncode for run in runs] == [0] * TOGETHER, said
    assert sorted(out.splitlines()[-1].partition(": ")[2] for out, _ in said) == [
        *["0 issued, 3 in all"] * (TOGETHER - 1), "1 issued, 3 in all",
    ]  # fmt: skip
    check_whole(directory)
    assert (directory / "ca.key").read_bytes() == (old / "ca.key").read_bytes()
    assert not list(directory.glob(".mintls-*"))


def test_runs_of_several_profiles_at_once(tmp_path: Path) -> None:
    """A directory is one profile's: the first that comes has it, and the others are told."""
    for index in range(TOGETHER):
        (tmp_path / f"p{index}.yaml").write_text(OLD.replace("CN: CA", f"CN: CA {index}"))
    runs = [begin(tmp_path / f"p{index}.yaml", tmp_path / "set") for index in range(TOGETHER)]
    said = [run.communicate(timeout=patient(100))[1] for run in runs]
    (winner,) = [index for index, run in enumerate(runs) if run.returncode == 0]
    for index, run in enumerate(runs):
        if index != winner:
            assert run.returncode == 3
            assert said[index] == (
                f"{tmp_path / 'set'} contains the set of profile 'p{winner}', not 'p{index}'; choose a different -o\n"
            )
    check_whole(tmp_path / "set")
    assert f"CA {winner}" in (tmp_path / "set" / "manifest.json").read_text()


@pytest.mark.parametrize("place", ["one directory", "a copy each"])
def test_shards_at_once(place: str, tmp_path: Path, run: Run) -> None:
    """Each makes its own share and no other; put together they are everything."""
    (tmp_path / "p.yaml").write_text(FLEET)
    base = tmp_path / "set"
    assert run("generate.py", tmp_path / "p.yaml", "-o", base, "--only", "ca", "-q").returncode == 0
    authority = files(base)
    where = [base if place == "one directory" else copy(base, tmp_path / f"copy{k}") for k in range(TOGETHER)]
    runs = [begin(tmp_path / "p.yaml", where[k], "--shard", f"{k + 1}/{TOGETHER}") for k in range(TOGETHER)]
    said = [run.communicate(timeout=patient(100)) for run in runs]
    assert [run.returncode for run in runs] == [0] * TOGETHER, said
    shares = [{line.split()[1] for line in out.splitlines() if line.startswith("issued")} for out, _ in said]
    assert sum(map(len, shares)) == len(set().union(*shares)) == 17
    for directory in where if place != "one directory" else []:
        mine = files(directory)
        assert {name: mine[name] for name in authority} == authority
        for name in mine.keys() - authority.keys():
            assert not (base / name).exists()
            shutil.copy2(directory / name, base / name)
    assert run("generate.py", tmp_path / "p.yaml", "-o", base).stdout.splitlines()[-1].endswith("0 issued, 18 in all")


def test_one_that_waits_can_be_interrupted(old: Path, tmp_path: Path, start: Callable[..., Running]) -> None:
    """A lock that is never let go: ^C ends the one that waits, and harms nothing."""
    (tmp_path / "p.yaml").write_text(NEW)
    directory = copy(old, tmp_path / "set")
    handle = os.open(directory, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        waiting = start(sys.executable, SCRIPTS / "generate.py", tmp_path / "p.yaml", "-o", directory)
        waiting.says(f"waiting for another process that has locked {directory}")
        assert waiting.end(signal.SIGINT) == 130
    finally:
        os.close(handle)
    assert waiting.stderr.splitlines()[1:] == ["interrupted"]
    assert files(directory) == files(old)
