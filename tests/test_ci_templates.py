"""The GitHub action, the GitLab template and the pre-commit hook: their steps are run, as they stand in the files."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mintls

import pytest
import yaml
from peers import servers
from processes import SCRIPTS

ROOT = SCRIPTS.parent
ACTION = ROOT / ".github" / "actions" / "mintls" / "action.yml"
PIPELINE = ROOT / ".gitlab" / "mintls.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A python3 that has what is needed: `-m pip` does nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    python = folder / "python3"
    python.write_text(f'#!/bin/sh\n[ "$2" = pip ] && exit 0\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def steps(inputs: Mapping[str, str]) -> list[tuple[str, dict[str, str]]]:
    """The scripts of the action with their variables, as the runner would fill them in."""
    action = yaml.safe_load(ACTION.read_text())
    values = {name: one["default"] for name, one in action["inputs"].items()} | inputs

    def fill(text: str) -> str:
        return re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda match: values[match[1]], text)

    assert action["runs"]["using"] == "composite"
    chosen = []
    for step in action["runs"]["steps"]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an input in a script could be run: it goes through the environment"
        if step.get("if") in (None, "inputs.connect != ''" if values["connect"] else None):
            chosen.append((step["run"], {name: fill(text) for name, text in step.get("env", {}).items()}))
    return chosen


def bash(script: str, directory: Path, environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(argv, cwd=directory, env=environment, capture_output=True, text=True)


@pytest.mark.peers
@pytest.mark.parametrize(("mode", "status"), [("required", 0), ("optional", 1)])
def test_the_action(mode: str, status: int, dev: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    shutil.copytree(dev, tmp_path / "certs")  # minted before, as in a job that started its server with them
    with servers.python(tmp_path / "certs", tmp_path, mode) as address:
        *first, last = steps({"connect": f"localhost:{address.port}", "stack": "python"})
        for script, variables in first:
            done = bash(script, tmp_path, {**environment, **variables, "GITHUB_ACTION_PATH": str(ACTION.parent)})
            assert done.returncode == 0, done.stderr
        done = bash(last[0], tmp_path, {**environment, **last[1], "GITHUB_ACTION_PATH": str(ACTION.parent)})
    assert done.returncode == status, done.stderr
    assert ("CERT_REQUIRED" in done.stdout) is bool(status), "the fix is that of the stack"
    assert "<testsuite" in (tmp_path / "mtls.xml").read_text()


def test_without_a_server_the_action_only_mints(tmp_path: Path, environment: dict[str, str]) -> None:
    profile = tmp_path / "my profile.yaml"
    profile.write_text("defaults: {key: ec:P-256}\nauthorities: {ca: {subject: {CN: CA}}}\n")
    for script, variables in steps({"profile": profile.name, "directory": "out"}):
        done = bash(script, tmp_path, {**environment, **variables, "GITHUB_ACTION_PATH": str(ACTION.parent)})
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "ca.crt").exists()


@pytest.mark.peers
def test_the_pipeline(tmp_path: Path, environment: dict[str, str]) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git clone, so it cannot be cloned")
    job: dict[str, Any] = yaml.safe_load(PIPELINE.read_text())[".mintls"]
    variables = {**job["variables"], "MINTLS_REPOSITORY": ROOT.as_uri()}
    done = bash("\n".join(job["before_script"]), tmp_path, {**environment, **variables})
    assert done.returncode == 0, done.stderr
    with servers.python(tmp_path / "certs", tmp_path) as address:
        variables["MINTLS_CONNECT"] = f"localhost:{address.port}"
        done = bash("\n".join(job["script"]), tmp_path, {**environment, **variables})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / job["artifacts"]["reports"]["junit"]).exists()


@pytest.mark.slow
def test_the_hook_validates_profiles(tmp_path: Path, environment: dict[str, str]) -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text())
    assert hook["language"] == "script"
    good = [ROOT / "profiles" / name for name in ("dev.yaml", "classic.yaml")]
    assert all(re.search(hook["files"], str(path.relative_to(ROOT))) for path in good)
    argv = [str(ROOT / hook["entry"]), *map(str, good)]
    done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    bad = tmp_path / "bad.yaml"
    bad.write_text("authorities: {ca: {subject: {CN: CA}, kee: rsa:2048}}\n")
    done = subprocess.run([*argv[:2], str(bad), argv[2]], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"{bad}:1: authorities.ca" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.yaml", "bin"], "nothing is minted"


def test_they_install_what_the_scripts_need() -> None:
    for path in (ACTION, PIPELINE):
        (line,) = re.findall(r"pip install --quiet (.*)", path.read_text())
        assert set(shlex.split(line)) == set(mintls.PACKAGES.values())
