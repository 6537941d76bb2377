"""The options that --connect and --listen share."""

from mintls.configuration.registry import stack

import plumbum.cli.switches as cli
from plumbum.cli.application import Application


class PeerOptions(Application):
    """What a tested peer, server or client, is offered."""

    alpn = cli.SwitchAttr(
        "--alpn", str, argname="NAMES", default="", group="Peer",
        help="ALPN protocols to offer to a server, or to select from for a client, such as h2",
    )  # fmt: skip
    stack = cli.SwitchAttr(
        "--stack", str, argname="NAME", default="", group="Peer",
        help="The program that is tested, such as nginx: for its protocol, and its own fixes; otherwise it is guessed",
    )  # fmt: skip

    def check_stack(self) -> None:
        """Raises UsageError for a stack that is not known."""
        if self.stack:
            stack(self.stack)
