"""What is loaded late: not when a script starts, and all of it when it is used."""

import subprocess
import sys

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
