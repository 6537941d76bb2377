"""The cases for the client of a set (--listen), the ones that are skipped, and what the client is given."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from mintls.configuration.mistake import Mistake
from mintls.errors import OutputError, UsageError
from mintls.handshake.cases.case import DEEP, Case, Obstacle, Row, Severity, Verifier, cases_of
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.cases.names import OTHER_LOOPBACK
from mintls.handshake.cases.obstacles import divide, maker_obstacle
from mintls.handshake.credentials import between, copy_set
from mintls.handshake.listen.client_command import ClientCommand
from mintls.handshake.listen.connections import LOOPBACK, has_address
from mintls.handshake.listen.credentials import Credential, adopt, is_plain
from mintls.handshake.listen.listener import Address, Visitor
from mintls.handshake.result import Result
from mintls.handshake.wire.alerts import AlertNumber
from mintls.input_file import is_readable
from mintls.manifest import Record
from mintls.openssl.binary import Openssl

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


class TrustingClient:
    """The client of a set, which trusts the set's root. Certificates are minted for it into `directory`.

    Raises OutputError when the set lacks what is needed.
    """

    def __init__(self, source: Path, directory: Path, openssl: Openssl, name: str = LOCALHOST) -> None:
        self._openssl, self._directory, self._name = openssl, directory, name
        dns, both = f"DNS:{name}", {f"DNS:{name}", f"IP:{LOOPBACK}"}
        copied = directory.with_name(f"{directory.name}-set")
        records = copy_set(source, copied)
        named = {record.name: record for record in records}
        servers = (one for one in records if one.role in ("server", "peer"))
        server = next((one for one in servers if dns in one.san), None)
        line = between(server, named) if server else []
        top = named[line[-1]].issuer if line else server.issuer if server else None
        roots = (one for one in records if one.role == "authority" and one.issuer is None)
        root = next((one for one in roots if top in (None, one.name)), None)
        if root is None:
            raise OutputError(f"{source} has no root CA; name a set whose CA the client trusts")
        self.ca = source / root.files["certificate"]
        ca = Credential(copied / root.files["certificate"], _key(root, copied))
        if ca.key and is_plain(ca.key):
            self.between: tuple[Path, ...] = ()
            self._adopted, self._names = adopt(ca, {}, directory, openssl, name), both
        elif server:
            self.between = tuple(copied / named[name].files["certificate"] for name in line)
            leaf = Credential(copied / server.files["certificate"], _key(server, copied))
            self._adopted, self._names = adopt(ca, {"server": leaf}, directory, openssl, name), set(server.san)
        else:
            raise OutputError(f"{source} has neither the CA's key nor a server certificate for {dns}; add one")
        self._client = next((one for one in records if one.role in ("client", "peer") and "key" in one.files), None)
        if self._client is None and not self._adopted.ca_key:
            raise OutputError(f"{source} has no client certificate; add one")
        self._source = source
        self._unmakeable = maker_obstacle(openssl)

    def obstacle(self, row: Row) -> Obstacle | None:
        """Why the row cannot be presented to this client; None when it can."""
        case = row.case
        if case.checks:
            return Obstacle("revocation", "the client is given no CRL")
        if case.id == OTHER_CAS.id:
            return Obstacle("whether the client also trusts other CAs", "it cannot be observed from outside")
        if case.name == DEEP != self._name:
            return Obstacle("wildcards", f"they need a name of four labels: --name {DEEP}")
        shown = f"IP:{case.name}" if case.for_address else f"DNS:{case.name}"
        if case.accepted and case.leaf is None and shown not in self._names:
            return Obstacle("names", f"the server certificate of the set does not have {shown}")
        if case.name == OTHER_LOOPBACK and self._name != LOCALHOST:
            return Obstacle("other addresses", f"with --name the client is directed to {LOOPBACK}")
        if case.name == OTHER_LOOPBACK and (shown in self._names or not has_address(OTHER_LOOPBACK)):
            return Obstacle("other addresses", f"this machine needs {OTHER_LOOPBACK}, and the set must not have it")
        return self._adopted.obstacle(case) or self._adopted.version_obstacle(row) or self._unmakeable(row)

    def divide(self, rows: Iterable[Row]) -> tuple[tuple[Row, ...], tuple[Result, ...]]:
        """The rows to try, and those that cannot be tried, with the reason."""
        return divide(rows, self.obstacle)

    def mint(self, rows: Iterable[Row], now: datetime, workers: int) -> None:
        """Mint what the rows present."""
        self._adopted.mint(cases_of(rows), now, self._directory, self._openssl, workers)

    def visitor(self, command: ClientCommand | None) -> Visitor:
        """What the client is given: the set's client certificate, or else a minted one."""
        certificate, key = self._directory / "client.crt", self._directory / "client.key"
        if self._client:
            certificate = self._source / self._client.files["certificate"]
            key = self._source / self._client.files["key"]
        files = [path.absolute() for path in (self.ca, certificate, key)]
        return Visitor(command=command, ca=files[0], certificate=files[1], key=files[2])


def _key(record: Record, source: Path) -> Path | None:
    """Its private key, if the set has it."""
    name = record.files.get("key")
    return source / name if name and is_readable(source / name) else None
