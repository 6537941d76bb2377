"""What is loaded late: not when a script starts, and all of it when it is used."""

import subprocess
import sys
from pathlib import Path

import pytest
from processes import SCRIPTS

SEEN = """\
import sys
sys.path.insert(0, {scripts!r})
import {script}
print("http.client" in sys.modules)
import urllib.request
print(urllib.request.pathname2url("/a b"), "http.client" in sys.modules)
import urllib.request as again
print(again is sys.modules["urllib.request"], again.__spec__.name, again.urlopen.__module__)
"""


@pytest.mark.parametrize("script", ["generate", "handshake_check", "verify"])
def test_urllib_is_loaded_when_it_is_used(script: str) -> None:
    program = SEEN.format(scripts=str(SCRIPTS), script=script)
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert said.split() == ["False", "/a%20b", "True", "True", "urllib.request", "urllib.request"]


CHECKED = """\
import sys
sys.path.insert(0, {scripts!r})
sys.argv = ["generate.py", "--check", {profile!r}, "-o", {directory!r}]
import generate
try:
    generate.Generate.start()
except SystemExit as end:
    print(end.code)
from mintls import lazy_imports
print([name for name in sorted(lazy_imports.NAMES) if type(sys.modules[name]).__module__ != lazy_imports.__name__])
"""


def test_a_check_of_a_small_profile_loads_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    profile = tmp_path / "p.yaml"
    profile.write_text('authorities: {ca: {subject: {CN: Test CA}}}\nservers: {s: {san: ["DNS:localhost"]}}\n')
    program = CHECKED.format(scripts=str(SCRIPTS), profile=str(profile), directory=str(tmp_path / "set"))
    said = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert said.splitlines()[-2:] == ["1", "['graphlib', 'ipaddress']"]


def test_a_package_whose_modules_are_used_is_whole_when_it_is_asked_for() -> None:
    program = f"import sys\nsys.path.insert(0, {str(SCRIPTS)!r})\nimport verify\nfrom plumbum import cli\n"
    program += "print('configparser' in sys.modules, cli.Application is verify.Script.__base__)\n"
    program += "from plumbum import cli as again\nprint(again.__spec__.name, again.Config)"
    said = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert said == "False True\nplumbum.cli <class 'plumbum.cli.config.ConfigINI'>\n"


def test_a_module_that_two_threads_need_at_once_is_loaded_once() -> None:
    program = f"import sys\nsys.path.insert(0, {str(SCRIPTS)!r})\nimport mintls.lazy_imports, concurrent\n"
    program += "import importlib, ipaddress, threading\nseen, gate = [], threading.Barrier(8)\n"
    program += "def use():\n    gate.wait()\n    seen.append(ipaddress.IPv4Address)\n"
    program += "threads = [threading.Thread(target=use) for _ in range(8)]\n"
    program += "[thread.start() for thread in threads]\n[thread.join() for thread in threads]\n"
    program += "print(len(seen), set(seen) == {importlib.import_module('ipaddress').IPv4Address})"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "8 True\n"


def test_the_collector_works_again_when_a_script_has_started() -> None:
    program = f"import sys\nsys.path.insert(0, {str(SCRIPTS)!r})\nimport verify, gc\nassert not gc.isenabled()\n"
    program += "sys.argv = ['verify.py', '--version']\ntry:\n    verify.Verify.start()\n"
    program += "except SystemExit:\n    assert gc.isenabled()\n    print('asked')"
    assert "asked" in subprocess.check_output([sys.executable, "-c", program], text=True)


def test_no_stack_is_loaded_before_it_is_asked_for() -> None:
    program = f"import sys\nsys.path.insert(0, {str(SCRIPTS)!r})\nimport handshake_check, configure\n"
    program += "print([name for name in sys.modules if name.startswith('mintls.stacks.')])"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "[]\n"


def test_what_is_loaded_already_stays() -> None:
    program = (
        f"import sys, urllib.request as before\nsys.path.insert(0, {str(SCRIPTS)!r})\nimport mintls.lazy_imports\n"
    )
    program += "import urllib.request\nprint(urllib.request is before)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "True\n"
