"""Hostile servers of the protocols of --probe: bounded time, memory and connections, and never an acceptance."""

import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

from mintls.handshake.connect.protocols.registry import PROTOCOLS

import pytest
from deadline import slow
from fault_injection import times
from peers.hostile import Peer, drip, flood, held, listening, meet, sane, says, tls

pytestmark = pytest.mark.torture
Property = Callable[[str, object], None]
# How the reply that each waits for begins, and what may be repeated before the reply comes, without an end.
STARTS = {
    "http": (b"HTTP/1.1 2", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "h2": (b"\0\x40\0\1\4\0\0\0\1\x88", b"\0\0\0\4\0\0\0\0\0"),  # half of HEADERS; SETTINGS
    "grpc": (b"\0\x40\0\1\4\0\0\0\1\x88", b"\0\0\x08\6\0\0\0\0\0pingpong"),  # PING
    "smtp": (b"220", b"220-x\r\n"),
    "imap": (b"* O", b"* OK x\r\n"),
    "pop3": (b"+O", b"+OK x\r\n"),
    "postgres": (b"R\0\0\x08\0\0\0", b"N\0\0\0\x05\0"),  # half of AuthenticationOk; NoticeResponse
    "redis": (b"$9999\r\nx", b"\r\n"),
    "mqtt": (b"\x20", b"\xd0\0"),  # half of CONNACK; PINGRESP
    "amqp": (b"\1\0\0\0\0\1\xff", b"\x08\0\0\0\0\0\0\xce"),  # half of Connection.Start; heartbeat
    "ldap": (b"\x30\x84\x7f\xff\xff\xff\2\1\1\x64", b"\x30\x05\x02\x01\x02\x64\0"),  # an entry of 2 GB; of message 2
    "syslog": (b"x", b"x"),
    "line": (b"x", b"x"),
    "none": (b"x", b"x"),
}  # fmt: skip
ARGUMENT = {"postgres": "postgres:joe", "line": "line:ping"}
HOW: dict[str, Callable[[bytes, bytes], Peer]] = {
    "a flood": lambda start, more: flood(b"", b"\0" * 65536),
    "a flood of its own": lambda start, more: flood(b"", more * (65536 // len(more))),
    "a flood of short records": lambda start, more: flood(b"", more),
    "a drip": lambda start, more: drip(start),
    "half": lambda start, more: says(start, hold=True),
    "half and the end": lambda start, more: says(start),
    "silence": lambda start, more: held,
}


EACH = ("a flood of its own", "a flood of short records", "a drip", "half")  # of every protocol; the others of two
BEHIND = [(name, how) for name in STARTS for how in HOW if how in EACH or name in ("http", "imap")]


def check(
    elliptic: Path, peer: Peer, words: list[str], tmp_path: Path, *, timeout: int = 1
) -> tuple[int, dict[str, str]]:
    """The exit status and the outcome of each row; with as many connections as announced, in bounded time."""
    met, lock = [0], threading.Lock()

    def counted(connection: socket.socket) -> None:
        with lock:
            met[0] += 1
        peer(connection)

    report = tmp_path / "r.json"
    start = time.monotonic()
    with listening(counted) as port:
        always = ["--connect", f"localhost:{port}", "--only", "none", "--timeout", str(timeout), "-j", "2"]
        done = meet("handshake_check.py", elliptic, *always, *words, "--json", report)
    assert time.monotonic() - start < slow(40)
    assert done.returncode in (0, 1, 3), done.stderr
    sane(done.stdout + done.stderr + report.read_text(encoding="utf-8"))
    announced = re.search(r"at most (\d+) connections", done.stderr)
    assert announced, done.stderr
    assert 0 < met[0] <= int(announced[1])
    return done.returncode, {row["id"]: row["outcome"] for row in json.loads(report.read_text())["rows"]}


def test_each_protocol_has_a_hostile_server() -> None:
    """But mysql and nats, which begin before TLS, below; and hex, which is as line."""
    assert STARTS.keys() == PROTOCOLS.keys() - {"mysql", "nats", "hex"}


@pytest.mark.parametrize(("name", "how"), BEHIND)
def test_a_service_that_lets_nobody_finish(
    name: str, how: str, elliptic: Path, tmp_path: Path, record_property: Property
) -> None:
    """TLS asks for a certificate and lets those in that have none, so it never enforces, whatever it says then."""
    words = ["--probe", ARGUMENT.get(name, name), "--tls", "1.3"]
    words += ["--alpn", "postgresql"] if name == "postgres" else []
    hostile = tls(elliptic, HOW[how](*STARTS[name]), ssl.CERT_OPTIONAL)
    status, rows = check(elliptic, hostile, words, tmp_path)
    assert (status in (1, 3), rows["server/1.3/none"] != "pass") == (True, True), rows
    record_property("hostile peers", 1)


@pytest.mark.parametrize("how", ["a drip", "half", "silence", "a flood"])
def test_it_is_bounded_where_the_protocol_is_found_out(how: str, elliptic: Path, tmp_path: Path) -> None:
    hostile = tls(elliptic, HOW[how](b"\0", b"\0"), ssl.CERT_OPTIONAL)
    status, rows = check(elliptic, hostile, ["--tls", "1.3"], tmp_path)
    assert (status in (1, 3), rows["server/1.3/none"] != "pass") == (True, True), rows


MYSQL = (
    bytes.fromhex("4a0000000a") + b"8.0.0\0" + bytes(8) + b"12345678\0" + bytes.fromhex("ffff2102 00ffc115") + bytes(11)
)
EARLY = ("a flood of its own", "a drip", "half", "half and the end")
PLAIN: dict[str, tuple[str, bytes]] = {
    "mysql": ("mysql:joe", MYSQL),
    "nats": ("nats", b'INFO {"tls_required":true}\r\n'),
    "postgres": ("postgres:joe", b"S"),
    "smtp": ("smtp", b"220 x ESMTP\r\n"),
    "imap": ("imap", b"* OK x\r\n"),
    "pop3": ("pop3", b"+OK x\r\n"),
    "ldap": ("ldap", b"\x30\x0c\2\1\1\x78\7\x0a\1\0\4\0\4\0"),
}


@pytest.mark.parametrize(("name", "how"), [(name, how) for name in PLAIN for how in EARLY])
def test_a_service_that_does_not_come_to_tls(
    name: str, how: str, elliptic: Path, tmp_path: Path, record_property: Property
) -> None:
    """Before TLS: the first words are right, or half of them, and then the server is hostile."""
    probe, greeting = PLAIN[name]
    words = ["--probe", probe, *([] if name in ("nats", "postgres", "mysql") else ["--starttls", name])]
    hostile = HOW[how](greeting[:-1], greeting)
    status, rows = check(elliptic, hostile, [*words, "--tls", "1.3"], tmp_path)
    assert (status, rows["server/1.3/good"]) != (0, "pass")
    assert status != 0
    record_property("hostile peers", 1)


def tickets(elliptic: Path, number: int) -> Peer:
    """A good handshake of TLS 1.3 with so many session tickets after it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(elliptic / "server.crt", elliptic / "server.key")
    context.load_verify_locations(elliptic / "ca.crt")
    context.verify_mode, context.num_tickets = ssl.CERT_REQUIRED, number

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            held(secured)

    return serve


def test_session_tickets_without_an_end(elliptic: Path, tmp_path: Path, record_property: Property) -> None:
    status, rows = check(
        elliptic, tickets(elliptic, 20_000), ["--probe", "http", "--tls", "1.3"], tmp_path, timeout=times(3, 1)
    )
    assert (status, rows["server/1.3/good"]) == (3, "unknown")
    record_property("hostile peers", 1)
