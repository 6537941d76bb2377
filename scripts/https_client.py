#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["plumbum>=2.0.1,<3", "pyyaml", "msgspec>=0.20,<1"]
# ///
"""A small HTTPS client that presents a certificate and prints the response."""

import mintls.lazy_imports  # noqa: F401  before what it keeps from loading

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mintls.command_line.script import Script
from mintls.errors import DOES_NOT_HOLD, MintlsError, RefusedError
from mintls.escape import printable
from mintls.https import TIMEOUT, alert_of, explain, load_credentials

import plumbum.cli.switches as cli

LONGEST = 65536  # bytes of a response that are printed
IN_ALL = 3 * TIMEOUT  # seconds: for the request and the whole answer


class HttpsClient(Script):
    """GET / from an HTTPS server with the client certificate of DIR (default: certs/dev), whose CA is trusted."""

    PROGNAME = "https_client.py"
    ARGUMENTS = "[DIR]"

    host = cli.SwitchAttr("--host", default="localhost", argname="NAME", help="Server name, as in its certificate")
    port = cli.SwitchAttr("--port", cli.Range(1, 65535), default=4443, argname="N", help="Server port")

    def main(self, directory: str = "certs/dev") -> int:
        context = client_context(Path(directory))
        status, reason, body = get(self.host, self.port, context)
        print(f"Response status: {status} {printable(reason)}")
        print("Msg: ", "\n".join(map(printable, body.splitlines())))
        return 0 if status == http.client.OK else DOES_NOT_HOLD


def client_context(directory: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer; the server's certificate and name are verified; the set's CA joins the system's trust."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    load_credentials(context, directory, "client")
    return context


def get(host: str, port: int, context: ssl.SSLContext) -> tuple[int, str, str]:
    """Status, its reason, and the text of `GET /`.

    Raises RefusedError when either peer rejects the other, MintlsError when there was no connection.
    """
    server = f"{host}:{port}"
    connection = http.client.HTTPSConnection(host, port, context=context, timeout=TIMEOUT)
    try:
        connection.connect()
        # In TLS 1.3 our handshake ends before the server has judged our certificate (RFC 8446, figure 1), so
        # a refusal is found by reading. A write that fails must not hide it.
        with _in_time(connection.sock):
            with suppress(ConnectionError, ssl.SSLEOFError):
                connection.request("GET", "/")
            response = connection.getresponse()
            return response.status, response.reason, response.read(LONGEST).decode(errors="replace")
    except ConnectionRefusedError:
        raise MintlsError(f"nothing listens on {server}: start https_server.py first, or give --port") from None
    except socket.gaierror as error:
        raise MintlsError(f"the name {host} is not known: {error.strerror}; give another --host") from None
    except OSError as error:
        sentence = f"{server}: {explain(error, other='server', ours='the client certificate')}"
        raise (RefusedError if _refused(error) else MintlsError)(sentence) from None
    except (http.client.HTTPException, UnicodeError) as error:
        raise MintlsError(f"{server} does not answer in HTTP: {printable(repr(error))}") from None
    finally:
        connection.close()


@contextmanager
def _in_time(connected: socket.socket) -> Iterator[None]:
    """Close a connection on which the server keeps sending: no single read of it would time out."""
    late = threading.Event()

    def hang_up() -> None:
        late.set()
        with suppress(OSError):
            socket.socket.shutdown(connected, socket.SHUT_RDWR)  # that of SSLSocket would pull TLS from under a read

    timer = threading.Timer(IN_ALL, hang_up)
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException):
        if not late.is_set():
            raise
    finally:
        timer.cancel()
    if late.is_set():
        raise TimeoutError


def _refused(error: OSError) -> bool:
    """Whether a peer rejected the other. Some servers close the connection without an alert, such as Node."""
    hung_up = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError)
    return isinstance(error, (ssl.SSLCertVerificationError, *hung_up)) or bool(alert_of(error))


if __name__ == "__main__":
    HttpsClient.start()
