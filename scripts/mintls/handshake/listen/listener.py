"""Runs the rows against a foreign client (--listen): for each an s_server that presents the row's certificate.

The server requests a certificate and accepts any, so that only the client verifies; it answers as a small HTTP server
(`-www`, openssl-s_server(1)). The client has accepted when its application data arrives: a client that completes the
handshake and then closes has refused, late.
"""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from subprocess import TimeoutExpired
from tempfile import TemporaryDirectory

from mintls.handshake.cases.case import Row, Verifier
from mintls.handshake.listen.client_command import ClientCommand
from mintls.handshake.openssl_end import End, ready_port, started, transcript_of, why_not
from mintls.handshake.pair import PRESENTER, PROTOCOL, certificate_size
from mintls.handshake.recording import Recordings, key_log_option, recorded
from mintls.handshake.result import Result, not_tried, weigh
from mintls.handshake.schedule import Done, try_rows
from mintls.handshake.verdict import Evidence, Verdict, judge
from mintls.handshake.wire.alerts import CLIENT_REFUSALS, AlertNumber
from mintls.openssl.binary import Openssl
from mintls.openssl.processes import Process

from msgspec import Struct
from msgspec.structs import replace

LOOPBACK = "127.0.0.1"
SETTLE = 2.0  # seconds for what is left: to end after an answer, or to be seen after the client has ended
POLL = 0.02  # seconds


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
    ) -> None:
        self._openssl, self._credentials, self._visitor = openssl, credentials, visitor
        self._at, self._timeout, self._between, self._recordings = at, timeout, between, recordings
        # A client that does not read its tickets before it leaves would reset the connection, and what it sent be lost.
        self._tickets = ("-num_tickets", "0") if openssl.can("s_server", "-num_tickets") else ()

    def run(self, rows: Iterable[Row], workers: int, done: Done) -> tuple[Result, ...]:
        """Every row's result: see try_rows. One at a time where they share a port, or a person has to act."""
        alone = self._at.port or not self._visitor.command
        return weigh(try_rows(self._openssl, rows, 1 if alone else workers, self.connect, not_tried, done))

    def connect(self, row: Row) -> Result:
        """One row: one server, one connection of the client."""
        with TemporaryDirectory(prefix="mintls-") as name:
            end = self._presenter(row, Path(name))
            seen, remark = self._receive(row, end, Path(name))
        assert end.certificate
        usual = row.case.expectation(row.version, certificate_size(end.certificate))
        # OpenSSL answers an old version for which its security level leaves no algorithm with internal_error
        alerts = (*CLIENT_REFUSALS, AlertNumber.INTERNAL_ERROR) if row.case.at_hello else CLIENT_REFUSALS
        verdict = judge(replace(usual, alerts=alerts, by_close=True), seen)
        return Result(row, Verdict(verdict.kind, verdict.reason + remark), seen)

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
            options=(PROTOCOL[row.version], *PRESENTER, *self._tickets, "-verify", "5", "-www"),
            enforces=False,
        )

    def _receive(self, row: Row, end: End, directory: Path) -> tuple[Evidence, str]:
        """What was seen, and what is said of the client's command beside it."""
        start = time.monotonic()
        pcapng = self._recordings.file(row) if self._recordings else None
        log = directory / "server"
        at = Address(LOOPBACK, 0) if pcapng else self._at
        listen = ("s_server", "-accept", f"{at.host}:{at.port}", "-naccept", "1", *end.argv())
        with started(self._openssl, (*listen, *key_log_option(pcapng, directory)), log) as (server, command):
            port = ready_port(server, start + self._timeout)
            if port is None:
                trouble = why_not("s_server did not start to listen", log)
                return Evidence(verifier_is_server=False, trouble=trouble, commands=(command,)), ""
            with recorded(pcapng, directory, port, self._timeout, listen=(self._at.host, self._at.port)) as dialled:
                argv, shown = self._argv(row, dialled)
                with self._visiting(argv, directory / "client") as client:
                    ended = _wait(server, client, log, start + self._timeout)
                    trouble = _nobody(client, directory / "client")
                    remark = _remark(client)
            seen = transcript_of(log)
        trouble = "" if seen.messages else trouble
        return Evidence(
            verifier_is_server=False,
            presenter=seen,
            answered=seen.has_data(sent=False),
            timed_out=not ended,
            trouble=trouble,
            commands=(command, shown) if shown else (command,),
            milliseconds=(time.monotonic() - start) * 1000,
        ), "" if trouble else remark

    def _argv(self, row: Row, port: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The client's command, and the same for a report; where there is none, the user is told what to do instead."""
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


def _wait(server: Process, client: Process | None, log: Path, deadline: float) -> bool:
    """Until the connection has ended, or there is an answer; whether it came to that in time."""
    answered = settling = False
    while (now := time.monotonic()) < deadline:
        with suppress(TimeoutExpired):
            server.wait(POLL)
            return True
        said = transcript_of(log)
        answered = said.has_data(sent=False)
        never = client is not None and client.poll() is not None and not said.messages
        if not settling and (answered or never):
            settling, deadline = True, min(deadline, now + SETTLE)
    return answered


def _remark(client: Process | None) -> str:
    """How the client's command ended, which is no evidence."""
    if client is None:
        return ""
    with suppress(TimeoutExpired):
        return f"; the client ended with status {client.wait(SETTLE)}"
    return "; the client did not end and was stopped"


def _nobody(client: Process | None, log: Path) -> str:
    """Why there was no connection, if there was none."""
    if client is None or client.poll() is None:
        return "no client connected within the time allowed (--timeout)"
    lines = [line.strip() for line in log.read_bytes().decode(errors="backslashreplace").split("\n")]
    said = next((line for line in reversed(lines) if line), "it printed nothing")
    return f"the client ended with status {client.returncode} and did not connect: {said}"
