"""Runs the rows against a foreign server, which can be observed by connections and replies alone."""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from mintls.handshake.cases.case import Route, Row, Turn
from mintls.handshake.connect.cases import LEAF_ISSUERS, Capabilities, left_out, not_possible
from mintls.handshake.connect.plain_text import ask_in_plain_text
from mintls.handshake.connect.probe import NO_SUCH_HOST, Probe
from mintls.handshake.connect.question import Question
from mintls.handshake.connect.s_client import connect
from mintls.handshake.connect.verdict import (
    Baseline,
    is_resumed,
    judge_ca_names,
    judge_plain,
    judge_request,
    judge_server,
    judge_server_certificate,
)
from mintls.handshake.connect.weighing import weigh_server
from mintls.handshake.pair import certificate_size, name_check, presenter
from mintls.handshake.recording import LOOPBACK, Recordings, key_log_option, recorded
from mintls.handshake.result import Result, untried
from mintls.handshake.schedule import Done, try_rows
from mintls.handshake.verdict import Evidence, Kind, Verdict
from mintls.handshake.wire.relayed_connection import Opening
from mintls.openssl.binary import Openssl

from msgspec import Struct
from msgspec.structs import replace

NEAR = 0.1  # seconds of a connection to a server on the same machine or beside it
MOST_AT_ONCE = 16  # connections
PLAIN = 3.0  # seconds of silence, or so many times the time of the baseline, that are no answer in plain text


class Target(Struct, frozen=True, kw_only=True):
    """Where the server is and how it is asked; an empty `sni`: the ClientHello names no server.

    `headers`: groups of forged header lines. `required`: versions of TLS that it has to offer.
    `issuers`: the names of the CAs above the client certificate. `proxy`: HOST:PORT of a
    proxy with CONNECT, `alpn`: protocols with commas between, as in openssl-s_client(1).
    """

    host: str
    port: int
    sni: str
    starttls: str
    open_sni: str
    question: Question
    headers: tuple[tuple[str, ...], ...] = ()
    alpn: str = ""
    proxy: str = ""
    proxy_protocol: bool = False
    required: tuple[str, ...] = ()
    issuers: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def opening(self) -> Opening | None:
        """What comes before TLS and s_client cannot do."""
        line = self.question.protocol.opens_with_line
        return Opening(self.proxy_protocol, line) if self.proxy_protocol or line else None

    def options(self, relay: str = "") -> tuple[str, ...]:
        """The options of s_client for everything before the handshake. `relay`: an address to connect to instead."""
        at, proxy = (self.address, relay or self.proxy) if self.proxy else (relay or self.address, "")
        named = {"-starttls": self.starttls, "-alpn": self.alpn, "-proxy": proxy}
        return ("-connect", at, *(word for pair in named.items() if pair[1] for word in pair))

    @contextmanager
    def reached(self, pcapng: Path | None, directory: Path, timeout: float) -> Iterator[tuple[str, ...]]:
        """The options of s_client that reach the server, through a relay where one is needed; see `recorded`."""
        host, port = self.proxy.rsplit(":", 1) if self.proxy else (self.host, str(self.port))
        with recorded(pcapng, directory, int(port), timeout, host=host, opening=self.opening) as at:
            yield self.options("" if at == int(port) else f"{LOOPBACK}:{at}")


