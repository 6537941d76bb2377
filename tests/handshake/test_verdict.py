"""The rules of the verdict, on recorded connections and on those connections with one thing changed."""

from mintls.handshake.cases.case import Row, Severity, Verifier
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.result import Outcome, Result, Run, Subject, not_tried, weigh
from mintls.handshake.verdict import Evidence, Expectation, Kind, Verdict, judge
from mintls.handshake.wire.transcript import ALERTS, Alert, Message, Transcript

import pytest
from msgspec import Struct
from msgspec.structs import replace
from recorded import recorded

GOOD = Expectation(accepted=True, certificate_size=400)
UNKNOWN_CA = Expectation(accepted=False, certificate_size=400, errors=(20,), alerts=(48,))
NONE = Expectation(accepted=False, certificate_size=0, alerts=(40, 116))
OLD = Expectation(accepted=False, certificate_size=400, alerts=(70,), at_hello=True)
EXPIRED = Expectation(accepted=False, certificate_size=400, errors=(10,), alerts=(45,))


def evidence(name: str, *, answered: bool = False) -> Evidence:
    server, client = recorded(name)
    is_server = name.startswith("server")
    presenter, verifier = (client, server) if is_server else (server, client)
    return Evidence(verifier_is_server=is_server, presenter=presenter, verifier=verifier, answered=answered)


def without(transcript: Transcript, name: str, *, sent: bool) -> Transcript:
    left = tuple(m for m in transcript.messages if (m.name, m.sent) != (name, sent))
    return replace(transcript, messages=left)


@pytest.mark.parametrize(
    ("name", "answered", "expected", "kind", "reason"),
    [
        ("server-1.2-good", True, GOOD, Kind.ACCEPTED, "application data came back"),
        ("server-1.3-good", True, GOOD, Kind.ACCEPTED, "application data came back"),
        ("server-1.2-none", False, NONE, Kind.REFUSED, "alert 40 handshake_failure, no certificate sent"),
        ("server-1.3-none", False, NONE, Kind.REFUSED, "alert 116 certificate_required, no certificate sent"),
        (
            "server-1.3-unknown-ca",
            False,
            UNKNOWN_CA,
            Kind.REFUSED,
            "alert 48 unknown_ca, certificate sent 475 B, verify",
        ),
        ("client-1.2-expired", False, EXPIRED, Kind.REFUSED, "alert 45 certificate_expired, certificate sent"),
        ("server-1.0-tls-1.0", False, OLD, Kind.REFUSED, "alert 70 protocol_version"),
        ("server-1.3-unknown-ca-accepted", True, UNKNOWN_CA, Kind.ACCEPTED, "although it found verify error 20"),
        ("server-1.3-not-requested", True, UNKNOWN_CA, Kind.NOT_REQUESTED, "did not ask for a certificate"),
        ("server-1.2-not-requested", True, GOOD, Kind.NOT_REQUESTED, "did not ask for a certificate"),
    ],
)
def test_recorded(name: str, answered: bool, expected: Expectation, kind: Kind, reason: str) -> None:
    verdict = judge(expected, evidence(name, answered=answered))
    assert verdict.kind is kind
    assert reason in verdict.reason


def test_the_end_of_the_handshake_is_not_acceptance() -> None:
    # As s_client sees TLS 1.3 (RFC 8446 section 2): its own handshake is over when the server refuses it.
    seen = evidence("server-1.3-good")
    assert seen.presenter.has("Finished", sent=True)
    assert seen.presenter.has("Finished", sent=False)
    assert judge(GOOD, seen).kind is Kind.INCONCLUSIVE


REFUSED = evidence("server-1.3-unknown-ca")
BY_A_STRANGER = replace(REFUSED, verifier=None)
QUIET = replace(REFUSED.presenter, alerts=())


