"""The options of `--connect`, parsed into the target, the files and what they allow to test."""

import re
import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from mintls.configuration.registry import stack
from mintls.errors import MintlsError, UsageError, not_known
from mintls.handshake.cases.case import Obstacle, Row
from mintls.handshake.cases.obstacles import maker_obstacle, version_obstacle
from mintls.handshake.connect.cases import Capabilities
from mintls.handshake.connect.client_files import ClientFiles, FilePaths, files_of
from mintls.handshake.connect.protocols.protocol import REFUSED_STATUS, Request
from mintls.handshake.connect.protocols.registry import AUTO, PROTOCOLS, named
from mintls.handshake.connect.question import Question
from mintls.handshake.connect.server import Target
from mintls.handshake.peer_options import PeerOptions
from mintls.openssl.binary import Openssl
from mintls.openssl.starttls import STARTTLS
from mintls.plan.defects import FORGEABLE

import plumbum.cli.switches as cli

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_HTTPS = 443
_OF_IT: dict[str, Any] = {"group": "Server", "requires": ["--connect"]}  # they have no effect without it


class ConnectOptions(PeerOptions):
    """The options that describe the server."""

    connect = cli.SwitchAttr(
        "--connect",
        str,
        argname="HOST:PORT",
        group="Server",
        excludes=["--listen"],
        help="Test whether this server enforces mTLS",
    )
    ca = cli.SwitchAttr("--ca", cli.ExistingFile, argname="FILE", help="CA certificate, if not DIR/ca.crt", **_OF_IT)
    cert = cli.SwitchAttr("--cert", cli.ExistingFile, argname="FILE", help="A valid client certificate", **_OF_IT)
    key = cli.SwitchAttr("--key", cli.ExistingFile, argname="FILE", help="Key of --cert", **_OF_IT)
    ca_key = cli.SwitchAttr(
        "--ca-key", cli.ExistingFile, argname="FILE", help="Key of the CA, to mint more test certificates", **_OF_IT
    )
    sni = cli.SwitchAttr("--sni", str, argname="NAME", help="Name of the server, if not HOST", **_OF_IT)
    open_sni = cli.SwitchAttr(
        "--open-sni",
        str,
        argname="NAME",
        default="",
        help="A name on the same port that requires no certificate",
        **_OF_IT,
    )
    starttls = cli.SwitchAttr(
        "--starttls", str, argname="PROTOCOL", default="", help="smtp, imap, postgres ..., as in s_client", **_OF_IT
    )
    probe = cli.SwitchAttr(
        "--probe", str, argname="PROBE", default="auto",
        help="What to ask: http:PATH, h2, grpc, smtp, imap, pop3, postgres:USER, mysql:USER, redis, mqtt, amqp, ldap, "
        "nats, syslog, line:TEXT, hex:BYTES, none; by default it is found out", **_OF_IT,
    )  # fmt: skip
    accepted_if = cli.SwitchAttr(
        "--accepted-if", str, argname="TEXT", default="", help="A text that only replies to accepted clients have",
        **_OF_IT,
    )  # fmt: skip
    refused_if = cli.SwitchAttr(
        "--refused-if", str, argname="TEXT", default="", help="A text that only replies to rejected clients have",
        **_OF_IT,
    )  # fmt: skip
    require_tls = cli.SwitchAttr(
        "--require-tls", str, argname="VERSIONS", default="", help="Versions that the server must offer, e.g. 1.3",
        **_OF_IT,
    )  # fmt: skip
    key_pass = cli.SwitchAttr(
        "--key-pass",
        str,
        argname="SOURCE",
        default="",
        help="Passphrase of --key and --ca-key: env:NAME or file:PATH",
        **_OF_IT,
    )
    keep = cli.SwitchAttr(
        "--keep", str, argname="DIR", default="", help="Keep the credentials that were presented in a new directory",
        **_OF_IT,
    )  # fmt: skip
    proxy = cli.SwitchAttr(
        "--proxy", str, argname="HOST:PORT", default="", help="Connect through this HTTP proxy", **_OF_IT
    )
    proxy_protocol = cli.Flag("--proxy-protocol", help="Send a header of the PROXY protocol before TLS", **_OF_IT)
    bad = cli.SwitchAttr(
        "--bad", str, list=True, argname="NAME=CERT:KEY", help="A further certificate that must be rejected", **_OF_IT
    )
    refused_status = cli.SwitchAttr(
        "--refused-status", str, argname="N,N", default=",".join(map(str, REFUSED_STATUS)),
        help="HTTP statuses that mean rejected, unless the valid certificate gets the same", **_OF_IT,
    )  # fmt: skip

    def target(self) -> Target:
        """Raises UsageError when an option is wrong, MintlsError when the host name does not resolve."""
        host, colon, port = self.connect.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not colon or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            raise UsageError(f"--connect {self.connect}: write HOST:PORT, such as localhost:4443 or [::1]:4443")
        sni = self.sni if self.sni is not None else "" if _is_address(host) else host
        name = sni or (f"[{host}]" if ":" in host else host)
        protocol, value = named(self.asked())
        request = Request(
            value=value,
            authority=name if int(port) == _HTTPS else f"{name}:{port}",
            refused_status=_statuses(self.refused_status),
        )
        question = Question(
            protocol=protocol or PROTOCOLS["http"],
            request=request,
            accepted_if=self.accepted_if,
            refused_if=self.refused_if,
        )
        question.probe()  # says what is wrong with it
        if self.starttls and self.starttls not in STARTTLS:
            raise UsageError(f"--starttls {self.starttls}: {not_known(self.starttls, STARTTLS)}")
        for option, word in (("--sni", sni), ("--open-sni", self.open_sni)):
            if word and not _NAME.fullmatch(word):
                raise UsageError(f"{option} {word}: use only letters, digits, dots and hyphens")
        _check_host(self.connect, host, int(port))
        # With ALPN it is TLS at once, as PostgreSQL 17 has it.
        upgrades = protocol and not self.alpn and (protocol.upgrades or int(port) in protocol.starttls_ports)
        starttls = self.starttls or (protocol.starttls if protocol and upgrades else "")
        return Target(
            host=host,
            port=int(port),
            sni=sni,
            starttls=starttls,
            open_sni=self.open_sni,
            question=question,
            alpn=self.alpn or (protocol.alpn if protocol and not starttls else ""),
            proxy=_proxy(self.proxy),
            proxy_protocol=bool(self.proxy_protocol),
            required=_versions(self.require_tls),
        )

    def asked(self) -> str:
        """--probe, or else the protocol of --stack."""
        return stack(self.stack).protocol if self.stack and self.probe == AUTO else str(self.probe)

    def files(self, path: str) -> FilePaths:
        """The files given as options; where one is not, that of the directory."""
        one = [Path(str(file)) if file else None for file in (self.ca, self.cert, self.key, self.ca_key)]
        given = FilePaths(ca=one[0], certificate=one[1], key=one[2], ca_key=one[3], key_pass=_source(self.key_pass))
        if path and not Path(path).is_dir():
            raise UsageError(f"{path} is not a directory: --connect takes one with ca.crt, client.crt and client.key")
        return given.over(files_of(Path(path))) if path else given

    def bad_files(self) -> dict[str, FilePaths]:
        """Raises UsageError when one is not NAME=CERT:KEY."""
        bad: dict[str, FilePaths] = {}
        for text in self.bad:
            name, equals, files = text.partition("=")
            certificate, colon, key = files.rpartition(":")
            if not equals or not colon or not _NAME.fullmatch(name):
                raise UsageError(f"--bad {text}: write NAME=CERT:KEY, such as revoked=old.crt:old.key")
            if name in bad:
                raise UsageError(f"--bad {name} is given twice; choose another name")
            bad[name] = FilePaths(certificate=Path(certificate), key=Path(key))
        return bad


