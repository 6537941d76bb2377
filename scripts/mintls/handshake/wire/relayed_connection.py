"""One TCP connection relayed between a client and a server, byte for byte, and recorded up to a limit."""

import selectors
import socket
import struct
import time
from contextlib import suppress
from typing import NamedTuple

from mintls.handshake.wire.pcapng import Conversation, Event, Flag

KEPT_BYTES = 1 << 20  # of each direction; what comes later is carried but not recorded
KEPT_EVENTS = 8192
CHUNK = 32768  # bytes read at once, so that one read fits one packet
CONNECT = 5.0  # seconds
LONGEST_LINE = 8192  # bytes of a line that is read away
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Opening(NamedTuple):
    """What a server expects or sends before TLS: a header of the PROXY protocol, and a first line such as of NATS.

    https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt section 2.1: version 1.
    """

    proxy_protocol: bool = False
    skips_line: bool = False

    def perform(self, server: socket.socket, stopped: socket.socket, seconds: float) -> None:
        """Send the header, and read the line away. Raises OSError when the server does not take part in time, or the
        relay stops.
        """
        deadline = time.monotonic() + seconds
        server.settimeout(seconds)
        if self.proxy_protocol:
            (source, port), (target, target_port) = server.getsockname()[:2], server.getpeername()[:2]
            family = "TCP6" if ":" in source else "TCP4"
            server.sendall(f"PROXY {family} {source} {target} {port} {target_port}\r\n".encode())
        for _ in range(LONGEST_LINE if self.skips_line else 0):
            if wait({server: READ, stopped: READ}, deadline).keys() != {server}:  # also for one that drips
                raise TimeoutError
            if server.recv(1) in (b"", b"\n"):
                return


class _Flow:
    """One direction of a connection; nothing more is read while something is still to be written."""

    def __init__(self, source: socket.socket, sink: socket.socket, from_client: bool) -> None:
        self.source, self.sink, self.from_client = source, sink, from_client
        self.pending = b""
        self.ended = False  # nothing more will be read
        self.broken = False  # nothing more can be written


class Connection:
    """A client's connection, the one to the server that goes with it, and what passed through."""

    def __init__(self, client: socket.socket, client_port: int, epoch: int, opening: Opening | None = None) -> None:
        self._client, self._client_port, self._epoch, self._opening = client, client_port, epoch, opening
        self._opened = self._now()
        self._events: list[Event] = []
        self._kept = {True: 0, False: 0}
        self._full = False

    @property
    def client(self) -> socket.socket:
        """The client's socket, for what is said before anything is carried."""
        return self._client

    def conversation(self) -> Conversation:
        return Conversation(self._client_port, self._opened, tuple(self._events))

    def carry(self, target: tuple[str, int], stopped: socket.socket, seconds: float) -> None:
        """Carry bytes until both directions have ended, one peer resets, time is up, or the relay stops."""
        deadline = time.monotonic() + seconds
        try:
            server = socket.create_connection(target, min(seconds, CONNECT))
            if self._opening:
                self._opening.perform(server, stopped, min(seconds, CONNECT))
        except OSError:
            self._record(False, end=Flag.RST)
            reset(self._client)
            return
        flows = (_Flow(self._client, server, True), _Flow(server, self._client, False))
        try:
            for end in (self._client, server):
                end.setblocking(False)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            whole = self._shovel(flows, stopped, deadline)
        except OSError:  # not a reset, but the network below: nothing to continue with
            whole = False
        for end in (self._client, server):
            (socket.socket.close if whole else reset)(end)

    def _shovel(self, flows: tuple[_Flow, _Flow], stopped: socket.socket, deadline: float) -> bool:
        """Whether both directions ended in order."""
        while any(not flow.ended or flow.pending for flow in flows):
            interest = {stopped: READ}
            for flow in flows:
                if flow.pending:
                    interest[flow.sink] = interest.get(flow.sink, 0) | WRITE
                elif not flow.ended:
                    interest[flow.source] = interest.get(flow.source, 0) | READ
            ready = wait(interest, deadline)
            if not ready or stopped in ready:
                return False
            for flow, back in (flows, flows[::-1]):
                if flow.pending and ready.get(flow.sink, 0) & WRITE:
                    self._write(flow)
                elif not flow.pending and not flow.ended and ready.get(flow.source, 0) & READ:
                    self._read(flow, back)
                    if back.broken and flow.ended:
                        return False
        return True

    def _read(self, flow: _Flow, back: _Flow) -> None:
        """Take in what is there. A peer that reset the connection neither reads nor writes any more."""
        try:
            data = flow.source.recv(CHUNK)
        except BlockingIOError:
            return
        except ConnectionError:
            data, back.broken = b"", True
        flow.pending, flow.ended = data, not data
        end = None if data else Flag.RST if back.broken else Flag.FIN
        self._record(flow.from_client, data, end)
        if end is Flag.FIN:
            with suppress(OSError):  # the sink is gone, as reading from it will show
                flow.sink.shutdown(socket.SHUT_WR)

    @staticmethod
    def _write(flow: _Flow) -> None:
        try:
            flow.pending = flow.pending[flow.sink.send(flow.pending) :]
        except BlockingIOError:
            pass
        except ConnectionError:  # what the sink sent before it closed, perhaps an alert, is yet to be read
            flow.pending, flow.ended, flow.broken = b"", True, True

    def _record(self, from_client: bool, data: bytes = b"", end: Flag | None = None) -> None:
        self._kept[from_client] += len(data)
        self._full |= self._kept[from_client] > KEPT_BYTES or len(self._events) == KEPT_EVENTS
        if not self._full:
            self._events.append(Event(self._now(), from_client, data, end))

    def _now(self) -> int:
        return self._epoch + time.monotonic_ns()


def wait(interest: dict[socket.socket, int], deadline: float | None = None) -> dict[socket.socket, int]:
    """Which sockets are ready for what; none when the deadline passed. `poll` also wakes for a hang-up."""
    with selectors.PollSelector() as selector:
        for one, events in interest.items():
            selector.register(one, events)
        timeout = None if deadline is None else max(0, deadline - time.monotonic())
        return {key.fileobj: events for key, events in selector.select(timeout)}  # type: ignore[misc]


def reset(one: socket.socket) -> None:
    """Close with a RST instead of a FIN: to linger for zero seconds means that, see socket(7)."""
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    one.close()
