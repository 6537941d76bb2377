"""From the evidence of one connection to a foreign server to a verdict, always beside that of the baseline (pure).

Only the server's behaviour can be observed, and stacks differ in how they reject: with an alert of their choice, with
a close, or, like nginx, with a reply inside the tunnel. An alert or a close is a refusal if the certificate was sent.
A reply is one only where the protocol, or the user, says what a refusal looks like.
"""

from mintls.handshake.cases.case import Case, Route
from mintls.handshake.connect.probe import Answer, Probe, Reply
from mintls.handshake.verdict import Evidence, Expectation, Kind, Verdict, complaints, facts, not_presented, unknown
from mintls.handshake.wire.alerts import CERTIFICATE_ALERTS, HELLO_ALERTS, AlertNumber
from mintls.handshake.wire.transcript import Transcript

from msgspec import Struct

# By which servers reject a certificate (400, 495, 496: nginx); the others may be about the path, for any client.
OF_CERTIFICATE = ("HTTP 400", "HTTP 495", "HTTP 496")
END = "unexpected eof while reading"  # why OpenSSL 3 itself sends decode_error when the other peer just closes
SAME_CONTENT = (Route.UNNAMED, Route.MISNAMED, Route.REOPENED, Route.OPEN_NAME, Route.PLAIN)  # counts, and no other
WITHOUT = (*SAME_CONTENT, Route.DEFAULT_SITE)  # rejecting the name or the hello is a refusal too
NO_TLS = ("wrong version number", "http request", "https proxy request")  # openssl's reasons for a plain-text reply
NAMED = 5  # names of CAs that a reason lists
TEXTS = "--accepted-if TEXT or --refused-if TEXT"


class Baseline(Struct, frozen=True):
    """What the valid certificate got: the reply, or with `--probe none` whether the connection stayed open."""

    answer: Answer | None = None
    open: bool = False

    def is_served(self, probe: Probe) -> bool:
        """Whether the service accepted it too, so that a different reply can be a refusal."""
        return self.answer is not None and (probe.compares or self.answer.reply is Reply.ACCEPTED)


def judge_server(case: Case, certificate_size: int, seen: Evidence, baseline: Baseline | None, probe: Probe) -> Verdict:
    """The verdict on one connection, by the first rule that applies.

    `certificate_size`: bytes in DER of the leaf that is presented, 0 for none; `baseline`: None for that itself.
    """
    if seen.trouble:
        return unknown(seen.trouble)
    at_hello = case.at_hello or case.route in WITHOUT
    if not at_hello and case.route is not Route.RESUMED:
        doubt = not_presented(Expectation(accepted=case.accepted, certificate_size=certificate_size), seen)
        if doubt and not (case.control and doubt.kind is Kind.NOT_REQUESTED):
            in_clear = any(reason in NO_TLS for reason in seen.presenter.reasons)
            return unknown(f"{doubt.reason}: is this TLS? (--starttls)") if in_clear else doubt
    if probe.exchanges and (answer := probe.answer(seen.answer)):
        return _answered(case, seen, answer, baseline, probe)
    if alert := seen.alert:
        ways = HELLO_ALERTS | CERTIFICATE_ALERTS if at_hello else CERTIFICATE_ALERTS
        if alert.number in ways:
            return Verdict(Kind.REFUSED, facts(seen))
        if alert.number == AlertNumber.NO_APPLICATION_PROTOCOL:
            return unknown(f"{facts(seen)}: the server requires ALPN, such as --alpn h2")
        return unknown(f"an alert that is not about the certificate: {facts(seen)}")
    if not probe.exchanges and (verdict := _without_question(seen, baseline)):
        return verdict
    if seen.timed_out:
        return unknown("no answer within --timeout" + complaints(seen))
    mine = seen.presenter.fatal(sent=True)
    if mine and not _is_close(mine.number, seen):
        return unknown(f"our own side ended the handshake with {mine}" + complaints(seen))
    if not seen.presenter.has("ServerHello", sent=False) and not at_hello:
        return unknown("no ServerHello" + complaints(seen))
    if baseline is None and is_let_in(seen.presenter):
        return unknown(
            _with_facts("accepted by TLS, closed after the question: wrong protocol? (--probe, --alpn)", seen)
        )
    return Verdict(Kind.REFUSED, _with_facts("closed without an answer", seen))


def judge_plain(seen: Evidence, baseline: Baseline, probe: Probe) -> Verdict:
    """The verdict on the question asked without TLS: only the reply that the valid certificate gets accepts."""
    answer = probe.answer(seen.answer)
    if seen.trouble:
        return unknown(seen.trouble)
    if answer is None:
        return Verdict(Kind.REFUSED, "no answer in plain text")
    if _is_same(answer, baseline, probe):
        return Verdict(Kind.ACCEPTED, f"{answer} in plain text, as the valid certificate gets")
    return Verdict(Kind.REFUSED, f"{answer} in plain text")


def judge_request(control: Evidence) -> Verdict:
    """Whether the server requested a certificate when the valid one was presented."""
    if size := control.presenter.length("CertificateRequest", sent=False):
        return Verdict(Kind.ACCEPTED, f"CertificateRequest of {size} B")
    return Verdict(Kind.NOT_REQUESTED, "the server did not ask for a certificate (no CertificateRequest)")


