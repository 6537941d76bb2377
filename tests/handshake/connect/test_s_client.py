"""One connection to a foreign server for real: what comes back, what does not, and how long that may take."""

import select
import socket
import ssl
import struct
import time
from collections.abc import Callable
from pathlib import Path

from mintls.handshake.connect.probe import Probe
from mintls.handshake.connect.protocols.protocol import Request
from mintls.handshake.connect.protocols.registry import PROTOCOLS
from mintls.handshake.connect.s_client import CHUNK, connect
from mintls.handshake.verdict import Evidence
from mintls.openssl.binary import Openssl

import pytest
from deadline import slow
from peers import Address, servers
from peers.answering import accepting, tls_server

pytestmark = pytest.mark.slow

HTTP, NONE = PROTOCOLS["http"].probe(Request()), PROTOCOLS["none"].probe(Request())
PAGE = b"HTTP/1.1 200 OK\r\n\r\n"
VERSIONS = pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])


@pytest.fixture
def call(openssl: Openssl, dev: Path, tmp_path: Path) -> Callable[..., Evidence]:
    def to(address: Address, *options: str, shown: bool = True, probe: Probe = HTTP, timeout: float = 20) -> Evidence:
        own = ("-cert", str(dev / "client.crt"), "-key", str(dev / "client.key")) if shown else ()
        argv = ("-connect", f"{address.host}:{address.port}", "-CAfile", str(dev / "ca.crt"), *own, *options)
        seen = connect(openssl, argv, probe, tmp_path, timeout)
        assert not (tmp_path / "messages").exists()
        return seen

    return to


@VERSIONS
def test_an_answer_comes_back(call: Callable[..., Evidence], dev: Path, tmp_path: Path, version: str) -> None:
    with servers.python(dev, tmp_path) as address:
        seen = call(address, version)
    assert (seen.answered, seen.timed_out, seen.trouble) == (True, False, "")
    assert seen.answer.startswith(b"HTTP/1.1 200")
    assert seen.presenter.has("CertificateRequest", sent=False)
    assert seen.certificate_sent > 500
    assert seen.commands[0][1] == "s_client"


@VERSIONS
def test_a_refusal_comes_back(call: Callable[..., Evidence], dev: Path, tmp_path: Path, version: str) -> None:
    with servers.python(dev, tmp_path) as address:
        seen = call(address, version, shown=False)
    assert not seen.answered
    assert seen.alert
    assert seen.alert.number == (40 if version == "-tls1_2" else 116)
    assert seen.certificate_sent <= 8


def test_a_server_without_session_tickets_is_asked_after_a_short_silence(
    call: Callable[..., Evidence], dev: Path
) -> None:
    with tls_server(dev, lambda peer: PAGE, tickets=0) as address:
        seen = call(address, "-tls1_3")
        assert seen.answer == PAGE
        assert not seen.presenter.has("NewSessionTicket", sent=False)
        quiet = call(address, "-tls1_3", probe=NONE, timeout=0.5)
    assert quiet.timed_out


@VERSIONS
def test_nothing_is_sent_when_nothing_is_asked(call: Callable[..., Evidence], dev: Path, version: str) -> None:
    with tls_server(dev, lambda peer: PAGE) as address:
        seen = call(address, version, probe=NONE)
    assert not seen.presenter.has_data(sent=True)
    assert (seen.answered, seen.timed_out) == (False, False)


def test_a_server_may_speak_first(call: Callable[..., Evidence], dev: Path) -> None:
    with tls_server(dev, lambda peer: None, greeting=b"220 ready\r\n") as address:
        assert call(address, "-tls1_3", probe=NONE).answer == b"220 ready\r\n"


def test_an_answer_without_an_end_is_cut(call: Callable[..., Evidence], dev: Path) -> None:
    with tls_server(dev, lambda peer: b"x" * 3_000_000) as address:
        seen = call(address, "-tls1_3")
    assert 4096 <= len(seen.answer) <= CHUNK


def test_a_flood_without_a_question_is_cut(call: Callable[..., Evidence], dev: Path) -> None:
    with tls_server(dev, greeting=b"x" * 3_000_000) as address:
        seen = call(address, "-tls1_3", probe=NONE)
    assert (seen.open, len(seen.received)) == (True, CHUNK)


@VERSIONS
def test_a_greeting_is_not_the_answer(call: Callable[..., Evidence], dev: Path, version: str) -> None:
    noop = PROTOCOLS["line"].probe(Request(value="NOOP"))
    with tls_server(dev, lambda peer: PAGE, greeting=b"220 ready\r\n") as address:
        seen = call(address, version, probe=noop)
    assert (seen.answer, seen.received) == (PAGE, b"220 ready\r\n" + PAGE)


def test_silence_has_a_deadline(call: Callable[..., Evidence], dev: Path) -> None:
    start = time.monotonic()
    with tls_server(dev, lambda peer: None) as address:
        seen = call(address, "-tls1_3", timeout=0.7)
    assert (seen.answered, seen.timed_out) == (False, True)
    assert seen.presenter.has_data(sent=True), "it was asked"

    def listen(plain: socket.socket) -> None:
        while plain.recv(65536):
            pass

    with accepting(listen) as address:
        deaf = call(address, "-tls1_3", timeout=0.4)
    assert deaf.timed_out
    assert not deaf.presenter.has("ServerHello", sent=False)
    assert time.monotonic() - start < slow(10)


def test_a_server_that_never_comes_to_the_point_has_a_deadline(call: Callable[..., Evidence], dev: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(dev / "server.crt", dev / "server.key")

    def drip(plain: socket.socket) -> None:
        with context.wrap_socket(plain, server_side=True) as tls:
            while True:
                tls.send(b".")
                select.select([], [], [], 0.01)

    start = time.monotonic()
    with accepting(drip) as address:
        seen = call(address, "-tls1_3", timeout=0.6)
    assert (seen.answered, seen.timed_out) == (True, True)
    assert seen.answer.startswith(b"....")
    assert time.monotonic() - start < slow(5)


def test_a_reset_is_an_end_and_no_trouble(call: Callable[..., Evidence]) -> None:
    def reset(plain: socket.socket) -> None:
        plain.recv(4096)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with accepting(reset) as address:
        seen = call(address, "-tls1_3")
    assert (seen.answered, seen.timed_out, seen.trouble, seen.alert) == (False, False, "", None)
    assert seen.presenter.has("ClientHello", sent=True)


def test_what_keeps_us_from_connecting_is_told(call: Callable[..., Evidence], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = Address("127.0.0.1", free.getsockname()[1])
    assert call(address).trouble == "s_client did not connect: Connection refused"
    seen = call(address, "-cert", str(tmp_path / "absent.crt"), shown=False)
    assert "absent.crt" in seen.trouble
    assert seen.answer == b""
