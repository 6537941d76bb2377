#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["plumbum>=2.0.1,<3", "pyyaml", "msgspec>=0.20,<1"]
# ///
"""Check that valid certificates are accepted and invalid ones rejected, with the expected error."""

import mintls.lazy_imports  # noqa: F401  first: it reports what is not installed, and saves time

import itertools
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from mintls.command_line.script import Progress, Script
from mintls.configuration.advice import guess
from mintls.errors import UsageError, closest, not_known
from mintls.escape import printable
from mintls.handshake.cases.case import Case, Row, rows
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.cases.obstacles import check_prover
from mintls.handshake.check import Check, Session
from mintls.handshake.connect.cases import ANY, server_cases
from mintls.handshake.connect.catalogue import OWN
from mintls.handshake.connect.check import ServerCheck
from mintls.handshake.connect.client_files import revoked_files
from mintls.handshake.connect.options import ConnectOptions
from mintls.handshake.connect.protocols.registry import AUTO
from mintls.handshake.listen.cases import client_cases
from mintls.handshake.listen.options import ListenOptions
from mintls.handshake.listen.stack import stack_of
from mintls.handshake.own_pair import PairCheck
from mintls.handshake.recording import WARNING, Recordings
from mintls.handshake.result import Outcome, Result, Run
from mintls.openssl.binary import Openssl
from mintls.output_file import STDOUT, check_output, write_output
from mintls.report.answer import answer
from mintls.report.explain import explain
from mintls.report.html.page import as_html
from mintls.report.json_report import as_json
from mintls.report.junit import as_junit
from mintls.report.messages import sequence
from mintls.report.text import listing, table

import plumbum.cli.switches as cli

VERSIONS = ("1.2", "1.3")
LONGEST = 86400


def seconds(text: str) -> float:
    """The time for a connection: more than none, and bounded."""
    with suppress(ValueError):
        if 0 < float(text) <= LONGEST:
            return float(text)
    raise ValueError(f"write a number of seconds above 0 and up to {LONGEST}, such as 10")


