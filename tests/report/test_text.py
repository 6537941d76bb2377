"""The reports of a run: for people, programs and CI."""

import io
import json
import re

from mintls.handshake.cases.case import Row, Severity, Verifier
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.result import Result, Run, weigh
from mintls.handshake.verdict import Evidence, Kind, Verdict
from mintls.handshake.wire.transcript import Alert, Message, Transcript
from mintls.report.json_report import as_json, as_junit
from mintls.report.text import listing, table

import pytest
from junitparser import Error, Failure, JUnitXml
from msgspec.structs import replace

CASES = {case.id: case for case in CATALOGUE}
HOSTILE = "\x1b[31mred\x00 <b>&\"'\n\r\u2028\ufffe\u202e ]]> ü"


def result(case: str, kind: Kind, reason: str = "because", version: str = "1.3") -> Result:
    presenter = Transcript(
        messages=(Message(sent=True, version="TLS 1.3", content="Handshake", name="Certificate", length=453),),
        alerts=(Alert(sent=False, fatal=True, number=48),),
    )
    seen = Evidence(verifier_is_server=True, presenter=presenter, commands=(("openssl", "s_server", "-x", "a b"),))
    return Result(Row(CASES[case], Verifier.SERVER, version), Verdict(kind, reason), seen)


@pytest.fixture
def run() -> Run:
    results = (
        result("good", Kind.ACCEPTED, version="1.2"),
        result("good", Kind.ACCEPTED),
        result("expired", Kind.REFUSED),
        result("revoked", Kind.ACCEPTED, HOSTILE),
        result("stolen", Kind.INCONCLUSIVE, "silence"),
        result("bad-body", Kind.INCONCLUSIVE, "silence"),
        result("no-extended-key-usage", Kind.ACCEPTED),
    )
    return Run(
        checked="certs/dev",
        openssl="OpenSSL 3.0.19",
        started="2030-01-02T03:04:05Z",
        milliseconds=1234.5,
        strict=False,
        results=results,
    )


def test_a_table_tells_what_failed_and_what_to_do(run: Run) -> None:
    text = table(run)
    lines = text.splitlines()
    assert "server verifies client certificates, TLS 1.2" in lines
    assert [line.split()[:3] for line in lines if line.startswith("  FAIL")] == [["FAIL", "revoked", "accepted"]]
    told = lines.index("FAIL: server/1.3/revoked: a revoked certificate")
    assert lines[told + 1].startswith("    expected refused, was accepted: ")
    assert "RFC 5280 section 6.3.3: check the CRL" in lines[told + 2]
    assert lines[told + 3] == "    --explain revoked says what to change in openssl, nginx, Go, Python, Node"
    assert "unknown: server/1.3/stolen (and 1 more): a good certificate without its private key" in lines
    assert told < lines.index("warn: server/1.3/no-extended-key-usage: a certificate without extended key usage")
    assert lines[-1] == "certs/dev: 7 rows: 3 ok, 1 warn, 1 FAIL, 2 unknown; 1.2 s, OpenSSL 3.0.19"


