"""The bytes of a pcapng file that Wireshark opens decrypted, from a recorded connection and its TLS secrets.

Pure. The packets around the bytes are synthetic: IPv4 and TCP as a capture on the loopback would show
them. Sources: draft-ietf-opsawg-pcapng (blocks), RFC 791 and RFC 9293 (packets), RFC 1071 (checksum).
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from enum import IntFlag
from itertools import chain
from typing import NamedTuple

SECTION_HEADER, INTERFACE, ENHANCED_PACKET, DECRYPTION_SECRETS = 0x0A0D0D0A, 1, 6, 10  # block types
TLS_KEY_LOG = 0x544C534B  # the secrets type of section 4.7
LINKTYPE_RAW = 101  # each packet begins with its IP header
NANOSECONDS = b"\x09"  # if_tsresol: a unit of time is 10^-9 s
COMMENT, IF_TSRESOL = 1, 9  # option codes
LOOPBACK = bytes((127, 0, 0, 1))
HTTPS = 443  # the server's port as shown: Wireshark takes it for TLS whatever the real port is
LARGEST = 65535 - 40  # bytes of data that fit one packet beside its two headers
WARNING = "This file holds the secrets of the TLS connections in it: anyone who has it can read them."


class Flag(IntFlag):
    """Bits of the TCP header, RFC 9293 section 3.1."""

    FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Event(NamedTuple):
    """One thing that an end did: it sent data, ended its direction (FIN), or reset the connection (RST)."""

    nanoseconds: int  # since 1970
    from_client: bool
    data: bytes = b""
    end: Flag | None = None


class Conversation(NamedTuple):
    """One TCP connection, from the moment it was open."""

    client_port: int
    opened: int  # nanoseconds since 1970
    events: Sequence[Event]


def render(conversations: Iterable[Conversation], key_log: str) -> bytes:
    """A whole pcapng file, with `key_log` (in the NSS key log format) embedded unless it is empty."""
    packets = sorted(chain.from_iterable(map(_packets, conversations)), key=lambda packet: packet[0])
    return b"".join((_header(), *_secrets(key_log), *(_enhanced_packet(*packet) for packet in packets)))


def _header() -> bytes:
    """A Section Header Block (4.1) of unspecified length, and an Interface Description Block (4.2)."""
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _options((COMMENT, WARNING.encode()))
    interface = struct.pack("<HHI", LINKTYPE_RAW, 0, 0) + _options((IF_TSRESOL, NANOSECONDS))
    return _block(SECTION_HEADER, section) + _block(INTERFACE, interface)


def _secrets(key_log: str) -> Iterator[bytes]:
    """A Decryption Secrets Block (4.7); it has to stand before the packets that need it."""
    if secrets := key_log.encode():
        body = struct.pack("<II", TLS_KEY_LOG, len(secrets)) + _padded(secrets)
        yield _block(DECRYPTION_SECRETS, body)


def _enhanced_packet(nanoseconds: int, packet: bytes) -> bytes:
    """An Enhanced Packet Block (4.3) on interface 0; captured and original length are the same."""
    high, low = divmod(nanoseconds, 1 << 32)
    return _block(ENHANCED_PACKET, struct.pack("<5I", 0, high, low, len(packet), len(packet)) + _padded(packet))


def _block(kind: int, body: bytes) -> bytes:
    """Section 3.1: the length comes first and last, so that a file can be read backwards."""
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _options(*options: tuple[int, bytes]) -> bytes:
    """Section 3.5: code, length, value padded to 32 bits; then opt_endofopt."""
    entries = (struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options)
    return b"".join(entries) + bytes(4)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _packets(conversation: Conversation) -> Iterator[tuple[int, bytes]]:
    """The three-way handshake, then each event, acknowledged at once by the other end."""
    ports = {True: conversation.client_port, False: HTTPS}
    sent = {True: 0, False: 0}  # the next sequence number of each direction

    def packet(from_client: bool, flags: Flag, data: bytes = b"") -> bytes:
        numbers = (sent[from_client], sent[not from_client] if Flag.ACK in flags else 0)
        sent[from_client] += len(data) + (1 if flags & (Flag.SYN | Flag.FIN) else 0)
        return _segment(ports[from_client], ports[not from_client], numbers, flags, data)

    for from_client, flags in ((True, Flag.SYN), (False, Flag.SYN | Flag.ACK), (True, Flag.ACK)):
        yield conversation.opened, packet(from_client, flags)
    for when, from_client, data, end in conversation.events:
        for start in range(0, len(data), LARGEST):
            yield when, packet(from_client, Flag.PSH | Flag.ACK, data[start : start + LARGEST])
            yield when, packet(not from_client, Flag.ACK)
        if end:
            yield when, packet(from_client, end | Flag.ACK)
        if end is Flag.FIN:
            yield when, packet(not from_client, Flag.ACK)


def _segment(source: int, target: int, numbers: tuple[int, int], flags: Flag, data: bytes) -> bytes:
    """One IPv4 packet with a TCP segment, both without options; `numbers` are sequence, acknowledgment."""
    tcp = struct.pack(">HHIIBBHHH", source, target, *numbers, 5 << 4, flags, 65535, 0, 0) + data
    pseudo = LOOPBACK + LOOPBACK + struct.pack(">HH", 6, len(tcp))
    tcp = tcp[:16] + _checksum(pseudo + tcp) + tcp[18:]
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0, LOOPBACK, LOOPBACK)
    return ip[:10] + _checksum(ip) + ip[12:] + tcp


def _checksum(data: bytes) -> bytes:
    """RFC 1071. Adding 16-bit words with the carry brought around is the remainder by 0xFFFF."""
    total = int.from_bytes(data + bytes(len(data) % 2)) % 0xFFFF
    return (0xFFFF - (total or 0xFFFF)).to_bytes(2)
