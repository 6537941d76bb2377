"""The pcapng that we write, as tshark reads it."""

import random
import struct
import subprocess

from mintls.handshake.wire.pcapng import Conversation, Event, Flag, render

import pytest
from deadline import patient
from peers import need

pytestmark = pytest.mark.slow

SECOND = 1_000_000_000
DATA = bytes(range(256)) * 3 + b"odd"


@pytest.fixture
def tshark(tmp_path):
    """Every packet of a file as a list of the asked fields, checksums verified, nobody's settings used."""

    def read(content: bytes, *fields: str, only: str = "") -> list[list[str]]:
        path = tmp_path / "file.pcapng"
        path.write_bytes(content)
        options = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]
        options += ["-Y", only, "-T", "fields", *(word for field in fields for word in ("-e", field))]
        ended = subprocess.run(
            [need("tshark"), "-n", "-r", path, *options],
            check=True,
            capture_output=True,
            text=True,
            timeout=patient(60),
            env={"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C"},
        )
        return [line.split("\t") for line in ended.stdout.splitlines()]

    return read


def test_a_connection_as_tshark_sees_it(tshark):
    """Handshake, data both ways, FIN from both; sequence and acknowledgment numbers as RFC 9293 has them."""
    opened = 1_700_000_000 * SECOND + 123_456_789
    events = [
        Event(opened + 1, True, DATA),
        Event(opened + 2, False, b"answer"),
        Event(opened + 3, True, end=Flag.FIN),
        Event(opened + 4, False, end=Flag.FIN),
    ]
    content = render([Conversation(40000, opened, events)], "")
    fields = ("tcp.srcport", "tcp.flags", "tcp.seq", "tcp.ack", "tcp.len")
    ack, push, fin = "0x0010", "0x0018", "0x0011"
    assert tshark(content, *fields) == [
        ["40000", "0x0002", "0", "0", "0"],
        ["443", "0x0012", "0", "1", "0"],
        ["40000", ack, "1", "1", "0"],
        ["40000", push, "1", "1", "771"],
        ["443", ack, "1", "772", "0"],
        ["443", push, "1", "772", "6"],
        ["40000", ack, "772", "7", "0"],
        ["40000", fin, "772", "7", "0"],
        ["443", ack, "7", "773", "0"],
        ["443", fin, "7", "773", "0"],
        ["40000", ack, "773", "8", "0"],
    ]
    assert tshark(content, "frame.time_epoch")[0] == ["1700000000.123456789"]
    assert "".join(row[0] for row in tshark(content, "tcp.payload", only="tcp.srcport==40000")) == DATA.hex()


def test_checksums_hold_and_nothing_is_odd(tshark):
    """1 is tshark's word for a good checksum. A flipped bit is seen, so the check can fail."""
    chance = random.Random(7)
    sizes = [0, 1, 2, 3, 1459, 32768, 65495, 65496, 200_000]
    events = [Event(SECOND + n, n % 2 == 0, chance.randbytes(size)) for n, size in enumerate(sizes) if size]
    events += [Event(2 * SECOND, True, bytes(2)), Event(2 * SECOND, True, b"\xff" * 9999)]
    content = render([Conversation(40000, SECOND, [*events, Event(3 * SECOND, False, end=Flag.RST)])], "")
    rows = tshark(content, "ip.checksum.status", "tcp.checksum.status", "tcp.analysis.flags")
    assert len(rows) > len(sizes)
    assert {tuple(row) for row in rows} == {("1", "1", "")}
    assert tshark(content, "tcp.flags.reset", "tcp.srcport")[-1] == ["1", "443"]
    spoilt = bytearray(content)
    spoilt[-10] ^= 1
    assert tshark(bytes(spoilt), "tcp.checksum.status")[-1] != ["1"]


def test_several_connections_are_in_order_of_time(tshark):
    first = Conversation(40000, SECOND, [Event(4 * SECOND, True, b"late")])
    second = Conversation(40001, 2 * SECOND, [Event(3 * SECOND, False, b"early")])
    rows = tshark(render([first, second], ""), "tcp.stream", "tcp.payload", only="tcp.len>0")
    assert rows == [["1", b"early".hex()], ["0", b"late".hex()]]


def blocks(content: bytes):
    """Type and body of each block, read forwards, and the two lengths compared: section 3.1."""
    position = 0
    while position < len(content):
        kind, length = struct.unpack_from("<II", content, position)
        assert length % 4 == 0
        assert struct.unpack_from("<I", content, position + length - 4) == (length,)
        yield kind, content[position + 8 : position + length - 4]
        position += length
    assert position == len(content)


def test_the_blocks():
    """Block types and the secrets type as in draft-ietf-opsawg-pcapng, sections 4.1, 4.2, 4.7, 4.3."""
    content = render([Conversation(1, SECOND, [])], "CLIENT_RANDOM 00 11\n")
    found = list(blocks(content))
    assert [kind for kind, _ in found] == [0x0A0D0D0A, 1, 10, 6, 6, 6]
    assert found[2][1] == b"KSLT" + (20).to_bytes(4, "little") + b"CLIENT_RANDOM 00 11\n"
    assert found[0][1].startswith(bytes.fromhex("4d3c2b1a 0100 0000"))
    assert b"secrets" in found[0][1]
    assert 10 not in [kind for kind, _ in blocks(render([Conversation(1, SECOND, [])], ""))]


def test_no_connection_is_a_file_too(tshark):
    assert tshark(render([], ""), "frame.number") == []
