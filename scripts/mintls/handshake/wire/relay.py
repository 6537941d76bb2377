"""A relay that carries a client's connections to a server and records them.

It needs no privilege to capture packets. The recording becomes a pcapng file with the TLS secrets embedded.
Each connection has a thread. Nothing waits longer than the relay's deadline, and memory is bounded.
"""

import os
import socket
import threading
import time
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import TracebackType
from typing import Self

from mintls.errors import OutputError
from mintls.handshake.wire.pcapng import Conversation, render
from mintls.handshake.wire.relayed_connection import READ, Connection, Opening, reset, wait

CONNECTIONS = 16  # that one relay carries; further ones are closed
GRACE = 1.0  # seconds that open connections have to end when the context is left


class Relay:
    """Listens on `port` while its context is open, and carries each connection to `target_port`.

        with Relay(target_port) as relay:
            ...  # a client connects to relay.port
        relay.write_pcapng(path, key_log)

    Leaving the context waits a moment for the last bytes, then resets what is still open. `seconds` is the
    limit for one connection. `listen` is the address and port to listen at, 0 for a free one.
    `opening` is what happens with the server before the client's bytes are carried.
    """

    def __init__(
        self,
        target_port: int,
        *,
        target_host: str = "127.0.0.1",
        listen: tuple[str, int] = ("127.0.0.1", 0),
        seconds: float = 30.0,
        opening: Opening | None = None,
    ) -> None:
        self._target = (target_host, target_port)
        self._listen = listen
        self._seconds = seconds
        self._opening = opening
        self._carried: list[Connection] = []
        self._threads: list[threading.Thread] = []
        # A clock that never goes back, set to the time of day once.
        self._epoch = time.time_ns() - time.monotonic_ns()

    def __enter__(self) -> Self:
        self._listener = socket.create_server(self._listen)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._stopped, self._stop = socket.socketpair()  # closing one end wakes all that wait at the other
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end = time.monotonic() + (GRACE if kind is None else 0)
        for thread in tuple(self._threads):
            thread.join(max(0, end - time.monotonic()))
        self._stop.close()
        self._acceptor.join()
        for thread in self._threads:
            thread.join()
        self._listener.close()
        self._stopped.close()

    def conversations(self) -> tuple[Conversation, ...]:
        """The connections recorded so far, in the order in which they were opened."""
        return tuple(carried.conversation() for carried in tuple(self._carried))

    def write_pcapng(self, path: Path, key_log: str) -> None:
        """Write what was recorded. The file holds secrets, so it is the owner's alone (0600) from the start.

        `key_log` is the text that `openssl s_client -keylogfile` or `s_server -keylogfile` wrote. An existing
        file at `path` is replaced, and a symbolic link is not followed. Raises OutputError.
        """
        content = render(self.conversations(), key_log)
        try:
            with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".pcapng", delete=False) as file:
                try:
                    file.write(content)
                    file.flush()
                    os.replace(file.name, path)
                except BaseException:
                    os.unlink(file.name)
                    raise
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror}") from None

    def _accept(self) -> None:
        while wait({self._listener: READ, self._stopped: READ}).keys() == {self._listener}:
            try:
                client, (_, client_port) = self._listener.accept()
            except OSError:  # it has gone again, or there are too many open files: do not spin
                wait({self._stopped: READ}, time.monotonic() + 0.05)
                continue
            if len(self._carried) == CONNECTIONS:
                reset(client)
                continue
            carried = Connection(client, client_port, self._epoch, self._opening)
            thread = threading.Thread(target=self._carry, args=(carried,))
            thread.start()
            self._carried.append(carried)
            self._threads.append(thread)

    def _carry(self, carried: Connection) -> None:
        """Carry one connection to its end, in a thread of its own."""
        carried.carry(self._target, self._stopped, self._seconds)
