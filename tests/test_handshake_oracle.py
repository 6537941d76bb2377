"""The rules for a foreign server, on recorded connections and on those connections with one thing changed."""

from mintls.handshake.case import Case
from mintls.handshake.messages import Alert, Message, Transcript
from mintls.handshake.oracle import (
    END,
    Rules,
    is_let_in,
    is_resumed,
    judge_request,
    judge_server,
    judge_server_certificate,
)
from mintls.handshake.probe import Answer, read_probe
from mintls.handshake.server_cases import ANY, server_cases
from mintls.handshake.verdict import Evidence, Kind, Verdict

import pytest
from msgspec.structs import replace
from test_handshake_messages import recorded

CASES: dict[str, Case] = {case.id: case for case in server_cases(ANY)}
RULES = Rules(read_probe("http", "server.test"))
OK = Answer(200, b"H")
SENT = 400  # bytes of a leaf in DER; those recorded have more


def seen(name: str, answer: bytes = b"") -> Evidence:
    """What a client recorded, as if of a foreign server."""
    client = recorded(name)[1]
    return Evidence(verifier_is_server=True, presenter=client, answered=bool(answer), answer=answer)


def judge(case: str, evidence: Evidence, rules: Rules = RULES, control: Answer | None = OK) -> Verdict:
    return judge_server(CASES[case], SENT if CASES[case].presents else 0, evidence, control, rules)


def http(status: int) -> bytes:
    return f"HTTP/1.1 {status} x\r\n".encode()


def silent(evidence: Evidence) -> Evidence:
    return replace(evidence, presenter=replace(evidence.presenter, alerts=()))


def changed(evidence: Evidence, **fields: object) -> Evidence:
    return replace(evidence, presenter=replace(evidence.presenter, **fields))


REFUSED, GOOD = seen("server-1.3-unknown-ca"), seen("server-1.3-good", http(200))
GREETED = silent(seen("server-1.3-good", http(400)))


@pytest.mark.parametrize(
    ("case", "evidence", "kind", "reason"),
    [
        ("good", GOOD, Kind.ACCEPTED, "HTTP 200, certificate sent"),
        ("good", seen("server-1.2-good", http(200)), Kind.ACCEPTED, "HTTP 200"),
        ("unknown-ca", REFUSED, Kind.REFUSED, "alert 48 unknown_ca, certificate sent"),
        ("unknown-ca", GREETED, Kind.REFUSED, "HTTP 400, certificate sent"),
        ("unknown-ca", seen("server-1.3-good", http(200)), Kind.ACCEPTED, "HTTP 200, certificate sent"),
        ("unknown-ca", seen("server-1.3-good", http(404)), Kind.ACCEPTED, "HTTP 404, certificate sent"),
        ("unknown-ca", silent(REFUSED), Kind.REFUSED, "closed without an answer, certificate sent"),
        ("unknown-ca", replace(silent(REFUSED), timed_out=True), Kind.INCONCLUSIVE, "no answer within the time"),
        ("unknown-ca", seen("server-1.3-none", http(400)), Kind.INCONCLUSIVE, "the certificate was not sent"),
        ("unknown-ca", seen("server-1.3-none"), Kind.INCONCLUSIVE, "the certificate was not sent"),
        ("none", seen("server-1.3-none"), Kind.REFUSED, "alert 116 certificate_required, no certificate sent"),
        ("none", seen("server-1.2-none"), Kind.REFUSED, "alert 40 handshake_failure, no certificate sent"),
        ("none", REFUSED, Kind.INCONCLUSIVE, "not an empty Certificate message"),
        ("none", seen("server-1.3-not-requested", http(200)), Kind.NOT_REQUESTED, "did not ask"),
        ("stolen", seen("server-1.2-stolen"), Kind.REFUSED, "alert 51 decrypt_error, certificate sent"),
        ("tls-1.0", seen("server-1.0-tls-1.0"), Kind.REFUSED, "alert 70 protocol_version"),
        ("unknown-ca", seen("server-1.0-tls-1.0"), Kind.INCONCLUSIVE, "no ServerHello"),
        ("unknown-ca", replace(REFUSED, trouble="s_client did not connect"), Kind.INCONCLUSIVE, "did not connect"),
        ("no-name", seen("server-1.3-not-requested", http(200)), Kind.ACCEPTED, "no certificate asked for"),
        ("no-name", seen("server-1.3-not-requested", http(404)), Kind.REFUSED, "another content than HTTP 200"),
        ("no-name", seen("server-1.3-not-requested", http(421)), Kind.REFUSED, "HTTP 421"),
        ("no-name", seen("server-1.3-none"), Kind.REFUSED, "alert 116"),
        ("open-name", seen("server-1.3-not-requested", http(200)), Kind.ACCEPTED, "HTTP 200"),
    ],
)  # fmt: skip
def test_recorded(case: str, evidence: Evidence, kind: Kind, reason: str) -> None:
    verdict = judge(case, evidence)
    assert (verdict.kind, reason in verdict.reason) == (kind, True), verdict


