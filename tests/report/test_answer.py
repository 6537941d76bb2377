"""The answer of a run: what was proved and what was not, in one or two sentences."""

from mintls.handshake.cases.case import Severity, Verifier
from mintls.handshake.result import Result, Run, Subject
from mintls.handshake.verdict import Kind
from mintls.report.answer import answer, counts
from mintls.report.text import table

import pytest
from msgspec.structs import replace
from sample_runs import result, run_of

GOOD = (result("good", Kind.ACCEPTED, version="1.2"), result("good", Kind.ACCEPTED))
REFUSED = (result("expired", Kind.REFUSED, version="1.2"), result("expired", Kind.REFUSED))
LET_IN = result("expired", Kind.ACCEPTED)
WARNING = result("no-extended-key-usage", Kind.ACCEPTED)
SUBJECTS = {Subject.PAIR: "certs/dev", Subject.SERVER: "example.test:443", Subject.CLIENT: "certs/dev"}


def run(kind: Subject, *results: Result, strict: bool = False) -> Run:
    return run_of(*results, kind=kind, subject=SUBJECTS[kind], strict=strict)


@pytest.mark.parametrize(
    ("kind", "proved", "failed"),
    [
        (
            Subject.PAIR,
            "certs/dev: valid certificates are accepted and invalid ones rejected in TLS 1.2 and 1.3: 4 passed.",
            "certs/dev: FAILED: 1 of 5 checks failed.",
        ),
        (
            Subject.SERVER,
            "example.test:443 enforces mTLS in TLS 1.2 and 1.3: 4 passed.",
            "example.test:443 does NOT enforce mTLS: 1 of 5 checks failed.",
        ),
        (
            Subject.CLIENT,
            "certs/dev: the client verifies its server in TLS 1.2 and 1.3: 4 passed.",
            "certs/dev: the client does NOT verify its server: 1 of 5 checks failed.",
        ),
    ],
)
def test_what_was_proved_and_the_same_with_one_failure(kind: Subject, proved: str, failed: str) -> None:
    assert answer(run(kind, *GOOD, *REFUSED)) == proved
    assert answer(run(kind, *GOOD, *REFUSED, LET_IN)) == failed


@pytest.mark.parametrize(
    ("kind", "rejected"),
    [
        (Subject.PAIR, "certs/dev: a valid certificate is rejected: 1 of 2 checks failed."),
        (Subject.SERVER, "example.test:443 rejects a valid certificate: 1 of 2 checks failed."),
        (Subject.CLIENT, "certs/dev: the client rejects a valid certificate: 1 of 2 checks failed."),
    ],
)
def test_a_valid_certificate_rejected_is_another_failure_than_an_invalid_one_accepted(
    kind: Subject, rejected: str
) -> None:
    refused = result("good", Kind.REFUSED)
    assert answer(run(kind, GOOD[0], refused)) == rejected
    assert "valid certificate" not in answer(run(kind, GOOD[0], refused, LET_IN)), "an invalid one was accepted, too"


def test_a_server_that_requests_no_certificate_rejects_none() -> None:
    unasked = result("certificate-request", Kind.NOT_REQUESTED)
    assert answer(run(Subject.SERVER, *GOOD, unasked)) == (
        "example.test:443 does NOT enforce mTLS: 1 of 3 checks failed."
    )


@pytest.mark.parametrize("kind", Subject)
def test_what_is_unknown_is_not_proved(kind: Subject) -> None:
    unknown = result("stolen", Kind.INCONCLUSIVE, "silence")
    assert answer(run(kind, *GOOD, unknown)) == (
        f"{SUBJECTS[kind]}: not proved, 1 of 3 checks is inconclusive (2 passed, 1 unknown)."
    )
    assert answer(run(kind, GOOD[0], unknown, unknown)) == (
        f"{SUBJECTS[kind]}: not proved, 2 of 3 checks are inconclusive (1 passed, 2 unknown)."
    )
    assert answer(run(kind, unknown, LET_IN)).endswith(": 1 of 2 checks failed."), "a failure weighs more"


@pytest.mark.parametrize("kind", Subject)
def test_a_warning_is_a_failure_only_with_strict(kind: Subject) -> None:
    assert answer(run(kind, *GOOD, WARNING)).endswith("in TLS 1.2 and 1.3: 2 passed, 1 warning.")
    assert answer(run(kind, *GOOD, WARNING, strict=True)) == (
        f"{SUBJECTS[kind]}: FAILED, because --strict treats warnings as failures: 2 passed, 1 warning."
    )
    assert answer(run(kind, *GOOD, strict=True)) == answer(run(kind, *GOOD)), "no warning, no difference"


