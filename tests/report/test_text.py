"""The text of a run for people: the answer, what did not pass, and its fix; nothing hostile gets through."""

import re

from mintls.handshake.cases.case import Row, Severity, Verifier
from mintls.handshake.result import weigh
from mintls.handshake.verdict import Evidence, Kind, Verdict
from mintls.report.json_report import as_json
from mintls.report.junit import as_junit
from mintls.report.text import listing, table

from msgspec.structs import replace
from sample_runs import CASES, MIXED, result, run_of


def test_the_answer_comes_first_then_what_did_not_pass_then_its_fix() -> None:
    lines = table(MIXED).splitlines()
    assert lines[:5] == [
        "certs/dev: FAILED: 1 of 7 checks failed.",
        "",
        "server verifies client certificates, TLS 1.2",
        "  pass    1 case",
        "",
    ]
    assert lines[5:7] == ["server verifies client certificates, TLS 1.3", "  pass    2 cases"]
    assert [line.split()[:3] for line in lines if line.startswith("  fail")] == [["fail", "revoked", "accepted"]]
    failed = lines.index("fail: server/1.3/revoked: a revoked certificate")
    assert lines[failed + 1].startswith("    expected refused, got accepted: ")
    assert "RFC 5280 section 6.3.3: check the CRL" in lines[failed + 2]
    assert lines[failed + 3] == "    fix for each stack: --explain revoked"
    unknown = f"unknown: server/1.3/stolen (and 1 more): {CASES['stolen'].title}"
    assert failed < lines.index(unknown)
    warning = "warn: server/1.3/no-extended-key-usage: a certificate without extended key usage"
    assert lines.index(unknown) < lines.index(warning)
    assert lines[-1] == "7 rows in 1.2 s, OpenSSL 3.0.19"


def test_what_passed_is_folded_unless_verbose() -> None:
    folded, verbose = table(MIXED).splitlines(), table(MIXED, verbose=True).splitlines()
    rows = [[line.split()[:2] for line in lines if re.match("  [a-z]", line)] for lines in (folded, verbose)]
    others = [["fail", "revoked"], ["unknown", "stolen"], ["unknown", "bad-body"], ["warn", "no-extended-key-usage"]]
    assert rows[0] == [["pass", "1"], ["pass", "2"], *others]
    assert rows[1] == [["pass", "good"], ["pass", "good"], ["pass", "expired"], *others]
    assert "  pass    expired                refused       because  0 ms" in verbose
    assert folded[0] == verbose[0]


