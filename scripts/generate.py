#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["plumbum>=2.0.1,<3", "pyyaml", "msgspec>=0.20,<1"]
# ///
"""Mints the certificates that a profile describes, or prints the openssl commands for that."""

import mintls.lazy_imports  # noqa: F401  before what it keeps from loading

import gc
import os
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from mintls.command_line.script import Progress, Script
from mintls.errors import DOES_NOT_HOLD, OutputError, UsageError, guessed
from mintls.escape import printable
from mintls.minting import mint, preflight
from mintls.minting.check import Outcome, check, whole_plan
from mintls.openssl.binary import Openssl
from mintls.output_file import write_output
from mintls.plan import shell_script
from mintls.plan.selection import Selection
from mintls.plan.shard import parse_shard
from mintls.profile import cert_manager, starter
from mintls.profile.existing_ca import read_existing
from mintls.profile.fleets import every
from mintls.profile.from_arguments import STDIN, general_name, profile_of
from mintls.profile.signing_request import read_requests
from mintls.profile.times import Span
from mintls.profile.yaml_nodes import write_yaml
from mintls.report import env_file, mint_report
from mintls.report.mint_text import as_lines, next_step

import plumbum.cli.switches as cli

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
        "--shard",
        str,
        argname="K/N",
        help="Mint only share K of N of every fleet, whose CA must exist; auto or auto/N: that of the job",
    )
    renew_within = cli.SwitchAttr(
        "--renew-within", str, argname="TIME", help="Reissue what expires within it (30d). Default: a tenth of its life"
    )
    rotate_keys = cli.Flag("--rotate-keys", help="Create new keys too, except for CAs")
    force = cli.Flag("--force", help="Reissue valid certificates too")
    prune = cli.Flag(
        "--prune", help="Remove certificates that are not in the profile any more", excludes=["--only", "--shard"]
    )
    init = cli.SwitchAttr("--init", str, argname="FILE", help="Write a profile to start from, for the names if any")
    env = cli.SwitchAttr("--env", str, argname="FILE", help="Write the paths as NAME=VALUE; - is standard output")
    json = cli.SwitchAttr("--json", str, argname="FILE", help="Write what was done as JSON; - is standard output")
    quiet = cli.Flag(["-q", "--quiet"], help="Print only errors")

    def main(self, *profile_or_names: str) -> int:
        if self.init:
            return self.write_starter(self.init, profile_or_names)
        gc.disable()  # a large profile is many objects without cycles, which would be searched again and again
        selection, openssl = self.selection(), Openssl(jobs=self.jobs)
        profile_path = "standard input" if profile_or_names == (STDIN,) else " ".join(profile_or_names)
        numbers = selection.shard.numbers if selection.shard else every
        profile = read_existing(read_requests(profile_of(profile_or_names, numbers), openssl), openssl)
        for glob in selection.only:
            if not any(fnmatchcase(entry.name, glob) for entry in profile.entries):
                hint = guessed(glob, (entry.name for entry in profile.entries), "write a name or a glob")
                raise UsageError(f"--only {glob!r} matches no entry of {profile_path}; {hint}")
        if not self.quiet:
            sys.stderr.writelines(f"warning: {warning}\n" for warning in profile.warnings)
        if self.export:
            sys.stderr.writelines(f"left out: {sentence}\n" for sentence in cert_manager.left_out(profile))
            print(write_yaml(cert_manager.manifests(profile)), end="")
            return 0
        if self.dry_run:
            preflight.check_abilities(profile, openssl)
            print(shell_script.shell_script(whole_plan(profile), f"{profile_path}, as mintls mints it"), end="")
            return 0
        directory = Path(self.output or Path("certs") / profile.name)
        if self.check:
            outcome = check(profile, directory, selection, openssl)
        else:
            outcome = mint.mint(profile, directory, openssl, Progress(), selection)
        if self.json:
            write_output(self.json, f"{self.report(directory, outcome)}\n".encode())
        if self.env:
            content = env_file.env_file(profile, str(directory.absolute()))
            write_output(self.env, f"{content}\n".encode(errors="surrogateescape"))
        if not self.quiet and "-" not in (self.json, self.env):
            print(*as_lines(str(directory), outcome, "due" if self.check else ""), sep="\n")
            if sys.stdout.isatty() and not self.check and (hint := next_step(profile, str(directory))):
                print(hint)
        return DOES_NOT_HOLD if self.check and not outcome.current else 0

    def write_starter(self, file: str, arguments: Sequence[str]) -> int:
        """A commented profile to start from."""
        names = [general_name(argument) for argument in arguments or starter.LOCAL]
        text = starter.starter(names, printable(file), Path(file).stem)
        if file == "-":
            print(text, end="")
            return 0
        try:
            with Path(file).open("x", encoding="utf-8") as written:
                written.write(text)
        except OSError as error:
            raise OutputError(f"{file}: {error.strerror}; write to a different file") from None
        if not self.quiet:
            print(f"{file}: edit it, then run generate.py {file}")
        return 0

    @staticmethod
    def report(directory: Path, outcome: Outcome) -> str:
        """The outcome as JSON."""
        orphans = [orphan.name for orphan in outcome.orphans]
        return mint_report.as_json(str(directory), outcome.decisions, outcome.crls, orphans, current=outcome.current)

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
            shard=None if self.shard is None else parse_shard(self.shard, os.environ),
            renew_within=within,
            rotate_keys=bool(self.rotate_keys),
            force=bool(self.force),
            prune=bool(self.prune),
        )


if __name__ == "__main__":
    Generate.start()
