"""The question without TLS: bounded in time and bytes, whatever the server does."""

import select
import socket
import time
from collections.abc import Callable

from mintls.handshake.connect.plain_text import ask_in_plain_text, read_greeting
from mintls.handshake.connect.probe import LONGER
from mintls.handshake.connect.protocols.protocol import Request
from mintls.handshake.connect.protocols.registry import PROTOCOLS
from mintls.handshake.verdict import Evidence

from deadline import slow
from peers.answering import accepting


def ask(serve: Callable[[socket.socket], None], name: str = "http", timeout: float = 20) -> Evidence:
    with accepting(serve) as address:
        return ask_in_plain_text(address, PROTOCOLS[name].probe(Request()), timeout)


def test_a_reply_comes_back() -> None:
    def serve(plain: socket.socket) -> None:
        assert plain.recv(4096).startswith(b"GET / ")
        plain.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    seen = ask(serve)
    assert (seen.answer, seen.trouble) == (b"HTTP/1.1 400 Bad Request\r\n\r\n", "")


def test_a_dialogue_ends_with_the_reply_that_rejects() -> None:
    def serve(plain: socket.socket) -> None:
        plain.sendall(b"220 ready\r\n")
        assert plain.recv(4096).startswith(b"EHLO ")
        plain.sendall(b"250-SIZE\r\n250 STARTTLS\r\n")
        assert plain.recv(4096).startswith(b"MAIL ")
        plain.sendall(b"530 5.7.0 Must issue a STARTTLS command first\r\n")
        assert not plain.recv(4096)

    assert ask(serve, "smtp").answer.startswith(b"530 ")


def test_a_close_or_silence_is_no_reply() -> None:
    def close(plain: socket.socket) -> None:
        plain.recv(4096)

    def listen(plain: socket.socket) -> None:
        while plain.recv(65536):
            pass

    start = time.monotonic()
    assert ask(close).answer == ask(listen, timeout=0.5).answer == b""
    assert time.monotonic() - start < slow(5)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    assert (
        ask_in_plain_text(address, PROTOCOLS["http"].probe(Request()), 5).trouble == "no connection: Connection refused"
    )
    assert read_greeting(address, 0.1) == b""


def test_a_reply_without_an_end_is_cut_in_time_and_in_bytes() -> None:
    def drip(plain: socket.socket) -> None:
        while True:
            plain.send(b".")
            select.select([], [], [], 0.002)

    def flood(plain: socket.socket) -> None:
        while True:
            plain.sendall(b"." * 65536)

    start = time.monotonic()
    assert set(ask(drip, timeout=0.5).answer) == {ord(".")}
    assert LONGER <= len(ask(flood).answer) <= 2 * LONGER
    assert time.monotonic() - start < slow(5)
