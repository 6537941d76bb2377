"""From the evidence of one connection to a verdict (pure).

The rules: an exit status is not evidence; accepted means that application data came back through the tunnel; refused
means that it did not, that the certificate was sent, and that the verifier rejected it in an expected way. Anything
else is inconclusive, which is not a pass.
"""

from enum import StrEnum

from mintls.handshake.wire.alerts import ALERTS, AlertNumber
from mintls.handshake.wire.transcript import Alert, Transcript

from msgspec import Struct

ANY = 8  # alerts: a longer list is not printed
EMPTY_CERTIFICATE = 8  # bytes at most of a Certificate message with no certificate in it


class Kind(StrEnum):
    """What the verifier did."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    REFUSED_LATE = "refused late"  # a client, after it had completed the handshake: it has disclosed its identity
    NOT_REQUESTED = "not requested"  # a server that did not ask for a certificate
    INCONCLUSIVE = "inconclusive"
    NOT_TRIED = "not tried"  # it cannot be made, or would prove nothing
    NOT_OFFERED = "not offered"  # the server does not offer this version of TLS


class Verdict(Struct, frozen=True):
    """What the verifier did, and the evidence for it: a sentence without its full stop.

    `control`: the row that failed, if that is why the verdict is inconclusive. `topic`: what a report lists as not
    tested, such as `revocation`.
    """

    kind: Kind
    reason: str
    control: str = ""
    topic: str = ""


class Expectation(Struct, frozen=True, kw_only=True):
    """What the verifier should do."""

    accepted: bool
    certificate_size: int  # bytes in DER of the leaf that is presented; 0: none is
    errors: tuple[int, ...] = ()  # its first verify error is one of these; empty: none
    alerts: tuple[int, ...] = ()  # it sends one of these
    by_close: bool = False  # or closes without an alert
    at_hello: bool = False  # before a certificate is presented


class Evidence(Struct, frozen=True, kw_only=True):
    """What was observed of one connection."""

    verifier_is_server: bool
    presenter: Transcript = Transcript()
    verifier: Transcript | None = None  # None: a foreign program, which cannot be observed
    answered: bool = False  # the expected application data came through the tunnel from the other peer
    answer: bytes = b""  # how a foreign server's answer begins
    received: bytes = b""  # how all that a foreign server sent begins, whether it was asked or not
    open: bool = False  # the connection to a foreign server was still open after the time of observation
    timed_out: bool = False  # a peer did not finish in time and was stopped
    trouble: str = ""  # why there was no connection
    commands: tuple[tuple[str, ...], ...] = ()
    milliseconds: float = 0.0

    @property
    def alert(self) -> Alert | None:
        """The alert by which the verifier rejected."""
        if self.verifier:
            return self.verifier.fatal(sent=True)
        return self.presenter.fatal(sent=False)

    @property
    def verify_errors(self) -> tuple[int, ...]:
        """The verifier's verify errors, where it can be observed."""
        return self.verifier.verify_errors if self.verifier else ()

    @property
    def certificate_sent(self) -> int:
        """The length in bytes of the Certificate message that was presented; 0: there was none."""
        return self.presenter.certificate(sent=True)


def judge(expected: Expectation, seen: Evidence) -> Verdict:
    """The verdict on one connection, by the first rule that applies."""
    if seen.trouble:
        return unknown(seen.trouble)
    if not expected.at_hello and (doubt := not_presented(expected, seen)):
        return doubt
    if seen.answered:
        found = "".join(f", although it found verify error {n}" for n in seen.verify_errors[:1])
        data = "application data came back" if seen.verifier_is_server or seen.verifier else "it sent application data"
        return Verdict(Kind.ACCEPTED, data + found)
    if seen.timed_out:
        return unknown("not finished within --timeout")
    return _refusal(expected, seen)


