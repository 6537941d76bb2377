"""The client of a set, which trusts the set's CA: what it is shown, what it is given, and what cannot be tried."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from mintls.errors import OutputError
from mintls.handshake.cases.case import DEEP, Obstacle, Row, Settings, cases_of
from mintls.handshake.cases.catalogue import VALID
from mintls.handshake.cases.names import OTHER_LOOPBACK
from mintls.handshake.cases.obstacles import divide, maker_obstacle
from mintls.handshake.credentials import copy_set
from mintls.handshake.given_credentials import Credential, GivenCredentials
from mintls.handshake.listen.cases import LOCALHOST, OTHER_CAS
from mintls.handshake.listen.client_command import ClientCommand
from mintls.handshake.listen.connections import LOOPBACK, has_address
from mintls.handshake.listen.listener import Visitor
from mintls.handshake.private_keys import is_plain
from mintls.handshake.result import Result
from mintls.input_file import read_input
from mintls.manifest import Record
from mintls.openssl.binary import Openssl
from mintls.x509.certificate import read_certificate


class TrustingClient:
    """The client of a set, which trusts the set's root. Certificates are minted for it into `directory`.

    Raises OutputError when the set lacks what is needed.
    """

    def __init__(self, source: Path, directory: Path, openssl: Openssl, name: str = LOCALHOST) -> None:
        self._openssl, self._directory, self._name = openssl, directory, name
        dns = f"DNS:{name}"
        copied = directory.with_name(f"{directory.name}-set")
        manifest = copy_set(source, copied)
        records = manifest.certificates
        servers = (one for one in records if one.role in ("server", "peer"))
        server = next((one for one in servers if dns in one.san), None)
        roots = [one for one in records if one.role == "authority" and one.issuer is None]
        root = manifest.root_of(server) if server else next(iter(roots), None)
        if root not in roots:
            raise OutputError(f"{source} has no root CA; name a set whose CA the client trusts")
        self.ca = source / root.files["certificate"]
        ca, leaves = _credential(root, copied), {}
        if not ca.certificate.is_authority:
            raise OutputError(f"{source / root.files['certificate']} is not a CA certificate; name the client's CA")
        self.between: tuple[Path, ...] = ()
        self._names = {f"DNS:{name}", f"IP:{LOOPBACK}"}
        if not ca.key and server is None:
            raise OutputError(f"{source} has neither the CA's key nor a server certificate for {dns}; add one")
        if not ca.key and server:
            self.between = tuple(copied / issuer.files["certificate"] for issuer in manifest.between(server))
            leaves, self._names = {"server": _credential(server, copied)}, set(server.san)
        self._given = GivenCredentials(ca, leaves, directory, openssl)
        self._client = next((one for one in records if one.role in ("client", "peer") and "key" in one.files), None)
        if self._client is None and not self._given.ca_key:
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
        return self._given.obstacle(case) or self._given.version_obstacle(row) or self._unmakeable(row)

    def divide(self, rows: Iterable[Row]) -> tuple[tuple[Row, ...], tuple[Result, ...]]:
        """The rows to try, and those that cannot be tried, with the reason."""
        return divide(rows, self.obstacle)

    def mint(self, rows: Iterable[Row], now: datetime) -> None:
        """Mint what the rows present."""
        san = [f"DNS:{self._name}", f"IP:{LOOPBACK}"]
        servers: Mapping[str, Settings] = {"server": {**VALID["servers"]["server"], "san": san}}
        self._given.mint(cases_of(rows), {"servers": servers, "clients": VALID["clients"]}, now)

    def visitor(self, command: ClientCommand | None) -> Visitor:
        """What the client is given: the set's client certificate, or else a minted one."""
        certificate, key = self._directory / "client.crt", self._directory / "client.key"
        if self._client:
            certificate = self._source / self._client.files["certificate"]
            key = self._source / self._client.files["key"]
        files = [path.absolute() for path in (self.ca, certificate, key)]
        return Visitor(command=command, ca=files[0], certificate=files[1], key=files[2])


def _credential(record: Record, directory: Path) -> Credential:
    """Its certificate, and its private key if the set has it and it is not encrypted. Raises OutputError."""
    path, key = directory / record.files["certificate"], directory / record.files.get("key", "")
    try:
        certificate = read_certificate(read_input(path).data.decode(errors="replace"))
    except OSError as error:
        raise OutputError(f"{path.name}: {error.strerror}; restore it, or mint the set again") from None
    except ValueError as error:
        raise OutputError(f"{path.name}: {error}; restore it, or mint the set again") from None
    return Credential(certificate, key if is_plain(key) else None)
