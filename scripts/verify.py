#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["plumbum>=2.0.1,<3", "pyyaml", "msgspec>=0.20,<1"]
# ///
"""Show certificates, keys and CRLs from files and servers, and verify each certificate for its purpose and names."""

import mintls.lazy_imports  # noqa: F401  before what it keeps from loading

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar, cast

from mintls.command_line.script import Script
from mintls.errors import DOES_NOT_HOLD, UsageError, not_known
from mintls.input_file import read_beginning
from mintls.inspection.advice.set_checks import advise
from mintls.inspection.build_report import build_report
from mintls.inspection.criteria import Criteria, find_certificate
from mintls.inspection.diagram import as_dot, as_mermaid
from mintls.inspection.files import read_inventory
from mintls.inspection.live_server import ServerOptions
from mintls.inspection.pkcs_containers import read_password
from mintls.inspection.report import as_json
from mintls.inspection.text import as_text
from mintls.inspection.trust_anchors import read_trust
from mintls.inspection.verification import OPENSSL_PURPOSES, Purpose, Wanted, kinded, verify_inventory
from mintls.openssl.binary import Openssl
from mintls.openssl.certificate_text import full_text
from mintls.openssl.starttls import STARTTLS
from mintls.output_file import STDOUT, write_output
from mintls.profile.times import Moment, Span

import plumbum.cli.switches as cli

T = TypeVar("T")
STDIN = "/dev/stdin"
LANGUAGES = {"mermaid": as_mermaid, "dot": as_dot}


class Verify(Script):
    """Inspect files, directories, servers (HOST:PORT) and standard input (-), and run `openssl verify` on each
    certificate.
    """

    PROGNAME = "verify.py"
    ARGUMENTS = "PATH..."

    json = cli.SwitchAttr("--json", str, argname="FILE", help="Write the report as JSON; -: print it instead of text")
    verbose = cli.Flag(["-v", "--verbose"], help="Print every name and extension")
    text = cli.Flag("--text", help="Print each certificate as openssl x509 -text does as well")
    graph = cli.SwitchAttr(
        "--graph",
        str,
        argname="LANGUAGE",
        excludes=["--text"],
        help="Print a drawing of issuers and leaves, coloured by expiry: mermaid or dot (Graphviz)",
    )
    jobs = cli.SwitchAttr(
        ["-j", "--jobs"], cli.Range(1, 512), argname="N", default=os.cpu_count(), help="Parallel openssl processes"
    )

    trust = cli.SwitchAttr(
        "--trust", str, argname="FILE", help="Trust anchors: a file, or system; default: the self-signed CAs read"
    )
    name = cli.SwitchAttr("--name", str, argname="NAME", help="Check this host name, IP or email address only")
    purpose = cli.SwitchAttr("--purpose", cli.Set(*OPENSSL_PURPOSES), argname="PURPOSE", help="server, client or any")
    at = cli.SwitchAttr("--at", str, argname="TIME", help="Verify for that time, as in 2030-01-31T12:00:00Z")
    warn = cli.SwitchAttr("--warn", str, argname="TIME", help="Fail if a certificate expires within that time, as 30d")
    only = cli.SwitchAttr("--only", str, argname="NAME", help="Let only this certificate decide: its file, or its CN")
    strict = cli.Flag("--strict", help="Let advice fail as well")
    starttls = cli.SwitchAttr(
        "--starttls", cli.Set(*STARTTLS), argname="PROTOCOL", help="Protocol before TLS, for HOST:PORT, as in smtp"
    )
    sni = cli.SwitchAttr("--sni", str, argname="NAME", help="Server name to ask for, for HOST:PORT; default: HOST")
    password_file = cli.SwitchAttr(
        "--password-file", str, argname="FILE", help="Password of PKCS#12 files and keys: its first line"
    )
    password_env = cli.SwitchAttr(
        "--password-env",
        str,
        argname="VARIABLE",
        excludes=["--password-file"],
        help="Password of PKCS#12 files and keys: this environment variable",
    )

    def main(self, source: str, *sources: str) -> int:
        if self.graph and self.graph not in LANGUAGES:
            raise UsageError(f"--graph {self.graph}: {not_known(self.graph, LANGUAGES)}")
        openssl = Openssl(jobs=self.jobs)
        at = parsed("--at", Moment.parse, self.at)
        warn = parsed("--warn", Span.parse, self.warn)
        trust = read_trust(named(self.trust), openssl) if self.trust else None
        options = ServerOptions(str(self.starttls or ""), self.sni or "")
        inventory = read_inventory(list(map(named, (source, *sources))), openssl, self.password(), options)
        fingerprint = find_certificate(self.only, inventory) if self.only else ""
        seconds = int(at.moment.timestamp()) if at else None
        wanted = Wanted(trust, kinded(self.name or ""), cast(Purpose | None, self.purpose), seconds)
        verdicts = verify_inventory(inventory, openssl, wanted)
        criteria = Criteria(warn.span if warn else None, self.only or "", fingerprint, bool(self.strict))
        now = at.moment if at else datetime.now(UTC)
        report = build_report(inventory, verdicts, advise(inventory), now, criteria)
        if self.json:
            write_output(self.json, as_json(report))
        if self.graph:
            print(LANGUAGES[self.graph](report), end="")
        elif self.json != STDOUT:
            print(as_text(report, verbose=bool(self.verbose)))
            if self.text:
                print(*(full_text(openssl, one.certificate.pem) for one in inventory.certificates), sep="\n")
        return 0 if report.valid else DOES_NOT_HOLD

    def password(self) -> str | None:
        """The password for what is encrypted, if the user gave one."""
        if self.password_env:
            if not (value := os.environ.get(self.password_env)):
                raise UsageError(f"--password-env: the environment variable {self.password_env} is not set; set it")
            return value
        if not self.password_file:
            return None
        try:
            return read_password(read_beginning(self.password_file, 4096, pipes=True), self.password_file)
        except OSError as error:
            raise UsageError(f"--password-file {self.password_file}: {error.strerror}") from None


def named(source: str) -> str:
    """A source as a path; - is standard input."""
    return STDIN if source == STDOUT else source


def parsed(switch: str, parse: Callable[[str], T], text: str | None) -> T | None:
    """The value of a switch. Raises UsageError with what to write instead."""
    try:
        return parse(text) if text is not None else None
    except ValueError as error:
        raise UsageError(f"{switch} {error}") from None


if __name__ == "__main__":
    Verify.start()
