"""From the evidence of one connection to a verdict, and from verdicts to what a run shows (pure).

The rules: an exit status is no evidence; accepted means that application data came back through the tunnel;
refused means that it did not, and the certificate was sent, and the verifying end said no in an expected
way. All else is inconclusive, and that is not a pass.
"""

from enum import StrEnum

from mintls.handshake.wire.alerts import ALERTS, AlertNumber
from mintls.handshake.wire.transcript import Alert, Transcript

from msgspec import Struct

ANY = 8  # alerts, from which on nobody wants them listed
EMPTY_CERTIFICATE = 8  # bytes at most of a Certificate message with no certificate in it


class Kind(StrEnum):
    """What the verifying end did."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    REFUSED_LATE = "refused late"  # a client, after it had finished the handshake: its identity has leaked
    NOT_REQUESTED = "not requested"  # a server that did not ask for a certificate
    INCONCLUSIVE = "inconclusive"
    NOT_TRIED = "not tried"  # it cannot be made, or would prove nothing
    NOT_OFFERED = "not offered"  # the version of TLS is not spoken


class Verdict(Struct, frozen=True):
    """What the verifying end did, and how it is known: a sentence without its full stop.

    `control`: the row that failed, if that alone is why it cannot be known. `topic`: what a report lists as not
    tested, such as `revocation`.
    """

    kind: Kind
    reason: str
    control: str = ""
    topic: str = ""


class Expectation(Struct, frozen=True, kw_only=True):
    """What the verifying end ought to do."""

    accepted: bool
    certificate_size: int  # bytes in DER of the leaf that is shown; 0: none is
    errors: tuple[int, ...] = ()  # its first verify error is one of these; empty: it has none
    alerts: tuple[int, ...] = ()  # it sends one of these
    by_close: bool = False  # or closes without an alert
    at_hello: bool = False  # before a certificate is shown


class Evidence(Struct, frozen=True, kw_only=True):
    """What was seen of one connection."""

    verifier_is_server: bool
    presenter: Transcript = Transcript()
    verifier: Transcript | None = None  # None: a foreign program, which tells us nothing
    answered: bool = False  # application data came through the tunnel from the other end, as it had to
    answer: bytes = b""  # how a foreign server's answer begins
    timed_out: bool = False  # an end did not finish in time and was stopped
    trouble: str = ""  # why there was no connection
    commands: tuple[tuple[str, ...], ...] = ()
    milliseconds: float = 0.0

    @property
    def alert(self) -> Alert | None:
        """How the verifying end said no."""
        if self.verifier:
            return self.verifier.fatal(sent=True)
        return self.presenter.fatal(sent=False)

    @property
    def verify_errors(self) -> tuple[int, ...]:
        """What the verifying end found, where it tells."""
        return self.verifier.verify_errors if self.verifier else ()

    @property
    def certificate_sent(self) -> int:
        """The length in bytes of the Certificate message that was shown; 0: there was none."""
        return self.presenter.certificate(sent=True)


def judge(expected: Expectation, seen: Evidence) -> Verdict:
    """The verdict on one connection, by the first rule that applies."""
    if seen.trouble:
        return unknown(seen.trouble)
    if not expected.at_hello and (doubt := not_shown(expected, seen)):
        return doubt
    if seen.answered:
        found = "".join(f", although it found verify error {n}" for n in seen.verify_errors[:1])
        data = "application data came back" if seen.verifier_is_server or seen.verifier else "it sent application data"
        return Verdict(Kind.ACCEPTED, data + found)
    if seen.timed_out:
        return unknown("no end within the time allowed (--timeout)")
    return _refusal(expected, seen)


def not_shown(expected: Expectation, seen: Evidence) -> Verdict | None:
    """Why the certificate cannot have been judged; None when it was shown."""
    said, is_server = seen.presenter, seen.verifier_is_server
    if not said.has("ServerHello", sent=not is_server):
        if seen.timed_out:
            return unknown("no ServerHello within the time allowed (--timeout)")
        return unknown("no ServerHello" + told(seen))
    past_request = said.has("Finished", sent=False) or said.has("ServerHelloDone", sent=False)
    if is_server and past_request and not said.has("CertificateRequest", sent=False):
        return Verdict(Kind.NOT_REQUESTED, "the server did not ask for a certificate (no CertificateRequest)")
    size = seen.certificate_sent
    if expected.certificate_size and size <= max(EMPTY_CERTIFICATE, expected.certificate_size):
        return unknown(f"the certificate was not sent (Certificate message of {size} B){told(seen)}")
    if not expected.certificate_size and not 0 < size <= EMPTY_CERTIFICATE:
        return unknown(f"not an empty Certificate message, but one of {size} B{told(seen)}")
    return None


def _refusal(expected: Expectation, seen: Evidence) -> Verdict:
    """The verdict when no application data came back and both ends have finished."""
    alert, errors = seen.alert, seen.verify_errors
    hello = seen.presenter.has("ClientHello", sent=seen.verifier_is_server)
    finished = not seen.verifier_is_server and seen.presenter.has("Finished", sent=False)
    kind = Kind.REFUSED_LATE if finished else Kind.REFUSED
    how = facts(seen)
    if finished:
        leaked = seen.presenter.certificate(sent=False) > EMPTY_CERTIFICATE
        how += ", after it had finished" + (" and shown who it is" if leaked else "")
    if expected.accepted:
        return Verdict(kind, how) if alert else unknown("no application data and no alert" + told(seen))
    if not hello:
        return unknown("no ClientHello" + told(seen))
    if not alert:
        own = seen.presenter.fatal(sent=True)
        if own and own.number == AlertNumber.PROTOCOL_VERSION and expected.at_hello:
            return Verdict(kind, "it does not offer that version")
        if own and own.number != AlertNumber.DECODE_ERROR:  # which OpenSSL 3 sends when the other peer has closed
            return unknown(f"the end that shows the certificate gave up: {own}")
        if expected.by_close:
            return Verdict(kind, f"closed without an alert, {how}")
        return unknown("closed without an alert" + told(seen))
    if alert.number not in expected.alerts:
        return unknown(f"refused in another way: {how}; expected {_numbered(expected.alerts)}")
    if seen.verifier and not (errors[0] in expected.errors if errors else not expected.errors):
        wanted = " or ".join(map(str, expected.errors)) or "none"
        return unknown(f"refused for another reason: {how}; expected verify error {wanted}")
    return Verdict(kind, how)


def facts(seen: Evidence) -> str:
    """E.g. `alert 48 unknown_ca, certificate sent 453 B, verify error 20`."""
    said = [str(seen.alert)] if seen.alert else []
    if size := seen.certificate_sent:
        said.append(f"certificate sent {size} B" if size > EMPTY_CERTIFICATE else "no certificate sent")
    said += [f"verify error {number}" for number in seen.verify_errors[:1]]
    return ", ".join(said)


def told(seen: Evidence) -> str:
    """What either end complained of, to go after a sentence."""
    said = [str(seen.alert)] if seen.alert else []
    for transcript in (seen.presenter, seen.verifier):
        said += transcript.reasons[:1] if transcript else ()
    return ": " + ", ".join(said) if said else ""


def _numbered(alerts: tuple[int, ...]) -> str:
    if len(alerts) > ANY:
        return "an alert that judges what was shown"
    return " or ".join(f"alert {number} {ALERTS[number]}" for number in alerts)


def unknown(reason: str) -> Verdict:
    """The verdict when it cannot be known."""
    return Verdict(Kind.INCONCLUSIVE, reason)
