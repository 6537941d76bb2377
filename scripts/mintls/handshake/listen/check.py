"""The check of a client (--listen): the catalogue's server certificates, presented to the client that connects."""

from mintls.handshake.cases.obstacles import in_order
from mintls.handshake.check import Checked, Session
from mintls.handshake.listen.cases import LOCALHOST, client_cases, parse_address
from mintls.handshake.listen.client_command import ClientCommand
from mintls.handshake.listen.listener import Listener, Offer
from mintls.handshake.listen.trusting_client import TrustingClient
from mintls.handshake.result import Subject
from mintls.handshake.set_under_test import set_under_test


class ClientCheck:
    """`path` names the set that the client trusts, `address` where to listen, `command` the client, if we start it,
    `name` the host name that it checks for.
    """

    def __init__(
        self, path: str, address: str, command: str | None, name: str = LOCALHOST, offer: Offer | None = None
    ) -> None:
        self._path, self._address, self._command = path, address, command
        self._name, self._offer = name, offer or Offer()

    def run(self, session: Session) -> Checked:
        """One server for each row; without a command the user is told where to connect."""
        address = parse_address(self._address)
        command = ClientCommand(self._command) if self._command else None
        source = set_under_test(self._path, session.scratch / "set", session.openssl)
        directory = session.scratch / "catalogue"
        client = TrustingClient(source.directory, directory, session.openssl, self._name)
        rows = session.choose(client_cases(self._name))
        tried, skipped = client.divide(rows)
        client.mint(tried, session.now)
        visitor = client.visitor(command)
        listener = Listener(
            session.openssl, directory, visitor, at=address, timeout=session.timeout, between=client.between,
            recordings=session.recordings, offer=self._offer,
        )  # fmt: skip
        if command is None:
            session.announce(f"let the client trust {visitor.ca} and present {visitor.certificate}, {visitor.key}")
        # where the user acts, row by row, a line of progress would hide what to do
        done = session.progress(len(tried)) if command else lambda result: None
        results = listener.run(tried, done)
        return Checked(Subject.CLIENT, source.name, in_order(rows, (*results, *skipped)))
