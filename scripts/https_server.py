#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["plumbum>=2.0.1,<3", "pyyaml", "msgspec>=0.20,<1"]
# ///
"""A small HTTPS server that requires a client certificate and logs who connects."""

import mintls.lazy_imports  # noqa: F401  before what it keeps from loading

import errno
import os
import socket
import socketserver
import ssl
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from mintls.command_line.script import Script
from mintls.errors import MintlsError
from mintls.escape import printable
from mintls.https import TIMEOUT, describe, explain, load_credentials
from mintls.signals import end_with

import plumbum.cli.switches as cli

ANSWER = b"This is an example server.\n"
LINGER = 1.0  # seconds
BREATH = 0.2  # seconds


class HttpsServer(Script):
    """Serve HTTPS on 127.0.0.1 to clients with a certificate of the CA in DIR (default: certs/dev)."""

    PROGNAME = "https_server.py"
    ARGUMENTS = "[DIR]"

    host = cli.SwitchAttr("--host", default="127.0.0.1", argname="ADDRESS", help="Address to listen on")
    port = cli.SwitchAttr("--port", cli.Range(0, 65535), default=4443, argname="N", help="Port; 0 takes a free one")

    def main(self, directory: str = "certs/dev") -> int:
        context = server_context(Path(directory))
        with listen(self.host, self.port, context) as server:
            end_with(leave)
            host, port = str(server.server_address[0]), server.server_address[1]
            print(f"Listening on https://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
            server.serve_forever()
        return 0


def leave(*_: object) -> None:
    """Exit at once: a thread that is writing its log could otherwise delay or abort the shutdown."""
    os._exit(0)


def server_context(directory: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer; a client must present a certificate of the set's CA, and of no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    load_credentials(context, directory, "server")
    return context


def listen(host: str, port: int, context: ssl.SSLContext) -> "Server":
    """A server that is bound and listens. Raises MintlsError when the address cannot be had."""
    try:
        (family, *_, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return Server(family, address, context)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MintlsError(f"cannot listen on {host}:{port}: {reason}; choose another --port or --host") from None


class Answer(BaseHTTPRequestHandler):
    """Answers every GET and HEAD alike, and logs each request with its caller."""

    timeout = TIMEOUT

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(ANSWER)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        caller = describe(self.connection.getpeercert())
        log(self.client_address, f"{caller}: {format % args}")


class Server(socketserver.ThreadingTCPServer):
    """Each connection has its own thread from the handshake on, so that a slow client delays no other."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, family: int, address: Any, context: ssl.SSLContext) -> None:
        self.address_family = family
        self.context = context
        super().__init__(address, Answer)

    def get_request(self) -> tuple[Any, Any]:
        """With no descriptor left the next attempt would fail at once as well: wait until one may be free."""
        try:
            return super().get_request()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                time.sleep(BREATH)
            raise

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands, then answer. The socket's time-out bounds the handshake as a whole."""
        request.settimeout(TIMEOUT)
        with self.context.wrap_socket(request, server_side=True, do_handshake_on_connect=False) as connection:
            try:
                connection.do_handshake()
            except OSError as error:
                reason = explain(error, other="client", ours="the server's certificate")
                log(client_address, f"refused: {reason}")
                _linger(connection)
            else:
                super().finish_request(connection, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """One line instead of the traceback that socketserver prints."""
        if isinstance(error := sys.exception(), Exception):
            log(client_address, explain(error, other="client", ours="the server's certificate"))


def _linger(connection: ssl.SSLSocket) -> None:
    """Read on for a moment before closing.

    Closing with unread bytes resets the connection, and the reset can overtake the alert that says why.
    """
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)  # from here on `recv` is a plain read, without TLS
        deadline = time.monotonic() + LINGER
        while (left := deadline - time.monotonic()) > 0:
            connection.settimeout(left)
            if not connection.recv(65536):
                break


def log(client_address: Any, line: str) -> None:
    host, port = client_address[:2]
    sys.stderr.write(f"{host}:{port} {printable(line)}\n")


if __name__ == "__main__":
    HttpsServer.start()
