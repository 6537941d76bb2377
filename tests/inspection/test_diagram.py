"""The drawing of a set: whole, coloured, and with nothing in it that a name could have put there."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from mintls.inspection.diagram import as_dot, as_mermaid
from mintls.inspection.report import CertificateReport, CheckReport, InspectionReport

import pytest
from conftest import Run
from deadline import patient
from peers import need

HOSTILE = 'a"]; n9 --> n0 %%{init}%% <img src=x onerror=alert(1)>&quot;\\N\\" `b` #quot; 1. end --- |x|\nclass x'
VALID = CheckReport("pass", "any", "", "", "")
INVALID = CheckReport("fail", "server", "", "certificate has expired (error 10)", "")


def certificate(name: str, days: int, **changes: Any) -> CertificateReport:
    settings: dict[str, Any] = {
        "name": name, "role": "authority", "valid": True, "subject": f"CN={name}", "issuer": f"CN={name}",
        "self_issued": True, "names": (), "key_usage": (), "extended_key_usage": (), "key": "ec:P-256",
        "signature": "ecdsa-with-SHA256", "serial": "01", "fingerprint": "00", "not_before": "2029-01-01T00:00:00Z",
        "not_after": "2030-01-02T03:04:05Z", "days_left": days, "x509_version": 3, "extensions": (),
        "path_length": None, "key_identifier": "", "issuer_key_identifier": "", "crls": (), "ocsp": (), "files": (),
        "private_keys": (), "issuer_name": None, "issuer_fingerprint": None, "chain": (), "trusted": True,
        "checks": (VALID,), "failures": (), "advice": (), "issued": (),
    }  # fmt: skip
    return CertificateReport(**{**settings, **changes})


SET = InspectionReport(
    valid=False,
    certificates=6,
    roots=(
        certificate(
            "ca.crt",
            30,
            issued=(
                certificate(
                    "late.crt",
                    -1,
                    role="server",
                    self_issued=False,
                    issuer_fingerprint="00",
                    valid=False,
                    checks=(INVALID, INVALID),
                ),
                certificate("soon.crt", 29, role="client", self_issued=False, issuer_fingerprint="00"),
                certificate(HOSTILE, 300, role="client", self_issued=False, issuer_fingerprint="00"),
            ),
        ),
        certificate("one.crt", 0, role="leaf", self_issued=False, issuer="CN=elsewhere"),
        certificate("two.crt", 300, role="leaf", self_issued=False, issuer="CN=elsewhere"),
    ),
    unreadable=("x.pem: openssl cannot read this certificate",),
    answer="",
    notes=(),
    trusted="",
    only="",
)
# What is to be drawn, written down by hand: text (a part of it), state, refused.
BOXES = [
    ("ca.crt (CA)", "good", False),
    ("late.crt (server)", "expired", True),
    ("soon.crt (client)", "soon", False),
    ("onerror=alert(1)", "good", False),
    ("CN=elsewhere", "absent", False),
    ("one.crt (leaf)", "soon", False),
    ("two.crt (leaf)", "good", False),
    ("x.pem: openssl cannot read", "absent", True),
]
ARROWS = [(0, 1), (0, 2), (0, 3), (4, 5), (4, 6)]


@pytest.fixture
def drawn() -> dict[str, Any]:
    """What Graphviz understood of the DOT text."""
    command = [need("dot"), "-Tjson"]
    done = subprocess.run(command, input=as_dot(SET), capture_output=True, text=True, timeout=patient(30))
    assert (done.returncode, done.stderr) == (0, "")
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


def test_graphviz_draws_it(drawn: dict[str, Any]) -> None:
    nodes = drawn["objects"]
    assert [(node["class"], node["color"] == "#b3261e") for node in nodes] == [(state, red) for _, state, red in BOXES]
    assert all(part in _text(node) for node, (part, *_) in zip(nodes, BOXES, strict=True))
    assert [(edge["tail"], edge["head"]) for edge in drawn["edges"]] == ARROWS


def _text(node: dict[str, Any]) -> str:
    return "".join(op["text"] for op in node["_ldraw_"] if op["op"] == "T")


def test_graphviz_shows_a_hostile_name_as_it_is(drawn: dict[str, Any]) -> None:
    (shown,) = [op["text"] for op in drawn["objects"][3]["_ldraw_"] if op["op"] == "T"][:1]
    assert shown == HOSTILE.replace("\n", "\\0A") + " (client)"


def test_mermaid_has_every_box_and_arrow() -> None:
    first, *lines = as_mermaid(SET).splitlines()
    assert first == "flowchart LR"
    boxes, arrows, states = {}, [], {}
    for line in lines:
        if box := re.fullmatch(r'    n(\d+)(?:\["([^"\]]*)"\]|\("([^"]*)"\))', line):
            boxes[int(box[1])] = box[2] or box[3]
        elif arrow := re.fullmatch(r"    n(\d+) --> n(\d+)", line):
            arrows.append((int(arrow[1]), int(arrow[2])))
        elif given := re.fullmatch(r"    class n(\d+) (\w+)", line):
            states.setdefault(int(given[1]), set()).add(given[2])
        else:
            assert re.fullmatch(r"    classDef (good|soon|expired|absent|invalid) [a-z0-9#:,-]+", line), line
    assert [(states[index], index) for index in boxes] == [
        ({state, "invalid"} if refused else {state}, index) for index, (_, state, refused) in enumerate(BOXES)
    ]
    assert all(part in decoded(boxes[index]) for index, (part, *_) in enumerate(BOXES))
    assert arrows == ARROWS
    assert boxes[1].endswith("INVALID#58; certificate has expired (error 10)"), "it is told once, and in words"


def decoded(label: str) -> str:
    """What Mermaid shows: its entity codes are HTML's with # for &#."""
    return re.sub(r"#(\d+);", lambda match: chr(int(match[1])), label)


def test_mermaid_has_no_character_of_a_name_that_means_something() -> None:
    (line,) = [line for line in as_mermaid(SET).splitlines() if line.startswith("    n3(")]
    label = line.removeprefix('    n3("').removesuffix('")')
    assert not re.search(r'["`<>&;%|{}\[\]\\:\n]|#(?!\d+;)', re.sub(r"#\d+;|<br/>", "", label))
    assert decoded(label).startswith(HOSTILE.replace("\n", "\\0A") + " (client)<br/>")


@pytest.mark.parametrize(("language", "first"), [("mermaid", "flowchart LR"), ("dot", "digraph certificates {")])
def test_verify_prints_it(run: Run, dev: Path, language: str, first: str) -> None:
    done = run("verify.py", dev, "--graph", language)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(first + "\n")
    assert all(name in done.stdout for name in ("ca.crt", "server.crt", "client.crt", "mintls development CA"))
    assert "INVALID" not in done.stdout


def test_verify_draws_what_is_invalid(run: Run, stranger: Path) -> None:
    done = run("verify.py", stranger, "--graph", "dot")
    assert done.returncode == 1
    assert "INVALID" in done.stdout
    assert "not read" in done.stdout


def test_another_language_is_told(run: Run, dev: Path) -> None:
    done = run("verify.py", dev, "--graph", "mermiad")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "--graph mermiad: 'mermiad' is not known; did you mean mermaid?\n"
