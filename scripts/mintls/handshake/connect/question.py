"""What the user wants to have asked: a protocol, what is asked in it, and which replies accept (pure)."""

from mintls.handshake.connect.probe import NO_SUCH_HOST, Probe, decided_by
from mintls.handshake.connect.protocols.protocol import Protocol, Request

from msgspec import Struct
from msgspec.structs import replace


class Question(Struct, frozen=True, kw_only=True):
    """A protocol and a request in it; `accepted_if` and `refused_if` are texts of the reply, empty for none."""

    protocol: Protocol
    request: Request
    accepted_if: str = ""
    refused_if: str = ""

    def probe(self) -> Probe:
        """As it is asked. Raises UsageError when the value of --probe is wrong."""
        return decided_by(self.protocol.probe(self.request), self.accepted_if, self.refused_if)

    def of_another_host(self) -> Probe:
        """For a host that no server has."""
        return replace(self, request=replace(self.request, authority=NO_SUCH_HOST)).probe()

    def with_headers(self, headers: tuple[str, ...]) -> Probe:
        """With further headers."""
        return replace(self, request=replace(self.request, headers=headers)).probe()

    def greeted(self, greeted: bool) -> "Question":
        """The same, where the greeting was read before TLS, or was not."""
        return replace(self, request=replace(self.request, greeted=greeted))
