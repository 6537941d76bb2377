"""The rules for a foreign server, on recorded connections and on those connections with one thing changed."""

from mintls.handshake.cases.case import Case
from mintls.handshake.connect.cases import ANY, server_cases
from mintls.handshake.connect.probe import Answer, Probe, Reply
from mintls.handshake.connect.protocols.protocol import Request
from mintls.handshake.connect.protocols.registry import named
from mintls.handshake.connect.question import Question
from mintls.handshake.connect.verdict import (
    END,
    Baseline,
    is_let_in,
    is_resumed,
    judge_ca_names,
    judge_plain,
    judge_request,
    judge_server,
    judge_server_certificate,
)
from mintls.handshake.verdict import Evidence, Kind, Verdict
from mintls.handshake.wire.transcript import Alert, Message, Transcript

import pytest
from msgspec.structs import replace
from recorded import recorded

CASES: dict[str, Case] = {case.id: case for case in server_cases(ANY)}
OK = Answer(Reply.ACCEPTED, "HTTP 200")
SENT = 400  # bytes of a leaf in DER; those recorded have more


def seen(name: str, answer: bytes = b"") -> Evidence:
    """What a client recorded, as if of a foreign server."""
    client = recorded(name)[1]
    return Evidence(verifier_is_server=True, presenter=client, answered=bool(answer), answer=answer)


def probe(text: str = "http", status: tuple[int, ...] = (400, 401, 403, 421, 495, 496), **texts: str) -> Probe:
    protocol, value = named(text)
    assert protocol
    return Question(protocol=protocol, request=Request(value=value, refused_status=status), **texts).probe()


HTTP = probe()
SERVED = Baseline(OK)


def judge(case: str, evidence: Evidence, asked: Probe = HTTP, control: Baseline | None = SERVED) -> Verdict:
    return judge_server(CASES[case], SENT if CASES[case].presents else 0, evidence, control, asked)


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
        ("unknown-ca", replace(silent(REFUSED), timed_out=True), Kind.INCONCLUSIVE, "no answer within --timeout"),
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
        ("no-name", seen("server-1.3-not-requested", http(200)), Kind.ACCEPTED, "no certificate requested"),
        ("no-name", seen("server-1.3-not-requested", http(404)), Kind.REFUSED, "different content from HTTP 200"),
        ("no-name", seen("server-1.3-not-requested", http(421)), Kind.REFUSED, "HTTP 421"),
        ("no-name", seen("server-1.3-none"), Kind.REFUSED, "alert 116"),
        ("open-name", seen("server-1.3-not-requested", http(200)), Kind.ACCEPTED, "HTTP 200"),
    ],
)  # fmt: skip
def test_recorded(case: str, evidence: Evidence, kind: Kind, reason: str) -> None:
    verdict = judge(case, evidence)
    assert (verdict.kind, reason in verdict.reason) == (kind, True), verdict


def test_a_refusal_is_one_only_beside_another_answer_of_the_baseline() -> None:
    """A path that nobody may read shows nothing, and that is neither a refusal nor an acceptance."""
    refused = replace(REFUSED, answer=http(403), answered=True)
    assert judge("unknown-ca", refused).kind is Kind.REFUSED
    verdict = judge("unknown-ca", refused, control=Baseline(Answer(Reply.REFUSED, "HTTP 403")))
    assert verdict.kind is Kind.INCONCLUSIVE
    assert "HTTP 403 for the valid certificate" in verdict.reason
    assert "--probe http:/PATH" in verdict.reason
    assert judge("unknown-ca", refused, probe(status=(401,))).kind is Kind.ACCEPTED
    served = replace(refused, answer=http(200))
    assert judge("unknown-ca", served, control=Baseline(Answer(Reply.REFUSED, "HTTP 403"))).kind is Kind.ACCEPTED


def test_a_different_reply_of_an_unknown_protocol_is_not_a_refusal() -> None:
    asked = probe("hex:00")
    same, other = replace(REFUSED, answer=b"Rest", answered=True), replace(REFUSED, answer=b"E\n", answered=True)
    control = Baseline(asked.answer(b"Rest"))
    assert judge("unknown-ca", same, asked, control).kind is Kind.ACCEPTED
    verdict = judge("unknown-ca", other, asked, control)
    assert verdict.kind is Kind.INCONCLUSIVE
    assert "'E'" in verdict.reason
    assert "'Rest' for the valid certificate" in verdict.reason
    assert "--accepted-if TEXT or --refused-if TEXT" in verdict.reason


