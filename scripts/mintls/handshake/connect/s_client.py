"""One connection of our s_client to a foreign server: waits for the server's verdict, asks, and keeps the reply.

See openssl-s_client(1). Nothing here sleeps or polls: s_client's data, errors and messages come through three pipes.
The probe is sent when the server has had its chance to reject; data that comes before is not a reply. In TLS 1.2 that
is after its Finished. In TLS 1.3 our handshake is over before the server has seen our certificate (RFC 8446 section 2),
but then the first thing that comes is a session ticket or the alert; for servers that send neither, a short silence.
"""

import math
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
GREETING = 0.25  # the same where a greeting must not be taken for the reply
QUIET = 1.0  # seconds without more, after which a reply that has no end is taken as it is
WATCH = 1.0  # seconds after the handshake in which a server that is not asked can still close
ENOUGH_AT_ALL = 65536  # bytes of a reply, whatever its protocol says
MOST_LISTED = 4 << 20  # bytes of s_client's listing of messages, where no reply is complete
CHUNK, CHUNKS = 65536, 16  # bytes read at once, and how often before anything else is looked at


def connect(
    openssl: Openssl,
    argv: tuple[str, ...],
    probe: Probe,
    directory: Path,
    timeout: float,
    longest_settle: float = math.inf,
) -> Evidence:
    """Connect with these options of s_client and ask, for at most `timeout` seconds; `directory` is private.

    `longest_settle`: seconds that a server may be given to reject, however long its ServerHello took. One that serves
    one connection after the other takes long when there are several, and each would hold it twice as long again.

    Raises MintlsError when openssl cannot be started.
    """
    start = time.monotonic()
    fifo = directory / "messages"
    argv = (
        "s_client",
        *argv,
        *plain_certificates(openssl),
        "-brief",
        "-ign_eof",
        "-enable_pha",
        "-msg",
        "-msgfile",
        str(fifo),
    )
    with _opened(fifo) as messages:
        pipe = subprocess.PIPE
        with openssl.spawn(argv, stdin=pipe, stdout=pipe, stderr=pipe) as process:
            call = _Call(process, messages, probe, start + timeout, longest_settle)
            call.follow()
        call.drain(messages)  # what it wrote before it ended
    fifo.unlink()
    transcript = call.transcript()
    begun = transcript.has("ClientHello", sent=True)
    return Evidence(
        verifier_is_server=True,
        presenter=transcript,
        answered=bool(call.answer),
        answer=call.answer[:CHUNK],
        received=bytes(call.data[:CHUNK]),
        open=call.open,
        timed_out=call.timed_out,
        trouble="" if begun or call.timed_out else _why(call.text(call.errors)),
        commands=((openssl.binary, *argv),),
        milliseconds=(time.monotonic() - start) * 1000,
    )


