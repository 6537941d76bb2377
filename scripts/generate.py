#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["plumbum>=2.0.1,<3", "pyyaml", "msgspec>=0.20,<1"]
# ///
"""Mints the certificates that a profile describes, or prints the openssl commands for that."""

import os
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import mintls.lazy_imports  # noqa: F401  before what it keeps from loading
from mintls.cli import Progress, Script
from mintls.errors import DOES_NOT_HOLD, OutputError, UsageError, guessed
from mintls.escape import printable
from mintls.minting.mint import Outcome, check, mint, whole_plan
from mintls.minting.preflight import check_abilities
from mintls.openssl.binary import Openssl
from mintls.output_file import write_whole
from mintls.plan.selection import Selection, Shard
from mintls.plan.shell_script import shell_script
from mintls.profile.cert_manager import left_out, manifests
from mintls.profile.existing_ca import read_existing
from mintls.profile.load import load_profile
from mintls.profile.model import Profile
from mintls.profile.signing_request import read_requests
from mintls.profile.times import Span
from mintls.profile.yaml_nodes import write_yaml
from mintls.report.mint_report import as_json

from plumbum import cli

MORE = 2  # processes than cores: the cores compute while a process is started or its end is noticed


class Generate(Script):
    """Mint the certificates that a profile describes into a directory, all or nothing.

    On later runs, valid certificates are kept; missing, changed or soon-to-expire ones are reissued.
    """

    PROGNAME = "generate.py"
    ARGUMENTS = "PROFILE"

    output = cli.SwitchAttr(["-o", "--output"], str, argname="DIR", help="Output directory. Default: certs/PROFILE")
    jobs = cli.SwitchAttr(
        ["-j", "--jobs"], cli.Range(1, 512), argname="N", default=(os.cpu_count() or 1) + MORE, help="Parallel jobs"
    )
    dry_run = cli.Flag("--dry-run", help="Print the openssl commands as a shell script; change nothing")
    export = cli.SwitchAttr(
        "--export", cli.Set("cert-manager"), help="Print the profile for a different issuer; change nothing"
    )
    check = cli.Flag(
        "--check", help="Print what would be issued; change nothing. Status 1 if anything would", excludes=["--dry-run"]
    )
    only = cli.SwitchAttr("--only", str, list=True, argname="GLOB", help="Issue only entries with a matching name")
    shard = cli.SwitchAttr(
        "--shard", str, argname="K/N", help="Mint only share K of N of every fleet; its CA must exist"
    )
    renew_within = cli.SwitchAttr(
        "--renew-within", str, argname="TIME", help="Reissue what expires within it (30d). Default: a tenth of its life"
    )
    rotate_keys = cli.Flag("--rotate-keys", help="Create new keys too, except for CAs")
    force = cli.Flag("--force", help="Reissue valid certificates too")
    json = cli.SwitchAttr("--json", str, argname="FILE", help="Write what was done as JSON; - is standard output")
    quiet = cli.Flag(["-q", "--quiet"], help="Print only errors")

    def main(self, profile_path: str) -> int:
        selection, openssl = self.selection(), Openssl()
        profile = read_existing(read_requests(load_profile(Path(profile_path)), openssl), openssl)
        for glob in selection.only:
            if not any(fnmatchcase(entry.name, glob) for entry in profile.entries):
                hint = guessed(glob, (entry.name for entry in profile.entries), "write a name or a glob")
                raise UsageError(f"--only {glob!r} matches no entry of {profile_path}; {hint}")
        if not self.quiet:
            sys.stderr.writelines(f"warning: {warning}\n" for warning in profile.warnings)
        if self.export:
            sys.stderr.writelines(f"left out: {sentence}\n" for sentence in left_out(profile))
            print(write_yaml(manifests(profile)), end="")
            return 0
        if self.dry_run:
            check_abilities(profile, openssl)
            print(shell_script(whole_plan(profile), f"{profile_path}, as mintls mints it"), end="")
            return 0
        directory = Path(self.output or Path("certs") / profile.name)
        if self.check:
            outcome = check(profile, directory, selection)
        else:
            outcome = mint(profile, directory, openssl, self.jobs, Progress(), selection)
        if self.json:
            write_text(self.json, as_json(str(directory), outcome.decisions, outcome.crls, current=outcome.current))
        if not self.quiet and self.json != "-":
            print(*as_lines(directory, outcome, "due" if self.check else ""), sep="\n")
            if sys.stdout.isatty() and not self.check and (hint := next_step(profile, directory)):
                print(hint)
        return DOES_NOT_HOLD if self.check and not outcome.current else 0

    def selection(self) -> Selection:
        """The options as a Selection. Raises UsageError."""
        within = None
        if self.renew_within is not None:
            try:
                within = Span.parse(self.renew_within).span
            except ValueError as error:
                raise UsageError(f"--renew-within {error}") from None
        return Selection(
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
            raise UsageError(f"--shard {self.shard!r} is not a share; write K/N with K from 1 to N, as in 1/8")
        return Shard(int(match[1]), int(match[2]))


def write_text(target: str, text: str) -> None:
    """To a file, whole or not at all; - is standard output. Raises OutputError."""
    if target == "-":
        print(text)
        return
    try:
        write_whole(Path(target), f"{text}\n".encode())
    except OSError as error:
        raise OutputError(f"{target}: {error.strerror}; write to a different file") from None


def next_step(profile: Profile, directory: Path) -> str:
    """Which files go where, in one line; empty for a profile without a leaf."""
    leaves = [entry for entry in profile.entries if not entry.is_authority and entry.settings.csr is None]
    leaf = next((entry for entry in leaves if entry.role in ("server", "peer")), next(iter(leaves), None))
    if leaf is None or not (issuers := profile.ancestors(leaf)):
        return ""
    files, anchor = profile.files.of(leaf.name), profile.files.of(issuers[-1].name)["certificate"]
    sent = files["chain" if "chain" in leaf.outputs else "certificate"]
    paths = [printable(str(directory / name)) for name in (sent, files["key"], anchor)]
    test = (
        f"; test: handshake_check.py {printable(str(directory))} --connect HOST:PORT" if leaf.role != "client" else ""
    )
    return f"next: give the {leaf.role} {paths[0]} and {paths[1]}, trusting {paths[2]}{test}"


def as_lines(directory: Path, outcome: Outcome, due: str) -> list[str]:
    """A line for each entry and CRL, and a summary; `due` is the word for work with --check."""
    reported = [decision for decision in outcome.decisions if decision.what != "skipped"]
    lines = [
        f"{(decision.work and due) or decision.what:<9} {decision.entry.name}: {decision.why}" for decision in reported
    ]
    lines += [f"{due or 'listed':<9} {crl.file}: {len(crl.record.revoked)} revoked" for crl in outcome.crls]
    worked = sum(bool(decision.work) for decision in reported) + (len(outcome.crls) if due else 0)
    return [*lines, f"{directory}: {worked} {due or 'issued'}, {len(reported)} in all"]


if __name__ == "__main__":
    Generate.start()