@pytest.mark.parametrize(
    ("texts", "answer", "kind"),
    [
        ({"accepted_if": "secret"}, b"the secret", Kind.ACCEPTED),
        ({"accepted_if": "secret"}, b"no", Kind.REFUSED),
        ({"refused_if": "no"}, b"no", Kind.REFUSED),
        ({"refused_if": "no"}, b"the secret", Kind.ACCEPTED),
        ({"accepted_if": "secret", "refused_if": "no"}, b"the secret", Kind.ACCEPTED),
        ({"accepted_if": "secret", "refused_if": "no"}, b"no", Kind.REFUSED),
        ({"accepted_if": "secret", "refused_if": "no"}, b"maybe", Kind.INCONCLUSIVE),
    ],
)
@pytest.mark.parametrize("text", ["line:whoami", "http"])
def test_a_text_of_the_user_decides(text: str, texts: dict[str, str], answer: bytes, kind: Kind) -> None:
    asked = probe(text, **texts)
    control = Baseline(asked.answer(b"CN=me, the secret"))
    assert judge("unknown-ca", replace(REFUSED, answer=answer, answered=True), asked, control).kind is kind


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


def test_without_a_question_the_fate_of_the_connection_counts() -> None:
    """A session ticket shows nothing: servers may close after they have sent it."""
    asked, open_one, closed_one = probe("none"), Baseline(None, open=True), Baseline(None, open=False)
    closed = silent(replace(GOOD, answer=b"", answered=False))
    stays = replace(closed, open=True)
    assert judge("good", stays, asked, None).kind is Kind.ACCEPTED
    assert judge("good", closed, asked, None).kind is Kind.INCONCLUSIVE
    assert judge("unknown-ca", stays, asked, open_one).kind is Kind.ACCEPTED
    assert judge("unknown-ca", closed, asked, open_one).kind is Kind.REFUSED
    assert judge("unknown-ca", closed, asked, closed_one).kind is Kind.INCONCLUSIVE
    assert judge("unknown-ca", replace(closed, timed_out=True), asked, open_one).kind is Kind.INCONCLUSIVE
    assert judge("unknown-ca", closed).kind is Kind.REFUSED, "with a question it is one that was not answered"
    assert judge("none", seen("server-1.3-none"), asked, open_one).kind is Kind.REFUSED


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


# ---- each alert, each status and each reason by itself

# RFC 8446 section 6.2: those that can be about a certificate, and those that can be about a hello; the numbers are
# written out here once more, so that none can be lost or added there unseen
OF_CERTIFICATES = {40, 41, 42, 43, 44, 45, 46, 48, 49, 50, 51, 71, 80, 116}
OF_HELLOS = {40, 47, 50, 70, 71, 80, 86, 112}


def alerted(number: int, evidence: Evidence = REFUSED) -> Evidence:
    return changed(evidence, alerts=(Alert(sent=False, fatal=True, number=number),))


def test_which_alerts_refuse_a_certificate_and_which_a_hello() -> None:
    numbers = range(256)  # an alert is an octet
    for case in ("unknown-ca", "resumed"):
        refuse = {number for number in numbers if judge(case, alerted(number)).kind is Kind.REFUSED}
        assert refuse == OF_CERTIFICATES, case
    for case in ("tls-1.0", "null-ciphers", "no-name", "another-name", "open-name", "default-site"):
        refuse = {number for number in numbers if judge(case, alerted(number)).kind is Kind.REFUSED}
        assert refuse == OF_CERTIFICATES | OF_HELLOS, case


@pytest.mark.parametrize(
    "status", [200, 204, 302, 399, 400, 401, 402, 403, 404, 420, 421, 422, 494, 495, 496, 497, 500]
)
def test_which_statuses_refuse(status: int) -> None:
    """RFC 9110 section 15.5, and nginx's own two, ngx_http_request.h; without a control only what nginx says of one."""
    answered = replace(REFUSED, answer=http(status), answered=True)
    beside = judge("unknown-ca", answered).kind
    assert beside is (Kind.REFUSED if status in {400, 401, 403, 421, 495, 496} else Kind.ACCEPTED)
    alone = judge("unknown-ca", answered, control=None).kind
    assert alone is (Kind.REFUSED if status in {400, 495, 496} else Kind.ACCEPTED)
    assert judge("unknown-ca", answered, probe(status=(404,)), None).kind is Kind.ACCEPTED


