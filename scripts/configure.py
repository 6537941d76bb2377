#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["plumbum>=2.0.1,<3", "pyyaml", "msgspec>=0.20,<1"]
# ///
"""Print a working mTLS configuration of a server, client or trust store, with the paths of a set."""

import mintls.lazy_imports  # noqa: F401  before what it keeps from loading

import shlex
import sys
from pathlib import Path

from mintls.command_line.script import Script
from mintls.configuration.registry import stack, stacks
from mintls.configuration.set_files import Place, Role, check, chosen, values
from mintls.configuration.stack import Side, Stack
from mintls.configuration.text import Configuration, as_text, configuration, listing, trust_text
from mintls.errors import OutputError, UsageError
from mintls.manifest import Manifest
from mintls.minting.snapshot import read_manifest
from mintls.output_file import write_whole

import plumbum.cli.switches as cli


class Configure(Script):
    """Print a configuration of STACK (nginx, go, postgresql ...) that enforces mTLS, with the paths of the set in DIR.

    DIR is certs/dev by default. The files, the command that starts the program with them and the command that proves
    it are printed; -o writes the files. Nothing is installed or started.
    """

    PROGNAME = "configure.py"
    ARGUMENTS = "STACK [DIR]"

    output = cli.SwitchAttr(["-o", "--output"], str, argname="DIR", help="Write the files into this directory")
    client = cli.Flag("--client", help="The client side, which verifies a server", excludes=["--trust"])
    trust = cli.Flag("--trust", help="The trust store: how the CA is added to it, and removed")
    entry = cli.SwitchAttr("--entry", str, argname="NAME", help="The certificate to use, if the set has several")
    port = cli.SwitchAttr("--port", cli.Range(1, 65535), argname="N", help="The port, if not the usual one")
    key_pass = cli.SwitchAttr("--key-pass", str, argname="file:PATH", default="", help="The passphrase of the key")
    list = cli.Flag("--list", help="List all stacks with the versions that are tested")

    def main(self, name: str = "", directory: str = "certs/dev") -> int:
        if self.list:
            print(listing(stacks()), end="")
            return 0
        if not name:
            raise UsageError("name a stack, such as nginx; --list shows all of them")
        found = stack(name)
        if self.trust or not (found.server or found.client):
            return self.print_trust(name, found, Path(directory))
        role, side = self.side(name, found)
        made = self.configuration(name, found, role, side, Path(directory))
        if self.output:
            write_files(Path(self.output), made)
        print(as_text(made, written=bool(self.output)), end="")
        return 0

    def side(self, name: str, found: Stack) -> tuple[Role, Side]:
        """The side that is asked for. Raises UsageError when the stack does not have it."""
        role: Role = "client" if self.client or not found.server else "server"
        side = found.client if role == "client" else found.server
        if side is None or not side.start:
            raise UsageError(f"{name} has no {role} side; --list shows what each stack has")
        return role, side

    def configuration(self, name: str, found: Stack, role: Role, side: Side, directory: Path) -> Configuration:
        """The files and commands. Raises UsageError for what the set lacks."""
        manifest = set_in(directory)
        record = chosen(manifest, role, self.entry, str(directory))
        place = Place(
            set=str(directory.absolute()),
            directory=str(Path(self.output or ".").absolute()),
            port=self.port or side.port,
            passphrase=passphrase_file(self.key_pass),
        )
        found_values = values(manifest, record, role, place)
        check(name, side, record, found_values, place)
        return configuration(name, found, role, side, found_values, place, prover())

    def print_trust(self, name: str, found: Stack, directory: Path) -> int:
        """The commands that add the root of the set, and remove it."""
        if found.trust is None:
            raise UsageError(f"{name} is not a trust store; --list shows which stacks are")
        print(trust_text(name, found, found.trust, set_in(directory), str(directory.absolute())), end="")
        return 0


def set_in(directory: Path) -> Manifest:
    """Raises OutputError when there is none."""
    if manifest := read_manifest(directory):
        return manifest
    raise OutputError(f"{directory} has no manifest.json; mint a set: generate.py PROFILE -o {directory}")


def passphrase_file(source: str) -> str:
    """The absolute path in file:PATH. Raises UsageError for anything else."""
    kind, _, path = source.partition(":")
    if source and (kind != "file" or not path):
        raise UsageError("--key-pass: write file:PATH, a file whose first line is the passphrase")
    return str(Path(path).absolute()) if path else ""


def prover() -> str:
    """The command that runs handshake_check.py from any directory."""
    return shlex.join([sys.executable, str(Path(__file__).resolve().with_name("handshake_check.py"))])


def write_files(directory: Path, made: Configuration) -> None:
    """Raises OutputError when one cannot be written."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in made.files.items():
            (directory / name).parent.mkdir(exist_ok=True)
            write_whole(directory / name, text.encode())
    except OSError as error:
        raise OutputError(f"{error.filename or directory}: {error.strerror}; name a different -o") from None


if __name__ == "__main__":
    Configure.start()
