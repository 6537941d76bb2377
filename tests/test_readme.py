"""Every command and profile of the READMEs works: sh blocks, CI jobs and the cookbook, in a directory of their own."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from mintls.profile.names import GeneralName

import pytest
import yaml
from deadline import patient
from junitparser import JUnitXml
from peers import need
from processes import SCRIPTS, Running, until

pytestmark = pytest.mark.slow

ROOT = SCRIPTS.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.S)
PROFILES = (ROOT / "profiles" / "README.md").read_text(encoding="utf-8")
YAML = re.findall(r"```yaml\n(.*?)```", PROFILES, re.S)
COOKBOOK = [block for block in YAML if "authorities:" in block]
JOBS = [yaml.safe_load(block) for block in YAML if block not in COOKBOOK]
WHOLE_CHECK = ".venv/bin/python scripts/handshake_check.py"
INSTALLS = ("python3 -m venv", "python -m pip", "git clone")  # what CI itself does


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def clone(tmp_path: Path, dev: Path) -> Path:
    """A directory that looks like a clone in which the first command has been run."""
    for name in ("scripts", "profiles", "tests", "README.md"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "mintls").symlink_to(ROOT)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name in ("python", "python3"):
        (tmp_path / ".venv" / "bin" / name).write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        (tmp_path / ".venv" / "bin" / name).chmod(0o755)
    (tmp_path / "certs").mkdir()
    (tmp_path / "certs" / "dev").symlink_to(dev)
    return tmp_path


def shell(commands: str, clone: Path) -> subprocess.CompletedProcess[str]:
    """With another port, and nothing left running."""
    port = free_port()
    text = commands.replace("4443", str(port)).replace(
        "https_server.py certs/dev", f"https_server.py certs/dev --port {port}"
    )
    environment = {**os.environ, "PATH": f"{clone}/.venv/bin:{os.environ['PATH']}"}
    wrapped = f"trap 'status=$?; kill $(jobs -p) 2>/dev/null || true; exit $status' EXIT\n{text}"
    return subprocess.run(
        ["bash", "-e", "-c", wrapped], cwd=clone, env=environment, capture_output=True, text=True, timeout=300
    )


def test_the_readme_is_read() -> None:
    assert len(BLOCKS) >= 7
    assert f"{WHOLE_CHECK}\n" in "".join(BLOCKS)
    assert len(JOBS) == 2


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    assert len(README.splitlines()) <= 200
    for name in ("README.md", "profiles/README.md", "scripts/README.md", "tests/README.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for path, anchor in re.findall(r"\]\(([^)#:]*)(?:#([\w-]*))?\)", text):
            target = (ROOT / name).parent / path if path else ROOT / name
            assert target.exists(), (name, path)
            if anchor:
                headings = re.findall(r"(?m)^#+ (.*)$", target.read_text(encoding="utf-8"))
                assert anchor in [re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings], anchor


def test_the_keys_of_subjects_and_the_kinds_of_names_are_these() -> None:
    listed = set(re.findall(r"`(\w+)`", PROFILES.partition("## Subject")[2].partition("## Alternative names")[0]))
    assert {"CN", "O", "OU", "C", "ST", "L", "emailAddress", "UID", "DC", "serialNumber", "SN", "GN"} <= listed
    kinds = PROFILES.partition("## Alternative names")[2].partition("## Files")[0]
    assert set(re.findall(r"(?m)^\| `(\w+)` \|", kinds)) == set(GeneralName.KINDS)


@pytest.mark.parametrize("block", [block for block in BLOCKS if not block.startswith(INSTALLS)], ids=lambda b: b[:60])
def test_a_block_of_commands(block: str, clone: Path, request: pytest.FixtureRequest) -> None:
    if "curl" in block:
        need("curl")
    if block.count("https_") == 2:
        pytest.skip("in two terminals: see the next test")
    first, _, rest = block.partition("\n")
    if first == WHOLE_CHECK:  # it takes long, and other tests look at what it says
        assert request.getfixturevalue("whole_check").status == 0
    done = shell(rest if first == WHOLE_CHECK else block, clone)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_the_pair_in_two_terminals(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone)
    (block,) = [block for block in BLOCKS if block.count("https_") == 2]
    first, second = block.splitlines()
    (clone / "log").mkdir()
    server = Running([*first.replace(".venv/bin/python", sys.executable).split(), "--port", "0"], clone / "log")
    try:
        until(lambda: "https://" in server.stdout, "the address it listens on")
        port = server.stdout.strip().rpartition(":")[2]
        words = [*second.replace(".venv/bin/python", sys.executable).split(), "--port", port]
        done = subprocess.run(words, capture_output=True, text=True, timeout=patient(60))
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Msg:  This is an example server."), done.stderr
    finally:
        server.end()


def steps() -> Iterator[tuple[str, list[str]]]:
    """The commands of each job, without those that only install."""
    github, gitlab = JOBS
    for name, commands in (
        ("GitHub", [step["run"] for step in github["jobs"]["mtls"]["steps"] if "run" in step]),
        ("GitLab", gitlab["mtls"]["script"]),
    ):
        yield name, [command for command in commands if not command.startswith(INSTALLS)]


def test_a_job_proves_the_example_and_writes_its_report(clone: Path) -> None:
    """Both jobs give the same words to the shell, one of them in fewer lines."""
    (_, commands), (_, others) = steps()
    assert " ".join(commands).replace(";", " ").split() == " ".join(others).replace(";", " ").split()
    (clone / "certs" / "dev").unlink()
    (clone / "certs").rmdir()
    done = shell("\n".join(commands), clone)
    assert done.returncode == 0, done.stdout + done.stderr
    suites = list(JUnitXml.fromfile(str(clone / "mtls.xml")))
    assert sum(suite.tests for suite in suites) > 40
    assert not sum(suite.failures + suite.errors for suite in suites)
