#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["plumbum", "pyyaml", "msgspec"]
# ///
"""Show what a set of certificates holds, and whether each serves its purpose and its names."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import mintls.late  # noqa: F401  before what it keeps from loading
from mintls.advice import advise
from mintls.certificate import full_text
from mintls.console import Script
from mintls.errors import DOES_NOT_HOLD, UsageError, not_known
from mintls.graph import as_dot, as_mermaid
from mintls.inspection import Found, inspect
from mintls.openssl import Openssl
from mintls.survey import as_json, as_tree, survey
from mintls.verify import issuers, verify_set

from plumbum import cli

MAX_DEPTH = 100  # openssl-verification-options(1): as -verify_depth
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

    def main(self, path: str, *paths: str) -> int:
        if self.graph and self.graph not in LANGUAGES:
            raise UsageError(f"--graph {self.graph}: {not_known(self.graph, LANGUAGES)}")
        openssl = Openssl()
        inspection = inspect([Path(one) for one in (path, *paths)], openssl, self.jobs)
        above = issuers(inspection)
        check_depth(above)
        checks = verify_set(inspection, openssl, self.jobs)
        result = survey(inspection, above, checks, advise(inspection), datetime.now(UTC))
        if self.json:
            print(as_json(result))
        elif self.graph:
            print(LANGUAGES[self.graph](result), end="")
        else:
            print(as_tree(result))
            if self.text:
                print(*(full_text(openssl, found.certificate.pem) for found in inspection.certificates), sep="\n")
        return 0 if result.holds else DOES_NOT_HOLD


def check_depth(above: Mapping[str, Found | None]) -> None:
    """Raises UsageError for a chain longer than openssl verifies: the tree would be as deep as that is long."""
    for issuer in above.values():
        depth, start = 0, issuer
        while issuer and depth <= MAX_DEPTH:
            depth, issuer = depth + 1, above[issuer.certificate.fingerprint]
            if issuer is start:  # a loop is no chain
                break
        if depth > MAX_DEPTH and start:
            raise UsageError(f"{start.name} has over {MAX_DEPTH} issuers one above the other; name fewer files")


if __name__ == "__main__":
    Verify.start()
