#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["plumbum", "pyyaml", "msgspec"]
# ///
"""Prove the handshake: what must be accepted is accepted, and what must be refused is refused, for a reason."""

import itertools
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import mintls.lazy_imports  # noqa: F401  first: mintls says in a sentence what is not installed, and this saves time
from mintls.cli import Progress, Script
from mintls.errors import OutputError, UsageError, closest, not_known
from mintls.handshake.cases.case import Case, Row, cases_of, document, rows
from mintls.handshake.cases.catalogue import CATALOGUE, DEFAULTS, GOOD
from mintls.handshake.cases.obstacles import check_prover, divide, in_order, maker_obstacle, version_obstacle
from mintls.handshake.connect.cases import ANY, OWN, possible, server_cases, with_controls
from mintls.handshake.connect.client_files import Files, read_holdings, revoked_files
from mintls.handshake.connect.credentials import imitate
from mintls.handshake.connect.options import ConnectOptions, means_of, server_obstacle
from mintls.handshake.connect.server import Server
from mintls.handshake.credentials import copy_set, keys_of, lay_out, mint, set_cases
from mintls.handshake.listen.cases import TrustingClient, client_cases, parse_address
from mintls.handshake.listen.client_command import ClientCommand
from mintls.handshake.listen.listener import Listener
from mintls.handshake.pair import Pair
from mintls.handshake.recording import WARNING, Recordings
from mintls.handshake.result import Result, Run
from mintls.manifest import MANIFEST
from mintls.minting.mint import mint as mint_profile
from mintls.openssl.binary import Openssl
from mintls.output_file import write_whole
from mintls.profile.load import load_profile
from mintls.report.explain import explain
from mintls.report.html.page import as_html
from mintls.report.json_report import as_json, as_junit
from mintls.report.messages import ladder
from mintls.report.text import listing, table

from plumbum import cli

VERSIONS = ("1.2", "1.3")
LONGEST = 86400
MINTED = Path("certs/dev")
DEV = Path(__file__).resolve().parent.parent / "profiles" / "dev.yaml"


def seconds(text: str) -> float:
    """A time that a connection can be given: neither none nor for ever."""
    with suppress(ValueError):
        if 0 < float(text) <= LONGEST:
            return float(text)
    raise ValueError(f"write a number of seconds above 0 and up to {LONGEST}, such as 10")


