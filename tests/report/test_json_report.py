"""The JSON reports: their evidence, and the schemas in scripts/schemas/ that describe them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from mintls.handshake.cases.case import Verifier
from mintls.handshake.verdict import Kind
from mintls.report.json_report import as_json
from mintls.report.json_schema import REPORTS, report_schema

import pytest
from conftest import Run as RunScript
from jsonschema import Draft202012Validator
from msgspec.structs import replace
from processes import SCRIPTS
from sample_runs import MIXED, result, run_of


def errors(name: str, document: Any) -> list[str]:
    schema = json.loads((SCRIPTS / "schemas" / f"{name}.schema.json").read_text())
    return [error.message for error in Draft202012Validator(schema).iter_errors(document)]


def test_json_has_the_evidence() -> None:
    report = json.loads(as_json(MIXED))
    assert (report["version"], report["status"], report["openssl"]) == (2, 1, "OpenSSL 3.0.19")
    assert report["answer"] == "certs/dev: FAILED: 1 of 7 checks failed."
    assert (report["kind"], report["subject"], report["strict"]) == ("pair", "certs/dev", False)
    assert report["counts"] == {"pass": 3, "warn": 1, "fail": 1, "unknown": 2, "info": 0, "skip": 0}
    row = next(row for row in report["rows"] if row["case"] == "expired")
    assert row["id"] == "server/1.3/expired"
    assert row["alert"] == {"number": 48, "name": "unknown_ca"}
    assert row["messages"] == [
        {"sender": "client", "version": "TLS 1.3", "content": "Handshake", "name": "Certificate", "length": 453}
    ]
    assert row["commands"][0][:2] == ["openssl", "s_server"]
    assert (row["expected"], row["observed"], row["outcome"]) == ("refused", "refused", "pass")


def test_the_peer_that_presents_is_the_sender() -> None:
    (row,) = json.loads(as_json(run_of(result("expired", Kind.REFUSED, verifier=Verifier.CLIENT))))["rows"]
    assert [message["sender"] for message in row["messages"]] == ["server"]


@pytest.mark.parametrize("name", REPORTS)
def test_the_file_is_current_and_a_schema(name: str) -> None:
    path = SCRIPTS / "schemas" / f"{name}.schema.json"
    assert path.read_bytes() == report_schema(REPORTS[name]), "in scripts/: python -m mintls.report.json_schema"
    Draft202012Validator.check_schema(json.loads(path.read_text()))


def test_no_other_file_is_among_the_schemas() -> None:
    assert {path.name for path in (SCRIPTS / "schemas").iterdir()} == {f"{name}.schema.json" for name in REPORTS}


def test_the_command_writes_them(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    command = [sys.executable, "-m", "mintls.report.json_schema"]
    subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(SCRIPTS)}, check=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "schemas").iterdir()} == {
        path.name: path.read_bytes() for path in (SCRIPTS / "schemas").iterdir()
    }


def test_a_report_of_every_outcome_is_valid() -> None:
    rows = [result("expired", kind) for kind in Kind]
    assert errors("handshake", json.loads(as_json(run_of(*rows)))) == []
    assert errors("handshake", json.loads(as_json(MIXED))) == []
    assert errors("handshake", json.loads(as_json(replace(MIXED, results=(), strict=True)))) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 1},
        {"kind": "both"},
        {"status": "0"},
        {"counts": {"pass": 1}},
        {"counts": {"pass": 1, "warn": 0, "fail": 0, "unknown": 0, "info": 0, "skip": 0, "ok": 0}},
        {"rows": [{}]},
        {"answer": None},
    ],
    ids=str,
)
def test_the_schema_finds_a_mistake(wrong: dict[str, Any]) -> None:
    report = json.loads(as_json(MIXED))
    assert errors("handshake", report) == []
    assert errors("handshake", {**report, **wrong})
    (missing,) = wrong
    assert errors("handshake", {key: value for key, value in report.items() if key != missing})


def test_the_report_of_a_real_run_is_valid(run: RunScript, dev: Path, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    done = run("handshake_check.py", dev, "--only", "server/1.3/expired", "--tls", "1.3", "--json", file, "-q")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(file.read_bytes())
    assert errors("handshake", report) == []
    assert done.stdout == f"{report['answer']}\n"
    (row,) = (row for row in report["rows"] if row["case"] == "expired")
    assert (row["outcome"], row["alert"]) == ("pass", {"number": 45, "name": "certificate_expired"})
    assert "PRIVATE KEY" not in file.read_text()


def test_the_report_of_generate_is_valid(run: RunScript, elliptic_profile: Path, tmp_path: Path) -> None:
    directory = tmp_path / "s\udcff\u202ee\tt"  # any bytes but / and NUL are a path
    reports = [
        json.loads(run("generate.py", elliptic_profile, "-o", directory, "--json", "-", *more).stdout)
        for more in ((), ("--check",))
    ]
    assert [errors("mint", report) for report in reports] == [[], []]
    assert [report["current"] for report in reports] == [False, True]
    assert [[one["action"] for one in report["certificates"]] for report in reports] == [["issued"] * 3, ["kept"] * 3]
    assert reports[0]["directory"] == f"{tmp_path}/s\\udcff\u202ee\tt"
    assert errors("mint", {**reports[0], "version": 2})
    assert errors("mint", {**reports[0], "certificates": [{"name": "ca"}]})