def test_a_table_has_colour_only_when_asked_for(run: Run) -> None:
    assert "\x1b" not in table(run)
    assert "\x1b[1;31mFAIL" in table(run, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", table(run, colour=True)) == table(run)


def test_nothing_a_peer_writes_gets_through(run: Run) -> None:
    for text in (table(run), as_json(run).decode(), as_junit(run)):
        assert not set("\x1b\x00\r\u2028\u202e\ufffe").intersection(text)
        assert r"\1B[31mred\00 " in text.replace(r"\\", "\\")
        assert "ü" in text


def test_json_has_the_evidence(run: Run) -> None:
    report = json.loads(as_json(run))
    assert (report["version"], report["status"], report["openssl"]) == (1, 1, "OpenSSL 3.0.19")
    assert report["counts"] == {"holds": 3, "warns": 1, "fails": 1, "unknown": 2, "told": 0, "skipped": 0}
    row = next(row for row in report["rows"] if row["case"] == "expired")
    assert row["id"] == "server/1.3/expired"
    assert row["alert"] == {"number": 48, "name": "unknown_ca"}
    assert row["messages"] == [
        {"sender": "client", "version": "TLS 1.3", "content": "Handshake", "name": "Certificate", "length": 453}
    ]
    assert row["commands"][0][:2] == ["openssl", "s_server"]
    assert (row["expected"], row["observed"], row["outcome"]) == ("refused", "refused", "holds")


def test_junit_is_read_by_another_parser(run: Run) -> None:
    suites = list(JUnitXml.fromstring(as_junit(run).encode()))
    assert [(suite.name, suite.tests, suite.failures, suite.errors) for suite in suites] == [
        ("server verifies client certificates, TLS 1.2", 1, 0, 0),
        ("server verifies client certificates, TLS 1.3", 6, 1, 2),
    ]
    kinds = {case.name: [type(result) for result in case.result] for case in suites[1]}
    assert kinds["revoked"] == [Failure]
    assert kinds["stolen"] == kinds["bad-body"] == [Error]
    assert kinds["good"] == kinds["no-extended-key-usage"] == []
    said = {case.name: case.system_out for case in suites[1]}["expired"]
    assert "$ openssl s_server -x 'a b'\n> TLS 1.3 Handshake Certificate 453 B" in said


def test_junit_is_strict_when_asked_for(run: Run) -> None:
    suites = list(JUnitXml.fromfile(io.StringIO(as_junit(replace(run, strict=True)))))
    assert suites[1].failures == 2
    assert replace(run, strict=True).status == 1


def test_only_the_first_failures_are_explained(run: Run) -> None:
    failed = tuple(result(case, Kind.ACCEPTED) for case in list(CASES)[5:15])
    text = table(replace(run, results=failed))
    assert text.count("\nFAIL: ") == 6
    assert "FAIL: 5 more, see the table" in text
    collapsed = tuple(result(case, Kind.NOT_REQUESTED) for case in list(CASES)[5:15])
    assert "(and 9 more)" in table(replace(run, results=collapsed))


def test_what_is_unknown_for_a_control_alone_has_no_hint(run: Run) -> None:
    """That of the control has to be mended first; another would send people astray."""
    good = replace(result("good", Kind.REFUSED), verdict=Verdict(Kind.REFUSED, "alert 48"))
    (void,) = [one for one in weigh((good, result("none", Kind.REFUSED))) if one.row.case.id == "none"]
    text = table(replace(run, results=(good, void)))
    assert f"{CASES['good'].clause}: {CASES['good'].hint}" in text
    assert "no refusal counts, because the control server/1.3/good failed" in text
    assert CASES["none"].hint not in text
    alone = table(replace(run, results=(result("none", Kind.INCONCLUSIVE),)))
    assert CASES["none"].hint in alone
    apart = replace(result("good", Kind.INCONCLUSIVE), evidence=Evidence(verifier_is_server=True, trouble="refused"))
    assert "see that it runs, and at this address" in table(replace(run, results=(apart,)))


def test_rows_of_which_none_was_tried_are_one_line(run: Run) -> None:
    some = [result(name, Kind.NOT_TRIED, "it speaks no TLS 1.3") for name in ("good", "none", "expired")]
    text = table(replace(run, results=tuple(some)))
    assert "  skip    3 rows: it speaks no TLS 1.3\n" in text
    text = table(replace(run, results=(*some, result("revoked", Kind.NOT_TRIED, "another reason"))))
    assert text.count("it speaks no TLS 1.3") == 3


def test_what_was_not_tried_and_what_is_only_told_decide_nothing(run: Run) -> None:
    told = replace(CASES["none"], severity=Severity.INFORMATION)
    results = (
        result("good", Kind.ACCEPTED),
        result("expired", Kind.NOT_TRIED, "no key"),
        replace(result("none", Kind.ACCEPTED), row=Row(told, Verifier.SERVER, "1.3")),
    )
    run = replace(run, results=results)
    assert run.status == 0
    assert replace(run, strict=True).status == 0
    lines = table(run).splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ")] == ["ok", "skip", "info"]
    assert "1 info, 1 skip" in lines[-1]
    assert not any(line.startswith(("FAIL", "warn", "unknown")) for line in lines)
    suite = next(iter(JUnitXml.fromstring(as_junit(run).encode())))
    assert (suite.tests, suite.skipped, suite.failures, suite.errors) == (3, 1, 0, 0)
    assert "skip" not in table(replace(run, results=results[:1]))


def test_an_empty_run_is_a_report_too(run: Run) -> None:
    empty = replace(run, results=())
    assert "0 rows" in table(empty)
    assert list(JUnitXml.fromstring(as_junit(empty).encode())) == []


def test_the_catalogue_is_listed() -> None:
    line = listing([Row(CASES["none"], Verifier.SERVER, "1.3")])
    assert line.split()[:3] == ["server/1.3/none", "refused", "must"]
    assert "no certificate (RFC 8446 section 4.4.2.4)" in line
