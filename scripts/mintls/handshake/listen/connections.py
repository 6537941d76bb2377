"""The connections that a client makes in one row: each gets an s_server of its own, and all are recorded.

A client may connect more than once: to try again without verification, to connect ahead of time, to wait for a port.
"""

import socket
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from subprocess import TimeoutExpired

from mintls.errors import MintlsError
from mintls.handshake.listen.starttls import Dialogue, NoTls, start_tls
from mintls.handshake.openssl_end import End, ready_port, started, transcript_of, why_not
from mintls.handshake.recording import KEY_LOG, key_log_option
from mintls.handshake.wire.relay import Relay
from mintls.handshake.wire.relayed_connection import Connection
from mintls.handshake.wire.transcript import Transcript
from mintls.openssl.binary import Openssl

LOOPBACK = "127.0.0.1"
END = 1.0  # seconds for an s_server to end after its connection has ended
HANDSHAKE = 0x16  # the first byte of TLS (RFC 8446 section 5.1)
SHOWN = 16  # bytes of what is not TLS


def has_address(address: str) -> bool:
    """Whether this machine can listen at that address: Linux has all of 127.0.0.0/8, macOS only 127.0.0.1."""
    try:
        socket.create_server((address, 0)).close()
    except OSError:
        return False
    return True


class Connections(Relay):
    """Listens at `at` for the client of one row, and carries each of its connections to an s_server with `end`.

    `directory` is private; the s_servers write their logs there. `recorded`: their secrets too. `seconds`: the longest
    that a connection may last. `starttls`: the protocol in which the client asks for TLS, if it does not begin with it.
    """

    def __init__(
        self,
        openssl: Openssl,
        end: End,
        directory: Path,
        at: tuple[str, int],
        seconds: float,
        *,
        recorded: bool,
        starttls: str = "",
    ) -> None:
        super().__init__(0, listen=at, seconds=seconds)
        self._openssl, self._end, self._directory, self._recorded = openssl, end, directory, recorded
        self._numbers, self._starttls = count(), starttls
        self._open: dict[Path, bool] = {}
        self._opened: dict[Path, int] = {}  # when, in nanoseconds
        self.command: tuple[str, ...] = ()  # of the first s_server
        self.trouble = ""  # why an s_server did not start

    def seen(self) -> tuple[tuple[Transcript, bool], ...]:
        """What each connection's s_server has listed until now, and whether the connection is open."""
        in_order = sorted(dict(self._open).items(), key=lambda one: self._opened[one[0]])
        return tuple((transcript_of(directory / "server"), is_open) for directory, is_open in in_order)

    def without_tls(self) -> str:
        """What the client did in its first connection, if that did not begin with TLS; otherwise empty."""
        if self.in_plain():
            return f"the client connected without TLS and sent {self._sent()[:SHOWN]!r}"
        if self.conversations() and not self._sent():
            return "the client connected and sent nothing, as one that waits for a greeting of the server"
        return ""

    def in_plain(self) -> bool:
        """Whether the client began its first connection with something that is not TLS."""
        sent = self._sent()
        return bool(sent) and sent[0] != HANDSHAKE

    def _sent(self) -> bytes:
        first = self.conversations()[:1]
        return b"".join(event.data for conversation in first for event in conversation.events if event.from_client)

    def save(self, pcapng: Path) -> None:
        """Write all connections with their secrets. Raises OutputError."""
        logs = [directory / KEY_LOG for directory in self._open]
        self.write_pcapng(pcapng, "".join(log.read_text(encoding="ascii") for log in logs if log.exists()))

    def _carry(self, carried: Connection) -> None:
        directory = self._directory / str(next(self._numbers))
        directory.mkdir(0o700)
        listen = ("s_server", "-accept", f"{LOOPBACK}:0", "-naccept", "1", *self._end.argv())
        listen += key_log_option(directory if self._recorded else None, directory)
        log = directory / "server"
        self._opened[directory] = carried.conversation().opened
        self._open[directory] = True
        port = None
        try:
            if self._starttls:
                deadline = time.monotonic() + self._seconds
                start_tls(self._starttls, Dialogue(carried.client, self._stopped, deadline))
            with started(self._openssl, listen, log) as (server, command):
                self.command = self.command or command
                port = ready_port(server, time.monotonic() + self._seconds)
                if port is None:
                    self.trouble = why_not("s_server did not start to listen", log)
                else:
                    carried.carry((LOOPBACK, port), self._stopped, self._seconds)
                    with suppress(TimeoutExpired):
                        server.wait(END)
        except NoTls as error:
            self.trouble = self.trouble or str(error)
        except MintlsError as error:  # it cannot be started, or the run was interrupted
            self.trouble = str(error)
        finally:
            if port is None:
                carried.carry((LOOPBACK, 0), self._stopped, self._seconds)  # nothing listens there: it is reset
            self._open[directory] = False