def test_what_is_said_of_each_answer() -> None:
    answered = replace(REFUSED, answer=http(404), answered=True)
    facts = "HTTP 404, alert 48 unknown_ca, certificate sent 475 B"
    assert judge("unknown-ca", answered).reason == f"{facts}, which is not a refusal (--refused-status)"
    same = Baseline(Answer(Reply.ACCEPTED, "HTTP 404"))
    assert judge("unknown-ca", answered, control=same).reason == facts
    unasked = replace(seen("server-1.3-not-requested"), answer=http(200), answered=True)
    assert judge("no-name", unasked).reason == "HTTP 200, no certificate requested"
    assert judge("good-again", answered).reason == f"{facts}, but HTTP 200 at first"


@pytest.mark.parametrize("case", ["no-name", "another-name", "open-name", "open-name-other-host"])
def test_another_content_is_a_refusal_where_the_same_is_what_counts(case: str) -> None:
    answered = replace(REFUSED, answer=http(404), answered=True)
    assert judge(case, answered).kind is Kind.REFUSED
    assert judge(case, replace(answered, answer=http(200))).kind is Kind.ACCEPTED


@pytest.mark.parametrize("case", ["default-site", "unknown-ca", "resumed"])
def test_and_not_elsewhere(case: str) -> None:
    assert judge(case, replace(REFUSED, answer=http(404), answered=True)).kind is Kind.ACCEPTED


@pytest.mark.parametrize(
    ("reason", "in_clear"),
    [("wrong version number", True), ("http request", True), ("https proxy request", True), ("no protocols", False)],
)
def test_an_answer_in_clear_is_told(reason: str, in_clear: bool) -> None:
    evidence = changed(seen("server-1.0-tls-1.0"), messages=(), alerts=(), reasons=("another", reason))
    verdict = judge("unknown-ca", evidence)
    assert verdict.kind is Kind.INCONCLUSIVE
    assert verdict.reason.endswith(": is this TLS? (--starttls)") is in_clear


def test_a_control_may_come_where_nothing_is_asked() -> None:
    """That the server does not ask is a row of its own; a refusal beside it needs the question."""
    unasked = replace(seen("server-1.3-not-requested"), answer=http(200), answered=True)
    assert judge("good", unasked).kind is Kind.ACCEPTED
    assert judge("good-again", unasked).kind is Kind.ACCEPTED
    assert judge("unknown-ca", unasked).kind is Kind.NOT_REQUESTED
    unsent = seen("server-1.3-none", http(200))
    assert judge("good", unsent).kind is Kind.INCONCLUSIVE, "but it must have been shown where it was asked for"


@pytest.mark.parametrize(("case", "kind"), [("unknown-ca", Kind.INCONCLUSIVE), ("tls-1.0", Kind.REFUSED),
                                            ("no-name", Kind.REFUSED), ("resumed", Kind.INCONCLUSIVE)])  # fmt: skip
def test_a_close_before_any_answer_refuses_a_hello_alone(case: str, kind: Kind) -> None:
    closed = changed(REFUSED, alerts=(), messages=tuple(m for m in REFUSED.presenter.messages if m.sent))
    assert judge(case, closed).kind is kind


def test_our_own_alert_counts_only_if_it_is_fatal_and_ours() -> None:
    for alert, kind in (
        (Alert(sent=True, fatal=True, number=42), Kind.INCONCLUSIVE),
        (Alert(sent=True, fatal=False, number=0), Kind.REFUSED),
    ):
        assert judge("unknown-ca", changed(REFUSED, alerts=(alert,))).kind is kind
    said = judge("unknown-ca", changed(REFUSED, alerts=(Alert(sent=True, fatal=True, number=42),), reasons=("why",)))
    assert said.reason == "our own side ended the handshake with alert 42 bad_certificate: why"


def test_time_that_is_over_is_no_refusal_and_no_acceptance() -> None:
    late = replace(silent(REFUSED), timed_out=True)
    assert judge("unknown-ca", late).kind is Kind.INCONCLUSIVE
    assert judge("tls-1.0", late).kind is Kind.INCONCLUSIVE
    assert judge("unknown-ca", replace(late, answer=http(200))).kind is Kind.ACCEPTED


def message(name: str, version: str = "TLS 1.3", *, sent: bool = False) -> Message:
    return Message(sent=sent, version=version, content="Handshake", name=name, length=50)


