#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["plumbum", "pyyaml", "msgspec"]
# ///
"""Show what a set of certificates holds, and whether each serves its purpose and its names."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mintls.late  # noqa: F401  before what it keeps from loading
from mintls.advice import advise
from mintls.console import Script
from mintls.errors import DOES_NOT_HOLD, UsageError, not_known
from mintls.graph import as_dot, as_mermaid
from mintls.inspection import inspect
from mintls.openssl import Openssl
from mintls.openssl_text import full_text
from mintls.survey import as_json, as_tree, survey
from mintls.verify import verify_set

from plumbum import cli

LANGUAGES = {"mermaid": as_mermaid, "dot": as_dot}


class Verify(Script):
    """Inspect directories and PEM files, and ask `openssl verify` about each certificate in them."""

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

    def _parse_args(self, argv: list[str]) -> Any:
        """`-` is standard input, as everywhere; to plumbum it would be a switch."""
        return super()._parse_args(["/dev/stdin" if word == "-" else word for word in argv])

    def main(self, path: str, *paths: str) -> int:
        if self.graph and self.graph not in LANGUAGES:
            raise UsageError(f"--graph {self.graph}: {not_known(self.graph, LANGUAGES)}")
        openssl = Openssl()
        inspection = inspect([Path(one) for one in (path, *paths)], openssl, self.jobs)
        verdicts = verify_set(inspection, openssl, self.jobs)
        result = survey(inspection, verdicts, advise(inspection), datetime.now(UTC))
        if self.json:
            print(as_json(result))
        elif self.graph:
            print(LANGUAGES[self.graph](result), end="")
        else:
            print(as_tree(result))
            if self.text:
                print(*(full_text(openssl, found.certificate.pem) for found in inspection.certificates), sep="\n")
        return 0 if result.valid else DOES_NOT_HOLD


if __name__ == "__main__":
    Verify.start()