class HandshakeCheck(ConnectOptions, Script):
    """Prove over real s_server and s_client processes that good certificates are accepted and bad ones refused.

    PROFILE or DIR is the set whose own certificates have to be accepted as well; by default certs/dev, or
    profiles/dev.yaml minted into a temporary directory. With --connect a server that runs somewhere is proved
    instead: DIR has ca.crt, client.crt and client.key.
    """

    PROGNAME = "handshake_check.py"

    tls = cli.SwitchAttr("--tls", str, argname="VERSIONS", default=",".join(VERSIONS), help="Versions of TLS")
    only = cli.SwitchAttr("--only", str, list=True, argname="GLOB", help="Rows or cases to try, e.g. server/1.3/*")
    skip = cli.SwitchAttr("--skip", str, list=True, argname="GLOB", help="Rows or cases to leave out")
    jobs = cli.SwitchAttr(
        ["-j", "--jobs"], cli.Range(1, 512), argname="N", default=os.cpu_count(), help="Connections at once"
    )
    timeout = cli.SwitchAttr("--timeout", seconds, argname="S", default=10.0, help="Seconds for one connection")
    json = cli.SwitchAttr("--json", str, argname="FILE", help="Write the results and their evidence as JSON")
    junit = cli.SwitchAttr("--junit", str, argname="FILE", help="Write the results as JUnit XML")
    html = cli.SwitchAttr("--html", str, argname="FILE", help="Write the results as one page for a browser")
    strict = cli.Flag("--strict", help="Let policy rows fail too, which otherwise only warn")
    listen = cli.SwitchAttr(
        "--listen",
        str,
        argname="HOST:PORT",
        help="Ask whether a client verifies: show it the bad certificates. 127.0.0.1:0 or `:` takes a free port",
    )
    client_cmd = cli.SwitchAttr(
        "--client-cmd",
        str,
        argname="COMMAND",
        requires=["--listen"],
        help="Start this client for each row, without a shell: {host} {port} {ca} {cert} {key} are filled in. "
        "Without it you are told where to connect, row by row; raise --timeout then",
    )
    pcap = cli.SwitchAttr(
        "--pcap", str, argname="DIR", help="Write each row's connection as pcapng, with its secrets: Wireshark reads it"
    )
    messages = cli.Flag("--messages", help="Print the messages of each row's handshake")
    explain = cli.SwitchAttr(
        "--explain", str, argname="ID", help="Print why a case matters and what to change, e.g. expired; try nothing"
    )
    list = cli.Flag("--list", help="Print the catalogue and try nothing")

    def main(self, path: str = "") -> int:
        if self.explain is not None:
            print(explain(self.explain, (*CATALOGUE, *OWN)), end="")
            return 0
        if self.list:
            print(listing(self.rows(self.catalogue())), end="")
            return 0
        openssl, started, start = Openssl(), datetime.now(UTC), time.monotonic()
        check_prover(openssl)
        recordings = Recordings(Path(self.pcap), openssl) if self.pcap else None
        with TemporaryDirectory(prefix="mintls-") as scratch:
            prove = self.prove_server if self.connect else self.prove_client if self.listen else self.prove_pair
            checked, results = prove(path, Path(scratch), openssl, started, recordings)
        run = Run(
            checked=checked,
            openssl=openssl.version(),
            started=f"{started:%Y-%m-%dT%H:%M:%SZ}",
            milliseconds=(time.monotonic() - start) * 1000,
            strict=bool(self.strict),
            results=results,
        )
        # Before anything is printed: whoever reads that may have gone, and the reports are what stays.
        write(self.json, as_json(run))
        write(self.junit, as_junit(run).encode())
        if self.html:  # the one that takes a while to make
            write(self.html, as_html(run).encode())
        print("".join(f"{ladder(result)}\n" for result in results if self.messages), end="")
        print(table(run, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ), end="")
        if recordings:
            sys.stderr.write(f"{WARNING.format(self.pcap)}\n")
        return run.status

    def prove_pair(
        self, path: str, scratch: Path, openssl: Openssl, now: datetime, recordings: Recordings | None
    ) -> tuple[str, tuple[Result, ...]]:
        """The catalogue and the set, between our own two ends; what was proved in words, and the results."""
        source = set_to_prove(path, scratch / "set", openssl, self.jobs)
        records = copy_set(source, scratch / "copy")
        plan = self.rows((*CATALOGUE, *set_cases(records, source)))
        bad, unmakeable, keys = scratch / "catalogue", maker_obstacle(openssl), keys_of(records)
        tried, skipped = divide(
            plan, lambda row: unmakeable(row) or version_obstacle(row.version, keys.get(row.case.presents, ""))
        )
        mint(document(DEFAULTS, GOOD, cases_of(tried), now), bad, openssl, self.jobs)
        lay_out(records, scratch / "copy", bad)
        results = Pair(openssl, bad, self.timeout, recordings).run(tried, self.jobs, shown(len(tried)))
        return path or str(MINTED if source == MINTED else DEV), in_order(plan, (*results, *skipped))

    def prove_client(
        self, path: str, scratch: Path, openssl: Openssl, now: datetime, recordings: Recordings | None
    ) -> tuple[str, tuple[Result, ...]]:
        """The rows against the client that --client-cmd starts, or the user."""
        at, command = parse_address(self.listen), ClientCommand(self.client_cmd) if self.client_cmd else None
        source, bad = set_to_prove(path, scratch / "set", openssl, self.jobs), scratch / "catalogue"
        client = TrustingClient(source, bad, openssl)
        every = self.rows(client_cases(self.client_cmd))
        plan, skipped = client.divide(every)
        client.mint(plan, now, self.jobs)
        visitor = client.visitor(command)
        listener = Listener(
            openssl, bad, visitor, at=at, timeout=self.timeout, between=client.between, recordings=recordings
        )
        if command is None:
            tell(f"let the client trust {visitor.ca} and show {visitor.certificate}, {visitor.key}")
        results = listener.run(plan, self.jobs, shown(len(plan)) if command else quiet)
        return path or str(MINTED if source == MINTED else DEV), in_order(every, (*results, *skipped))

    def prove_server(
        self, path: str, scratch: Path, openssl: Openssl, now: datetime, recordings: Recordings | None
    ) -> tuple[str, tuple[Result, ...]]:
        """What the user's files can show, to the server of --connect."""
        files, bad = self.files(path), {**(revoked_files(Path(path)) if path else {}), **self.bad_files()}
        held = read_holdings(files, bad, openssl)
        means = means_of(held, self.target())
        cases = server_cases(means)
        every = with_controls(self.rows(cases), cases, means)
        plan, skipped = divide(every, server_obstacle(held, self.tls.split(","), openssl))
        server = Server(openssl, scratch / "credentials", self.target(), means, self.timeout)
        tell(f"at most {server.connections(plan)} connections to {self.connect}, {shown_with(files)}")
        imitate(held, possible(cases_of(plan), means), scratch / "credentials", openssl, self.jobs, now)
        results = server.run(plan, self.jobs, shown(len(plan)))
        return self.connect, in_order(every, (*results, *skipped))

    def catalogue(self) -> tuple[Case, ...]:
        """The cases of the end that is proved."""
        return server_cases(ANY) if self.connect else client_cases() if self.listen else CATALOGUE

    def rows(self, cases: Sequence[Case]) -> tuple[Row, ...]:
        """What the options choose. Raises UsageError when they name no version of TLS, or no row."""
        versions = self.tls.split(",")
        if wrong := [version for version in versions if version not in VERSIONS]:
            raise UsageError(f"--tls {wrong[0]}: {not_known(wrong[0], VERSIONS)}")
        chosen = rows(cases, versions, self.only, self.skip)
        if not chosen:
            known = {name for row in rows(cases, versions) for name in (row.case.id, row.id)}
            guesses = [guess for word in self.only if word not in known and (guess := closest(word, known))]
            hint = f"did you mean {', '.join(guesses)}?" if guesses else "--list shows all of them"
            raise UsageError(f"--only and --skip leave no row; {hint}")
        return chosen