class _Call:
    """A running s_client, what it has reported so far, and what is still to be asked."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", messages: int, probe: Probe, deadline: float, longest_settle: float
    ) -> None:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        self._stdin, self._stdout = process.stdin.fileno(), process.stdout.fileno()
        self._probe, self._deadline = probe, deadline
        self.data, self.errors, self.listing = bytearray(), bytearray(), bytearray()
        self._read = {self._stdout: self.data, process.stderr.fileno(): self.errors, messages: self.listing}
        self._hello = self._finished = self._heard = 0.0  # when that was seen, on the monotonic clock
        self._settle, self._longest_settle = GREETING if probe.compares else SETTLE, longest_settle
        self._let_in = False
        self._asked = 0  # exchanges that have begun
        self._reply = 0  # where in the data the reply to the last one begins
        self.timed_out = self.open = False

    @property
    def reply(self) -> bytes:
        """What came after the last question; without questions everything."""
        return bytes(self.data[self._reply :]) if self._asked or not self._probe.exchanges else b""

    @property
    def answer(self) -> bytes:
        """The last reply; empty when it only leads to a question for which the server did not stay."""
        exchanges = self._probe.exchanges
        if 0 < self._asked < len(exchanges):
            step = exchanges[self._asked - 1]
            if step.is_complete(self.reply) and step.proceeds(self.reply):
                return b""
        return self.reply

    def follow(self) -> None:
        """Until it has ended, or the verdict is known, or time is up."""
        for stream in self._read:
            os.set_blocking(stream, False)
        with selectors.DefaultSelector() as selector:
            for stream in self._read:
                selector.register(stream, selectors.EVENT_READ)
            while True:
                ready = selector.select(max(0.0, self._until() - time.monotonic()))
                if self._is_late() or (not ready and self._silence_is_the_end()):
                    return
                for key, _ in ready:
                    if not self.drain(key.fd):
                        if key.fd == self._stdout:  # it has ended, and all that it wrote is there
                            for stream in self._read:
                                self.drain(stream)
                            return
                        selector.unregister(key.fd)
                if self._is_refused() or self._is_answered():
                    return

    def drain(self, stream: int) -> bool:
        """Read what is available, or much of it; False at the end."""
        for _ in range(CHUNKS):
            try:
                chunk = os.read(stream, CHUNK)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            self._read[stream] += chunk
            if stream == self._stdout:
                self._heard = time.monotonic()
        return True

    def transcript(self) -> Transcript:
        return parse(self.text(self.listing), self.text(self.errors))

    @staticmethod
    def text(octets: bytearray) -> str:
        return octets.decode(errors="backslashreplace")

    def _until(self) -> float:
        """When silence has a meaning: that we may ask, or that nothing more comes."""
        if self._asked:
            silence = self._heard + QUIET if self.reply else 0.0
        elif self._finished:
            silence = (
                max(self._finished, self._heard) + self._settle if self._probe.exchanges else self._finished + WATCH
            )
        else:
            silence = 0.0
        return min(self._deadline, silence) if silence else self._deadline

    def _is_late(self) -> bool:
        """Also for a server that keeps sending, but never what counts: session tickets, or records without data."""
        self.timed_out = time.monotonic() >= self._deadline or len(self.listing) > MOST_LISTED
        return self.timed_out

    def _silence_is_the_end(self) -> bool:
        """What to do when nothing came for so long: ask, if that has not been done, or leave it at that."""
        if self._probe.exchanges and not self._asked:
            self._ask()
            return False
        self.open = True
        return True

    def _is_refused(self) -> bool:
        """Look at what the two peers have sent; ask when the server has let us in."""
        transcript, now = self.transcript(), time.monotonic()
        if not self._hello and transcript.has("ClientHello", sent=True):
            self._hello = now
        if self._hello and not self._finished and transcript.has("ServerHello", sent=False):
            if transcript.has("Finished", sent=True) and transcript.has("Finished", sent=False):
                self._finished = now
            else:
                self._settle = max(self._settle, min(2 * (now - self._hello), self._longest_settle))
        if self._finished and not self._let_in and is_let_in(transcript):
            self._let_in, self._heard = True, now
        # A reply that is compared must not be a greeting: then the question waits until the server has been silent.
        at_once = self._probe.exchanges and not self._probe.compares
        if self._finished and not self._asked and at_once and (self.data or self._let_in):
            self._ask()
        return transcript.fatal(sent=False) is not None

    def _is_answered(self) -> bool:
        """Whether the last reply is complete; ask the next question after each before it."""
        while self._asked:
            exchange = self._probe.exchanges[self._asked - 1]
            if len(self.reply) < ENOUGH_AT_ALL and not exchange.is_complete(self.reply):
                return False
            if self._asked == len(self._probe.exchanges) or not exchange.proceeds(self.reply):
                return True
            self._ask()
        if not self._probe.exchanges and len(self.data) >= ENOUGH_AT_ALL:
            self.open = True
        return self.open

    def _ask(self) -> None:
        """Begin the next exchange. An s_client that has just ended is noticed by its end of data."""
        exchange = self._probe.exchanges[self._asked]
        self._asked += 1
        if exchange.sent:
            self._reply = len(self.data)
            with suppress(BrokenPipeError):
                os.write(self._stdin, exchange.sent)


@contextmanager
def _opened(fifo: Path) -> Iterator[int]:
    """A named pipe to read, also open for writing by us, so that it has no end before s_client opens it."""
    os.mkfifo(fifo, 0o600)
    stream = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield stream
    finally:
        os.close(stream)


def _why(errors: str) -> str:
    """Why there was no connection: the last reason in openssl's queue of errors."""
    reasons = parse("", errors).reasons or tuple(line for line in errors.split("\n") if line)
    return f"s_client did not connect: {reasons[0][:LONGEST]}" if reasons else "s_client did not connect"