def test_a_version_counts_only_if_the_baseline_was_accepted_in_it() -> None:
    assert answer(run(Subject.SERVER, GOOD[1], REFUSED[0])) == "example.test:443 enforces mTLS in TLS 1.3: 2 passed."
    assert answer(run(Subject.SERVER, REFUSED[0])) == "example.test:443 enforces mTLS: 1 passed."


def test_a_version_that_is_not_offered_is_named() -> None:
    silent = [result(case, Kind.NOT_OFFERED, "no TLS 1.2", "1.2") for case in ("good", "expired")]
    assert answer(run(Subject.SERVER, GOOD[1], REFUSED[1], *silent)) == (
        "example.test:443 enforces mTLS in TLS 1.3: 2 passed. Not offered: TLS 1.2."
    )
    assert "Not offered" not in answer(run(Subject.SERVER, *GOOD))


def test_what_was_not_tested_is_named_by_topic_each_reason_once() -> None:
    skipped = [
        result("good-intermediate", Kind.NOT_TRIED, "path_length 0", topic="intermediates"),
        result("path-length", Kind.NOT_TRIED, "path_length 0", topic="intermediates"),
        result("revoked", Kind.NOT_TRIED, "no CRL", topic="revocation"),
        result("crl-stale", Kind.NOT_TRIED, "no key of the CA", topic="revocation"),
        result("stolen", Kind.NOT_TRIED, "its control failed"),
    ]
    assert answer(run(Subject.CLIENT, *GOOD, *skipped)) == (
        "certs/dev: the client verifies its server in TLS 1.2 and 1.3: 2 passed. "
        "Not tested: intermediates (path_length 0), revocation (no CRL; no key of the CA)."
    )
    assert "Not tested" not in answer(run(Subject.CLIENT, *GOOD, skipped[-1])), "it belongs to no topic"
    assert answer(run(Subject.CLIENT, *skipped[:1])) == (
        "certs/dev: nothing was tested. Not tested: intermediates (path_length 0)."
    )


@pytest.mark.parametrize("kind", Subject)
def test_a_dead_address_is_one_line(kind: Subject) -> None:
    trouble = "s_client did not connect: Connection refused"
    dead = [result(case, Kind.INCONCLUSIVE, trouble, trouble=trouble) for case in ("good", "expired")]
    skipped = result("none", Kind.NOT_TRIED, "not tried, because the control failed", control="server/1.3/good")
    expected = f"{SUBJECTS[kind]}: s_client did not connect: Connection refused. Nothing was tested."
    assert answer(run(kind, *dead, skipped)) == expected
    assert table(run(kind, *dead, skipped)) == f"{expected}\n"
    assert len(table(run(kind, *dead, skipped), verbose=True).splitlines()) > 3


def test_an_address_that_answers_sometimes_is_not_dead() -> None:
    failed = result("expired", Kind.INCONCLUSIVE, "refused", trouble="refused")
    other = result("stolen", Kind.INCONCLUSIVE, "reset", trouble="reset")
    assert answer(run(Subject.SERVER, *GOOD, failed)) == (
        "example.test:443: not proved, 1 of 3 checks is inconclusive (2 passed, 1 unknown)."
    )
    assert answer(run(Subject.SERVER, failed, other)).startswith("example.test:443: not proved"), "two reasons"


def test_an_empty_run_proves_nothing() -> None:
    assert answer(run(Subject.PAIR)) == "certs/dev: nothing was tested."


def test_information_is_no_check() -> None:
    resumed = result("resumed", Kind.ACCEPTED)
    assert resumed.row.case.severity is Severity.INFORMATION
    assert answer(run(Subject.SERVER, resumed)) == "example.test:443: nothing was tested."


def test_counts_are_in_words() -> None:
    client = result("wrong-name", Kind.REFUSED_LATE, verifier=Verifier.CLIENT)
    assert counts(run_of()) == "0 passed"
    assert counts(run_of(*GOOD, WARNING)) == "2 passed, 1 warning"
    assert counts(run_of(WARNING, client, LET_IN, replace(LET_IN))) == "0 passed, 2 warnings, 2 failed"
