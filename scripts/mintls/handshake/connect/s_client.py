"""One connection of our s_client to a foreign server: wait for the server's verdict, ask, and keep what came back.

See openssl-s_client(1). Nothing here sleeps or looks at the clock for news: s_client's data, complaints and messages
come through three pipes. The probe goes out when the server has had its chance to refuse. In TLS 1.2 that is after
its Finished. In TLS 1.3 our handshake is over before the server has seen our certificate (RFC 8446 section 2), but
then the first thing that comes is a session ticket or the alert; for servers that send neither, a short silence.
"""

import os
import selectors
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mintls.handshake.connect.probe import Probe
from mintls.handshake.connect.verdict import is_let_in
from mintls.handshake.openssl_end import LONGEST, plain_certificates
from mintls.handshake.verdict import Evidence
from mintls.handshake.wire.transcript import Transcript, parse
from mintls.openssl.binary import Openssl

SETTLE = 0.05  # seconds of silence, or twice the time that the server took for its ServerHello
CHUNK, CHUNKS = 65536, 16  # bytes read at once, and how often before anything else is looked at


def connect(openssl: Openssl, argv: tuple[str, ...], probe: Probe, directory: Path, timeout: float) -> Evidence:
    """Connect with these options of s_client and ask, for at most `timeout` seconds; `directory` is private.

    Raises MintlsError when openssl cannot be started.
    """
    start = time.monotonic()
    fifo = directory / "messages"
    argv = ("s_client", *argv, *plain_certificates(openssl), "-brief", "-ign_eof", "-msg", "-msgfile", str(fifo))
    with _opened(fifo) as messages:
        pipe = subprocess.PIPE
        with openssl.spawn(argv, stdin=pipe, stdout=pipe, stderr=pipe) as process:
            call = _Call(process, messages, probe, start + timeout)
            call.follow()
        call.drain(messages)  # what it wrote before it ended
    fifo.unlink()
    said = call.transcript()
    begun = said.has("ClientHello", sent=True)
    return Evidence(
        verifier_is_server=True,
        presenter=said,
        answered=bool(call.data),
        answer=bytes(call.data[:CHUNK]),
        timed_out=call.timed_out,
        trouble="" if begun or call.timed_out else _why(call.text(call.errors)),
        commands=((openssl.binary, *argv),),
        milliseconds=(time.monotonic() - start) * 1000,
    )


class _Call:
    """A running s_client, what it has said until now, and what is still to come."""

    def __init__(self, process: "subprocess.Popen[bytes]", messages: int, probe: Probe, deadline: float) -> None:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        self._stdin, self._stdout = process.stdin.fileno(), process.stdout.fileno()
        self._probe, self._deadline = probe, deadline
        self.data, self.errors, self.listing = bytearray(), bytearray(), bytearray()
        self._read = {self._stdout: self.data, process.stderr.fileno(): self.errors, messages: self.listing}
        self._hello = self._finished = self._let_in = 0.0  # when that was seen, on the monotonic clock
        self._settle = SETTLE
        self._asked = False
        self.timed_out = False

    def follow(self) -> None:
        """Until it has ended, or the verdict is there, or time is up."""
        for stream in self._read:
            os.set_blocking(stream, False)
        with selectors.DefaultSelector() as selector:
            for stream in self._read:
                selector.register(stream, selectors.EVENT_READ)
            while True:
                ready = selector.select(max(0.0, self._until() - time.monotonic()))
                if self._is_late() or (not ready and self._silence_is_all()):
                    return
                for key, _ in ready:
                    if not self.drain(key.fd):
                        if key.fd == self._stdout:  # it has ended, and all that it said is there
                            for stream in self._read:
                                self.drain(stream)
                            return
                        selector.unregister(key.fd)
                if self._probe.is_complete(bytes(self.data)) or self._is_refused():
                    return

    def drain(self, stream: int) -> bool:
        """Read what is there, or much of it; False at the end."""
        for _ in range(CHUNKS):
            try:
                chunk = os.read(stream, CHUNK)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            self._read[stream] += chunk
        return True

    def transcript(self) -> Transcript:
        return parse(self.text(self.listing), self.text(self.errors))

    @staticmethod
    def text(octets: bytearray) -> str:
        return octets.decode(errors="backslashreplace")

    def _until(self) -> float:
        """When silence means something: that we may ask, or that nothing more comes."""
        waits = self._finished if self._probe.sent else self._let_in
        heard = 0.0 if self._asked else waits
        return min(self._deadline, heard + self._settle) if heard else self._deadline

    def _is_late(self) -> bool:
        """Also for a server that says something all the time, but never what counts."""
        self.timed_out = time.monotonic() >= self._deadline
        return self.timed_out

    def _silence_is_all(self) -> bool:
        """What to do when nothing came for so long: ask, if that has not been done, or leave it at that."""
        if self._probe.sent and not self._asked:
            self._ask()
            return False
        return True

    def _is_refused(self) -> bool:
        """Look at what the two ends have said; ask when the server has let us in."""
        said, now = self.transcript(), time.monotonic()
        if not self._hello and said.has("ClientHello", sent=True):
            self._hello = now
        if self._hello and not self._finished and said.has("ServerHello", sent=False):
            if said.has("Finished", sent=True) and said.has("Finished", sent=False):
                self._finished = now
            else:
                self._settle = max(SETTLE, 2 * (now - self._hello))
        if self._finished and not self._let_in and is_let_in(said):
            self._let_in = now
            if self._probe.sent and not self._asked:
                self._ask()
        return said.fatal(sent=False) is not None

    def _ask(self) -> None:
        """Send the probe. An s_client that has just ended is seen by its end of data."""
        self._asked = True
        with suppress(BrokenPipeError):
            os.write(self._stdin, self._probe.sent)


@contextmanager
def _opened(fifo: Path) -> Iterator[int]:
    """A named pipe to read, also open for writing by us, so that it has no end before somebody opens it."""
    os.mkfifo(fifo, 0o600)
    stream = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield stream
    finally:
        os.close(stream)


def _why(complaints: str) -> str:
    """Why there was no connection: the last reason in openssl's queue of errors."""
    reasons = parse("", complaints).reasons or tuple(line for line in complaints.split("\n") if line)
    return f"s_client did not connect: {reasons[0][:LONGEST]}" if reasons else "s_client did not connect"