@pytest.mark.parametrize(
    ("seen", "expected", "reason"),
    [
        (replace(REFUSED, timed_out=True), UNKNOWN_CA, "not finished within --timeout"),
        (replace(REFUSED, trouble="s_server did not start"), UNKNOWN_CA, "s_server did not start"),
        (replace(REFUSED, presenter=Transcript()), UNKNOWN_CA, "no ServerHello"),
        (replace(REFUSED, presenter=Transcript(), timed_out=True), UNKNOWN_CA, "no ServerHello within --timeout"),
        (replace(REFUSED, presenter=without(REFUSED.presenter, "Certificate", sent=True)), UNKNOWN_CA, "was not sent"),
        (evidence("server-1.3-none"), UNKNOWN_CA, "was not sent (Certificate message of 8 B)"),
        (REFUSED, replace(UNKNOWN_CA, certificate_size=1000), "was not sent (Certificate message of 475 B)"),
        (REFUSED, NONE, "not an empty Certificate message, but one of 475 B"),
        (REFUSED, EXPIRED, "refused in a different way: alert 48 unknown_ca"),
        (REFUSED, replace(UNKNOWN_CA, errors=(19,)), "for a different reason: alert 48 unknown_ca"),
        (REFUSED, replace(UNKNOWN_CA, errors=()), "expected verify error none"),
        (replace(BY_A_STRANGER, presenter=QUIET), UNKNOWN_CA, "closed without an alert"),
        (evidence("server-1.0-tls-1.0"), replace(OLD, alerts=(40,)), "refused in a different way"),
        (Evidence(verifier_is_server=True), OLD, "no ClientHello"),
        (replace(evidence("server-1.0-tls-1.0"), timed_out=True), OLD, "not finished within --timeout"),
    ],
)
def test_anything_else_is_inconclusive(seen: Evidence, expected: Expectation, reason: str) -> None:
    verdict = judge(expected, seen)
    assert verdict.kind is Kind.INCONCLUSIVE
    assert reason in verdict.reason


def test_of_a_stranger_the_presenter_tells() -> None:
    assert judge(UNKNOWN_CA, BY_A_STRANGER) == Verdict(Kind.REFUSED, "alert 48 unknown_ca, certificate sent 475 B")
    close = replace(UNKNOWN_CA, by_close=True)
    assert judge(close, replace(BY_A_STRANGER, presenter=QUIET)).kind is Kind.REFUSED
    assert judge(close, replace(BY_A_STRANGER, presenter=QUIET, timed_out=True)).kind is Kind.INCONCLUSIVE


def test_a_client_that_finishes_first_refuses_late() -> None:
    server, _ = recorded("client-1.2-expired")
    finished = Message(sent=False, version="TLS 1.2", content="Handshake", name="Finished", length=16)
    late = replace(server, messages=(*server.messages, finished), established=True)
    seen = Evidence(verifier_is_server=False, presenter=late)
    assert judge(EXPIRED, seen).kind is Kind.REFUSED_LATE


def test_a_refused_control_is_refused_and_not_inconclusive() -> None:
    assert judge(GOOD, REFUSED).kind is Kind.REFUSED


CASES = {case.id: case for case in CATALOGUE}


def result(case: str, kind: Kind, version: str = "1.3", verifier: Verifier = Verifier.SERVER, **seen: bool) -> Result:
    row = Row(CASES[case], verifier, version)
    return Result(row, Verdict(kind, "because"), Evidence(verifier_is_server=True, **seen))


@pytest.mark.parametrize(
    ("case", "kind", "outcome"),
    [
        ("good", Kind.ACCEPTED, Outcome.PASS),
        ("good", Kind.REFUSED, Outcome.FAIL),
        ("good", Kind.NOT_REQUESTED, Outcome.FAIL),
        ("good", Kind.INCONCLUSIVE, Outcome.UNKNOWN),
        ("expired", Kind.REFUSED, Outcome.PASS),
        ("expired", Kind.REFUSED_LATE, Outcome.WARN),
        ("expired", Kind.ACCEPTED, Outcome.FAIL),
        ("expired", Kind.NOT_REQUESTED, Outcome.FAIL),
        ("expired", Kind.INCONCLUSIVE, Outcome.UNKNOWN),
        ("cn-only", Kind.REFUSED, Outcome.PASS),
        ("cn-only", Kind.ACCEPTED, Outcome.WARN),
        ("cn-only", Kind.INCONCLUSIVE, Outcome.UNKNOWN),
    ],
)
def test_outcome(case: str, kind: Kind, outcome: Outcome) -> None:
    assert result(case, kind).outcome is outcome


