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
from mintls.escape import printable
from mintls.handshake.cases.case import Case, Row, rows
from mintls.handshake.cases.catalogue import CATALOGUE
from mintls.handshake.cases.obstacles import check_prover
from mintls.handshake.check import Check, Session
from mintls.handshake.connect.cases import ANY, OWN, server_cases
from mintls.handshake.connect.check import ServerCheck
from mintls.handshake.connect.client_files import revoked_files
from mintls.handshake.connect.options import ConnectOptions
from mintls.handshake.listen.cases import client_cases
from mintls.handshake.listen.options import ListenOptions
from mintls.handshake.own_pair import PairCheck
from mintls.handshake.recording import WARNING, Recordings
from mintls.handshake.result import Result, Run
from mintls.openssl.binary import Openssl
from mintls.output_file import write_whole
from mintls.report.answer import answer
from mintls.report.explain import explain
from mintls.report.html.page import as_html
from mintls.report.json_report import as_json
from mintls.report.junit import as_junit
from mintls.report.messages import sequence
from mintls.report.text import listing, table

from plumbum import cli

VERSIONS = ("1.2", "1.3")
LONGEST = 86400


def seconds(text: str) -> float:
    """A time that a connection can be given: neither none nor for ever."""
    with suppress(ValueError):
        if 0 < float(text) <= LONGEST:
            return float(text)
    raise ValueError(f"write a number of seconds above 0 and up to {LONGEST}, such as 10")


class HandshakeCheck(ConnectOptions, ListenOptions, Script):
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
    pcap = cli.SwitchAttr(
        "--pcap", str, argname="DIR", help="Write each row's connection as pcapng, with its secrets: Wireshark reads it"
    )
    messages = cli.Flag("--messages", help="Print the messages of each row's handshake")
    verbose = cli.Flag(["-v", "--verbose"], help="Print every row, not only those that did not pass")
    quiet = cli.Flag(["-q", "--quiet"], excludes=["-v", "--messages"], help="Print the answer only")
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
        check, openssl, start = self.check(path), Openssl(), time.monotonic()
        check_prover(openssl)
        now = datetime.now(UTC)
        recordings = Recordings(Path(self.pcap), openssl) if self.pcap else None
        with TemporaryDirectory(prefix="mintls-") as scratch:
            session = Session(
                openssl=openssl,
                workers=self.jobs,
                now=now,
                scratch=Path(scratch),
                timeout=self.timeout,
                recordings=recordings,
                choose=self.rows,
                progress=progress_of,
                announce=announce,
            )
            checked = check.run(session)
        run = Run(
            kind=checked.kind,
            subject=checked.subject,
            openssl=" ".join(openssl.version().split()[:2]),
            started=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            milliseconds=(time.monotonic() - start) * 1000,
            strict=bool(self.strict),
            results=checked.results,
        )
        # Before anything is printed: its reader may have gone, and the reports stay.
        write(self.json, as_json(run))
        write(self.junit, as_junit(run).encode())
        if self.html:  # the one that takes a while to make
            write(self.html, as_html(run).encode())
        print("".join(f"{sequence(result)}\n" for result in run.results if self.messages), end="")
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        text = table(run, verbose=bool(self.verbose), colour=colour)
        print(f"{printable(answer(run))}\n" if self.quiet else text, end="")
        if recordings:
            sys.stderr.write(f"{WARNING.format(self.pcap)}\n")
        return run.status

    def check(self, path: str) -> Check:
        """What is checked: a server, a client, or our own pair. Raises UsageError."""
        if self.connect:
            bad = {**(revoked_files(Path(path)) if path else {}), **self.bad_files()}
            return ServerCheck(self.target(), self.files(path), bad, self.tls.split(","))
        return self.client_check(path) if self.listen else PairCheck(path)

    def catalogue(self) -> tuple[Case, ...]:
        """The cases of the peer that is checked."""
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
    """Shows on a terminal how far the run is."""
    progress, count = Progress(), itertools.count(1)
    return lambda result: progress(result.row.id, next(count), total)


def announce(sentence: str) -> None:
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
