"""From the evidence of a foreign client's connections to the verdict on it (pure)."""

from mintls.handshake.cases.case import Row
from mintls.handshake.verdict import Evidence, Kind, Verdict, judge, unknown
from mintls.handshake.wire.alerts import CLIENT_REFUSALS, AlertNumber
from mintls.handshake.wire.transcript import Transcript

from msgspec.structs import replace

# By which a client rejects a certificate; others, as to a valid one, are about a trouble of its own.
JUDGING = (
    AlertNumber.BAD_CERTIFICATE, AlertNumber.UNSUPPORTED_CERTIFICATE, AlertNumber.CERTIFICATE_REVOKED,
    AlertNumber.CERTIFICATE_EXPIRED, AlertNumber.CERTIFICATE_UNKNOWN, AlertNumber.UNKNOWN_CA,
    AlertNumber.ACCESS_DENIED, AlertNumber.DECRYPT_ERROR,
)  # fmt: skip
# OpenSSL sends internal_error when a callback of the application rejects, and in old versions of TLS.
REFUSALS = (*CLIENT_REFUSALS, AlertNumber.INTERNAL_ERROR)
INPUT = "if it reads its standard input, which is empty, pipe a request into it: sh -c 'echo hello | CLIENT'"


def judge_client(row: Row, certificate_size: int, seen: Evidence, words: str) -> Verdict:
    """The verdict on a client that was presented what the row does; `words`: the last that it printed.

    A valid certificate is refused only by an alert about it; all else is a trouble of the client's own.
    """
    expected = row.case.expectation(row.version, certificate_size)
    verdict = judge(replace(expected, alerts=REFUSALS, by_close=True), seen)
    if not row.case.accepted or seen.trouble:
        return verdict
    if verdict.kind in (Kind.REFUSED, Kind.REFUSED_LATE) and seen.alert and seen.alert.number not in JUDGING:
        return unknown(f"the client failed for a reason of its own: {verdict.reason}")
    if verdict.kind is Kind.INCONCLUSIVE and seen.presenter.has("Finished", sent=False):
        hint = "" if words else f"; {INPUT}"
        return unknown(f"the client completed the handshake and sent no application data{hint}")
    return verdict


def rank(seen: Transcript) -> int:
    """How much a connection says about a client that should refuse: data most, then a completed handshake, an alert."""
    marks = (
        seen.has_data(sent=False),
        seen.has("Finished", sent=False),
        bool(seen.fatal(sent=False)),
        seen.has("ClientHello", sent=False),
    )
    return next((len(marks) - index for index, mark in enumerate(marks) if mark), 0)
