"""The check of a server (--connect): the client certificates that the user's files allow, presented to it."""

from collections.abc import Mapping, Sequence

from mintls.handshake.cases.case import cases_of
from mintls.handshake.cases.obstacles import divide, in_order
from mintls.handshake.check import Checked, Session
from mintls.handshake.connect.cases import possible, server_cases, with_controls
from mintls.handshake.connect.client_files import FilePaths, read_client_files
from mintls.handshake.connect.credentials import imitate
from mintls.handshake.connect.options import capabilities_of, server_obstacle
from mintls.handshake.connect.server import Server, Target
from mintls.handshake.result import Subject


class ServerCheck:
    """`files` and the invalid credentials `bad`, by name, are the user's; `versions` those of TLS to try."""

    def __init__(self, target: Target, files: FilePaths, bad: Mapping[str, FilePaths], versions: Sequence[str]) -> None:
        self._target, self._files, self._bad, self._versions = target, files, bad, versions

    def run(self, session: Session) -> Checked:
        """As many connections as announced, at most."""
        held = read_client_files(self._files, self._bad, session.openssl)
        capabilities = capabilities_of(held, self._target)
        cases = server_cases(capabilities)
        rows = with_controls(session.choose(cases), cases, capabilities)
        tried, skipped = divide(rows, server_obstacle(held, self._versions, session.openssl))
        directory = session.scratch / "credentials"
        server = Server(session.openssl, directory, self._target, capabilities, session.timeout)
        signs = f" and what {self._files.ca_key} signs" if self._files.ca_key else ""
        address = f"{self._target.address} with {self._files.certificate}{signs}"
        session.announce(f"at most {server.connections(tried)} connections to {address}")
        imitate(held, possible(cases_of(tried), capabilities), directory, session.openssl, session.workers, session.now)
        results = server.run(tried, session.workers, session.progress(len(tried)))
        return Checked(Subject.SERVER, self._target.address, in_order(rows, (*results, *skipped)))
