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
    answer: Callable[[bytes | None], bytes | None],
    *,
    resumed: bytes = b"",
    tickets: int = 2,
    greeting: bytes = b"",
) -> AbstractContextManager[Address]:
    """A TLS server that asks for a certificate, verifies what it is sent and leaves it to the application to miss it.

    Each probe is answered by the DER of the certificate or None; in a resumed session with `resumed`, if that is not
    empty. No answer: it is silent until the client has gone. `greeting` goes out before anything is asked.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certs / "server.crt", certs / "server.key")
    context.load_verify_locations(certs / "ca.crt")
    context.verify_mode = ssl.CERT_OPTIONAL
    context.num_tickets = tickets

    def serve(plain: socket.socket) -> None:
        with context.wrap_socket(plain, server_side=True) as tls:
            if greeting:
                tls.sendall(greeting)
            if not tls.recv(4096):
                return
            said = resumed if resumed and tls.session_reused else answer(tls.getpeercert(binary_form=True))
            if said is None:
                tls.recv(4096)
            else:
                tls.sendall(said)

    return accepting(serve)