def judge_ca_names(control: Evidence, issuers: tuple[str, ...]) -> Verdict:
    """Whether clients that look for their issuer among the names that the server sends find it.

    `issuers`: the names of the CAs above the valid certificate, as RFC 4514's text.
    """
    if not control.presenter.has("CertificateRequest", sent=False):
        return Verdict(Kind.NOT_TRIED, "the server requests no certificate")
    names = control.presenter.authorities
    if not names:
        return Verdict(Kind.ACCEPTED, "the server names no CA, so that clients send what they have")
    named = "; ".join(names[:NAMED]) + (f"; {len(names) - NAMED} more" if len(names) > NAMED else "")
    if set(names).intersection(issuers):
        return Verdict(Kind.ACCEPTED, f"the server names {named}")
    return Verdict(Kind.REFUSED, f"the server names {named}, but not {issuers[0]}, the issuer of your certificate")


def judge_server_certificate(control: Evidence, name: str) -> Verdict:
    """Whether the server's own certificate is valid for its name and issued by the user's CA."""
    if errors := control.presenter.verify_errors:
        return Verdict(Kind.REFUSED, f"it does not verify for {name}: verify error {errors[0]}")
    return Verdict(Kind.ACCEPTED, f"it verifies for {name}")


def is_resumed(transcript: Transcript) -> bool:
    """Whether a session was resumed: then the server sends no certificate (RFC 8446 section 2.2)."""
    finished = transcript.has("Finished", sent=False)
    return finished and not transcript.certificate(sent=False)


def is_let_in(transcript: Transcript) -> bool:
    """Whether the server has gone on, having seen our certificate if it requested one: in TLS 1.3 its Finished comes
    before that, and then a session ticket.
    """
    is_1_3 = any(message.name == "ServerHello" and message.version == "TLS 1.3" for message in transcript.messages)
    early = is_1_3 and transcript.has("CertificateRequest", sent=False)
    return transcript.has("Finished", sent=False) and (not early or transcript.has("NewSessionTicket", sent=False))


def _answered(case: Case, seen: Evidence, answer: Answer, baseline: Baseline | None, probe: Probe) -> Verdict:
    text = _with_facts(str(answer), seen)
    if not seen.presenter.has("CertificateRequest", sent=False):
        text += ", no certificate requested"
    if baseline is None:
        return _baseline(answer, text, probe)
    if case.control:
        if answer == baseline.answer or _is_same(answer, baseline, probe):
            return Verdict(Kind.ACCEPTED, text)
        return unknown(f"{text}, but {baseline.answer} at first")
    if not baseline.is_served(probe) and not (baseline.answer != answer and str(answer) in OF_CERTIFICATE):
        if answer.reply is Reply.ACCEPTED and case.route not in SAME_CONTENT:
            return Verdict(Kind.ACCEPTED, text)
        return unknown(f"{text}, and {baseline.answer or 'no answer'} for the valid certificate ({_remedy(probe)})")
    if (
        probe.has_content
        and case.route in (*SAME_CONTENT, Route.FORGED)
        and answer.reply is Reply.ACCEPTED
        and answer != baseline.answer
    ):
        return Verdict(Kind.REFUSED, f"{text}, different content from {baseline.answer} for the valid certificate")
    if _is_same(answer, baseline, probe):
        return Verdict(Kind.ACCEPTED, text)
    if answer.reply is Reply.REFUSED:
        return Verdict(Kind.REFUSED, f"by the service: {text}")
    if answer.reply is Reply.ACCEPTED:
        return Verdict(Kind.ACCEPTED, f"{text}, which is not a refusal (--refused-status)")
    return unknown(
        f"{text}, but {baseline.answer} for the valid certificate: which of them accepts? ({_remedy(probe)})"
    )


def _baseline(answer: Answer, text: str, probe: Probe) -> Verdict:
    """The valid certificate's own: it has passed TLS, whatever the service replied."""
    if str(answer) in OF_CERTIFICATE and answer.reply is Reply.REFUSED:
        return Verdict(Kind.REFUSED, f"{text}, by which servers reject a certificate (or else: --refused-status)")
    if answer.reply is Reply.ACCEPTED or probe.compares:
        return Verdict(Kind.ACCEPTED, text)
    return Verdict(Kind.ACCEPTED, f"accepted by TLS, but the service replied {text} ({_remedy(probe)})")


def _is_same(answer: Answer, baseline: Baseline, probe: Probe) -> bool:
    """Whether the reply accepts as that to the valid certificate does."""
    if probe.compares:
        return answer == baseline.answer
    return answer.reply is Reply.ACCEPTED and (answer == baseline.answer or not probe.has_content)


def _without_question(seen: Evidence, baseline: Baseline | None) -> Verdict | None:
    """A server that says nothing: a connection that stays open is accepted, if that of the valid one does."""
    finished = seen.presenter.has("Finished", sent=False)
    if not finished or seen.timed_out:
        return None
    if seen.open:
        return Verdict(Kind.ACCEPTED, _with_facts("the connection stays open after the handshake", seen))
    if baseline is None:
        return unknown(
            _with_facts("closed after the handshake, as a rejection would be: what does it speak? (--probe)", seen)
        )
    if baseline.open:
        return Verdict(Kind.REFUSED, _with_facts("closed, where that of the valid certificate stays open", seen))
    return unknown(_with_facts("closed after the handshake, as that of the valid certificate (--probe)", seen))


def _is_close(number: int, seen: Evidence) -> bool:
    """Whether our own alert only says that the other peer has closed: OpenSSL 3 sends decode_error then."""
    return END in seen.presenter.reasons or (number == AlertNumber.DECODE_ERROR and not seen.presenter.reasons)


def _remedy(probe: Probe) -> str:
    if probe.compares:
        return TEXTS
    return "choose a path for this client: --probe http:/PATH" if probe.has_content else f"--probe, {TEXTS}"


def _with_facts(text: str, seen: Evidence) -> str:
    more = facts(seen)
    return f"{text}, {more}" if more else text
