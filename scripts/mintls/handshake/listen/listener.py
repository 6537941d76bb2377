"""Runs the rows against a foreign client (--listen): for each an s_server that presents the row's certificate.

The server requests a certificate and accepts any, so that only the client verifies; it answers as a small HTTP server
(`-www`, openssl-s_server(1)). The client has accepted when its application data arrives in any of its connections. A
client that completes the handshake and then closes has refused, late. A row ends when the client has ended, or has been
quiet for a while.
"""

import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from subprocess import TimeoutExpired
from tempfile import TemporaryDirectory

from mintls.handshake.cases.case import Row, Verifier
from mintls.handshake.listen.client_command import ClientCommand
from mintls.handshake.listen.connections import LOOPBACK, Connections
from mintls.handshake.listen.verdict import judge_client, rank
from mintls.handshake.openssl_end import End
from mintls.handshake.pair import PRESENTER, PROTOCOL, certificate_size
from mintls.handshake.recording import Recordings
from mintls.handshake.result import Outcome, Result, not_tried, weigh
from mintls.handshake.schedule import Done, try_rows
from mintls.handshake.verdict import Evidence
from mintls.handshake.wire.transcript import Transcript
from mintls.openssl.binary import Openssl
from mintls.openssl.processes import Process

from msgspec import Struct
from msgspec.structs import replace

SETTLE = 2.0  # seconds for what the client sent to be seen after it has ended
ANSWERED = 0.5  # seconds for a client to end after its application data has decided the row
QUIET = 2.0  # seconds without a new connection or message after which a client that still runs will not try again
POLL = 0.02  # seconds
END = 0.5  # seconds for a client to end after its row
READ = 65536  # bytes of the end of what a client prints
LONGEST = 300  # characters of its last line
_COMPLAINT = re.compile(r"\S+: \S")


class Address(Struct, frozen=True):
    """Where to listen; port 0 is a free one."""

    host: str
    port: int


class Visitor(Struct, frozen=True, kw_only=True):
    """The client that is tested: its command, or None where the user starts it, and what it is given."""

    command: ClientCommand | None
    ca: Path
    certificate: Path
    key: Path


class Offer(Struct, frozen=True, kw_only=True):
    """What every server offers. `alpn`: application protocols with commas between (RFC 7301). `starttls`: the protocol
    in which the client asks for TLS.
    """

    requests: bool = True  # a client certificate
    alpn: str = ""
    starttls: str = ""

    def options(self) -> tuple[str, ...]:
        """Those of openssl-s_server(1)."""
        return (*(("-verify", "5") if self.requests else ()), *(("-alpn", self.alpn) if self.alpn else ()))


