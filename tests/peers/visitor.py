"""A plain visitor in Python's ssl: what a client sees of a server, told without the code under test."""

import http.client
import select
import smtplib
import socket
import ssl
from pathlib import Path

from .process import Address

DEADLINE = 30.0  # seconds for one answer


def credential(dev: Path, shown: Path | None, version: ssl.TLSVersion) -> ssl.SSLContext:
    """A client that trusts `dev` and shows the client certificate of `shown`."""
    context = ssl.create_default_context(cafile=str(dev / "ca.crt"))
    context.minimum_version = context.maximum_version = version
    if shown:
        context.load_cert_chain(shown / "client.crt", shown / "client.key")
    return context


def visit(
    name: str,
    address: Address,
    context: ssl.SSLContext,
    sni: str | None = "localhost",
    host: str = "localhost",
    session: ssl.SSLSession | None = None,
) -> str:
    """The answer of the application (an HTTP status, an SMTP reply, ping reversed), or the name of a fatal
    alert (RFC 8446, 6), or `close` when the connection ended with neither. `name` is that of the server."""
    try:
        if name.startswith("smtp"):
            return _mail(address, context)
        with _dial(address, context, sni, session) as tls:
            return _line(tls) if "-rev" in name else _page(tls, host)
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError, smtplib.SMTPServerDisconnected):
        return "close"  # http.client's word for it, RemoteDisconnected, is a ConnectionError too
    except ssl.SSLError as error:
        if "ALERT_" not in (error.reason or ""):  # not the server's refusal but ours
            raise
        return error.reason.partition("ALERT_")[2].lower()


def _dial(
    address: Address, context: ssl.SSLContext, sni: str | None, session: ssl.SSLSession | None = None
) -> ssl.SSLSocket:
    with socket.create_connection(address, timeout=DEADLINE) as plain:  # wrapping takes its descriptor
        tls = context.wrap_socket(plain, server_hostname=sni, session=session)
    assert session is None or tls.session_reused, "the server did not resume the session"
    return tls


def session_of(address: Address, context: ssl.SSLContext, name: str) -> ssl.SSLSession | None:
    """A session that can be resumed, of a visit to the server's `name`."""
    with _dial(address, context, name) as tls:
        assert _page(tls, name) == "200"
        return tls.session


def _heard(tls: ssl.SSLSocket) -> None:
    """In TLS 1.3 the server's verdict comes after the client's handshake has ended. The first thing that
    comes is a session ticket or an alert; to send before it is there could lose it to a reset."""
    if tls.version() == "TLSv1.3":
        assert select.select([tls], [], [], DEADLINE)[0], "neither ticket nor alert"
        tls.setblocking(False)
        try:
            if tls.recv(1) == b"":
                raise ConnectionResetError
        except ssl.SSLWantReadError:
            pass
        tls.settimeout(DEADLINE)


def _page(tls: ssl.SSLSocket, host: str) -> str:
    _heard(tls)
    tls.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    with http.client.HTTPResponse(tls) as response:
        response.begin()
        response.read()
        return str(response.status)


def _line(tls: ssl.SSLSocket) -> str:
    _heard(tls)
    tls.sendall(b"ping\n")
    return tls.recv(100).decode().strip() or "close"


def _mail(address: Address, context: ssl.SSLContext) -> str:
    with smtplib.SMTP(*address, timeout=DEADLINE, local_hostname="client.localhost") as mail:
        mail.starttls(context=context)
        assert isinstance(mail.sock, ssl.SSLSocket)
        _heard(mail.sock)
        mail.ehlo()
        return str(mail.noop()[0])
