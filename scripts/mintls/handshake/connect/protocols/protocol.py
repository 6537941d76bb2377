"""What a protocol behind TLS consists of, as data; one file beside this one for each protocol (pure)."""

from collections.abc import Callable

from mintls.errors import UsageError
from mintls.handshake.connect.probe import Probe

from msgspec import Struct

REFUSED_STATUS = (400, 401, 403, 421, 495, 496)  # RFC 9110 section 15.5; 495 and 496 are nginx's own


class Request(Struct, frozen=True, kw_only=True):
    """What a probe is made for.

    `value`: the text after the protocol's name in --probe. `authority`: the server as HTTP's Host names it. `user`: the
    CN of the client certificate. `headers`: lines that an HTTP request also has. `greeted`: the server's greeting was
    read before TLS, with STARTTLS.
    """

    value: str = ""
    authority: str = "localhost"
    user: str = ""
    headers: tuple[str, ...] = ()
    refused_status: tuple[int, ...] = REFUSED_STATUS
    greeted: bool = False

    def database_user(self, probe: str, otherwise: str) -> bytes:
        """The user to log in as: the one in --probe, else the CN. Raises UsageError for one that cannot be sent."""
        user = self.value or self.user or otherwise
        if not user.isprintable():
            raise UsageError(f"--probe {probe}:{user}: write the name of a user")
        return user.encode()


class Protocol(Struct, frozen=True, kw_only=True):
    """A protocol: how TLS begins, and the dialogue that only an accepted client can finish.

    `starttls`: the name in s_client's -starttls of the upgrade that the protocol has. `upgrades`: it always begins so.
    `ports`, `starttls_ports`: where it is usual, with TLS at once and after STARTTLS. `greeting`: how a server that
    speaks first begins. `opens_with_line`: it sends a line in plain text, and then TLS begins. `probe` raises
    UsageError when the value of --probe is wrong.
    """

    name: str
    about: str
    probe: Callable[[Request], Probe]
    starttls: str = ""
    upgrades: bool = False
    alpn: str = ""
    ports: tuple[int, ...] = ()
    starttls_ports: tuple[int, ...] = ()
    greeting: bytes = b""
    has_host: bool = False
    opens_with_line: bool = False
