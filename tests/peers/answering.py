"""A TLS server in a thread of the test, whose application answers as the test says."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from .process import Address

PATIENCE = 20.0  # seconds; only ever used up by a failure


@contextmanager
def accepting(serve: Callable[[socket.socket], None]) -> Iterator[Address]:
    """Listen, and give each connection to `serve` in a thread of its own."""

    def talk(plain: socket.socket) -> None:
        plain.settimeout(PATIENCE)
        with plain, suppress(OSError):  # the client has seen enough
            serve(plain)

    def accept() -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield Address("127.0.0.1", listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)


def tls_server(
    certs: Path,
    answer: Callable[[bytes | None], bytes | None] = lambda peer: None,
    *,
    resumed: bytes = b"",
    tickets: int = 2,
    greeting: bytes = b"",
    plain: bytes = b"",
    required: bool = False,
    expects: bytes = b"",
    opens: bytes = b"",
    page_of: Callable[[bytes | None, bytes], bytes] | None = None,
) -> AbstractContextManager[Address]:
    """A TLS server that requests a certificate and verifies what it is sent. Unless it is `required`, the application
    decides what a client without one gets.

    Each probe is answered by the DER of the certificate or None; in a resumed session with `resumed`, if that is not
    empty. No answer: it is silent until the client has gone. `greeting` goes out before anything is asked.
    `plain`: the answer to a client without TLS. Before TLS it `expects` a line that begins so, and `opens` with one.
    `page_of`: an answer that also depends on the request.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certs / "server.crt", certs / "server.key")
    context.load_verify_locations(certs / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    context.num_tickets = tickets

    def serve(connection: socket.socket) -> None:
        if plain and connection.recv(1, socket.MSG_PEEK) not in (b"", b"\x16"):  # the first byte of a TLS record
            connection.sendall(plain)
            return
        connection.sendall(opens)
        line = b""
        while expects and not line.endswith(b"\n"):
            if not (octet := connection.recv(1)) or not (expects + line).startswith(line[: len(expects)]):
                return
            line += octet
        if not line.startswith(expects):
            return
        with context.wrap_socket(connection, server_side=True) as tls:
            if greeting:
                tls.sendall(greeting)
            if not (request := tls.recv(65536)):
                return
            peer = tls.getpeercert(binary_form=True)
            said = resumed if resumed and tls.session_reused else page_of(peer, request) if page_of else answer(peer)
            if said is None:
                tls.recv(4096)
            else:
                tls.sendall(said)

    return accepting(serve)


def two_sites(certs: Path, *, compares: bool) -> AbstractContextManager[Address]:
    """localhost, which requires a certificate, and open.localhost, which requests none, on one port.

    The server name selects the settings of TLS, the Host header the site; only if it `compares` them are they the same.
    """
    contexts = {}
    for name, mode in (("localhost", ssl.CERT_REQUIRED), ("open.localhost", ssl.CERT_NONE)):
        context = contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certs / "server.crt", certs / "server.key")
        context.load_verify_locations(certs / "ca.crt")
        context.verify_mode = mode

    def serve(connection: socket.socket) -> None:
        is_open = b"open.localhost" in connection.recv(65536, socket.MSG_PEEK)  # its ClientHello
        name = "open.localhost" if is_open else "localhost"
        with contexts[name].wrap_socket(connection, server_side=True) as tls:
            request = tls.recv(65536).decode("latin-1")
            host = next((line[6:] for line in request.split("\r\n") if line.startswith("Host: ")), "").split(":")[0]
            status = 421 if compares and host != name else 200
            tls.sendall(f"HTTP/1.1 {status} x\r\n\r\n".encode())

    return accepting(serve)
