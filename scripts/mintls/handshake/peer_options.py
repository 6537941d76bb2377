"""The options that --connect and --listen share."""

from plumbum import cli


class PeerOptions(cli.Application):
    """What a tested peer, server or client, is offered."""

    alpn = cli.SwitchAttr(
        "--alpn", str, argname="NAMES", default="", group="Peer",
        help="ALPN protocols to offer to a server, or to select from for a client, such as h2",
    )  # fmt: skip
