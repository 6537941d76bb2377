"""Hostile servers, a good handshake before them, and a script that meets them with bounded time and memory."""

import random
import resource
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deadline import patient
from processes import SCRIPTS

Peer = Callable[[socket.socket], None]
MEMORY = 1 << 30  # bytes of address space of a script that meets a hostile peer
MEGABYTES = 100
NOISE = random.Random(6).randbytes(1 << 20)


@contextmanager
def listening(peer: Peer) -> Iterator[int]:
    """A server on 127.0.0.1 that treats each connection so; its port."""

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=meet, args=(connection,), daemon=True).start()

    def meet(connection: socket.socket) -> None:
        connection.settimeout(patient(20))
        with connection, suppress(OSError, ValueError):
            peer(connection)

    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def held(connection: socket.socket) -> None:
    """Say nothing more until the other end goes away."""
    while connection.recv(65536):
        pass


def flood(start: bytes, more: bytes) -> Peer:
    def peer(connection: socket.socket) -> None:
        connection.sendall(start)
        for _ in range(MEGABYTES * (1 << 20) // len(more)):
            connection.sendall(more)

    return peer


def drip(start: bytes) -> Peer:
    def peer(connection: socket.socket) -> None:
        connection.sendall(start)
        connection.settimeout(0.02)
        while True:
            connection.send(b"\0")
            with suppress(TimeoutError):
                if not connection.recv(65536):
                    return

    return peer


def says(data: bytes, *, hold: bool = False) -> Peer:
    def peer(connection: socket.socket) -> None:
        connection.sendall(data)
        if hold:
            held(connection)

    return peer


def resets(connection: socket.socket) -> None:
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def tls(elliptic: Path, peer: Peer, mode: ssl.VerifyMode = ssl.CERT_REQUIRED) -> Peer:
    """Behind a handshake that is good; CERT_OPTIONAL also lets those without a certificate in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(elliptic / "server.crt", elliptic / "server.key")
    context.load_verify_locations(elliptic / "ca.crt")
    context.verify_mode = mode

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)
            peer(secured)

    return serve


def sane(text: str) -> None:
    assert text.replace("\n", "").isprintable(), text
    assert "Traceback" not in text
    assert len(text) < 200_000


def meet(script: str, *words: object) -> "subprocess.CompletedProcess[str]":
    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    command = [sys.executable, str(SCRIPTS / script), *map(str, words)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=patient(100), preexec_fn=bounded)