def test_no_refusal_counts_beside_a_control_that_failed() -> None:
    bad, other = result("good", Kind.REFUSED), result("good", Kind.ACCEPTED, "1.2")
    rows = [bad, other, result("expired", Kind.REFUSED), result("expired", Kind.REFUSED, "1.2")]
    rows += [result("none", Kind.ACCEPTED), result("tls-1.0", Kind.REFUSED, "1.0")]
    rows += [result("expired", Kind.REFUSED, verifier=Verifier.CLIENT)]
    kinds = [weighed.verdict.kind for weighed in weigh(rows)]
    assert kinds == [
        Kind.REFUSED, Kind.ACCEPTED, Kind.INCONCLUSIVE, Kind.REFUSED, Kind.ACCEPTED, Kind.INCONCLUSIVE, Kind.REFUSED,
    ]  # fmt: skip
    assert "because the baseline server/1.3/good failed" in weigh(rows)[2].verdict.reason


def test_a_server_that_asks_for_nothing_has_not_failed_the_control() -> None:
    rows = [result("good", Kind.NOT_REQUESTED), result("null-ciphers", Kind.REFUSED, "1.2")]
    assert weigh(rows)[1].outcome is Outcome.PASS


def test_a_control_at_the_end_counts_as_well() -> None:
    rows = [result("good", Kind.ACCEPTED), result("expired", Kind.REFUSED), result("good-again", Kind.INCONCLUSIVE)]
    assert weigh(rows)[1].outcome is Outcome.UNKNOWN


def test_what_hangs_is_not_tried_again() -> None:
    stuck = result("good", Kind.INCONCLUSIVE, timed_out=True)
    rows = [Row(CASES["expired"], Verifier.SERVER, version) for version in ("1.2", "1.3")]
    assert [left.row.version for left in not_tried(rows, [stuck])] == ["1.3"]
    assert not_tried(rows, [result("good", Kind.REFUSED)]) == ()


@pytest.mark.parametrize(
    ("kinds", "strict", "status"),
    [
        ([("good", Kind.ACCEPTED), ("expired", Kind.REFUSED)], True, 0),
        ([("cn-only", Kind.ACCEPTED)], False, 0),
        ([("cn-only", Kind.ACCEPTED)], True, 1),
        ([("expired", Kind.ACCEPTED)], False, 1),
        ([("expired", Kind.INCONCLUSIVE)], False, 3),
        ([("expired", Kind.INCONCLUSIVE), ("none", Kind.ACCEPTED)], False, 1),
    ],
)
def test_status(kinds: list[tuple[str, Kind]], strict: bool, status: int) -> None:
    results = tuple(result(case, kind) for case, kind in kinds)
    run = Run(kind=Subject.SERVER, subject="", openssl="", started="", milliseconds=0, strict=strict, results=results)
    assert run.status == status


def test_every_policy_row_expects_a_refusal() -> None:
    assert all(not case.accepted for case in CATALOGUE if case.severity is Severity.POLICY)


def test_an_alert_that_we_sent_is_no_refusal_of_ours() -> None:
    mine = replace(QUIET, alerts=(Alert(sent=True, fatal=True, number=48),))
    assert judge(UNKNOWN_CA, replace(BY_A_STRANGER, presenter=mine)).kind is Kind.INCONCLUSIVE


CLIENT = Expectation(accepted=False, certificate_size=400, alerts=(42, 48), by_close=True)


def shown_to_a_stranger(number: int, *, late: bool = False) -> Evidence:
    """A foreign client that was shown a certificate and closed; our server then said that alert to nobody."""
    server, _ = recorded("client-1.3-wrong-name")
    kept = tuple(m for m in server.messages if m.sent or m.name == "ClientHello")
    answer = (Message(False, "TLS 1.3", "Handshake", name, 500) for name in ("Certificate", "Finished") if late)
    own = Alert(sent=True, fatal=True, number=number)
    return Evidence(verifier_is_server=False, presenter=Transcript((*kept, *answer), (own,)))


@pytest.mark.parametrize(
    ("number", "at_hello", "kind", "reason"),
    [
        (50, False, Kind.REFUSED, "closed without an alert"),  # decode_error: OpenSSL 3 at an unexpected end
        (40, False, Kind.INCONCLUSIVE, "the presenting peer gave up: alert 40 handshake_failure"),
        (70, False, Kind.INCONCLUSIVE, "the presenting peer gave up: alert 70 protocol_version"),
        (70, True, Kind.REFUSED, "it does not offer that version"),
    ],
)
def test_what_our_server_says_is_no_refusal_of_the_clients(
    number: int, at_hello: bool, kind: Kind, reason: str
) -> None:
    verdict = judge(replace(CLIENT, at_hello=at_hello), shown_to_a_stranger(number))
    assert verdict.kind is kind
    assert verdict.reason.startswith(reason)


