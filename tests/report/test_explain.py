"""A case explained: complete for each of the catalogue; an unknown id is refused with a suggestion."""

import re

from mintls.configuration.mistake import Mistake
from mintls.errors import UsageError
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.connect.catalogue import OWN
from mintls.report.explain import explain

import pytest
from conftest import Run
from msgspec.structs import replace

EVERY = (*CATALOGUE, *OWN)
IDS = [case.id for case in EVERY]
FIELD = r"^  (\S.{13}) (?= *\S)(.*(?:\n {18}\S.*)*)"
LABELS = {
    "test",
    "expected",
    "reason",
    "reference",
    "common mistake",
    "fix",
    "openssl",
    "nginx",
    "Go",
    "Python",
    "Node",
}


def fields(text: str) -> dict[str, str]:
    """The value of each label, as one line."""
    return {name.strip(): " ".join(value.split()) for name, value in re.findall(FIELD, text, re.MULTILINE)}


def test_a_case_is_explained() -> None:
    text = explain("none", CATALOGUE)
    assert text.splitlines()[0] == "none: no certificate"
    found = fields(text)
    assert found["test"] == "a client presents no certificate to a server, in each version given with --tls"
    assert found["expected"] == (
        "refused by OpenSSL with alert 40 handshake_failure; in TLS 1.3 alert 116 certificate_required"
    )
    assert found["reference"] == "RFC 8446 section 4.4.2.4"
    assert found["reason"].startswith("A client may answer the request with an empty list")
    assert found["nginx"].startswith("ssl_verify_client on")
    assert "\nFix for a server that accepts it:\n" in text
    assert "Fix for a client" not in text, "only a client can present none"


@pytest.mark.parametrize("case", IDS)
def test_each_is_explained_in_full(case: str) -> None:
    text = explain(case, EVERY)
    assert fields(text).keys() >= LABELS
    assert max(map(len, text.splitlines())) <= 110
    assert not re.search(r"[{}]role|\{other", text)


def test_the_route_to_a_server_is_explained() -> None:
    assert fields(explain("no-name", EVERY))["test"].startswith(
        "a client presents no certificate to a server, without a name, in each"
    )
    assert fields(explain(OWN[0].id, EVERY))["test"] == (
        "no connection of its own: the server's certificate in the baseline"
    )
    assert "; Go accepts it by default, so --connect only warns" in fields(explain("ca-as-leaf", EVERY))["expected"]


def test_policy_and_information_are_named() -> None:
    policy = "; policy: any other verdict is a warning, or a failure with --strict"
    assert policy in fields(explain("no-extended-key-usage", EVERY))["expected"]
    assert fields(explain("resumed", EVERY))["expected"].endswith("; for information only")
    assert not re.search("policy|information", fields(explain("expired", EVERY))["expected"])
    assert fields(explain("good", EVERY))["expected"] == (
        "accepted: application data comes back; a baseline, without which no refusal counts"
    )


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        ("good", "rejects it"),
        ("expired", "accepts it"),
        ("resumed", "does otherwise"),
        ("certificate-request", "does otherwise"),
    ],
)
def test_the_fix_is_for_the_wrong_verdict(case: str, verdict: str) -> None:
    assert set(re.findall("Fix for a (?:server|client) that (.*):", explain(case, EVERY))) == {verdict}


def test_one_stack_is_explained_by_itself() -> None:
    text = explain("none", EVERY, "nginx")
    assert fields(text)["nginx"].startswith("ssl_verify_client on")
    assert "Node" not in fields(text)
    assert "Fix for" not in explain("none", EVERY, "curl"), "which is a client"


def test_a_row_is_its_case() -> None:
    assert explain("client/1.2/expired", CATALOGUE) == explain("expired", CATALOGUE)


def test_an_empty_field_is_left_out() -> None:
    bare = replace(CATALOGUE[0], why="", mistake="", kind=Mistake.NONE)
    text = explain("good", [bare])
    assert "reason" not in text
    assert "Fix for" not in text
    assert "reason" in explain("good", CATALOGUE)
    assert "Fix for" in explain("good", CATALOGUE)


def test_an_unknown_case_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--explain expird: 'expird' is not known; did you mean expired\?"):
        explain("expird", CATALOGUE)


def test_the_script_explains_it_and_connects_to_nothing(run: Run) -> None:
    done = run("handshake_check.py", "--explain", "server/1.3/stolen", env={"PATH": "/nowhere"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == explain("stolen", CATALOGUE)


@pytest.mark.parametrize("word", ["expird", ""])
def test_the_script_refuses_an_unknown_case(run: Run, word: str) -> None:
    done = run("handshake_check.py", "--explain", word)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"--explain {word}: {word!r} is not known")
