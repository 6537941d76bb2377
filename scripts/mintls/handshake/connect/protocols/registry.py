"""All protocols by name, by port and by STARTTLS; a new one is added to the list here (pure)."""

from mintls.errors import UsageError, not_known
from mintls.handshake.connect.protocols.amqp import AMQP
from mintls.handshake.connect.protocols.grpc import GRPC
from mintls.handshake.connect.protocols.h2 import H2
from mintls.handshake.connect.protocols.hexadecimal import HEX
from mintls.handshake.connect.protocols.http import HTTP
from mintls.handshake.connect.protocols.imap import IMAP
from mintls.handshake.connect.protocols.ldap import LDAP
from mintls.handshake.connect.protocols.line import LINE
from mintls.handshake.connect.protocols.mqtt import MQTT
from mintls.handshake.connect.protocols.mysql import MYSQL
from mintls.handshake.connect.protocols.nats import NATS
from mintls.handshake.connect.protocols.none import NONE
from mintls.handshake.connect.protocols.pop3 import POP3
from mintls.handshake.connect.protocols.postgres import POSTGRES
from mintls.handshake.connect.protocols.protocol import Protocol
from mintls.handshake.connect.protocols.redis import REDIS
from mintls.handshake.connect.protocols.smtp import SMTP
from mintls.handshake.connect.protocols.syslog import SYSLOG

AUTO = "auto"
PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        HTTP, H2, GRPC, SMTP, IMAP, POP3, POSTGRES, MYSQL, REDIS, MQTT, AMQP, LDAP, NATS, SYSLOG, LINE, HEX, NONE,
    )
}  # fmt: skip


def named(text: str) -> tuple[Protocol | None, str]:
    """The protocol and the value of `--probe NAME[:VALUE]`; no protocol for `auto`. Raises UsageError."""
    name, _, value = text.partition(":")
    if name == AUTO and not value:
        return None, ""
    if name not in PROTOCOLS:
        raise UsageError(f"--probe {text}: {not_known(name, (AUTO, *PROTOCOLS))}")
    if any(not character.isprintable() for character in value):
        raise UsageError(f"--probe {name}: give one line of printable characters; use hex:BYTES for others")
    return PROTOCOLS[name], value


def usual(port: int, starttls: str) -> tuple[Protocol | None, str]:
    """The protocol that is usual for that STARTTLS or that port, and its STARTTLS; none when it is neither."""
    for protocol in PROTOCOLS.values():
        if starttls and protocol.starttls == starttls:
            return protocol, starttls
        if not starttls and port in protocol.starttls_ports:
            return protocol, protocol.starttls
        if not starttls and port in protocol.ports:
            return protocol, ""
    return None, starttls