def set_to_prove(path: str, scratch: Path, openssl: Openssl, workers: int) -> Path:
    """The directory named, or the one that the profile is minted into."""
    if path and Path(path).is_dir():
        return Path(path)
    if not path and (MINTED / MANIFEST).exists():
        return MINTED
    mint_profile(load_profile(Path(path or DEV)), scratch, openssl, workers, Progress())
    return scratch


def shown_with(files: Files) -> str:
    """Which files a server is proved with."""
    return f"with {files.certificate}" + (f" and what {files.ca_key} signs" if files.ca_key else "")


def shown(total: int) -> Callable[[Result], None]:
    """Shows on a terminal how far the run is."""
    progress, count = Progress(), itertools.count(1)
    return lambda result: progress(result.row.id, next(count), total)


def quiet(result: Result) -> None:
    """Shows nothing, where a person is being told what to do."""


def tell(sentence: str) -> None:
    """Say beforehand what is going to happen."""
    print(sentence, file=sys.stderr, flush=True)


def write(path: str | None, data: bytes) -> None:
    """Write a report where one is asked for. Raises OutputError when it cannot be written."""
    if path:
        try:
            write_whole(Path(path), data)
        except OSError as error:
            raise OutputError(f"{path}: {error.strerror}; name a file that can be written") from None


if __name__ == "__main__":
    HandshakeCheck.start()