def test_a_refusal_is_one_only_beside_another_answer_of_the_control() -> None:
    refused = replace(REFUSED, answer=http(403), answered=True)
    assert judge("unknown-ca", refused).kind is Kind.REFUSED
    assert judge("unknown-ca", refused, control=Answer(403, b"H")).kind is Kind.ACCEPTED
    assert judge("unknown-ca", refused, Rules(RULES.probe, (401,))).kind is Kind.ACCEPTED


def test_another_protocol_refuses_with_another_first_byte() -> None:
    rules = Rules(read_probe("hex:00", "h"))
    for first, kind in ((b"E", Kind.REFUSED), (b"R", Kind.ACCEPTED)):
        evidence = replace(REFUSED, answer=first + b"rest", answered=True)
        verdict = judge("unknown-ca", evidence, rules, Answer(None, b"R"))
        assert verdict.kind is kind
    # but not where the good certificate got HTTP: that is a server which behaves in a way that nobody has told
    assert judge("unknown-ca", replace(REFUSED, answer=b"E\n", answered=True)).kind is Kind.ACCEPTED


def test_the_second_control_has_to_get_what_the_first_got() -> None:
    assert judge("good-again", GOOD).kind is Kind.ACCEPTED
    assert judge("good-again", replace(GOOD, answer=http(503))).kind is Kind.INCONCLUSIVE
    assert judge("good-again", REFUSED).kind is Kind.REFUSED


@pytest.mark.parametrize("number", [10, 20, 47, 70, 109])
def test_an_alert_about_something_else_is_no_refusal(number: int) -> None:
    other = changed(REFUSED, alerts=(Alert(sent=False, fatal=True, number=number),))
    assert judge("unknown-ca", other).kind is Kind.INCONCLUSIVE


@pytest.mark.parametrize("number", [40, 42, 49, 50, 80, 116])  # of Go, GnuTLS, Node and others
def test_stacks_choose_their_alerts(number: int) -> None:
    other = changed(REFUSED, alerts=(Alert(sent=False, fatal=True, number=number),))
    assert judge("unknown-ca", other).kind is Kind.REFUSED


def test_our_own_alert_is_no_refusal_unless_it_says_that_the_other_side_closed() -> None:
    mine = (Alert(sent=True, fatal=True, number=50),)
    assert judge("unknown-ca", changed(REFUSED, alerts=mine, reasons=("no inverse",))).kind is Kind.INCONCLUSIVE
    assert judge("unknown-ca", changed(REFUSED, alerts=mine, reasons=(END,))).kind is Kind.REFUSED


def test_without_a_probe_the_handshake_counts() -> None:
    rules = Rules(read_probe("none", "h"))
    quiet = silent(replace(GOOD, answer=b"", answered=False))
    ticket = Message(sent=False, version="TLS 1.3", content="Handshake", name="NewSessionTicket", length=100)
    let_in = changed(quiet, messages=(*quiet.presenter.messages, ticket))
    bare = changed(quiet, messages=tuple(m for m in quiet.presenter.messages if m.name != "NewSessionTicket"))
    assert judge("unknown-ca", let_in, rules).kind is Kind.ACCEPTED
    assert judge("unknown-ca", replace(bare, timed_out=True), rules).kind is Kind.INCONCLUSIVE
    assert judge("unknown-ca", let_in).kind is Kind.REFUSED, "with a probe it does not"
    assert judge("none", seen("server-1.3-none"), rules).kind is Kind.REFUSED


def test_the_end_of_the_handshake_in_1_3_is_not_the_servers_word() -> None:
    refused = recorded("server-1.3-none")[1]
    assert refused.has("Finished", sent=False)
    assert not is_let_in(refused)
    assert is_let_in(recorded("server-1.2-good")[1])
    assert not is_let_in(recorded("server-1.2-none")[1])
    assert is_let_in(recorded("server-1.3-not-requested")[1])


def test_a_resumed_session_has_no_certificate_of_the_server() -> None:
    good = recorded("server-1.3-good")[1]
    assert not is_resumed(good)
    assert is_resumed(replace(good, messages=tuple(m for m in good.messages if m.name != "Certificate")))
    assert not is_resumed(Transcript())


def test_what_the_control_shows() -> None:
    assert judge_request(GOOD).kind is Kind.ACCEPTED
    assert judge_request(seen("server-1.3-not-requested")).kind is Kind.NOT_REQUESTED
    assert judge_server_certificate(GOOD, "x").kind is Kind.ACCEPTED
    verdict = judge_server_certificate(changed(GOOD, verify_errors=(62,)), "server.test")
    assert (verdict.kind, verdict.reason) == (
        Kind.REFUSED,
        "it does not verify for server.test: verify error 62",
    )
