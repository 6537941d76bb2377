"""The house's own rules: who may do what, and that README, tox.ini and the scripts say the same."""

import ast
import configparser
import os
import re
import shlex
import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import mintls

import pytest
from processes import SCRIPTS

ROOT = SCRIPTS.parent
MODULES = sorted((SCRIPTS / "mintls").rglob("*.py"))
SCRIPT_FILES = sorted(SCRIPTS.glob("*.py"))
FILES = SCRIPT_FILES + MODULES
PROCESSES = {"subprocess", "multiprocessing", "pty", "asyncio"}
# Folders and modules that only compute: they know no disk, no clock and no process.
PURE = (
    "profile/*", "plan/*", "report/*", "handshake/cases/*", "handshake/verdict.py", "handshake/result.py",
    "handshake/wire/transcript.py", "handshake/wire/pcapng.py", "handshake/connect/cases.py",
    "handshake/connect/verdict.py", "handshake/listen/verdict.py", "handshake/listen/stack.py",
    "handshake/connect/catalogue.py", "handshake/connect/probe.py",
    "handshake/connect/question.py", "handshake/connect/weighing.py", "handshake/connect/forged_headers.py",
    "handshake/connect/protocols/*", "handshake/wire/certificate_request.py",
    "configuration/mistake.py", "configuration/stack.py", "configuration/template.py", "configuration/set_files.py",
    "configuration/text.py", "stacks/*",
    "inspection/report.py", "inspection/build_report.py", "inspection/text.py", "inspection/diagram.py",
    "inspection/file_formats.py", "inspection/advice/*", "x509/*", "errors.py", "escape.py", "manifest.py",
)  # fmt: skip
# where a profile comes in, and the binary is asked what it can
READS = {
    "profile/load.py",
    "profile/signing_request.py",
    "profile/existing_ca.py",
    "profile/from_arguments.py",
    "handshake/cases/obstacles.py",
}
STARTS = {
    "openssl/binary.py",
    "openssl/processes.py",
    "handshake/listen/client_command.py",
}  # the last: what the user names
TABLES = {
    "handshake/cases/names.py",
    "handshake/cases/paths.py",
}
EFFECTS = {"os", "pathlib", "shutil", "tempfile", "io", "time", "random", "secrets", "socket", "fcntl", "threading",
           "plumbum", "yaml", *PROCESSES}  # fmt: skip
README = (ROOT / "README.md").read_text(encoding="utf-8")


@cache
def imports(path: Path) -> set[str]:
    """Top-level names of the modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def name(path: Path) -> str:
    """Its path below scripts/mintls/; a script's is its name."""
    return str(path.relative_to(SCRIPTS if path in SCRIPT_FILES else SCRIPTS / "mintls"))


def is_pure(path: Path) -> bool:
    return name(path) not in READS and any(fnmatchcase(name(path), pattern) for pattern in PURE)


def test_one_module_reads_yaml_and_one_folder_starts_processes() -> None:
    assert [name(path) for path in FILES if "yaml" in imports(path)] == ["profile/yaml_nodes.py"]
    starts = (
        r"\bsubprocess\.(Popen|run|call|check_\w+|getoutput)\("
        r"|\bos\.(system|popen|exec|spawn|posix_spawn|fork)|plumbum import .*\blocal\b"
    )
    for path in FILES:
        if name(path) not in STARTS:
            assert not imports(path) & (PROCESSES - {"subprocess"}), name(path)  # which has names for pipes, too
            assert not re.search(starts, path.read_text(encoding="utf-8")), name(path)


def test_a_pure_module_knows_no_disk_clock_or_process() -> None:
    for path in filter(is_pure, MODULES):
        assert not imports(path) & EFFECTS - ({"yaml"} if name(path) == "profile/yaml_nodes.py" else set()), name(path)
        text = "" if path.parent.name == "stacks" else path.read_text(encoding="utf-8")  # they quote programs
        text = text.partition('if __name__ == "__main__"')[0]
        assert not re.search(r"\bopen\(|\.read_text|\.write_|\.now\(|\bprint\(", text), name(path)


def test_the_check_of_imports_can_say_no() -> None:
    assert {"os", "shutil", "pathlib"} <= imports(SCRIPTS / "mintls" / "minting" / "publication.py")
    assert {"subprocess", "plumbum"} <= imports(SCRIPTS / "mintls" / "openssl" / "binary.py")
    assert len([path for path in MODULES if is_pure(path)]) >= 40
    for pattern in PURE:
        assert any(fnmatchcase(name(path), pattern) for path in MODULES), pattern