def test_a_client_that_has_shown_itself_has_refused_late() -> None:
    verdict = judge(CLIENT, shown_to_a_stranger(50, late=True))
    assert verdict.kind is Kind.REFUSED_LATE
    assert verdict.reason.endswith("after it had completed the handshake and presented its certificate")


# ---- both sides of each bound, each branch by itself


def sized(transcript: Transcript, length: int, *, sent: bool = True) -> Transcript:
    """With a Certificate message of that length in bytes."""
    messages = tuple(
        replace(message, length=length) if (message.name, message.sent) == ("Certificate", sent) else message
        for message in transcript.messages
    )
    return replace(transcript, messages=messages)


@pytest.mark.parametrize(
    ("length", "shown"), [(0, False), (1, True), (8, True), (9, False), (475, False)]
)  # RFC 8446 section 4.4.2: a header of four bytes, a context and an empty list make eight
def test_how_long_an_empty_certificate_message_is(length: int, shown: bool) -> None:
    seen = evidence("server-1.3-none")
    verdict = judge(NONE, replace(seen, presenter=sized(seen.presenter, length)))
    assert verdict.kind is (Kind.REFUSED if shown else Kind.INCONCLUSIVE)
    assert verdict.reason.startswith(
        "alert 116" if shown else f"not an empty Certificate message, but one of {length} B"
    )


@pytest.mark.parametrize(("size", "shown"), [(474, True), (475, False), (476, False)])
def test_a_certificate_message_is_longer_than_its_leaf(size: int, shown: bool) -> None:
    kind = judge(replace(UNKNOWN_CA, certificate_size=size), REFUSED).kind
    assert kind is (Kind.REFUSED if shown else Kind.INCONCLUSIVE)


@pytest.mark.parametrize(("length", "shown"), [(8, False), (9, True)])
def test_a_leaf_of_a_few_bytes_is_no_empty_message(length: int, shown: bool) -> None:
    seen = replace(REFUSED, presenter=sized(REFUSED.presenter, length))
    verdict = judge(replace(UNKNOWN_CA, certificate_size=1), seen)
    assert verdict.kind is (Kind.REFUSED if shown else Kind.INCONCLUSIVE)
    if shown:
        assert verdict.reason == "alert 48 unknown_ca, certificate sent 9 B, verify error 20"


def test_only_the_first_verify_error_counts_and_is_told() -> None:
    both = replace(REFUSED, verifier=replace(REFUSED.verifier, verify_errors=(20, 21)))
    verdict = judge(UNKNOWN_CA, both)
    assert (verdict.kind, verdict.reason.endswith(", verify error 20")) == (Kind.REFUSED, True)
    assert judge(replace(UNKNOWN_CA, errors=(21,)), both).kind is Kind.INCONCLUSIVE
    let_in = judge(UNKNOWN_CA, replace(both, answered=True))
    assert let_in.reason == "application data came back, although it found verify error 20"


@pytest.mark.parametrize(
    ("is_server", "foreign", "reason"),
    [
        (True, True, "application data came back"), (True, False, "application data came back"),
        (False, False, "application data came back"), (False, True, "it sent application data"),
    ],
)  # fmt: skip
def test_who_let_whom_in(is_server: bool, foreign: bool, reason: str) -> None:
    seen = evidence("server-1.3-good" if is_server else "client-1.3-wrong-name", answered=True)
    verdict = judge(GOOD, replace(seen, verifier=None if foreign else replace(seen.verifier, verify_errors=())))
    assert verdict == Verdict(Kind.ACCEPTED, reason)


@pytest.mark.parametrize(("name", "end"), [("server-1.3-not-requested", "Finished"),
                                           ("server-1.2-not-requested", "ServerHelloDone")])  # fmt: skip
def test_a_server_has_not_asked_once_it_has_come_past_the_moment(name: str, end: str) -> None:
    """In TLS 1.3 that is its Finished, in 1.2 its ServerHelloDone; before that it may still ask."""
    seen = evidence(name, answered=True)
    messages = seen.presenter.messages
    mine = tuple(m for m in messages if not (m.sent and m.name in ("Finished", "Certificate")))
    theirs = tuple(m for m in mine if m.sent or m.name == end or m.name not in ("Finished", "ServerHelloDone"))
    past = replace(seen, presenter=replace(seen.presenter, messages=theirs))
    assert judge(GOOD, past).kind is Kind.NOT_REQUESTED
    before = replace(seen, presenter=without(past.presenter, end, sent=False))
    assert judge(GOOD, before).kind is Kind.INCONCLUSIVE


