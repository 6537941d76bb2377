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
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import mintls  # noqa: F401  first: it says in a sentence what is not installed
from mintls.console import Progress, Script
from mintls.errors import OutputError, UsageError, not_known
from mintls.explain import explain
from mintls.handshake.case import Case, Row, cases_of, document, rows
from mintls.handshake.cases import CATALOGUE, DEFAULTS, GOOD
from mintls.handshake.credentials import lay_out, mint, read_set, set_cases
from mintls.handshake.pair import Pair
from mintls.handshake.result import Result, Run
from mintls.html_report.page import as_html
from mintls.manifest import MANIFEST
from mintls.mint import mint as mint_profile
from mintls.openssl import Openssl
from mintls.profile import load_profile
from mintls.report import as_json, as_junit, listing, table

from plumbum import cli

VERSIONS = ("1.2", "1.3")
MINTED = Path("certs/dev")
DEV = Path(__file__).resolve().parent.parent / "profiles" / "dev.yaml"


class HandshakeCheck(Script):
    """Prove over real s_server and s_client processes that good certificates are accepted and bad ones refused.

    PROFILE or DIR is the set whose own certificates have to be accepted as well; by default certs/dev, or
    profiles/dev.yaml minted into a temporary directory.
    """

    PROGNAME = "handshake_check.py"

    tls = cli.SwitchAttr("--tls", str, argname="VERSIONS", default=",".join(VERSIONS), help="Versions of TLS")
    only = cli.SwitchAttr("--only", str, list=True, argname="GLOB", help="Rows or cases to try, e.g. server/1.3/*")
    skip = cli.SwitchAttr("--skip", str, list=True, argname="GLOB", help="Rows or cases to leave out")
    jobs = cli.SwitchAttr(
        ["-j", "--jobs"], cli.Range(1, 512), argname="N", default=os.cpu_count(), help="Connections at once"
    )
    timeout = cli.SwitchAttr("--timeout", float, argname="S", default=10.0, help="Seconds for one connection")
    json = cli.SwitchAttr("--json", str, argname="FILE", help="Write the results and their evidence as JSON")
    junit = cli.SwitchAttr("--junit", str, argname="FILE", help="Write the results as JUnit XML")
    html = cli.SwitchAttr("--html", str, argname="FILE", help="Write the results as one page for a browser")
    strict = cli.Flag("--strict", help="Let policy rows fail too, which otherwise only warn")
    explain = cli.SwitchAttr(
        "--explain", str, argname="ID", help="Print why a case matters and what to change, e.g. expired; try nothing"
    )
    list = cli.Flag("--list", help="Print the catalogue and try nothing")

    def main(self, path: str = "") -> int:
        if self.explain is not None:
            print(explain(self.explain, CATALOGUE), end="")
            return 0
        if self.list:
            print(listing(self.rows(CATALOGUE)), end="")
            return 0
        openssl, started, start = Openssl(), datetime.now(UTC), time.monotonic()
        with TemporaryDirectory(prefix="mintls-") as scratch:
            source = set_to_prove(path, Path(scratch) / "set", openssl, self.jobs)
            records = read_set(source)
            plan = self.rows((*CATALOGUE, *set_cases(records, source)))
            bad = Path(scratch) / "catalogue"
            mint(document(DEFAULTS, GOOD, cases_of(plan), started), bad, openssl, self.jobs)
            lay_out(records, source, bad)
            results = Pair(openssl, bad, self.timeout).run(plan, self.jobs, shown(len(plan)))
        run = Run(
            checked=path or str(MINTED if source == MINTED else DEV),
            openssl=openssl.version(),
            started=f"{started:%Y-%m-%dT%H:%M:%SZ}",
            milliseconds=(time.monotonic() - start) * 1000,
            strict=bool(self.strict),
            results=results,
        )
        print(table(run, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ), end="")
        write(self.json, as_json(run))
        write(self.junit, as_junit(run).encode())
        write(self.html, as_html(run).encode())
        return run.status

    def rows(self, cases: Iterable[Case]) -> tuple[Row, ...]:
        """What the options choose. Raises UsageError when they name no version of TLS, or no row."""
        versions = self.tls.split(",")
        if wrong := [version for version in versions if version not in VERSIONS]:
            raise UsageError(f"--tls {wrong[0]}: {not_known(wrong[0], VERSIONS)}")
        chosen = rows(cases, versions, self.only, self.skip)
        if not chosen:
            raise UsageError("--only and --skip leave no row; --list shows all of them")
        return chosen


def set_to_prove(path: str, scratch: Path, openssl: Openssl, workers: int) -> Path:
    """The directory named, or the one that the profile is minted into."""
    if path and Path(path).is_dir():
        return Path(path)
    if not path and (MINTED / MANIFEST).exists():
        return MINTED
    mint_profile(load_profile(Path(path or DEV)), scratch, openssl, workers, Progress())
    return scratch


def shown(total: int) -> Callable[[Result], None]:
    """Shows on a terminal how far the run is."""
    progress, count = Progress(), itertools.count(1)
    return lambda result: progress(result.row.id, next(count), total)


def write(path: str | None, data: bytes) -> None:
    """Write a report where one is asked for. Raises OutputError when it cannot be written."""
    if path:
        try:
            Path(path).write_bytes(data)
        except OSError as error:
            raise OutputError(f"{path}: {error.strerror}; name a file that can be written") from None


if __name__ == "__main__":
    HandshakeCheck.start()
