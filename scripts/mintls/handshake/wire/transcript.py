"""What s_client and s_server print about a connection, parsed into a frozen Transcript.

Read are the listing of `-msg` (openssl-s_client(1): every message, in the clear also where TLS 1.3 sends it
encrypted, each followed by its bytes in hexadecimal) and the lines on stderr. Alert numbers come from the
bytes on the wire; the word "alert" is never looked for.
"""

import re
from collections.abc import Iterator

from mintls.handshake.wire.alerts import ALERTS
from mintls.handshake.wire.certificate_request import requested_authorities

from msgspec import Struct

MOST_MESSAGES = 256  # of a connection that are kept: a peer may send records of one byte without an end
APPLICATION_DATA = 0x17  # the content type of RFC 8446 section 5.1

# OpenSSL 1.1.1 does not name what is not a message: a record's header, and the content type in TLS 1.3.
_MESSAGE = re.compile(r"^(<<<|>>>) ([^,\[]+?)(?:, (\w+))? \[length ([0-9a-f]+)\](?:, (.*))?$")
UNNAMED = {5: "RecordHeader", 1: "InnerContent"}  # by length in bytes
COMPRESSED = "CompressedCertificate"
_BYTES = re.compile(r"^    ([0-9a-f]{2}(?: [0-9a-f]{2})*)$")
_VERIFY_ERROR = re.compile(r"^verify error:num=(\d+):")
_ERROR = re.compile(r"^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]*):[^:]*:\d+:(?:SSL alert number (\d+))?")
_LOCAL = re.compile(r"^(?:Could not|Can't open|unable to|Error with|Error setting|Call to) .*", re.IGNORECASE)


class Message(Struct, frozen=True):
    """One message on the wire; `length` in bytes, with its header of four bytes when it is a handshake message."""

    sent: bool  # by the peer whose transcript this is
    version: str  # as written by openssl, e.g. `TLS 1.3`
    content: str  # Handshake, Alert, ChangeCipherSpec or ApplicationData
    name: str  # of the handshake message or alert, e.g. `CertificateRequest`; else empty
    length: int
    plain_length: int = 0  # of a Certificate message: before compression, and without the context of its request


class Alert(Struct, frozen=True):
    """One TLS alert (RFC 8446 section 6)."""

    sent: bool
    fatal: bool
    number: int

    def __str__(self) -> str:
        return f"alert {self.number} {ALERTS.get(self.number, 'unassigned')}"


class Transcript(Struct, frozen=True):
    """What one peer received and sent."""

    messages: tuple[Message, ...] = ()
    alerts: tuple[Alert, ...] = ()
    verify_errors: tuple[int, ...] = ()  # X509_V_ERR_ numbers, openssl-verify(1), in the order they came
    reasons: tuple[str, ...] = ()  # of openssl's error queue, e.g. `bad signature`
    authorities: tuple[str, ...] = ()  # the names of CAs in the CertificateRequest that it received
    established: bool | None = None  # printed by s_server -rev and s_client -brief; None: neither was

    def length(self, name: str, *, sent: bool) -> int:
        """The length of the first handshake message of that name and direction; 0 when there was none."""
        return next((m.length for m in self.messages if m.name == name and m.sent is sent), 0)

    def has(self, name: str, *, sent: bool) -> bool:
        """Whether that handshake message went that way."""
        return self.length(name, sent=sent) > 0

    def certificate(self, *, sent: bool) -> int:
        """The length in bytes of the Certificate message, before compression (RFC 8879) and without the context that it
        has after the handshake (RFC 8446 section 4.4.2); 0: there was none.
        """
        named = (m for m in self.messages if m.name in ("Certificate", COMPRESSED) and m.sent is sent)
        return next((m.plain_length or m.length for m in named), 0)

    def has_data(self, *, sent: bool) -> bool:
        """Whether application data went that way."""
        return any(m.content == "ApplicationData" and m.sent is sent for m in self.messages)

    def fatal(self, *, sent: bool) -> Alert | None:
        """The first fatal alert of that direction."""
        return next((a for a in self.alerts if a.fatal and a.sent is sent), None)


def parse(listing: str, stderr: str = "") -> Transcript:
    """Parse the output of `-msg` and of stderr. Lines of unknown form are ignored; so are messages after the first
    MOST_MESSAGES, but no alert.
    """
    messages: list[Message] = []
    alerts: list[Alert] = []
    authorities: tuple[str, ...] = ()
    header = b""  # of the record that the next message came in
    for sent, version, content, length, name, octets in _entries(listing):
        data = False
        if content == "RecordHeader":
            header = octets
            data = octets[:1] == bytes([APPLICATION_DATA]) and not _in_1_3(messages)
        elif content == "InnerContent":  # TLS 1.3 hides the real content type inside the record
            data = octets[:1] == bytes([APPLICATION_DATA])
        else:
            plain = _uncompressed(octets) if name == COMPRESSED else 0
            if name == "Certificate" and version == "TLS 1.3" and len(octets) > 4:
                plain = length - octets[4]
            if name == "CertificateRequest" and not sent:
                authorities = requested_authorities(octets, version)
            if len(messages) < MOST_MESSAGES:
                messages.append(Message(sent, version, content, name, length, plain))
        if data and len(messages) < MOST_MESSAGES:
            size = int.from_bytes(header[3:5], "big")
            messages.append(Message(sent, version, "ApplicationData", "", size))
        if content == "Alert" and len(octets) == 2:
            alerts.append(Alert(sent, octets[0] == 2, octets[1]))
    verify_errors, reasons, received, established = _complaints(stderr)
    alerts += [Alert(False, True, n) for n in received if not any(a.number == n and not a.sent for a in alerts)]
    return Transcript(
        messages=tuple(messages),
        alerts=tuple(alerts),
        verify_errors=verify_errors,
        reasons=reasons,
        authorities=authorities,
        established=established,
    )


def _uncompressed(octets: bytes) -> int:
    """RFC 8879 section 4: after the header of four bytes an algorithm of two, then a length of three without header."""
    return int.from_bytes(octets[6:9], "big") + 4


def _in_1_3(messages: list[Message]) -> bool:
    return any(m.name == "ServerHello" and m.version == "TLS 1.3" for m in messages)


def _entries(listing: str) -> Iterator[tuple[bool, str, str, int, str, bytes]]:
    """Each heading of the listing with the bytes below it."""
    heading: re.Match[str] | None = None
    octets = b""
    for line in [*listing.split("\n"), ""]:
        if heading and (dump := _BYTES.match(line)):
            octets += bytes.fromhex(dump[1])
            continue
        if heading:
            arrow, version, content, length, name = heading.groups(default="")
            size = int(length, 16)
            yield arrow == ">>>", version, content or UNNAMED.get(size, ""), size, name, octets
        heading, octets = _MESSAGE.match(line), b""


def _complaints(stderr: str) -> tuple[tuple[int, ...], tuple[str, ...], list[int], bool | None]:
    verify_errors: list[int] = []
    reasons: list[str] = []
    received: list[int] = []
    established: bool | None = None
    for line in stderr.split("\n"):
        if found := _VERIFY_ERROR.match(line):
            verify_errors.append(int(found[1]))
        elif found := _ERROR.match(line):
            reasons.append(found[1])
            if found[2]:
                received.append(int(found[2]))
        elif _LOCAL.match(line):
            reasons.append(line)
        elif line in ("CONNECTION ESTABLISHED", "CONNECTION FAILURE"):
            established = line == "CONNECTION ESTABLISHED"
    return tuple(verify_errors), tuple(reasons), received, established
