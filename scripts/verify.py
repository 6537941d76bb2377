#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["plumbum", "pyyaml", "msgspec"]
# ///
"""Show certificates, keys and revocation lists, and check each certificate for its purpose and its names."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

import mintls.lazy_imports  # noqa: F401  before what it keeps from loading
from mintls.cli import Script
from mintls.errors import DOES_NOT_HOLD, UsageError, not_known
from mintls.input_file import read_beginning
from mintls.inspection.advice.set_checks import advise
from mintls.inspection.verification import Wanted, verify_set
from mintls.inspection.pkcs_containers import read_password
from mintls.inspection.criteria import Decisive, choose
from mintls.inspection.diagram import as_dot, as_mermaid
from mintls.inspection.files import inspect
from mintls.inspection.report import as_json, as_tree, survey
from mintls.inspection.trust_anchors import read_trust
from mintls.openssl.binary import Openssl
from mintls.openssl.certificate_text import full_text
from mintls.profile.scalars import Moment, Span

from plumbum import cli

PURPOSES = {"server": "sslserver", "client": "sslclient", "any": "any"}
T = TypeVar("T")
LANGUAGES = {"mermaid": as_mermaid, "dot": as_dot}


class Verify(Script):
    """Inspect directories and files (- for standard input), and ask `openssl verify` about each certificate."""

    PROGNAME = "verify.py"

    json = cli.Flag("--json", help="Print everything as JSON")
    text = cli.Flag("--text", help="Print the full text of each certificate as well (openssl x509 -text)")
    graph = cli.SwitchAttr(
        "--graph",
        str,
        argname="LANGUAGE",
        excludes=["--json", "--text"],
        help="Print the issuers and leaves as a drawing, expiry coloured: mermaid or dot (Graphviz)",
    )
    jobs = cli.SwitchAttr(
        ["-j", "--jobs"], cli.Range(1, 512), argname="N", default=os.cpu_count(), help="openssl at once"
    )

    trust = cli.SwitchAttr(
        "--trust", str, argname="FILE", help="Trust anchors: a file, or system; by default the self-signed CAs read"
    )
    name = cli.SwitchAttr("--name", str, argname="NAME", help="Host name, IP or email address instead of their own")
    purpose = cli.SwitchAttr("--purpose", cli.Set(*PURPOSES), argname="PURPOSE", help="server, client or any")
    at = cli.SwitchAttr("--at", str, argname="TIME", help="Verify for that time, as in 2030-01-31T12:00:00Z")
    warn = cli.SwitchAttr("--warn", str, argname="TIME", help="Fail when one expires within that time, as in 30d")
    only = cli.SwitchAttr("--only", str, argname="NAME", help="Only this certificate decides: its file, or its CN")
    strict = cli.Flag("--strict", help="Advice makes a certificate invalid, too")
    password_file = cli.SwitchAttr(
        "--password-file", str, argname="FILE", help="The password of PKCS#12 files and keys is its first line"
    )
    password_env = cli.SwitchAttr(
        "--password-env",
        str,
        argname="VARIABLE",
        excludes=["--password-file"],
        help="The password of PKCS#12 files and keys is in this environment variable",
    )

    def _parse_args(self, argv: list[str]) -> Any:
        """`-` is standard input, as everywhere; to plumbum it would be a switch."""
        return super()._parse_args(["/dev/stdin" if word == "-" else word for word in argv])

    def main(self, path: str, *paths: str) -> int:
        if self.graph and self.graph not in LANGUAGES:
            raise UsageError(f"--graph {self.graph}: {not_known(self.graph, LANGUAGES)}")
        openssl = Openssl()
        at = parsed("--at", Moment.parse, self.at)
        warn = parsed("--warn", Span.parse, self.warn)
        trust = read_trust(self.trust, openssl, self.jobs) if self.trust else None
        inspection = inspect([Path(one) for one in (path, *paths)], openssl, self.jobs, self.password())
        fingerprint = choose(self.only, inspection) if self.only else ""
        seconds = int(at.moment.timestamp()) if at else None
        wanted = Wanted(trust, kinded(self.name or ""), PURPOSES.get(str(self.purpose), ""), seconds)
        verdicts = verify_set(inspection, openssl, self.jobs, wanted)
        decisive = Decisive(warn.span if warn else None, self.only or "", fingerprint, bool(self.strict))
        now = at.moment if at else datetime.now(UTC)
        result = survey(inspection, verdicts, advise(inspection), now, decisive)
        if self.json:
            print(as_json(result))
        elif self.graph:
            print(LANGUAGES[self.graph](result), end="")
        else:
            print(as_tree(result))
            if self.text:
                print(*(full_text(openssl, found.certificate.pem) for found in inspection.certificates), sep="\n")
        return 0 if result.valid else DOES_NOT_HOLD

    def password(self) -> str | None:
        """The one for what is encrypted, if one was named."""
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


def parsed(switch: str, parse: Callable[[str], T], text: str | None) -> T | None:
    """What a switch says. Raises UsageError with what to write instead."""
    try:
        return parse(text) if text is not None else None
    except ValueError as error:
        raise UsageError(f"{switch} {error}") from None


def kinded(name: str) -> str:
    """A name with its kind, which shows in its form."""
    try:
        return f"IP:{ip_address(name.strip('[]'))}"
    except ValueError:
        return f"{'email' if '@' in name else 'DNS'}:{name}" if name else ""


if __name__ == "__main__":
    Verify.start()