def capabilities_of(held: ClientFiles, target: Target) -> Capabilities:
    """What the user's files and options allow to test."""
    key = held.good.leaf.key
    asks = bool(target.question.probe().exchanges)
    through = "it cannot be asked through a proxy" if target.proxy or target.proxy_protocol else ""
    return Capabilities(
        sni=target.sni,
        open_sni=target.open_sni,
        no_ca_key="" if held.authority_key else "needs the CA's key: --ca-key",
        no_intermediate="the CA allows none: path_length 0" if held.depth == 0 else "",
        no_forged_key="" if key.startswith(FORGEABLE) else f"needs an RSA or NIST EC key; yours is {key}",
        no_other_host="" if target.question.protocol.has_host else "only HTTP has a Host",
        no_question=through or ("" if asks else "nothing is asked (--probe)"),
        bad=tuple(held.bad),
    )


def server_obstacle(held: ClientFiles, versions: Sequence[str], openssl: Openssl) -> Callable[[Row], Obstacle | None]:
    """A function that gives the reason why a row cannot be tried with this openssl and these keys; None when it can.

    Raises UsageError when no version of TLS that is asked for has the good certificate's kind of key.
    """
    good, unmakeable = held.good.leaf.key, maker_obstacle(openssl)
    bad = {f"bad-{name}": credential.leaf.key for name, credential in held.bad.items()}
    obstacles = [version_obstacle(version, good) for version in versions]
    if all(obstacles) and obstacles[0]:
        raise UsageError(f"--tls {','.join(versions)}: {obstacles[0].reason}; add 1.3, or give a different certificate")

    def obstacle(row: Row) -> Obstacle | None:
        keys = () if row.case.at_hello else (good, bad.get(row.case.presents, ""))
        return unmakeable(row) or next(filter(None, (version_obstacle(row.version, key) for key in keys)), None)

    return obstacle


def _check_host(connect: str, host: str, port: int) -> None:
    """A name that does not resolve is reported once, not in each row."""
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise MintlsError(f"--connect {connect}: {error.strerror}; check the host name") from None


def _statuses(text: str) -> tuple[int, ...]:
    words = text.split(",")
    if not all(re.fullmatch("[1-5][0-9][0-9]", word) for word in words):
        raise UsageError(f"--refused-status {text}: write HTTP statuses with commas between, such as 400,403")
    return tuple(map(int, words))


def _versions(text: str) -> tuple[str, ...]:
    versions = tuple(text.split(",")) if text else ()
    if wrong := [version for version in versions if version not in ("1.2", "1.3")]:
        raise UsageError(f"--require-tls {wrong[0]}: write 1.2, 1.3 or both with a comma between")
    return versions


def _proxy(text: str) -> str:
    host, _, port = text.rpartition(":")
    if text and not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise UsageError(f"--proxy {text}: write HOST:PORT, such as localhost:3128")
    return text


def _source(text: str) -> str:
    kind, colon, value = text.partition(":")
    if text and (kind not in ("env", "file") or not colon or not value):
        raise UsageError(
            f"--key-pass {kind}: write env:NAME or file:PATH; a passphrase itself would be visible to others"
        )
    return text


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