def not_presented(expected: Expectation, seen: Evidence) -> Verdict | None:
    """Why the certificate cannot have been judged; None when it was presented."""
    transcript, is_server = seen.presenter, seen.verifier_is_server
    if not transcript.has("ServerHello", sent=not is_server):
        if seen.timed_out:
            return unknown("no ServerHello within --timeout")
        return unknown("no ServerHello" + complaints(seen))
    past_request = transcript.has("Finished", sent=False) or transcript.has("ServerHelloDone", sent=False)
    if is_server and past_request and not transcript.has("CertificateRequest", sent=False):
        return Verdict(Kind.NOT_REQUESTED, "the server did not ask for a certificate (no CertificateRequest)")
    size = seen.certificate_sent
    if expected.certificate_size and size <= max(EMPTY_CERTIFICATE, expected.certificate_size):
        return unknown(f"the certificate was not sent (Certificate message of {size} B){complaints(seen)}")
    if not expected.certificate_size and not 0 < size <= EMPTY_CERTIFICATE:
        return unknown(f"not an empty Certificate message, but one of {size} B{complaints(seen)}")
    return None


def _refusal(expected: Expectation, seen: Evidence) -> Verdict:
    """The verdict when no application data came back and both peers have finished."""
    alert, errors = seen.alert, seen.verify_errors
    hello = seen.presenter.has("ClientHello", sent=seen.verifier_is_server)
    finished = not seen.verifier_is_server and seen.presenter.has("Finished", sent=False)
    kind = Kind.REFUSED_LATE if finished else Kind.REFUSED
    how = facts(seen)
    if finished:
        leaked = seen.presenter.certificate(sent=False) > EMPTY_CERTIFICATE
        how += ", after it had completed the handshake" + (" and presented its certificate" if leaked else "")
    if expected.accepted:
        return Verdict(kind, how) if alert else unknown("no application data and no alert" + complaints(seen))
    if not hello:
        return unknown("no ClientHello" + complaints(seen))
    if not alert:
        own = seen.presenter.fatal(sent=True)
        if own and own.number == AlertNumber.PROTOCOL_VERSION and expected.at_hello:
            return Verdict(kind, "it does not offer that version")
        if own and own.number != AlertNumber.DECODE_ERROR:  # which OpenSSL 3 sends when the other peer has closed
            return unknown(f"the presenting peer gave up: {own}")
        if expected.by_close:
            return Verdict(kind, f"closed without an alert, {how}")
        return unknown("closed without an alert" + complaints(seen))
    if alert.number not in expected.alerts:
        return unknown(f"refused in a different way: {how}; expected {_numbered(expected.alerts)}")
    if seen.verifier and not (errors[0] in expected.errors if errors else not expected.errors):
        wanted = " or ".join(map(str, expected.errors)) or "none"
        return unknown(f"refused for a different reason: {how}; expected verify error {wanted}")
    return Verdict(kind, how)


def facts(seen: Evidence) -> str:
    """E.g. `alert 48 unknown_ca, certificate sent 453 B, verify error 20`."""
    parts = [str(seen.alert)] if seen.alert else []
    if size := seen.certificate_sent:
        parts.append(f"certificate sent {size} B" if size > EMPTY_CERTIFICATE else "no certificate sent")
    parts += [f"verify error {number}" for number in seen.verify_errors[:1]]
    return ", ".join(parts)


def complaints(seen: Evidence) -> str:
    """What either peer reported, to follow a sentence."""
    parts = [str(seen.alert)] if seen.alert else []
    for transcript in (seen.presenter, seen.verifier):
        parts += transcript.reasons[:1] if transcript else ()
    return ": " + ", ".join(parts) if parts else ""


def _numbered(alerts: tuple[int, ...]) -> str:
    if len(alerts) > ANY:
        return "an alert about what was presented"
    return " or ".join(f"alert {number} {ALERTS[number]}" for number in alerts)


def unknown(reason: str) -> Verdict:
    """An inconclusive verdict."""
    return Verdict(Kind.INCONCLUSIVE, reason)