def test_a_module_is_small_and_says_what_it_is_for() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 260 or name(path) in TABLES, name(path)
        first = (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0]
        assert len(first) > 20, f"{name(path)}: its docstring's first sentence says what it owns"


def test_no_name_shadows_a_standard_module() -> None:
    """A script's directory comes first on sys.path, so that only what lies there can shadow."""
    assert [path.name for path in SCRIPT_FILES if path.stem in sys.stdlib_module_names] == []


def requirements(path: Path) -> tuple[str, set[str]]:
    """PEP 723: the script block, as its reference implementation finds it."""
    pattern = r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$"
    (block,) = re.findall(pattern, path.read_text(encoding="utf-8"))
    said = tomllib.loads("".join(line[2:] or "\n" for line in block[0].splitlines(keepends=True)))
    return said["requires-python"], set(said["dependencies"])


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.py")), ids=lambda path: path.name)
def test_a_script_says_what_it_needs(path: Path) -> None:
    assert requirements(path) == (">=3.11", set(mintls.PACKAGES.values()))
    assert path.read_text().startswith("#!/usr/bin/env python3\n")


def commands() -> list[str]:
    """The README's commands: every line of its sh blocks."""
    return [line for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.splitlines() if line]


def test_readme_installs_what_the_scripts_need() -> None:
    first = shlex.split(commands()[0])
    packages = first[first.index("install") + 1 : first.index("&&", first.index("install"))]
    assert set(packages) - {"--quiet"} == set(mintls.PACKAGES.values())
    assert commands()[0].endswith(" scripts/generate.py profiles/dev.yaml")
    jobs = re.findall(r"python -m pip install (.*)", (ROOT / "profiles" / "README.md").read_text(encoding="utf-8"))
    assert len(jobs) == 2
    assert all(set(shlex.split(job)) == set(mintls.PACKAGES.values()) for job in jobs)


def test_tox_installs_them_too_and_runs_pytest() -> None:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    for section in ("testenv", "testenv:lint", "testenv:bench", "testenv:picture"):
        assert set(mintls.PACKAGES.values()) <= set(tox[section]["deps"].split())
    for package in set(mintls.PACKAGES.values()) - {"pyyaml"}:  # what has a bound below and one above
        assert re.fullmatch(r"[a-z]+>=[0-9.]+,<[0-9]+", package)
    assert "pytest" in tox["testenv"]["commands"]
    strict = tox["pytest"]
    assert strict["filterwarnings"].split()[0] == "error"
    assert {"--strict-markers", "--strict-config"} <= set(strict["addopts"].split())


def test_tox_installs_what_the_tests_import() -> None:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    known = {"yaml": "pyyaml", "cryptography_vectors": "cryptography-vectors"}
    ours = {path.stem for path in [*(ROOT / "tests").iterdir(), *SCRIPTS.iterdir()]}
    used = set().union(*(imports(path) for path in (ROOT / "tests").glob("*.py"))) - ours - sys.stdlib_module_names
    listed = {re.split("[<>=]", dependency)[0] for dependency in tox["testenv"]["deps"].split()}
    assert {known.get(name, name) for name in used} <= listed


def test_ci_calls_the_readmes_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    (pattern,) = re.findall(r"grep -m1 -x '(.*)' README\.md", script)
    found = [line for line in README.splitlines() if re.fullmatch(pattern, line)]
    assert found[:1] == [commands()[1]]
    assert 'eval "$command"' in script
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_what_the_readme_names_exists() -> None:
    named = set(re.findall(r"\b(?:scripts|profiles)/[\w-]+\.\w+", README))
    assert {"scripts/generate.py", "profiles/dev.yaml"} <= named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_nothing_else_lies_at_the_top() -> None:
    allowed = {"scripts", "profiles", "tests", "tox.ini", "README.md", "LICENSE"}
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git clone, so what is tracked cannot be told")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    tracked = {line.split("/")[0] for line in listed.splitlines()}
    assert {name for name in tracked if not name.startswith(".")} <= allowed


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.py")), ids=lambda path: path.name)
def test_a_script_says_how_it_is_used(path: Path) -> None:
    done = subprocess.run([sys.executable, path, "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{path.name} [OPTIONS]" in done.stdout
    done = subprocess.run([sys.executable, path, "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.startswith(path.name), done.stderr) == (0, True, "")
    done = subprocess.run([sys.executable, path, "--no-such-switch"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
