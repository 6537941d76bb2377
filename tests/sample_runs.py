"""Results and runs that no connection made, for the tests of the reports."""

from mintls.handshake.cases.case import Row, Verifier
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.connect.catalogue import OWN
from mintls.handshake.result import Result, Run, Subject
from mintls.handshake.verdict import Evidence, Kind, Verdict
from mintls.handshake.wire.transcript import Alert, Message, Transcript

CASES = {case.id: case for case in (*CATALOGUE, *OWN)}
HOSTILE = "\x1b[31mred\x00 <b>&\"'\n\r\u2028\ufffe\u202e ]]> ü"


def result(
    case: str,
    kind: Kind,
    reason: str = "because",
    version: str = "1.3",
    *,
    verifier: Verifier = Verifier.SERVER,
    topic: str = "",
    control: str = "",
    trouble: str = "",
) -> Result:
    """A row of the catalogue with this verdict, and a certificate, an alert and a command as its evidence."""
    presenter = Transcript(
        messages=(Message(sent=True, version="TLS 1.3", content="Handshake", name="Certificate", length=453),),
        alerts=(Alert(sent=False, fatal=True, number=48),),
    )
    evidence = Evidence(
        verifier_is_server=verifier is Verifier.SERVER,
        presenter=presenter,
        trouble=trouble,
        commands=(("openssl", "s_server", "-x", "a b"),),
    )
    return Result(Row(CASES[case], verifier, version), Verdict(kind, reason, control, topic), evidence)


def run_of(*results: Result, kind: Subject = Subject.PAIR, subject: str = "certs/dev", strict: bool = False) -> Run:
    """A run with these results."""
    return Run(
        kind=kind,
        subject=subject,
        openssl="OpenSSL 3.0.19",
        started="2030-01-02T03:04:05Z",
        milliseconds=1234.5,
        strict=strict,
        results=results,
    )


MIXED = run_of(
    result("good", Kind.ACCEPTED, version="1.2"),
    result("good", Kind.ACCEPTED),
    result("expired", Kind.REFUSED),
    result("revoked", Kind.ACCEPTED, HOSTILE),
    result("stolen", Kind.INCONCLUSIVE, "silence"),
    result("bad-body", Kind.INCONCLUSIVE, "silence"),
    result("no-extended-key-usage", Kind.ACCEPTED),
)
