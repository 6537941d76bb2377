"""From the evidence of one connection to a foreign server to a verdict, always beside the control's answer (pure).

Such a server tells nothing but what it does, and stacks differ in how they refuse: with an alert of their choice,
with a close, or, like nginx, with an answer inside the tunnel. So any of these is a refusal, if the certificate was
sent; and whoever answers as he answers the good certificate has accepted.
"""

from mintls.handshake.cases.case import Case, Route
from mintls.handshake.connect.probe import Answer, Probe
from mintls.handshake.verdict import Evidence, Expectation, Kind, Verdict, complaints, facts, not_presented, unknown
from mintls.handshake.wire.alerts import CERTIFICATE_ALERTS, HELLO_ALERTS
from mintls.handshake.wire.transcript import Transcript

from msgspec import Struct

REFUSED_STATUS = (400, 401, 403, 421, 495, 496)  # RFC 9110 section 15.5; 495 and 496 are nginx's own
OF_CERTIFICATE = (400, 495, 496)  # by which nginx refuses one; the others may be of the path, for everybody
END = "unexpected eof while reading"  # why OpenSSL 3 itself sends decode_error when the other side just closes
NAMELESS = (Route.UNNAMED, Route.MISNAMED, Route.REOPENED)  # what counts is whether the same content is served
WITHOUT = (*NAMELESS, Route.DEFAULT_SITE)  # to refuse the name or the hello is to refuse
NO_TLS = ("wrong version number", "http request", "https proxy request")  # openssl's reasons for an answer in clear


class Rules(Struct, frozen=True):
    """What the user says about the server: how it is asked, and with which HTTP status it refuses; `other_host`
    requests a host that it does not know.
    """

    probe: Probe
    refused_status: tuple[int, ...] = REFUSED_STATUS
    other_host: Probe | None = None


def judge_server(case: Case, certificate_size: int, seen: Evidence, control: Answer | None, rules: Rules) -> Verdict:
    """The verdict on one connection, by the first rule that applies.

    `certificate_size`: bytes in DER of the leaf that is shown, 0 for none; `control`: the answer to the good one.
    """
    if seen.trouble:
        return unknown(seen.trouble)
    at_hello = case.at_hello or case.route in WITHOUT
    if not at_hello and case.route is not Route.RESUMED:
        doubt = not_presented(Expectation(accepted=case.accepted, certificate_size=certificate_size), seen)
        if doubt and not (case.control and doubt.kind is Kind.NOT_REQUESTED):
            in_clear = any(reason in NO_TLS for reason in seen.presenter.reasons)
            return unknown(f"{doubt.reason}: is this TLS? (--starttls)") if in_clear else doubt
    if answer := rules.probe.answer(seen.answer):
        return _answered(case, seen, answer, control, rules)
    if alert := seen.alert:
        ways = HELLO_ALERTS | CERTIFICATE_ALERTS if at_hello else CERTIFICATE_ALERTS
        if alert.number in ways:
            return Verdict(Kind.REFUSED, facts(seen))
        return unknown(f"an alert that is not about the certificate: {facts(seen)}")
    if not rules.probe.sent and is_let_in(seen.presenter):
        return Verdict(Kind.ACCEPTED, _with_facts("the handshake was finished (--probe none sees no more)", seen))
    if seen.timed_out:
        return unknown("no answer within --timeout" + complaints(seen))
    mine = seen.presenter.fatal(sent=True)
    if mine and END not in seen.presenter.reasons:
        return unknown(f"our own side ended the handshake with {mine}" + complaints(seen))
    if not seen.presenter.has("ServerHello", sent=False) and not at_hello:
        return unknown("no ServerHello" + complaints(seen))
    return Verdict(Kind.REFUSED, _with_facts("closed without an answer", seen))


def judge_request(control: Evidence) -> Verdict:
    """Whether the server asked for a certificate when the good one was shown."""
    if size := control.presenter.length("CertificateRequest", sent=False):
        return Verdict(Kind.ACCEPTED, f"CertificateRequest of {size} B")
    return Verdict(Kind.NOT_REQUESTED, "the server did not ask for a certificate (no CertificateRequest)")


def judge_server_certificate(control: Evidence, name: str) -> Verdict:
    """Whether the server's own certificate is one for its name by the user's authority."""
    if errors := control.presenter.verify_errors:
        return Verdict(Kind.REFUSED, f"it does not verify for {name}: verify error {errors[0]}")
    return Verdict(Kind.ACCEPTED, f"it verifies for {name}")


def is_resumed(said: Transcript) -> bool:
    """Whether a session was resumed: then the server sends no certificate (RFC 8446 section 2.2)."""
    finished = said.has("Finished", sent=False)
    return finished and not said.certificate(sent=False)


def is_let_in(said: Transcript) -> bool:
    """Whether the server has gone on, having seen our certificate if it asked for one: in TLS 1.3 its Finished comes
    before that, and then a session ticket.
    """
    is_1_3 = any(message.name == "ServerHello" and message.version == "TLS 1.3" for message in said.messages)
    early = is_1_3 and said.has("CertificateRequest", sent=False)
    return said.has("Finished", sent=False) and (not early or said.has("NewSessionTicket", sent=False))


def _answered(case: Case, seen: Evidence, answer: Answer, control: Answer | None, rules: Rules) -> Verdict:
    said = _with_facts(str(answer), seen)
    if control is None and answer.status in set(OF_CERTIFICATE).intersection(rules.refused_status):
        return Verdict(Kind.REFUSED, f"{said}, by which servers refuse a certificate (or else: --refused-status)")
    if control is None or answer == control:
        asked = seen.presenter.has("CertificateRequest", sent=False)
        return Verdict(Kind.ACCEPTED, said if asked else f"{said}, no certificate asked for")
    if case.control:
        return unknown(f"{said}, where the first good certificate got {control}")
    if answer.status in rules.refused_status:
        return Verdict(Kind.REFUSED, said)
    if case.route in NAMELESS:
        return Verdict(Kind.REFUSED, f"{said}, another content than {control} of the good certificate")
    if answer.status is None and control.status is None:
        return Verdict(Kind.REFUSED, f"refused by the application: {said}; the good certificate got {control}")
    return Verdict(Kind.ACCEPTED, f"{said}, which is no refusal (--refused-status)")


def _with_facts(said: str, seen: Evidence) -> str:
    more = facts(seen)
    return f"{said}, {more}" if more else said
