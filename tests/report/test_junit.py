"""JUnit XML as another parser reads it."""

import io

from mintls.handshake.cases.case import Row, Severity, Verifier
from mintls.handshake.verdict import Kind
from mintls.report.junit import as_junit

from junitparser import Error, Failure, JUnitXml, Skipped
from msgspec.structs import replace
from sample_runs import CASES, MIXED, result, run_of


def test_junit_is_read_by_another_parser() -> None:
    suites = list(JUnitXml.fromstring(as_junit(MIXED).encode()))
    assert [(suite.name, suite.tests, suite.failures, suite.errors) for suite in suites] == [
        ("server verifies client certificates, TLS 1.2", 1, 0, 0),
        ("server verifies client certificates, TLS 1.3", 6, 1, 2),
    ]
    kinds = {case.name: [type(found) for found in case.result] for case in suites[1]}
    assert kinds["revoked"] == [Failure]
    assert kinds["stolen"] == kinds["bad-body"] == [Error]
    assert kinds["good"] == kinds["no-extended-key-usage"] == []
    output = {case.name: case.system_out for case in suites[1]}["expired"]
    assert output == (
        "an expired certificate (RFC 5280 section 6.1.3 (a)(2)): pass, expected refused, got refused: because\n"
        "$ openssl s_server -x 'a b'\n> TLS 1.3 Handshake Certificate 453 B"
    )


def test_a_failure_gives_the_verdict_and_the_fix() -> None:
    (suite,) = JUnitXml.fromstring(as_junit(run_of(result("expired", Kind.ACCEPTED, "data"))).encode())
    ((failure,),) = (case.result for case in suite)
    assert (failure.message, failure.type) == ("expected refused, got accepted: data", "accepted")
    assert failure.text == CASES["expired"].hint


def test_a_warning_is_a_failure_only_with_strict() -> None:
    suites = list(JUnitXml.fromfile(io.StringIO(as_junit(replace(MIXED, strict=True)))))
    assert suites[1].failures == 2
    assert replace(MIXED, strict=True).status == 1


def test_what_was_skipped_and_what_is_information_is_no_failure() -> None:
    information = Row(replace(CASES["none"], severity=Severity.INFORMATION), Verifier.SERVER, "1.3")
    run = run_of(
        result("good", Kind.ACCEPTED),
        result("expired", Kind.NOT_TRIED, "no key"),
        result("stolen", Kind.NOT_OFFERED, "no TLS 1.3"),
        replace(result("none", Kind.ACCEPTED), row=information),
    )
    (suite,) = JUnitXml.fromstring(as_junit(run).encode())
    assert (suite.tests, suite.skipped, suite.failures, suite.errors) == (4, 2, 0, 0)
    assert {case.name: found.message for case in suite for found in case.result if isinstance(found, Skipped)} == {
        "expired": "no key",
        "stolen": "no TLS 1.3",
    }


def test_rows_that_come_later_are_in_the_same_suite() -> None:
    rows = [result("good", Kind.ACCEPTED, version=version) for version in ("1.2", "1.3")]
    skipped = [result("revoked", Kind.NOT_TRIED, "no CRL", version) for version in ("1.2", "1.3")]
    suites = JUnitXml.fromstring(as_junit(run_of(*rows, *skipped)).encode())
    assert [(suite.name[-3:], suite.tests, suite.skipped) for suite in suites] == [("1.2", 2, 1), ("1.3", 2, 1)]


def test_an_empty_run_is_a_report_too() -> None:
    assert list(JUnitXml.fromstring(as_junit(run_of()).encode())) == []
