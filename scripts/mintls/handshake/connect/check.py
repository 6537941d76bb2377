"""The check of a server (--connect): the client certificates that the user's files allow, presented to it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mintls.errors import UsageError
from mintls.handshake.cases.case import cases_of
from mintls.handshake.cases.obstacles import divide, in_order
from mintls.handshake.check import Checked, Session
from mintls.handshake.connect import discovery
from mintls.handshake.connect.cases import possible, server_cases, with_controls
from mintls.handshake.connect.client_files import FilePaths, read_client_files
from mintls.handshake.connect.credentials import mint_beside
from mintls.handshake.connect.forged_headers import forged_headers
from mintls.handshake.connect.names import subject_of
from mintls.handshake.connect.options import capabilities_of, server_obstacle
from mintls.handshake.connect.server import Server, Target
from mintls.handshake.result import Subject

from msgspec.structs import replace


class ServerCheck:
    """`files` and the invalid credentials `bad`, by name, are the user's; `versions` those of TLS to try.

    `auto`: the protocol is to be found out. `keep`: a new directory for all credentials; None to remove them.
    """

    def __init__(
        self,
        target: Target,
        files: FilePaths,
        bad: Mapping[str, FilePaths],
        versions: Sequence[str],
        *,
        auto: bool = False,
        keep: Path | None = None,
    ) -> None:
        self._target, self._files, self._bad, self._versions = target, files, bad, versions
        self._auto, self._keep = auto, keep

    def run(self, session: Session) -> Checked:
        """As many connections as announced, at most."""
        held = read_client_files(self._files, self._bad, session.openssl, session.scratch)
        if self._keep and self._keep.exists():
            raise UsageError(f"--keep {self._keep}: it exists; name a new directory")
        leaf = held.good.leaf
        request = replace(self._target.question.request, user=subject_of(leaf).get("CN", [""])[-1])
        question = replace(self._target.question, request=request)
        target = replace(self._target, question=question, headers=forged_headers(leaf), issuers=held.issuer_names)
        obstacle = server_obstacle(held, self._versions, session.openssl)
        cases = server_cases(capabilities_of(held, target))
        tried, _ = divide(with_controls(session.choose(cases), cases, capabilities_of(held, target)), obstacle)
        directory = self._keep or session.scratch / "credentials"
        at_most = Server(session.openssl, directory, target, capabilities_of(held, target), session.timeout)
        signs = f" and what {self._files.ca_key} signs" if self._files.ca_key else ""
        number = at_most.connections(tried) + (discovery.CONNECTIONS if self._auto else 0)
        session.announce(f"at most {number} connections to {target.address} with {self._files.certificate}{signs}")
        if self._auto:
            target = discovery.discover(target, held, session.openssl, session.timeout)
            session.announce(f"probe: {target.question.protocol.name} (--probe selects a different one)")
        capabilities = capabilities_of(held, target)
        rows = with_controls(session.choose(cases), cases, capabilities)
        tried, skipped = divide(rows, obstacle)
        presented = possible(cases_of(tried), capabilities)
        mint_beside(held, presented, directory, session.openssl, session.now)
        server = Server(
            session.openssl, directory, target, capabilities, session.timeout, self._keep, session.recordings
        )
        results = server.run(tried, session.progress(len(tried)))
        return Checked(Subject.SERVER, target.address, in_order(rows, (*results, *skipped)))