class Listener:
    """Shows a client the files NAME.crt and NAME.key of a directory. `between`: certificates to send after every leaf.

    `timeout`: seconds that one connection may take, with the start of its server.
    """

    def __init__(
        self,
        openssl: Openssl,
        credentials: Path,
        visitor: Visitor,
        *,
        at: Address,
        timeout: float,
        between: tuple[Path, ...] = (),
        recordings: Recordings | None = None,
        offer: Offer = Offer(),  # noqa: B008  it is frozen
    ) -> None:
        self._openssl, self._credentials, self._visitor = openssl, credentials, visitor
        self._offer = offer
        self._at, self._timeout, self._between, self._recordings = at, timeout, between, recordings
        # A client that does not read its tickets before it leaves would reset the connection, and what it sent be lost.
        self._tickets = ("-num_tickets", "0") if openssl.can("s_server", "-num_tickets") else ()

    def run(self, rows: Iterable[Row], done: Done) -> tuple[Result, ...]:
        """Every row's result: see try_rows. One at a time where they share a port, or a person has to act."""
        alone = self._at.port or not self._visitor.command
        return weigh(try_rows(self._openssl, rows, 1 if alone else self._openssl.jobs, self.connect, not_tried, done))

    def connect(self, row: Row) -> Result:
        """One row: every connection that the client makes, each with its own server."""
        with TemporaryDirectory(prefix="mintls-") as name:
            end = self._presenter(row, Path(name))
            seen, remark = self._receive(row, end, Path(name))
            words = _last_words(Path(name) / "client")
        assert end.certificate
        verdict = judge_client(row, certificate_size(end.certificate), seen, words)
        result = Result(row, replace(verdict, reason=verdict.reason + remark), seen)
        if result.outcome is Outcome.PASS or seen.answered or seen.trouble or not words:
            return result
        return replace(result, verdict=replace(verdict, reason=f"{verdict.reason}{remark}: {words}"))

    def _presenter(self, row: Row, directory: Path) -> End:
        name, sent = row.case.credential(Verifier.CLIENT), row.case.sent_chain(Verifier.CLIENT)
        chain = [*(self._credentials / f"{issuer}.crt" for issuer in sent), *self._between]
        links = directory / "chain.crt"
        if chain:
            links.write_bytes(b"".join(path.read_bytes() for path in chain))
        return End(
            anchors=self._visitor.ca,
            certificate=self._credentials / f"{name}.crt",
            key=self._credentials / f"{name}.key",
            chain=links if chain else None,
            options=(PROTOCOL[row.version], *PRESENTER, *self._tickets, *self._offer.options(), "-www"),
            enforces=False,
        )

    def _receive(self, row: Row, end: End, directory: Path) -> tuple[Evidence, str]:
        """The evidence, and a remark on the client's command and connections."""
        start = time.monotonic()
        pcapng = self._recordings.file(row) if self._recordings else None
        host = row.case.name if row.case.for_address and self._at.host == LOOPBACK else self._at.host
        at = (host, self._at.port)
        connections = Connections(
            self._openssl, end, directory, at, self._timeout, recorded=bool(pcapng), starttls=self._offer.starttls
        )
        try:
            with connections:
                argv, shown = self._argv(row, connections.port)
                with self._visiting(argv, directory / "client") as client:
                    ended = _wait(connections, client, start + self._timeout, lambda: self._openssl.processes.stopped)
                    answered = any(transcript.has_data(sent=False) for transcript, _ in connections.seen())
                    status = _ending(client, 0 if answered else END)  # for one that has answered, _wait has waited
                    words = _last_words(directory / "client")
        except OSError as error:
            trouble = f"{at[0]}:{at[1]}: {error.strerror}; choose a different port, or 0"
            return Evidence(verifier_is_server=False, trouble=trouble), ""
        if pcapng:
            connections.save(pcapng)
        transcripts = [transcript for transcript, _ in connections.seen()]
        number, presenter = max(enumerate(transcripts, 1), key=lambda one: rank(one[1]), default=(1, Transcript()))
        trouble = ""
        if not presenter.has("ClientHello", sent=False):
            trouble = connections.trouble or connections.without_tls() or _no_connection(client, status, words)
        remark = f", in connection {number} of {len(transcripts)}" if len(transcripts) > 1 else ""
        return Evidence(
            verifier_is_server=False,
            presenter=presenter,
            answered=presenter.has_data(sent=False),
            timed_out=not ended,
            trouble=trouble,
            commands=(connections.command, shown) if shown else (connections.command,),
            milliseconds=(time.monotonic() - start) * 1000,
        ), "" if trouble else f"{remark}{status}"

    def _argv(self, row: Row, port: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The client's command, and the same for a report; without one, the user is told where to connect."""
        if not self._visitor.command:
            sys.stderr.write(f"{row.id}: connect to https://{row.case.name}:{port}/ within {self._timeout:g} s\n")
            return (), ()
        values = {
            "host": row.case.name,
            "port": str(port),
            "ca": str(self._visitor.ca),
            "cert": str(self._visitor.certificate),
            "key": str(self._visitor.key),
        }
        return self._visitor.command.argv(values), self._visitor.command.shown(values)

    @contextmanager
    def _visiting(self, argv: tuple[str, ...], log: Path) -> Iterator[Process | None]:
        """The running client, if it is ours to start."""
        command = self._visitor.command
        with command.running(argv, log, self._openssl.processes) if command else nullcontext() as process:
            yield process


def _wait(connections: Connections, client: Process | None, deadline: float, interrupted: Callable[[], bool]) -> bool:
    """Until the client has ended or been quiet for a while, or there is an answer; whether it came to that in time."""
    before: tuple[int, ...] = ()
    last = time.monotonic()  # when something new was seen
    answered = settling = talked = busy = False
    while (now := time.monotonic()) < deadline and not interrupted():
        seen = connections.seen()
        counts = tuple(len(transcript.messages) for transcript, _ in seen)
        last, before = (last, before) if counts == before else (now, counts)
        answered, talked = any(transcript.has_data(sent=False) for transcript, _ in seen), any(counts)
        busy = any(is_open and transcript.messages for transcript, is_open in seen)
        gone = client is not None and client.poll() is not None
        if gone and talked and not any(is_open for _, is_open in seen):
            return True
        if now - last > QUIET and ((talked and not busy) or connections.in_plain()):
            return True
        if not settling and (answered or gone):
            settling, deadline = True, min(deadline, now + (ANSWERED if answered else SETTLE))
        time.sleep(POLL)
    return answered or (talked and not busy)


def _ending(client: Process | None, seconds: float) -> str:
    """How the client's command ended in the next `seconds`, which is not evidence."""
    if client is None:
        return ""
    with suppress(TimeoutExpired):
        return f"; the client ended with status {client.wait(seconds)}"
    return "; the client did not end and was stopped"


def _last_words(log: Path) -> str:
    """The last complaint that the client printed, such as `curl: (60) SSL certificate problem`, or its last line."""
    if not log.exists():
        return ""
    lines = [line.rstrip() for line in log.read_bytes()[-READ:].decode(errors="backslashreplace").split("\n")]
    complaints = [line for line in lines if _COMPLAINT.match(line)]
    return next((line.strip()[:LONGEST] for line in reversed(complaints or lines) if line), "")


def _no_connection(client: Process | None, status: str, words: str) -> str:
    """Why there was no connection."""
    if client is None or client.poll() is None:
        return "no client connected within the time allowed (--timeout)"
    return f"{status.removeprefix('; ')} and did not connect: {words or 'it printed nothing'}"