def test_a_table_has_colour_only_when_asked_for() -> None:
    assert "\x1b" not in table(MIXED)
    assert "\x1b[1;31mfail" in table(MIXED, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", table(MIXED, colour=True)) == table(MIXED)


def test_nothing_a_peer_writes_gets_through() -> None:
    for text in (table(MIXED), table(MIXED, verbose=True), as_json(MIXED).decode(), as_junit(MIXED)):
        assert not set("\x1b\x00\r\u2028\u202e\ufffe").intersection(text)
        assert r"\1B[31mred\00 " in text.replace(r"\\", "\\")
        assert "ü" in text


def test_only_the_first_failures_are_explained() -> None:
    causes = ["none", "self-signed", "unknown-ca", "same-name-ca", "leaf-as-ca", "expired", "wrong-purpose", "revoked"]
    failed = [result(case, Kind.ACCEPTED) for case in causes]
    text = table(run_of(*failed))
    assert text.count("\nfail: ") == 6
    assert "\nfail: 3 more, listed above\n" in text
    assert "listed above" not in table(run_of(*failed[:5]))
    collapsed = [result(case, Kind.NOT_REQUESTED) for case in list(CASES)[5:15]]
    assert "(and 9 more)" in table(run_of(*collapsed))


def test_what_is_unknown_for_a_control_alone_has_no_hint() -> None:
    """The control has to be fixed first; another hint would mislead."""
    good = replace(result("good", Kind.REFUSED), verdict=Verdict(Kind.REFUSED, "alert 48"))
    (void,) = [one for one in weigh((good, result("none", Kind.REFUSED))) if one.row.case.id == "none"]
    text = table(run_of(good, void))
    assert f"{CASES['good'].reference}: {CASES['good'].hint}" in text
    assert void.verdict.control == "server/1.3/good"
    assert void.verdict.reason in text
    assert CASES["none"].hint not in text
    alone = table(run_of(result("none", Kind.INCONCLUSIVE)))
    assert CASES["none"].hint in alone


def test_a_row_that_did_not_connect_has_a_hint_about_the_connection() -> None:
    apart = replace(result("good", Kind.INCONCLUSIVE), evidence=Evidence(verifier_is_server=True, trouble="refused"))
    text = table(run_of(result("none", Kind.REFUSED), apart))
    assert "\n    check that the server is running, and at this address\n\n" in text
    assert CASES["good"].hint not in text
    assert CASES["good"].reference not in text
    client = replace(apart, row=replace(apart.row, verifier=Verifier.CLIENT))
    assert "\n    check that the client starts, and connects to the address that it is given\n\n" in table(
        run_of(result("none", Kind.REFUSED), client)
    )
    judged = table(run_of(result("none", Kind.REFUSED), result("good", Kind.INCONCLUSIVE)))
    assert f"{CASES['good'].reference}: {CASES['good'].hint}\n    fix for each stack: --explain good" in judged


def test_rows_that_were_skipped_are_one_line_for_each_reason() -> None:
    some = [result(name, Kind.NOT_TRIED, "no key of the CA") for name in ("good", "none", "expired")]
    assert "  skip    3 cases: no key of the CA\n" in table(run_of(*some))
    both = table(run_of(some[0], result("revoked", Kind.NOT_TRIED, "no CRL"), some[1]))
    assert "  skip    2 cases: no key of the CA\n  skip    1 case: no CRL\n" in both
    assert table(run_of(*some), verbose=True).count("no key of the CA") == 3


def test_rows_that_come_later_are_listed_with_their_version() -> None:
    rows = [result("good", Kind.ACCEPTED, version=version) for version in ("1.2", "1.3")]
    skipped = [result("revoked", Kind.NOT_TRIED, "no CRL", version) for version in ("1.2", "1.3")]
    block = "server verifies client certificates, TLS {}\n  pass    1 case\n  skip    1 case: no CRL\n\n"
    assert f"{block.format('1.2')}{block.format('1.3')}4 rows" in table(run_of(*rows, *skipped))


def test_what_was_skipped_and_what_is_information_decide_nothing() -> None:
    information = replace(CASES["none"], severity=Severity.INFORMATION)
    results = (
        result("good", Kind.ACCEPTED),
        result("expired", Kind.NOT_TRIED, "no key"),
        replace(result("none", Kind.ACCEPTED), row=Row(information, Verifier.SERVER, "1.3")),
    )
    run = run_of(*results)
    assert run.status == 0
    assert replace(run, strict=True).status == 0
    lines = table(run).splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ")] == ["pass", "info", "skip"]
    assert lines[0].endswith(" in TLS 1.3: 1 passed.")
    assert not any(line.startswith(("fail", "warn", "unknown")) for line in lines)
    assert "skip" not in table(run_of(*results[:1]))


def test_an_empty_run_is_a_report_too() -> None:
    assert table(run_of()) == "certs/dev: nothing was tested.\n\n0 rows in 1.2 s, OpenSSL 3.0.19\n"


def test_the_catalogue_is_listed() -> None:
    line = listing([Row(CASES["none"], Verifier.SERVER, "1.3")])
    assert line.split()[:3] == ["server/1.3/none", "refused", "must"]
    assert "no certificate (RFC 8446 section 4.4.2.4)" in line
