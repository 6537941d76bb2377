"""The cases for a foreign client (--listen), and where it is listened for (pure)."""

from mintls.configuration.mistake import Mistake
from mintls.errors import UsageError
from mintls.handshake.cases.case import DEEP, Case, Severity, Verifier
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.listen.connections import LOOPBACK
from mintls.handshake.listen.listener import Address
from mintls.handshake.wire.alerts import AlertNumber

from msgspec.structs import replace

LOCALHOST = "localhost"
OTHER_CAS = Case(
    id="other-cas",
    title="a certificate of a public CA",
    why="A client that also trusts the system's CAs accepts certificates that you did not issue.",
    mistake="The CA is added to the system's trust store, not used in place of it.",
    kind=Mistake.OWN_AUTHORITY,
    reference="RFC 5280 section 6.1.1",
    hint="check in the client's configuration that it trusts only your CA",
    verifiers=(Verifier.CLIENT,),
    alerts=(AlertNumber.UNKNOWN_CA,),
)


def client_cases(name: str = LOCALHOST) -> tuple[Case, ...]:
    """The catalogue for a foreign client that checks for `name`; a failure only warns where correct clients differ."""
    return tuple(
        replace(
            case,
            verifiers=(Verifier.CLIENT,),
            severity=_severity(case),
            name=_name(case, name),
        )
        for case in (*CATALOGUE, OTHER_CAS)
        if Verifier.CLIENT in case.verifiers
    )


def _name(case: Case, name: str) -> str:
    """The name that the client checks for: the user's, as far as it has as many labels as the case needs."""
    if case.for_address or (case.name == DEEP and name.count(".") < DEEP.count(".")):
        return case.name
    return name


def _severity(case: Case) -> Severity:
    """Correct clients differ in what is disputed, in the versions they speak, and in whether they verify addresses."""
    differs = case.disputed or (case.at_hello and case.stacks) or (case.for_address and case.accepted)
    return Severity.POLICY if differs else case.severity


def parse_address(text: str) -> Address:
    """HOST:PORT, where either may be left out. Raises UsageError."""
    host, colon, port = text.rpartition(":")
    host = host or LOOPBACK
    if not colon or host not in (LOOPBACK, "0.0.0.0") or not (port or "0").isdecimal() or int(port or 0) > 65535:
        raise UsageError(
            f"--listen {text}: write {LOOPBACK}:PORT, or 0.0.0.0:PORT for a client that reaches this machine as "
            "localhost from elsewhere; `:` takes a free port"
        )
    return Address(host, int(port or 0))
