"""`--probe auto`: finds out what a server speaks, with the valid certificate and a few connections.

By the port or STARTTLS where one is usual; else by the server's greeting, and else by which protocol's question it
accepts. Where none is found the handshake alone is judged.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from mintls.handshake.connect.client_files import ClientFiles
from mintls.handshake.connect.plain_text import read_greeting
from mintls.handshake.connect.probe import Probe, Reply
from mintls.handshake.connect.protocols.protocol import Protocol
from mintls.handshake.connect.protocols.registry import PROTOCOLS, usual
from mintls.handshake.connect.s_client import connect
from mintls.handshake.connect.server import Target
from mintls.handshake.connect.verdict import NO_TLS
from mintls.handshake.verdict import Evidence
from mintls.openssl.binary import Openssl

from msgspec.structs import replace

GREETING = 0.4  # seconds in which most servers that speak first have done so
SLOW_GREETING = 5.0  # the same, of a server that certainly does not begin with TLS
PATIENCE = 2.0  # seconds for each protocol that is tried
SPOKEN_AFTER_TLS = ("h2", "grpc", "redis", "mqtt", "ldap", "amqp", "postgres")  # in the order in which they are tried
UPGRADED = ("postgres", "ldap")
CONNECTIONS = 3 + len(SPOKEN_AFTER_TLS) + len(UPGRADED)  # at most


def discover(target: Target, client: ClientFiles, openssl: Openssl, timeout: float) -> Target:
    """The target with the protocol that it speaks, and the STARTTLS and ALPN that this needs."""
    protocol, starttls = usual(target.port, target.starttls)
    if protocol:
        return _speaking(target, protocol, starttls)
    if not (target.starttls or target.proxy or target.proxy_protocol) and (found := _greeted(target, GREETING)):
        return found
    with TemporaryDirectory(prefix="mintls-") as name:
        ask = _asker(Path(name), client, openssl, min(timeout, PATIENCE))
        return _after_tls(target, ask)


def _greeted(target: Target, wait: float) -> Target | None:
    """The protocol that greets in plain text, and so has a STARTTLS."""
    greeting = read_greeting((target.host, target.port), wait)
    if greeting[4:5] == b"\x0a" and greeting[3:4] == b"\0":  # a packet 0 with version 10 of the protocol
        return _speaking(target, PROTOCOLS["mysql"], "mysql")
    for protocol in PROTOCOLS.values():
        if greeting and protocol.greeting and greeting.startswith(protocol.greeting):
            return _speaking(target, protocol, protocol.starttls)
    return None


def _after_tls(target: Target, ask: Callable[[Target], Evidence]) -> Target:
    http = _speaking(target, PROTOCOLS["http"], target.starttls)
    seen = ask(http)
    if not seen.presenter.has("ServerHello", sent=False):
        plain = any(reason in NO_TLS for reason in seen.presenter.reasons)
        if plain and not target.proxy and (found := _greeted(target, SLOW_GREETING)):
            return found
        for name in UPGRADED if not (target.starttls or seen.trouble or seen.timed_out) else ():
            upgraded = _speaking(target, PROTOCOLS[name], PROTOCOLS[name].starttls)
            if ask(upgraded).presenter.has("ServerHello", sent=False):
                return upgraded
        return http
    if seen.answer.startswith(b"HTTP/") or seen.alert:
        return http
    for protocol in PROTOCOLS.values():
        if protocol.greeting and seen.received.startswith(protocol.greeting):
            return _speaking(target, protocol, "")
    understood = None
    for name in SPOKEN_AFTER_TLS:
        other = _speaking(target, PROTOCOLS[name], "")
        reply = _reply(other, ask(other))
        if reply is Reply.ACCEPTED:
            return other
        if reply is Reply.REFUSED:
            understood = understood or other
    return understood or _speaking(target, PROTOCOLS["none"], "")


def _reply(target: Target, seen: Evidence) -> Reply:
    answer = target.question.probe().answer(seen.answer)
    return answer.reply if answer else Reply.UNCLEAR


def _speaking(target: Target, protocol: Protocol, starttls: str) -> Target:
    question = replace(target.question, protocol=protocol)
    alpn = target.alpn or (protocol.alpn if not starttls else "")
    return replace(target, question=question, starttls=starttls, alpn=alpn)


def _asker(directory: Path, client: ClientFiles, openssl: Openssl, timeout: float) -> Callable[[Target], Evidence]:
    """A function that connects with the valid certificate and asks."""
    certificate, issuers = directory / "client.crt", directory / "issuers.crt"
    certificate.write_text(client.good.leaf.pem)
    issuers.write_text(client.good.issuers)
    shown: tuple[str, ...] = ("-cert", str(certificate), "-key", str(client.good.key))
    shown += ("-cert_chain", str(issuers)) if client.good.issuers else ()

    def ask(target: Target) -> Evidence:
        named = ("-servername", target.sni) if target.sni else ("-noservername",)
        probe: Probe = target.question.greeted(bool(target.starttls)).probe()
        with target.reached(None, directory, timeout) as reach:
            argv = (*reach, *shown, *named, "-CAfile", str(client.anchors))
            return connect(openssl, argv, probe, directory, timeout)

    return ask
