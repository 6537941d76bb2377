"""The question asked without TLS, of a port that should have it: over plain TCP, in bounded time and bytes."""

import socket
import time

from mintls.handshake.connect.probe import LONGER, Probe
from mintls.handshake.verdict import Evidence

QUIET = 1.0  # seconds without more, after which a reply is taken as it is


def ask_in_plain_text(address: tuple[str, int], probe: Probe, timeout: float) -> Evidence:
    """Go through the dialogue of the probe, for at most `timeout` seconds."""
    start = time.monotonic()
    reply, trouble = b"", ""
    try:
        with socket.create_connection(address, timeout) as plain:
            reply = _dialogue(plain, probe, start + timeout)
    except ConnectionRefusedError as error:
        trouble = f"no connection: {error.strerror}"
    except OSError:  # closed on the way: no answer
        pass
    return Evidence(
        verifier_is_server=True,
        answered=bool(reply),
        answer=reply,
        trouble=trouble,
        milliseconds=(time.monotonic() - start) * 1000,
    )


def read_greeting(address: tuple[str, int], wait: float) -> bytes:
    """What a server sends first, within so many seconds; empty when it does not."""
    try:
        with socket.create_connection(address, wait) as plain:
            return plain.recv(LONGER)
    except OSError:
        return b""


def _dialogue(plain: socket.socket, probe: Probe, deadline: float) -> bytes:
    """The last reply."""
    reply = b""
    for exchange in probe.exchanges:
        plain.settimeout(max(0.001, deadline - time.monotonic()))
        plain.sendall(exchange.sent)
        reply = b""
        while not exchange.is_complete(reply) and len(reply) < LONGER:
            if (left := deadline - time.monotonic()) <= 0:
                return reply
            plain.settimeout(min(left, QUIET) if reply else left)
            try:
                chunk = plain.recv(LONGER)
            except OSError:
                return reply
            if not chunk:
                return reply
            reply += chunk
        if not exchange.proceeds(reply):
            return reply
    return reply