@pytest.mark.parametrize(
    ("messages", "let_in"),
    [
        ([message("ServerHello"), message("CertificateRequest"), message("Finished")], False),
        ([message("ServerHello"), message("CertificateRequest"), message("NewSessionTicket")], False),
        ([message("ServerHello"), message("CertificateRequest"), message("Finished"),
          message("NewSessionTicket")], True),
        ([message("ServerHello"), message("Finished")], True),
        ([message("ServerHello"), message("Finished", sent=True)], False),
        ([message("ServerHello"), message("CertificateRequest", sent=True), message("Finished")], True),
        ([message("ServerHello"), message("CertificateRequest"), message("Finished"),
          message("NewSessionTicket", sent=True)], False),
        ([message("ServerHello", "TLS 1.2"), message("CertificateRequest", "TLS 1.2"), message("Finished", "TLS 1.2")],
         True),
        ([message("ClientHello"), message("ServerHello", "TLS 1.2"), message("CertificateRequest", "TLS 1.2"),
          message("Finished", "TLS 1.2")], True),
        ([], False),
    ],
)  # fmt: skip
def test_when_a_server_has_let_somebody_in(messages: list[Message], let_in: bool) -> None:
    assert is_let_in(Transcript(tuple(messages))) is let_in


@pytest.mark.parametrize(
    ("messages", "resumed"),
    [
        ([message("Finished")], True), ([message("Finished"), message("Certificate")], False), ([], False),
        ([message("Finished"), message("Certificate", sent=True)], True), ([message("Finished", sent=True)], False),
    ],
)  # fmt: skip
def test_when_a_session_was_resumed(messages: list[Message], resumed: bool) -> None:
    assert is_resumed(Transcript(tuple(messages))) is resumed


def test_what_the_control_shows_is_said() -> None:
    asked = GOOD.presenter.length("CertificateRequest", sent=False)
    assert judge_request(GOOD).reason == f"CertificateRequest of {asked} B"
    mine = changed(GOOD, messages=(message("CertificateRequest", sent=True),))
    assert judge_request(mine).kind is Kind.NOT_REQUESTED
    errors = changed(GOOD, verify_errors=(18, 62))
    assert judge_server_certificate(errors, "h").reason == "it does not verify for h: verify error 18"


def test_a_baseline_that_is_closed_after_the_question_was_asked_in_the_wrong_protocol() -> None:
    """TLS let it in, so that its certificate is not to blame."""
    closed = silent(replace(GOOD, answer=b"", answered=False))
    ticket = Message(sent=False, version="TLS 1.3", content="Handshake", name="NewSessionTicket", length=100)
    let_in = changed(closed, messages=(*closed.presenter.messages, ticket))
    verdict = judge("good", let_in, control=None)
    assert verdict.kind is Kind.INCONCLUSIVE
    assert "wrong protocol? (--probe, --alpn)" in verdict.reason


def test_headers_that_are_too_long_or_lead_to_a_login_are_not_believed() -> None:
    for status, kind in ((431, Kind.REFUSED), (302, Kind.REFUSED), (401, Kind.REFUSED), (200, Kind.ACCEPTED)):
        assert judge("forged-headers", seen("server-1.3-none", http(status))).kind is kind


def test_a_server_that_requires_alpn_is_reported() -> None:
    assert "--alpn h2" in judge("good", alerted(120), control=None).reason


@pytest.mark.parametrize(("answer", "kind"), [(http(200), Kind.ACCEPTED), (http(301), Kind.REFUSED),
                                              (http(400), Kind.REFUSED), (b"", Kind.REFUSED)])  # fmt: skip
def test_in_plain_text_only_the_answer_of_the_valid_certificate_accepts(answer: bytes, kind: Kind) -> None:
    assert judge_plain(Evidence(verifier_is_server=True, answer=answer), SERVED, HTTP).kind is kind
    gone = Evidence(verifier_is_server=True, trouble="no connection")
    assert judge_plain(gone, SERVED, HTTP).kind is Kind.INCONCLUSIVE


def test_what_is_not_given_is_as_good_as_not_there() -> None:
    assert Baseline() == Baseline(answer=None, open=False)
    assert not Baseline(open=True).is_served(HTTP)
    assert Probe("x", (), read=HTTP.read) == replace(Probe("x", (), read=HTTP.read), compares=False, has_content=False)


