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
    ask: Callable[[str | None], bool] = lambda name: True,
    tickets: int = 2,
    greeting: bytes = b"",
) -> AbstractContextManager[Address]:
    """A TLS server that verifies what it is sent, and answers each probe by the DER of the certificate or None; no
    answer: it is silent until the client has gone. `ask` says for which name it asks for a certificate.
    """
    asking, open_one = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    for context, mode in ((asking, ssl.CERT_OPTIONAL), (open_one, ssl.CERT_NONE)):
        context.load_cert_chain(certs / "server.crt", certs / "server.key")
        context.load_verify_locations(certs / "ca.crt")
        context.verify_mode = mode
        context.num_tickets = tickets

    def choose(tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        """One context begins all handshakes, so that all share its tickets; what is asked depends on the name."""
        if not ask(name):
            tls.context = open_one

    def serve(plain: socket.socket) -> None:
        with asking.wrap_socket(plain, server_side=True) as tls:
            if greeting:
                tls.sendall(greeting)
            if not tls.recv(4096):
                return
            said = answer(tls.getpeercert(binary_form=True))
            if said is None:
                tls.recv(4096)
            else:
                tls.sendall(said)

    asking.sni_callback = choose
    return accepting(serve)
