"""The openssl binary: found, started, and asked what it can do. Only this package starts it.

Every call is hermetic. The system's configuration would silently change what is issued, and its trust store what is
trusted, so both are switched off for each process (openssl-env(7)).
"""

import math
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, NamedTuple

from mintls.errors import MintlsError, OpensslError
from mintls.openssl.processes import Process, Processes

from plumbum import CommandNotFound, local

HERMETIC = {
    "OPENSSL_CONF": "/dev/null",  # no ambient [v3_ca], no ambient policy
    "SSL_CERT_FILE": "/dev/null",  # no system trust anchors: only those that a command names
    "SSL_CERT_DIR": "/dev/null",
    "LC_ALL": "C",
}
TIMEOUT = 120.0  # seconds; a 4096-bit RSA key takes a few on a busy machine


class Result(NamedTuple):
    """The exit status and the output of a process."""

    argv: tuple[str, ...]
    status: int
    stdout: str
    stderr: str


class Openssl:
    """One openssl binary, by its path or found on PATH; the environment variable OPENSSL names a different one.

    `jobs` is how many of its processes are to run at once.
    """

    def __init__(self, binary: str | None = None, jobs: int = 2) -> None:
        self.jobs = jobs
        self.binary = binary or os.environ.get("OPENSSL") or "openssl"
        try:
            self._command = local[self.binary]
        except CommandNotFound:
            raise MintlsError(
                f"no program {self.binary!r}: install openssl, or set OPENSSL to the path of one"
            ) from None
        self.processes = Processes()

    @contextmanager
    def spawn(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.DEVNULL,
        stderr: int | IO[bytes] = subprocess.DEVNULL,
        timeout: float = math.inf,
    ) -> Iterator[Process]:
        """A process in a group of its own, which has ended when the context is left, for whatever reason."""

        def start() -> Process:
            return self._command.popen(  # type: ignore[return-value]  # bytes: see there
                list(argv),
                cwd=cwd and str(cwd),  # type: ignore[arg-type]
                env={**HERMETIC, **(env or {})},
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                new_session=True,
            )

        with self.processes.running(self.binary, start, timeout) as process:
            yield process

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        timeout: float = TIMEOUT,
    ) -> Result:
        """Run to the end. Raises OpensslError if it did not start, did not end in time, or failed."""
        result = self.ask(argv, cwd=cwd, env=env, stdin=stdin, timeout=timeout)
        if result.status:
            ended = f"exit status {result.status}" if result.status > 0 else f"killed by signal {-result.status}"
            raise OpensslError(result.argv, ended, result.stderr)
        return result

    def ask(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        timeout: float = TIMEOUT,
    ) -> Result:
        """Like `run`, but an exit status other than 0 is an answer."""
        pipe = subprocess.PIPE
        command = (self.binary, *argv)
        source = pipe if stdin else subprocess.DEVNULL
        end = time.monotonic() + timeout
        with self.spawn(argv, cwd=cwd, env=env, stdin=source, stdout=pipe, stderr=pipe, timeout=timeout) as process:
            stdout, stderr = process.communicate(stdin or None)
        if process.returncode == -signal.SIGKILL and time.monotonic() > end:
            raise OpensslError(command, f"did not end within {timeout:g} s and was stopped", "")
        return Result(command, process.returncode, _text(stdout), _text(stderr))

    def run_script(self, script: str, *, cwd: Path) -> Result:
        """Run a POSIX shell script that calls "$OPENSSL": for the few steps that have to move bytes themselves."""
        binary = str(self._command.executable)
        return Openssl("sh").run(["-eu", "-c", script], cwd=cwd, env={"OPENSSL": binary})

    def stop(self) -> None:
        """End every process that still runs and start no more: for ^C, which only the main thread sees."""
        self.processes.stop()

    def can(self, command: str, option: str) -> bool:
        """Whether a command has an option: the binary is asked, its version is not taken as evidence."""
        # at the start of a line, or in brackets as LibreSSL lists them; descriptions of others may name it as well
        return bool(re.search(rf"(?m)(?:^ *|\[){re.escape(option)}(?![\w-])", self._help(command)))

    @cache  # noqa: B019  one binary a run
    def _help(self, command: str) -> str:
        result = self.ask([command, "-help"])
        return result.stdout + result.stderr

    @cache  # noqa: B019  one binary a run
    def version(self) -> str:
        """The first line of `openssl version`, e.g. `OpenSSL 3.0.19 27 Jan 2026`."""
        return self.run(["version"]).stdout.strip()


def _text(output: bytes) -> str:
    return output.decode(errors="backslashreplace")
