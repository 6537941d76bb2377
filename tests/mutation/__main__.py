"""Which small changes of the pure modules their own tests let pass: `tox -e mutation`, with `-- NAME` for some modules.

What is no part of mintls is imported once, and each mutant is tried in a fork of that process with its own tests;
a constant of a table outside any function counts as well. README.md names those that live, and why.
"""

import ast
import importlib.util
import os
import signal
import sys
import time
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import msgspec  # noqa: F401  imported once, for all forks
import pytest
import yaml  # noqa: F401
from cryptography import x509  # noqa: F401
from mutants import Mutant, mutants
from plumbum import cli  # noqa: F401

TESTS = Path(__file__).resolve().parent.parent
SCRIPTS = TESTS.parent / "scripts"
# each with its own tests, and the least share of mutants in percent that they must notice
MODULES = {
    "mintls.handshake.verdict": ("handshake/test_verdict.py", 97),
    "mintls.handshake.connect.verdict": ("handshake/connect/test_verdict.py", 97),
    "mintls.profile.names": ("profile/test_names.py", 90),
    "mintls.profile.yaml_nodes": ("profile/test_yaml_nodes.py", 90),
    "mintls.profile.rules": ("profile/test_rules.py", 90),
    "mintls.profile.scalars": ("profile/test_scalars.py", 90),
    "mintls.plan.renewal": ("plan/test_renewal_decisions.py", 90),
}
IN_ALL = 90
PATIENCE = 120  # seconds for one mutant; one that never ends is noticed


class Instead(MetaPathFinder, Loader):
    """Loads the mutant in the module's place."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name, self.tree = name, tree

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        file = source_of(self.name)
        module.__file__ = str(file)
        exec(compile(self.tree, str(file), "exec"), module.__dict__)


def source_of(name: str) -> Path:
    return (SCRIPTS / name.replace(".", "/")).with_suffix(".py")


def trial(name: str, tests: str, tree: ast.Module) -> int:
    """Start a process in which the tests meet the mutant; its status is 0 if they noticed nothing."""
    sys.stdout.flush()
    if pid := os.fork():
        return pid
    os.setsid()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.meta_path.insert(0, Instead(name, tree))
    status = 1
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        options = ["-x", "-q", "--noconftest", "-p", "no:cacheprovider", "-p", "no:faulthandler"]
        status = int(pytest.main([*options, str(TESTS / tests)]))
    finally:
        os._exit(status)


def survivors(name: str, tests: str, candidates: list[Mutant]) -> list[Mutant]:
    """Those that no test noticed."""
    todo, running, alive = [*candidates], dict[int, tuple[Mutant, float]](), []
    while todo or running:
        if todo and len(running) < (os.cpu_count() or 1):
            mutant = todo.pop()
            running[trial(name, tests, mutant.tree)] = mutant, time.monotonic() + PATIENCE
            continue
        for pid, (mutant, end) in [*running.items()]:
            if time.monotonic() > end:
                os.killpg(pid, signal.SIGKILL)
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                del running[pid]
                if not status:
                    alive.append(mutant)
        time.sleep(0.01)
    return sorted(alive, key=lambda mutant: mutant.line)


def main() -> int:
    chosen = [name for name in MODULES if not sys.argv[1:] or name.rpartition(".")[2] in sys.argv[1:]]
    lacking, noticed, tried = [], 0, 0
    for name in chosen:
        tests, least = MODULES[name]
        source = source_of(name).read_text(encoding="utf-8")
        if survivors(name, tests, [Mutant(0, "nothing", ast.parse(source))]) == []:
            sys.exit(f"{tests} fails without any change: put that right first")
        candidates = mutants(source)
        alive = survivors(name, tests, candidates)
        share = 100 * (len(candidates) - len(alive)) / len(candidates)
        print(f"{name}: {len(candidates) - len(alive)} of {len(candidates)} noticed, {share:.1f} %", flush=True)
        for mutant in alive:
            print(f"    {mutant.line}: {mutant.what}", flush=True)
        lacking += [name] if share < least else []
        noticed, tried = noticed + len(candidates) - len(alive), tried + len(candidates)
    print(f"in all: {noticed} of {tried} noticed, {100 * noticed / tried:.1f} %")
    return 1 if lacking or 100 * noticed < IN_ALL * tried else 0


if __name__ == "__main__":
    sys.exit(main())
