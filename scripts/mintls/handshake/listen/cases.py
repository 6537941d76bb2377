"""The cases for the client of a set (--listen), the ones that are skipped, and what the client is given."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from mintls.errors import OutputError, UsageError
from mintls.handshake.cases.case import Case, Obstacle, Row, Severity, Verifier, cases_of
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.cases.obstacles import divide, maker_obstacle
from mintls.handshake.credentials import between, copy_set
from mintls.handshake.listen.client_command import ClientCommand
from mintls.handshake.listen.connections import LOOPBACK
from mintls.handshake.listen.credentials import Credential, adopt, is_plain
from mintls.handshake.listen.listener import Address, Visitor
from mintls.handshake.result import Result
from mintls.input_file import is_readable
from mintls.manifest import Record
from mintls.openssl.binary import Openssl

from msgspec.structs import replace

STACKS = {"curl": "curl", "openssl": "openssl", "python": "Python", "node": "Node", "go": "Go"}  # by program
NAMES = {"localhost": "DNS:localhost", LOOPBACK: f"IP:{LOOPBACK}"}


def client_cases(command: str | None = None) -> tuple[Case, ...]:
    """The catalogue for a foreign client, with its fixes; a failure only warns where correct clients differ."""
    program = Path((command or "").partition(" ")[0]).name
    stack = next((stack for word, stack in STACKS.items() if program.startswith(word)), "")
    return tuple(
        replace(
            case,
            verifiers=(Verifier.CLIENT,),
            severity=_severity(case),
            hint=_hint(case, stack),
        )
        for case in CATALOGUE
        if Verifier.CLIENT in case.verifiers
    )


def _severity(case: Case) -> Severity:
    """Correct clients differ in what is disputed, in the versions they speak, and in whether they verify addresses."""
    differs = case.disputed or (case.at_hello and case.stacks) or (case.for_address and case.accepted)
    return Severity.POLICY if differs else case.severity


def _hint(case: Case, stack: str) -> str:
    """The fix for that client, or for each stack."""
    fixes = case.remedy.client
    return fixes.get(stack) or "; ".join(f"{other}: {words}" for other, words in fixes.items()) or case.hint


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

    def __init__(self, source: Path, directory: Path, openssl: Openssl) -> None:
        self._openssl, self._directory = openssl, directory
        copied = directory.with_name(f"{directory.name}-set")
        records = copy_set(source, copied)
        named = {record.name: record for record in records}
        servers = (one for one in records if one.role in ("server", "peer"))
        server = next((one for one in servers if NAMES["localhost"] in one.san), None)
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
            self._adopted, self._names = adopt(ca, {}, directory, openssl), set(NAMES.values())
        elif server:
            self.between = tuple(copied / named[name].files["certificate"] for name in line)
            leaf = Credential(copied / server.files["certificate"], _key(server, copied))
            self._adopted, self._names = adopt(ca, {"server": leaf}, directory, openssl), set(server.san)
        else:
            raise OutputError(f"{source} has neither the CA's key nor a server certificate for DNS:localhost; add one")
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
        if case.accepted and NAMES[case.name] not in self._names:
            return Obstacle("names", f"the server certificate of the set does not have {NAMES[case.name]}")
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
