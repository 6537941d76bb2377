"""Clients that ask for TLS in another protocol: those of Python, psql, and openssl's own as a second opinion."""

import shlex
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mintls.errors import UsageError
from mintls.handshake.listen.starttls import LONGEST, PROTOCOLS, Dialogue, NoTls, start_tls

import pytest
from handshake_check import HandshakeCheck
from peers import need

pytestmark = pytest.mark.slow

# Each by the standard library: the default context verifies chain and name, the other one nothing.
PYTHON = {
    "smtp": "import smtplib; c = smtplib.SMTP(host, port); c.starttls(context=context); c.ehlo()",
    "imap": "import imaplib; c = imaplib.IMAP4(host, port); c.starttls(context)",
    "pop3": "import poplib; c = poplib.POP3(host, port); c.stls(context); c.user('x')",
}
CONTEXT = """
import socket, ssl, sys
socket.setdefaulttimeout(1)  # nothing answers after TLS
host, port, ca, verify = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4] == "yes"
context = ssl.create_default_context(cafile=ca)
if not verify:
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
"""


def check(directory: Path, protocol: str, command: str, *more: str) -> int:
    words = [str(directory), "--listen", ":", "--tls", "1.3", "--only", "expired", "--only", "wrong-name", *more]
    _, status = HandshakeCheck.run(["x", *words, "--offer-starttls", protocol, "--client-cmd", command], exit=False)
    return int(status)


@pytest.mark.peers
@pytest.mark.parametrize("protocol", PYTHON)
def test_pythons_clients(protocol: str, rogue: Path) -> None:
    for verify, status in (("yes", 0), ("no", 1)):
        words = [sys.executable, "-c", CONTEXT + PYTHON[protocol], "{host}", "{port}", "{ca}", verify]
        assert check(rogue, protocol, shlex.join(words)) == status


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_openssls_client(protocol: str, rogue: Path) -> None:
    client = f"openssl s_client -starttls {protocol} -connect {{host}}:{{port}} -CAfile {{ca}} -quiet -no_ign_eof"
    verifies = f"sh -c 'echo hello | {client} -verify_return_error -verify_hostname localhost'"
    assert check(rogue, protocol, verifies, "--skip", "good-address") == 0
    assert check(rogue, protocol, f"sh -c 'echo hello | {client}'") == 1


@pytest.mark.peers
def test_psql(rogue: Path) -> None:
    psql = need("psql")
    line = f'"{psql}" "host={{host}} port={{port}} sslmode=%s sslrootcert={{ca}} sslcert={{cert}} sslkey={{key}}" -c x'
    assert check(rogue, "postgres", line % "verify-full") == 0
    assert check(rogue, "postgres", line % "verify-ca") == 1
    assert check(rogue, "postgres", line % "disable") == 3


def spoken(protocol: str, say: bytes, seconds: float = 10) -> tuple[str, bytes]:
    """Why TLS does not start when a client says that, and what it is answered."""
    ours, client = socket.socketpair()
    stopped, stop = socket.socketpair()
    with ours, client, stopped, stop:
        client.sendall(say)
        client.shutdown(socket.SHUT_WR)
        try:
            start_tls(protocol, Dialogue(ours, stopped, time.monotonic() + seconds))
        except NoTls as error:
            reason = str(error)
        else:
            reason = ""
        ours.shutdown(socket.SHUT_WR)
        return reason, client.recv(65536)


@pytest.mark.parametrize(
    ("protocol", "say", "reason"),
    [
        ("smtp", b"EHLO x\r\nSTARTTLS\r\n", ""),
        ("smtp", b"ehlo x\nstarttls\n", ""),
        ("smtp", b"EHLO x\r\nAUTH PLAIN secret\r\n", "the client did not start TLS and sent b'AUTH'"),
        ("smtp", b"EHLO x\r\n" * 30, "the client sent 20 lines and did not start TLS"),
        ("smtp", b"x" * 2 * LONGEST, f"the client did not start TLS and sent {b'x' * 40!r}"),
        ("smtp", b"EHLO x", "the client closed before it started TLS"),
        ("imap", b"a CAPABILITY\r\nb STARTTLS\r\n", ""),
        ("imap", b"a LOGIN me secret\r\n", "the client did not start TLS and sent b'a'"),
        ("pop3", b"CAPA\r\nSTLS\r\n", ""),
        ("pop3", b"USER me\r\n", "the client did not start TLS and sent b'USER'"),
        ("postgres", bytes.fromhex("0000000804d2162f"), ""),
        ("postgres", bytes.fromhex("0000000804d216300000000804d2162f"), ""),
        ("postgres", bytes.fromhex("0000001200030000"), "the client did not start TLS and sent"),
        ("mysql", b"\x20\0\0\1" + bytes.fromhex("0daa") + bytes(30), ""),
        ("mysql", b"\x20\0\0\1" + bytes.fromhex("0da2") + bytes(30), "the client logs in without TLS"),
        ("ldap", bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037", ""),
        ("ldap", bytes.fromhex("300c020101600702010304008000"), "the client did not ask for StartTLS"),
        ("ldap", b"\x30\xff", "the client did not ask for StartTLS"),
    ],
)
def test_what_a_client_says_before_tls(protocol: str, say: bytes, reason: str) -> None:
    found, answer = spoken(protocol, say)
    assert found.startswith(reason) if reason else not found
    assert b"secret" not in found.encode()
    assert len(answer) < 1000


def test_a_client_that_says_nothing_is_waited_for_in_bounded_time() -> None:
    ours, client = socket.socketpair()
    stopped, stop = socket.socketpair()
    with ours, client, stopped, stop:
        with pytest.raises(NoTls, match="did not start TLS"):
            start_tls("smtp", Dialogue(ours, stopped, time.monotonic() + 0.1))
        stop.close()
        with pytest.raises(NoTls, match="did not start TLS"):
            start_tls("ldap", Dialogue(ours, stopped, time.monotonic() + 1000))


def test_a_protocol_that_is_not_known(rogue: Path, start: Callable[..., object]) -> None:
    with pytest.raises(UsageError, match="--offer-starttls smpt: 'smpt' is not known; did you mean smtp"):
        check(rogue, "smpt", "true {port}")