class HandshakeCheck(ConnectOptions, ListenOptions, Script):
    """Test whether TLS peers enforce mTLS: openssl's own s_server and s_client, a server, or a client.

    By default both peers are openssl's, and PROFILE or DIR is a set whose own certificates have to be accepted as
    well: certs/dev, or profiles/dev.yaml minted into a temporary directory. --connect tests a server, with ca.crt,
    client.crt and client.key of DIR. --listen tests a client, with server certificates that DIR's CA signs.
    """

    PROGNAME = "handshake_check.py"
    ARGUMENTS = "[PROFILE | DIR]"

    tls = cli.SwitchAttr("--tls", str, argname="VERSIONS", default=",".join(VERSIONS), help="TLS versions")
    only = cli.SwitchAttr("--only", str, list=True, argname="GLOB", help="Rows or cases to test, e.g. server/1.3/*")
    skip = cli.SwitchAttr("--skip", str, list=True, argname="GLOB", help="Rows or cases to leave out")
    jobs = cli.SwitchAttr(
        ["-j", "--jobs"], cli.Range(1, 512), argname="N", default=os.cpu_count(), help="Parallel connections"
    )
    timeout = cli.SwitchAttr("--timeout", seconds, argname="S", default=10.0, help="Seconds per connection")
    json = cli.SwitchAttr("--json", str, argname="FILE", help="Write results and evidence as JSON; - is stdout")
    junit = cli.SwitchAttr("--junit", str, argname="FILE", help="Write results as JUnit XML; - is stdout")
    html = cli.SwitchAttr("--html", str, argname="FILE", help="Write results as an HTML page; - is stdout")
    strict = cli.Flag("--strict", help="Treat warnings as failures")
    pcap = cli.SwitchAttr(
        "--pcap",
        str,
        argname="DIR",
        help="Write each connection as pcapng, with its session secrets: Wireshark decrypts it",
    )
    messages = cli.Flag("--messages", help="Print the messages of each handshake")
    verbose = cli.Flag(["-v", "--verbose"], help="Print every row, not only those that did not pass")
    quiet = cli.Flag(["-q", "--quiet"], excludes=["-v", "--messages"], help="Print the answer only")
    explain = cli.SwitchAttr(
        "--explain", str, argname="ID", help="Explain a case and its fix, e.g. expired; test nothing"
    )
    list = cli.Flag("--list", help="List all cases; test nothing")

    def main(self, path: str = "") -> int:
        if self.alpn and not (self.connect or self.listen):
            raise UsageError("--alpn needs --connect or --listen: give one of them")
        self.check_stack()
        if self.explain is not None:
            print(explain(self.explain, (*CATALOGUE, *OWN), self.stack), end="")
            return 0
        if self.list:
            print(listing(self.rows(self.catalogue())), end="")
            return 0
        reports = self.reports()
        check, openssl, start = self.check(path), Openssl(jobs=self.jobs), time.monotonic()
        check_prover(openssl)
        now = datetime.now(UTC)
        recordings = Recordings(Path(self.pcap), openssl) if self.pcap else None
        with TemporaryDirectory(prefix="mintls-") as scratch:
            session = Session(
                openssl=openssl,
                now=now,
                scratch=Path(scratch),
                timeout=self.timeout,
                recordings=recordings,
                choose=self.rows,
                progress=progress_of,
                announce=announce,
            )
            checked = check.run(session)
        program, says = self.stack_of(checked.results)
        run = Run(
            kind=checked.kind,
            subject=checked.subject,
            openssl=" ".join(openssl.version().split()[:2]),
            started=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            milliseconds=(time.monotonic() - start) * 1000,
            strict=bool(self.strict),
            results=checked.results,
            stack=program,
            says=says,
        )
        # Before anything is printed: its reader may have gone, and the reports stay.
        for path, make in reports:
            write_output(path, make(run))
        print("".join(f"{sequence(result)}\n" for result in run.results if self.messages), end="")
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        if not any(path == STDOUT for path, _ in reports):
            text = table(run, verbose=bool(self.verbose), colour=colour)
            print(f"{printable(answer(run))}\n" if self.quiet else text, end="")
        if recordings:
            sys.stderr.write(f"{WARNING.format(self.pcap)}\n")
        return run.status

    def stack_of(self, results: Sequence[Result]) -> tuple[str, str]:
        """The program that is tested and its words about itself; guessed only if there is something to fix."""
        if self.stack or all(result.outcome in (Outcome.PASS, Outcome.SKIP, Outcome.INFO) for result in results):
            return self.stack, ""
        if self.listen:
            return stack_of(self.client_cmd or ""), ""
        return guess(result.evidence.received for result in results) if self.connect else ("", "")

    def reports(self) -> Sequence[tuple[str, Callable[[Run], bytes]]]:
        """Where each report goes, and what makes it. Raises OutputError for what cannot be written, UsageError."""
        makers: tuple[tuple[str | None, Callable[[Run], bytes]], ...] = (
            (self.json, as_json),
            (self.junit, lambda run: as_junit(run).encode()),
            (self.html, lambda run: as_html(run).encode()),
        )
        reports = [(str(path), make) for path, make in makers if path]
        for path, _ in reports:
            check_output(path)
        if sum(path == STDOUT for path, _ in reports) > 1:
            raise UsageError("only one of --json, --junit and --html can be written to standard output (-)")
        return reports

    def check(self, path: str) -> Check:
        """What is checked: a server, a client, or our own pair. Raises UsageError."""
        if self.connect:
            bad = {**(revoked_files(Path(path)) if path else {}), **self.bad_files()}
            keep, auto = Path(self.keep) if self.keep else None, self.asked() == AUTO
            versions = self.tls.split(",")
            return ServerCheck(self.target(), self.files(path), bad, versions, auto=auto, keep=keep)
        return self.client_check(path) if self.listen else PairCheck(path)

    def catalogue(self) -> tuple[Case, ...]:
        """The cases for what is tested."""
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


def progress_of(total: int) -> Callable[[Result], None]:
    """Progress of the run on a terminal."""
    progress, count = Progress(), itertools.count(1)
    return lambda result: progress(result.row.id, next(count), total)


def announce(sentence: str) -> None:
    """Print a sentence before the first connection."""
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    HandshakeCheck.start()
