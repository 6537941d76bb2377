#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["plumbum", "pyyaml", "msgspec"]
# ///
"""Mint the certificates that a profile describes, or print the openssl commands that would."""

import os
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import mintls.lazy_imports  # noqa: F401  before what it keeps from loading
from mintls.cli import Progress, Script
from mintls.errors import DOES_NOT_HOLD, UsageError, guessed
from mintls.minting.mint import Outcome, check, mint, whole_plan
from mintls.minting.preflight import check_abilities
from mintls.openssl.binary import Openssl
from mintls.plan.renewal import Shard, Wishes
from mintls.plan.shell_script import shell_script
from mintls.profile.cert_manager import left_out, manifests
from mintls.profile.load import load_profile
from mintls.profile.scalars import Span
from mintls.profile.signing_request import read_requests
from mintls.profile.yaml_nodes import write_yaml
from mintls.report.mint_report import as_json

from plumbum import cli

BESIDE = 2  # processes more than cores: while one is being started, and another's end is noticed, the cores compute


class Generate(Script):
    """Mint the certificates that a profile describes into a directory, all or nothing.

    Run again, it keeps what is still good and issues what is missing, changed or nearly ended.
    """

    PROGNAME = "generate.py"
    ARGUMENTS = "PROFILE"

    output = cli.SwitchAttr(["-o", "--output"], str, argname="DIR", help="Where; by default certs/PROFILE'S-NAME")
    jobs = cli.SwitchAttr(
        ["-j", "--jobs"], cli.Range(1, 512), argname="N", default=(os.cpu_count() or 1) + BESIDE, help="At once"
    )
    dry_run = cli.Flag("--dry-run", help="Print the whole plan as a shell script and make nothing")
    export = cli.SwitchAttr(
        "--export", cli.Set("cert-manager"), help="Print the profile for another issuer and make nothing"
    )
    check = cli.Flag(
        "--check", help="Make nothing; say what is due and why: status 1 if anything is", excludes=["--dry-run"]
    )
    only = cli.SwitchAttr("--only", str, list=True, argname="GLOB", help="Touch only the entries of these names")
    shard = cli.SwitchAttr(
        "--shard", str, argname="K/N", help="Mint only share K of N of every fleet, under its authority"
    )
    renew_within = cli.SwitchAttr(
        "--renew-within", str, argname="TIME", help="Renew what ends within, as in 30d; by default a tenth of its life"
    )
    rotate_keys = cli.Flag("--rotate-keys", help="Make new keys too, but never an authority's")
    force = cli.Flag("--force", help="Issue again also what is good")
    json = cli.Flag("--json", help="Print what was done as JSON")
    quiet = cli.Flag(["-q", "--quiet"], help="Print only what is wrong")

    def main(self, profile_path: str) -> int:
        wishes, openssl = self.wishes(), Openssl()
        profile = read_requests(load_profile(Path(profile_path)), openssl)
        for glob in wishes.only:
            if not any(fnmatchcase(entry.name, glob) for entry in profile.entries):
                hint = guessed(glob, (entry.name for entry in profile.entries), "write a name or a glob")
                raise UsageError(f"--only {glob!r} names no entry of {profile_path}; {hint}")
        if not self.quiet:
            sys.stderr.writelines(f"warning: {warning}\n" for warning in profile.warnings)
        if self.export:
            sys.stderr.writelines(f"left out: {sentence}\n" for sentence in left_out(profile))
            print(write_yaml(manifests(profile)), end="")
            return 0
        if self.dry_run:
            check_abilities(profile, openssl)
            print(shell_script(whole_plan(profile), f"{profile_path}, as mintls would mint it"), end="")
            return 0
        directory = Path(self.output or Path("certs") / profile.name)
        if self.check:
            outcome = check(profile, directory, wishes)
        else:
            outcome = mint(profile, directory, openssl, self.jobs, Progress(), wishes)
        if self.json:
            print(as_json(str(directory), outcome.decisions, outcome.crls, current=outcome.current))
        elif not self.quiet:
            print(*as_lines(directory, outcome, "due" if self.check else ""), sep="\n")
        return DOES_NOT_HOLD if self.check and not outcome.current else 0

    def wishes(self) -> Wishes:
        """What the options ask. Raises UsageError for those that cannot be read."""
        within = None
        if self.renew_within is not None:
            try:
                within = Span.parse(self.renew_within).span
            except ValueError as error:
                raise UsageError(f"--renew-within {error}") from None
        return Wishes(
            only=tuple(self.only),
            shard=self.share(),
            renew_within=within,
            rotate_keys=bool(self.rotate_keys),
            force=bool(self.force),
        )

    def share(self) -> Shard | None:
        """K/N as numbers."""
        if self.shard is None:
            return None
        match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", self.shard)
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            raise UsageError(f"--shard {self.shard!r} is no share; write K/N with K from 1 to N, as in 1/8")
        return Shard(int(match[1]), int(match[2]))


def as_lines(directory: Path, outcome: Outcome, due: str) -> list[str]:
    """A line for each entry that stands or was made, and where the set is; `due` is what --check calls work."""
    told = [decision for decision in outcome.decisions if decision.what != "skipped"]
    lines = [
        f"{(decision.work and due) or decision.what:<9} {decision.entry.name}: {decision.why}" for decision in told
    ]
    lines += [f"{due or 'listed':<9} {crl.file}: {len(crl.record.revoked)} revoked" for crl in outcome.crls]
    worked = sum(bool(decision.work) for decision in told) + (len(outcome.crls) if due else 0)
    return [*lines, f"{directory}: {worked} {due or 'issued'}, {len(told)} in all"]


if __name__ == "__main__":
    Generate.start()