def test_what_a_client_has_not_done_is_no_request_that_is_missing() -> None:
    """The ends of a client's handshake say nothing of whether it asked: a server always shows its certificate."""
    seen = evidence("client-1.3-wrong-name")
    assert not seen.presenter.has("CertificateRequest", sent=False)
    finished = Message(sent=False, version="TLS 1.3", content="Handshake", name="Finished", length=36)
    presenter = replace(seen.presenter, messages=(*seen.presenter.messages, finished))
    expected = replace(CLIENT, errors=(62,))
    assert judge(expected, replace(seen, presenter=presenter)).kind is Kind.REFUSED_LATE


@pytest.mark.parametrize(("length", "leaked"), [(None, False), (8, False), (9, True)])
def test_what_a_client_has_shown_of_itself(length: int | None, leaked: bool) -> None:
    seen = shown_to_a_stranger(50, late=True)
    seen = replace(seen, presenter=without(seen.presenter, "Certificate", sent=False))
    if length is not None:
        own = Message(False, "TLS 1.3", "Handshake", "Certificate", length)
        seen = replace(seen, presenter=replace(seen.presenter, messages=(*seen.presenter.messages, own)))
    verdict = judge(CLIENT, seen)
    assert verdict.kind is Kind.REFUSED_LATE
    assert ("and presented its certificate" in verdict.reason) is leaked
    assert "after it had completed the handshake" in verdict.reason


def test_of_many_alerts_that_would_do_nobody_wants_a_list() -> None:
    eight, nine = (40, 41, 42, 43, 44, 45, 46, 47), (40, 41, 42, 43, 44, 45, 46, 47, 49)
    listed = judge(replace(UNKNOWN_CA, alerts=eight), REFUSED).reason
    assert listed.endswith("expected " + " or ".join(f"alert {n} {ALERTS[n]}" for n in eight))
    assert judge(replace(UNKNOWN_CA, alerts=nine), REFUSED).reason.endswith(
        "expected an alert about what was presented"
    )
    one = judge(replace(UNKNOWN_CA, alerts=(42,)), REFUSED).reason
    assert one.endswith("; expected alert 42 bad_certificate")


def test_what_either_end_complained_of_is_told() -> None:
    """The alert, and the first reason of each end, after a colon; without any of them no colon."""
    silent = Transcript()
    told = {
        (True, True, True): ": alert 48 unknown_ca, mine, theirs", (True, False, False): ": alert 48 unknown_ca",
        (False, True, False): ": mine", (False, False, True): ": theirs", (False, False, False): "",
    }  # fmt: skip
    for (alert, mine, theirs), end in told.items():
        alerts = (Alert(sent=True, fatal=True, number=48),) if alert else ()
        seen = Evidence(
            verifier_is_server=True,
            presenter=replace(silent, reasons=("mine", "more of mine") if mine else ()),
            verifier=replace(silent, reasons=("theirs", "more of theirs") if theirs else (), alerts=alerts),
        )
        assert judge(UNKNOWN_CA, seen).reason == f"no ServerHello{end}"
    assert judge(UNKNOWN_CA, Evidence(verifier_is_server=True)).reason == "no ServerHello"


def test_a_close_of_a_good_connection_is_inconclusive() -> None:
    """Who ought to be let in is refused by an alert only: a close may have any reason."""
    closed = replace(BY_A_STRANGER, presenter=QUIET)
    assert judge(GOOD, closed).kind is Kind.INCONCLUSIVE
    assert judge(replace(GOOD, by_close=True), closed).kind is Kind.INCONCLUSIVE


@pytest.mark.parametrize("made", [Verdict(Kind.ACCEPTED, ""), GOOD, REFUSED])
def test_what_was_found_is_never_changed(made: Struct) -> None:
    with pytest.raises(AttributeError):
        setattr(made, type(made).__struct_fields__[0], None)


def test_expectations_and_evidence_are_told_by_name() -> None:
    """Two numbers in a wrong order would be another verdict."""
    for call in (lambda: Expectation(True, 400), lambda: Evidence(True)):  # type: ignore[call-arg,misc]
        with pytest.raises(TypeError):
            call()
