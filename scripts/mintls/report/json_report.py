"""The results of a run as JSON, with all the evidence (pure); schemas/handshake.schema.json describes it.

Control characters that a peer has sent are escaped, so that no peer can forge a line.
"""

from typing import Annotated, Literal

from mintls.escape import printable, printable_json
from mintls.handshake.cases.case import Severity, Verifier
from mintls.handshake.result import Outcome, Result, Run, Subject
from mintls.handshake.verdict import Kind
from mintls.handshake.wire.alerts import ALERTS
from mintls.report.answer import answer
from mintls.report.text import fix_of, hint

import msgspec
from msgspec import Meta, Struct

EVERY_OUTCOME = {"propertyNames": {"$ref": "#/$defs/Outcome"}, "required": list(Outcome)}


class AlertReport(Struct, frozen=True):
    """An alert by number and name (RFC 8446 section 6); no name: it is not registered."""

    number: int
    name: str | None


class MessageReport(Struct, frozen=True):
    """One message as the peer that presents the certificate saw it; `length`: bytes."""

    sender: Literal["client", "server"]
    version: str
    content: str
    name: str
    length: int


class RowReport(Struct, frozen=True, kw_only=True):
    """One case against one verifier in one version of TLS."""

    id: Annotated[str, Meta(examples=["server/1.3/expired"])]
    case: str
    title: str
    reference: str
    severity: Severity
    verifier: Verifier
    tls: str
    expected: Kind
    observed: Kind
    outcome: Outcome
    reason: str
    hint: str
    fix: Annotated[str, Meta(description="The fix in the words of `stack`; empty if there is none.")]
    alert: AlertReport | None
    certificate_sent: Annotated[int, Meta(description="Length of the Certificate message in bytes; 0: none was sent.")]
    verify_errors: tuple[int, ...]
    messages: tuple[MessageReport, ...]
    commands: tuple[tuple[str, ...], ...]
    milliseconds: float


class HandshakeReport(Struct, frozen=True, kw_only=True):
    """What `handshake_check.py --json` writes. `version` is incremented when the meaning of a field changes."""

    version: Literal[2]
    answer: str
    kind: Subject
    subject: str
    stack: Annotated[str, Meta(description="The program that was checked, with --stack or guessed; empty if unknown.")]
    openssl: str
    started: Annotated[str, Meta(description="RFC 3339, UTC.")]
    milliseconds: int
    strict: bool
    status: Annotated[int, Meta(description="The exit status.")]
    counts: Annotated[dict[Outcome, int], Meta(extra_json_schema=EVERY_OUTCOME)]
    rows: tuple[RowReport, ...]


def as_json(run: Run) -> bytes:
    """The whole run with its evidence; no key material."""
    report = HandshakeReport(
        version=2,
        answer=printable(answer(run)),
        kind=run.kind,
        subject=run.subject,
        stack=run.stack,
        openssl=run.openssl,
        started=run.started,
        milliseconds=round(run.milliseconds),
        strict=run.strict,
        status=run.status,
        counts={outcome: run.count(outcome) for outcome in Outcome},
        rows=tuple(_row(result, run.stack) for result in run.results),
    )
    return printable_json(msgspec.json.format(msgspec.json.encode(report), indent=1).decode()).encode() + b"\n"


def _row(result: Result, stack: str) -> RowReport:
    row, verdict, evidence = result.row, result.verdict, result.evidence
    peers: tuple[Literal["client", "server"], ...] = ("server", "client")
    if row.verifier is Verifier.SERVER:
        peers = ("client", "server")
    alert = evidence.alert
    return RowReport(
        id=row.id,
        case=row.case.id,
        title=row.case.title,
        reference=row.case.reference,
        severity=row.case.severity,
        verifier=row.verifier,
        tls=row.version,
        expected=result.expected,
        observed=verdict.kind,
        outcome=result.outcome,
        reason=printable(verdict.reason),
        hint=hint(result),
        fix=fix_of(result, stack),
        alert=AlertReport(alert.number, ALERTS.get(alert.number)) if alert else None,
        certificate_sent=evidence.certificate_sent,
        verify_errors=evidence.verify_errors,
        messages=tuple(
            MessageReport(peers[not message.sent], message.version, message.content, message.name, message.length)
            for message in evidence.presenter.messages
        ),
        commands=evidence.commands,
        milliseconds=round(evidence.milliseconds, 1),
    )
