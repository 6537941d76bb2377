"""A case in words: complete for each of the catalogue, and a wrong id is told."""

import re

from mintls.errors import UsageError
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.cases.remedies import Mend
from mintls.handshake.connect.cases import OWN
from mintls.report.explain import explain

import pytest
from conftest import Run
from msgspec.structs import replace

EVERY = (*CATALOGUE, *OWN)
IDS = [case.id for case in EVERY]


def test_a_case_is_told() -> None:
    said = explain("none", CATALOGUE)
    first, *lines = said.splitlines()
    assert first == "none: no certificate"
    assert (
        "  expected  refused by OpenSSL with alert 40 handshake_failure; in TLS 1.3 alert 116 certificate_required"
        in lines
    )
    assert "  clause    RFC 8446 section 4.4.2.4" in lines
    assert any(line.startswith("  why       A client may answer the request with an empty list") for line in lines)
    assert "When a server accepts it, change in" in lines
    assert any(re.match("  nginx     ssl_verify_client on", line) for line in lines)
    assert not any("When a client" in line for line in lines), "only a server can be shown none"


@pytest.mark.parametrize("case", IDS)
def test_each_is_told_in_full(case: str) -> None:
    said = explain(case, EVERY)
    fields = re.findall(r"^  (\w+) +\S", said, re.MULTILINE)
    assert {"tried", "expected", "why", "clause", "mistake", "mend", "openssl", "nginx", "Go", "Python", "Node"} <= {
        *fields
    }
    assert max(map(len, said.splitlines())) <= 110
    assert not re.search(r"[{}]role|\{other", said)


def test_the_way_to_a_foreign_server_is_told() -> None:
    assert "  tried     a client shows none to a server, with no name, in each" in explain("no-name", EVERY)
    assert "  tried     nothing of its own; it is looked at as the good certificate was" in explain(OWN[0].id, EVERY)
    assert "When a server is to do otherwise, change in" in explain("resumed", EVERY)
    assert "comes, so that with --connect it only warns" in explain("ca-as-leaf", EVERY)


def test_a_row_is_its_case() -> None:
    assert explain("client/1.2/expired", CATALOGUE) == explain("expired", CATALOGUE)


def test_what_a_case_does_not_say_is_left_out() -> None:
    bare = replace(CATALOGUE[0], why="", mistake="", mend=Mend())
    said = explain("good", [bare])
    assert "why" not in said
    assert "change in" not in said


def test_another_word_is_told() -> None:
    with pytest.raises(UsageError, match=r"--explain expird: 'expird' is not known; did you mean expired\?"):
        explain("expird", CATALOGUE)


def test_the_script_tells_it_and_tries_nothing(run: Run) -> None:
    done = run("handshake_check.py", "--explain", "server/1.3/stolen", env={"PATH": "/nowhere"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == explain("stolen", CATALOGUE)


@pytest.mark.parametrize("word", ["expird", ""])
def test_the_script_refuses_another_word(run: Run, word: str) -> None:
    done = run("handshake_check.py", "--explain", word)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"--explain {word}: {word!r} is not known")
