#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["plumbum", "pyyaml", "msgspec"]
# ///
"""Mint the certificates that a profile describes, or print the openssl commands that would."""

import os
import sys
from pathlib import Path

from mintls.console import Progress, Script
from mintls.due import Decision
from mintls.mint import check_abilities, mint, whole_plan
from mintls.openssl import Openssl
from mintls.profile import load_profile
from mintls.script import shell_script

import msgspec
from plumbum import cli


class Generate(Script):
    """Mint the certificates that a profile describes into a directory, all or nothing."""

    PROGNAME = "generate.py"

    output = cli.SwitchAttr(["-o", "--output"], str, argname="DIR", help="Where; by default certs/PROFILE'S-NAME")
    jobs = cli.SwitchAttr(
        ["-j", "--jobs"], cli.Range(1, 512), argname="N", default=os.cpu_count(), help="openssl at once"
    )
    dry_run = cli.Flag("--dry-run", help="Print the whole plan as a shell script and make nothing")
    json = cli.Flag("--json", help="Print what was done as JSON")
    quiet = cli.Flag(["-q", "--quiet"], help="Print only what is wrong")

    def main(self, profile_path: str) -> int:
        profile = load_profile(Path(profile_path))
        if not self.quiet:
            sys.stderr.writelines(f"warning: {warning}\n" for warning in profile.warnings)
        openssl = Openssl()
        if self.dry_run:
            check_abilities(profile, openssl)
            print(shell_script(whole_plan(profile), f"{profile_path}, as mintls would mint it"), end="")
            return 0
        directory = Path(self.output or Path("certs") / profile.name)
        decisions = mint(profile, directory, openssl, self.jobs, Progress())
        if self.json:
            print(as_json(directory, decisions))
        elif not self.quiet:
            print(*as_lines(directory, decisions), sep="\n")
        return 0


def as_lines(directory: Path, decisions: tuple[Decision, ...]) -> list[str]:
    """A line an entry, and where the set is."""
    lines = [
        f"{'issued' if decision.work else 'kept':<7} {decision.entry.name}: {decision.why}" for decision in decisions
    ]
    return [*lines, f"{directory}: {sum(bool(d.work) for d in decisions)} issued, {len(decisions)} in all"]


def as_json(directory: Path, decisions: tuple[Decision, ...]) -> str:
    """The same for a program; what each certificate holds is in manifest.json."""
    certificates = [
        {"name": decision.entry.name, "issued": bool(decision.work), "why": decision.why} for decision in decisions
    ]
    report = {"version": 1, "directory": str(directory), "certificates": certificates}
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode()


if __name__ == "__main__":
    Generate.start()
