"""Runs the rows against a foreign server, which is asked nothing but connections and answers."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from mintls.handshake.cases.case import Route, Row, Turn
from mintls.handshake.connect.cases import LEAF_ISSUERS, Capabilities, control_of, left_out, not_offered, not_possible
from mintls.handshake.connect.probe import NOBODY, Answer
from mintls.handshake.connect.s_client import connect
from mintls.handshake.connect.verdict import Rules, is_resumed, judge_request, judge_server, judge_server_certificate
from mintls.handshake.pair import certificate_size, name_check, presenter
from mintls.handshake.result import Result, untried, weigh
from mintls.handshake.schedule import Done, try_rows
from mintls.handshake.verdict import Evidence, Kind, Verdict
from mintls.handshake.wire.alerts import AlertNumber
from mintls.openssl.binary import Openssl

from msgspec import Struct
from msgspec.structs import replace


class Target(Struct, frozen=True, kw_only=True):
    """Where the server is and how it is spoken to; an empty name: the hello names no server."""

    host: str
    port: int
    sni: str
    starttls: str
    open_sni: str
    rules: Rules

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Server:
    """A server somewhere, shown the files of a directory of credentials; `timeout`: seconds for one connection."""

    def __init__(
        self, openssl: Openssl, credentials: Path, target: Target, capabilities: Capabilities, timeout: float
    ) -> None:
        self._openssl, self._credentials = openssl, credentials
        self._target, self._capabilities, self._timeout = target, capabilities, timeout
        self._controls: dict[str, Evidence] = {}  # of the good certificate, by version of TLS

    def run(self, rows: Iterable[Row], workers: int, done: Done) -> tuple[Result, ...]:
        """Every row's result, in the order of the rows; `done` is called with each as soon as it is there.

        Raises MintlsError when openssl cannot be started.
        """
        results = try_rows(self._openssl, rows, workers, self.connect, self._leave_out, done)
        return _beside_fresh_controls(weigh(_of_spoken_versions(results)))

    def connections(self, rows: Iterable[Row]) -> int:
        """How many connections the rows make at most."""
        return sum(row.case.route.connections for row in rows if not not_possible(row.case, self._capabilities))

    def connect(self, row: Row) -> Result:
        """One row, with as many connections as it needs."""
        case, route, target = row.case, row.case.route, self._target
        if not route.connections:
            return self._look_again(row)
        with TemporaryDirectory(prefix="mintls-") as name:
            directory = Path(name)
            session = directory / "session.pem"
            resume: tuple[str, ...] = ()
            if route in (Route.RESUMED, Route.REOPENED):
                again = route is Route.RESUMED
                shown = replace(case, presents="{role}", chain=(LEAF_ISSUERS,)) if again else case
                sni = target.sni if again else target.open_sni
                begun, _ = self._connect_once(replace(row, case=shown), directory, sni, ("-sess_out", str(session)))
                if again and target.rules.probe.answer(begun.answer) != self._answer_of_control(row):
                    return left_out(row, "the good certificate was not let in a second time")
                if not session.exists():
                    return left_out(row, "the server gave no session to resume")
                resume = ("-sess_in", str(session))
            sni = {Route.UNNAMED: "", Route.DEFAULT_SITE: "", Route.MISNAMED: NOBODY}.get(route, target.sni)
            seen, size = self._connect_once(row, directory, sni, resume)
        if case.turn is Turn.FIRST:
            self._controls[row.version] = seen
        verdict = judge_server(case, size, seen, self._answer_of_control(row), target.rules)
        if route is Route.RESUMED and not is_resumed(seen.presenter):
            verdict = Verdict(Kind.REFUSED, f"not resumed: {verdict.reason}")
        return Result(row, verdict, seen)

    def _connect_once(self, row: Row, directory: Path, sni: str, more: tuple[str, ...]) -> tuple[Evidence, int]:
        """One connection, and the size in bytes of the certificate that it shows."""
        target = self._target
        named = ("-servername", sni) if sni else ("-noservername",)
        starttls = ("-starttls", target.starttls) if target.starttls else ()
        options = (*starttls, *named, *name_check(target.sni or target.host), *more)
        end = replace(presenter(self._credentials, row, directory, options), enforces=False)
        argv = ("-connect", target.address, *end.argv())
        probe = target.rules.other_host if row.case.route is Route.DEFAULT_SITE else None
        seen = connect(self._openssl, argv, probe or target.rules.probe, directory, self._timeout)
        return seen, certificate_size(end.certificate) if end.certificate else 0

    def _answer_of_control(self, row: Row) -> Answer | None:
        """What the good certificate got in this version, or for a version without a control in any other."""
        if row.case.turn is Turn.FIRST:
            return None
        control = self._controls.get(row.version) or next(iter(self._controls.values()))
        return self._target.rules.probe.answer(control.answer)

    def _look_again(self, row: Row) -> Result:
        control = self._controls[row.version]
        if row.case.route is Route.SERVER_CERTIFICATE:
            verdict = judge_server_certificate(control, self._target.sni or self._target.host)
        else:
            verdict = judge_request(control)
        return Result(row, verdict, replace(control, milliseconds=0.0))

    def _leave_out(self, rows: Iterable[Row], results: Iterable[Result]) -> Iterable[Result]:
        """What cannot be tried, and what is not worth it, because the good certificate was not accepted, or none
        was asked for: that is one failure and not one in each row.
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


def _of_spoken_versions(results: tuple[Result, ...]) -> tuple[Result, ...]:
    """The same, where the rows of a version that the server does not speak are no failures, if it speaks another."""
    controls = [result for result in results if result.row.case.turn is Turn.FIRST]
    silent = {
        result.row.version: str(result.evidence.alert)
        for result in controls
        if (alert := result.evidence.alert)
        and alert.number == AlertNumber.PROTOCOL_VERSION  # another may be about anything (RFC 8446 section 6.2)
        and not result.evidence.presenter.has("ServerHello", sent=False)
    }
    if all(result.row.version in silent for result in controls):
        return results
    return tuple(
        not_offered(result.row, f"the server does not offer TLS {result.row.version} ({silent[result.row.version]})")
        if result.row.version in silent
        else result
        for result in results
    )


def _beside_fresh_controls(results: tuple[Result, ...]) -> tuple[Result, ...]:
    """The same, where a refusal of what the CA's key has signed says nothing, if a good one of it is refused too."""
    refused = {
        (result.row.version, result.row.case.vouches_for): result.row.case.id
        for result in results
        if result.row.case.vouches_for and result.verdict.kind is not Kind.ACCEPTED
    }
    return tuple(
        left_out(result.row, f"says nothing, because {control} is not accepted")
        if result.verdict.kind is Kind.REFUSED
        and (control := refused.get((result.row.version, control_of(result.row.case))))
        else result
        for result in results
    )
