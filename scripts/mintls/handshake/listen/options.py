"""The options of `--listen`, read into the check of a client."""

from typing import Any

from mintls.errors import UsageError, not_known
from mintls.handshake.cases.case import DEEP
from mintls.handshake.listen.check import ClientCheck
from mintls.handshake.listen.listener import Offer
from mintls.handshake.listen.starttls import PROTOCOLS
from mintls.handshake.peer_options import PeerOptions
from mintls.profile.names import check_host

import plumbum.cli.switches as cli

_OF_IT: dict[str, Any] = {"group": "Client", "requires": ["--listen"]}


class ListenOptions(PeerOptions):
    """How a client is tested."""

    listen = cli.SwitchAttr(
        "--listen",
        str,
        argname="HOST:PORT",
        group="Client",
        help="Test a client against invalid server certificates. 127.0.0.1:0 or `:` uses a free port",
    )
    client_cmd = cli.SwitchAttr(
        "--client-cmd",
        str,
        argname="COMMAND",
        help="Start this client for each row, without a shell; {host} {port} {ca} {cert} {key} are replaced. "
        "Without it you are told where to connect, row by row; use a longer --timeout then",
        **_OF_IT,
    )
    name = cli.SwitchAttr(
        "--name",
        str,
        argname="NAME",
        default="localhost",
        help="The host name that the client checks, if it can be directed to --listen, such as with curl --connect-to",
        **_OF_IT,
    )
    no_request = cli.Flag(
        "--no-request",
        help="Do not request a client certificate, for browsers and other clients that have none",
        **_OF_IT,
    )

    offer_starttls = cli.SwitchAttr(
        "--offer-starttls", str, argname="PROTOCOL", default="",
        help=f"Start with this protocol, in which the client asks for TLS: {', '.join(PROTOCOLS)}",
        **_OF_IT,
    )  # fmt: skip

    def client_check(self, path: str) -> ClientCheck:
        """The check of the client that trusts the set `path`. Raises UsageError."""
        try:
            check_host(self.name, wildcard=False)
        except ValueError as error:
            raise UsageError(f"--name {self.name}: {error}; write a host name such as {DEEP}") from None
        if self.offer_starttls and self.offer_starttls not in PROTOCOLS:
            raise UsageError(f"--offer-starttls {self.offer_starttls}: {not_known(self.offer_starttls, PROTOCOLS)}")
        offer = Offer(requests=not self.no_request, alpn=self.alpn, starttls=self.offer_starttls)
        return ClientCheck(path, self.listen, self.client_cmd, self.name.lower(), offer)