@pytest.mark.parametrize(
    ("names", "kind", "reason"),
    [
        (["CN=ca"], Kind.ACCEPTED, "the server names CN=ca"),
        (["CN=a", "CN=root"], Kind.ACCEPTED, "the server names CN=a; CN=root"),
        (["CN=a"], Kind.REFUSED, "the server names CN=a, but not CN=ca, the issuer of your certificate"),
        ([*"abcde"], Kind.REFUSED, "the server names a; b; c; d; e, but not CN=ca, the issuer of your certificate"),
        ([*"abcd", "CN=ca", "f"], Kind.ACCEPTED, "the server names a; b; c; d; CN=ca; 1 more"),
        ([*"abcdefg", "CN=ca"], Kind.ACCEPTED, "the server names a; b; c; d; e; 3 more"),
        ([], Kind.ACCEPTED, "the server names no CA, so that clients send what they have"),
    ],
)
def test_whether_a_client_finds_its_ca_among_the_names(names: list[str], kind: Kind, reason: str) -> None:
    verdict = judge_ca_names(changed(GOOD, authorities=tuple(names)), ("CN=ca", "CN=root"))
    assert (verdict.kind, verdict.reason) == (kind, reason)
    unasked = changed(seen("server-1.3-not-requested"), authorities=tuple(names))
    assert judge_ca_names(unasked, ("CN=ca",)) == Verdict(Kind.NOT_TRIED, "the server requests no certificate")
    mine = changed(GOOD, authorities=tuple(names), messages=(message("CertificateRequest", sent=True),))
    assert judge_ca_names(mine, ("CN=ca",)).kind is Kind.NOT_TRIED


def test_the_second_control_may_get_another_reply_that_accepts() -> None:
    """For a protocol without content every acceptance is the same; a reply that is compared must be equal."""
    counted = replace(HTTP, has_content=False)
    assert judge("good-again", replace(GOOD, answer=http(204)), counted).kind is Kind.ACCEPTED
    assert judge("good-again", replace(GOOD, answer=http(204))).kind is Kind.INCONCLUSIVE
    refused = Baseline(Answer(Reply.REFUSED, "HTTP 403"))
    assert judge("good-again", replace(GOOD, answer=http(403)), control=refused).kind is Kind.ACCEPTED, "as at first"


def test_beside_a_baseline_that_the_service_refuses_only_what_is_of_tls_refuses() -> None:
    """nginx's 400 tells one certificate from another, if the valid one got something else."""

    def beside(baseline: str, got: int) -> Kind:
        answered = replace(REFUSED, answer=http(got), answered=True)
        return judge("unknown-ca", answered, control=Baseline(Answer(Reply.REFUSED, baseline))).kind

    assert beside("HTTP 401", 400) is Kind.REFUSED
    assert beside("HTTP 403", 495) is Kind.REFUSED
    assert beside("HTTP 400", 400) is Kind.INCONCLUSIVE
    assert beside("HTTP 403", 401) is Kind.INCONCLUSIVE
    assert beside("HTTP 403", 403) is Kind.INCONCLUSIVE


def test_what_is_said_of_the_baseline() -> None:
    """Its reply is quoted; one that is neither known nor compared needs another question."""
    asked = probe("hex:00")
    alone = judge("good", replace(GOOD, answer=b"Rest", answered=True), asked, None)
    assert (alone.kind, alone.reason.startswith("'Rest', certificate sent")) == (Kind.ACCEPTED, True)
    refused = judge("good", replace(GOOD, answer=http(403), answered=True), control=None)
    assert (refused.kind, refused.reason.startswith("accepted by TLS, but the service replied HTTP 403")) == (
        Kind.ACCEPTED,
        True,
    )
    served = judge("good", GOOD, control=None)
    assert (served.kind, served.reason.startswith("HTTP 200, certificate sent")) == (Kind.ACCEPTED, True)


def test_a_handshake_without_the_servers_finished_is_not_over() -> None:
    asked = probe("none")
    kept = tuple(m for m in GOOD.presenter.messages if m.sent or m.name != "Finished")
    cut = changed(silent(replace(GOOD, answer=b"", answered=False, open=True)), messages=kept)
    assert judge("unknown-ca", cut, asked, Baseline(None, open=True)).reason.startswith("closed without an answer")


@pytest.mark.parametrize("number", [42, 50, 80])
def test_decode_error_alone_is_how_openssl_notices_a_close(number: int) -> None:
    mine = changed(REFUSED, alerts=(Alert(sent=True, fatal=True, number=number),), reasons=())
    assert judge("unknown-ca", mine).kind is (Kind.REFUSED if number == 50 else Kind.INCONCLUSIVE)


@pytest.mark.parametrize("case", ["plain-text", "no-name", "another-name", "open-name", "good-again"])
def test_an_acceptance_beside_a_refused_baseline(case: str) -> None:
    """Where the same content is what counts, there is none to compare with."""
    refused = Baseline(Answer(Reply.REFUSED, "HTTP 403"))
    assert judge(case, replace(REFUSED, answer=http(200), answered=True), control=refused).kind is Kind.INCONCLUSIVE