class Server:
    """A server, presented with the files of a directory of credentials; `timeout`: seconds for one connection.

    `kept`: a directory that stays, with the files of each row; None for a temporary one. `recordings`: where to write
    the last connection of each row, if anywhere.
    """

    def __init__(
        self,
        openssl: Openssl,
        credentials: Path,
        target: Target,
        capabilities: Capabilities,
        timeout: float,
        kept: Path | None = None,
        recordings: Recordings | None = None,
    ) -> None:
        self._openssl, self._credentials, self._kept = openssl, credentials, kept
        self._recordings = recordings
        self._target, self._capabilities, self._timeout = target, capabilities, timeout
        self._controls: dict[str, Evidence] = {}  # of the valid certificate, by version of TLS
        self._probe = target.question.greeted(bool(target.starttls)).probe()

    def run(self, rows: Iterable[Row], done: Done) -> tuple[Result, ...]:
        """The result of each row, in the order of the rows; `done` is called with each as soon as it is known.

        Raises MintlsError when openssl cannot be started.
        """
        results = try_rows(self._openssl, rows, self._openssl.jobs, self.connect, self._leave_out, done, self._at_once)
        return weigh_server(results, self._target.required, self._probe)

    def _at_once(self, workers: int) -> int:
        """More connections at a time to a server far away, which wait rather than work; also one that serves them one
        by one then comes to each within the time-out.
        """
        if not self._controls:
            return workers
        seconds = self._quickest()
        few = int(self._timeout / 2 / seconds) if seconds else 1
        return max(workers, min(workers * int(seconds / NEAR), few, MOST_AT_ONCE))

    def _quickest(self) -> float:
        """Seconds of the quickest control; without an end while there is none."""
        return min((control.milliseconds / 1000 for control in tuple(self._controls.values())), default=math.inf)

    def connections(self, rows: Iterable[Row]) -> int:
        """How many connections the rows make at most."""
        return sum(row.case.route.connections for row in rows if not not_possible(row.case, self._capabilities))

    def connect(self, row: Row) -> Result:
        """One row, with as many connections as it needs."""
        case, route, target = row.case, row.case.route, self._target
        if not route.connections:
            return self._look_again(row)
        if route is Route.PLAIN:
            return self._without_tls(row)
        with self._directory(row) as directory:
            session = directory / "session.pem"
            resume: tuple[str, ...] = ()
            if route in (Route.RESUMED, Route.REOPENED):
                again = route is Route.RESUMED
                shown = replace(case, presents="{role}", chain=(LEAF_ISSUERS,)) if again else case
                sni = target.sni if again else target.open_sni
                begun, _ = self._connect_once(replace(row, case=shown), directory, sni, ("-sess_out", str(session)))
                if again and self._probe.answer(begun.answer) != self._baseline(row).answer:
                    return left_out(row, "the valid certificate was not accepted a second time")
                if not session.exists():
                    return left_out(row, "the server gave no session to resume")
                resume = ("-sess_in", str(session))
            sni = {
                Route.UNNAMED: "", Route.DEFAULT_SITE: "", Route.MISNAMED: NO_SUCH_HOST,
                Route.OPEN_NAME: target.open_sni,
            }.get(route, target.sni)  # fmt: skip
            for probe in self._probes(row):
                seen, size = self._connect_once(row, directory, sni, resume, probe)
                baseline = None if case.turn is Turn.FIRST else self._baseline(row)
                verdict = judge_server(case, size, seen, baseline, probe)
                if route is Route.FORGED and (verdict.kind is Kind.ACCEPTED or not seen.answer):
                    break  # one acceptance is enough, and so is a refusal by TLS
        if case.turn is Turn.FIRST:
            self._controls[row.version] = seen
        if route is Route.RESUMED and not is_resumed(seen.presenter):
            verdict = Verdict(Kind.REFUSED, f"not resumed: {verdict.reason}")
        return Result(row, verdict, seen)

    def _probes(self, row: Row) -> tuple[Probe, ...]:
        """What is asked, in a connection each."""
        question = self._target.question.greeted(bool(self._target.starttls))
        if row.case.route is Route.DEFAULT_SITE:
            return (question.of_another_host(),)
        if row.case.route is Route.FORGED:
            return tuple(map(question.with_headers, self._target.headers))
        return (self._probe,)

    def _connect_once(
        self, row: Row, directory: Path, sni: str, more: tuple[str, ...], probe: Probe | None = None
    ) -> tuple[Evidence, int]:
        """One connection, and the size in bytes of the certificate that it presents."""
        target = self._target
        named = ("-servername", sni) if sni else ("-noservername",)
        options = (*named, *name_check(target.sni or target.host), *more)
        end = replace(presenter(self._credentials, row, directory, options), enforces=False)
        pcapng = self._recordings.file(row) if self._recordings else None
        with (
            TemporaryDirectory(prefix="relay-", dir=directory) as private,
            target.reached(pcapng, Path(private), self._timeout) as reach,
        ):
            argv = (*reach, *end.argv(), *key_log_option(pcapng, Path(private)))
            seen = connect(self._openssl, argv, probe or self._probe, directory, self._timeout, self._quickest())
        return seen, certificate_size(end.certificate) if end.certificate else 0

    def _without_tls(self, row: Row) -> Result:
        probe = self._target.question.greeted(False).probe()
        patience = max(PLAIN, PLAIN * self._control(row).milliseconds / 1000)  # a server may wait for a ClientHello
        address = (self._target.host, self._target.port)
        seen = ask_in_plain_text(address, probe, min(self._timeout, patience))
        return Result(row, judge_plain(seen, self._baseline(row), probe), seen)

    @contextmanager
    def _directory(self, row: Row) -> Iterator[Path]:
        """A private directory for the files of one row."""
        if self._kept is None:
            with TemporaryDirectory(prefix="mintls-") as name:
                yield Path(name)
            return
        directory = self._kept / row.id.replace("/", "-")
        directory.mkdir(mode=0o700)
        yield directory

    def _baseline(self, row: Row) -> Baseline:
        """What the valid certificate got in this version, or for a version without a baseline in any other."""
        control = self._control(row)
        return Baseline(self._probe.answer(control.answer), control.open)

    def _control(self, row: Row) -> Evidence:
        return self._controls.get(row.version) or next(iter(self._controls.values()))

    def _look_again(self, row: Row) -> Result:
        control, target = self._controls[row.version], self._target
        if row.case.route is Route.SERVER_CERTIFICATE:
            verdict = judge_server_certificate(control, target.sni or target.host)
        elif row.case.route is Route.CA_NAMES:
            verdict = judge_ca_names(control, target.issuers)
        else:
            verdict = judge_request(control)
        return Result(row, verdict, replace(control, milliseconds=0.0))

    def _leave_out(self, rows: Iterable[Row], results: Iterable[Result]) -> Iterable[Result]:
        """The rows that cannot be tested, and those not worth it because the valid certificate was rejected, or none
        was requested: that is one failure, not one in each row.
        """
        controls = {result.row.version: result for result in results if result.row.case.turn is Turn.FIRST}
        for row in rows:
            if obstacle := not_possible(row.case, self._capabilities):
                yield left_out(row, obstacle.reason, obstacle.topic)
            elif row.case.turn is not Turn.FIRST and (result := self._not_worth(row, controls)):
                yield result

    def _not_worth(self, row: Row, controls: dict[str, Result]) -> Result | None:
        accepted = [result for result in controls.values() if result.verdict.kind is Kind.ACCEPTED]
        control = controls.get(row.version) or next(iter(accepted or controls.values()))
        if control.verdict.kind is not Kind.ACCEPTED:
            return untried(row, control)
        free = row.case.turn is Turn.LAST or row.case.at_hello or not row.case.route.connections
        if not free and judge_request(control.evidence).kind is Kind.NOT_REQUESTED:
            return left_out(row, f"the server asks for no certificate: see server/{row.version}/certificate-request")
        return None
