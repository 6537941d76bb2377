"""Starts a foreign program, waits until it says that it is ready, and ends it."""

import importlib
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import IO, NamedTuple, NoReturn

import pytest
from deadline import patient

DEADLINE = 20.0  # seconds until a server must have said that it listens; it needs one or two
GRACE = 1.0  # seconds to end when asked to
SBIN = "/usr/local/sbin:/usr/sbin:/sbin"  # where nginx is, though not on every user's PATH


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int


class NotReady(Exception):
    """The program ended, or said nothing, before it was ready; the text holds its log."""


def need(program: str) -> str:
    """The program's path. Skips the test when it is absent, or fails it with MINTLS_REQUIRE_PEERS=1."""
    path = shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:{SBIN}")
    if path is None:
        lack(f"this test needs the program {program}, which is not installed")
    return path


def need_module(name: str) -> ModuleType:
    """The module of a package that only tests use. Skips them if it is absent, or fails as `need`."""
    if find_spec(name) is None:
        lack(f"this test needs the Python module {name}, which is not installed")
    return importlib.import_module(name)


def lack(sentence: str) -> NoReturn:
    """Skip the test, or fail it with MINTLS_REQUIRE_PEERS=1."""
    if os.environ.get("MINTLS_REQUIRE_PEERS") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago; nothing listens there, as another test could find it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def environment() -> dict[str, str]:
    """What a peer may know: no proxy, no trust store or configuration of whoever runs the tests."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C", "OPENSSL_CONF": "/dev/null"}


def workdir(logs: Path, name: str) -> Path:
    """A new directory of its own for one peer, so that no two write to the same log."""
    return Path(tempfile.mkdtemp(prefix=f"{re.sub('[^A-Za-z0-9]+', '-', name)}-", dir=logs))


@contextmanager
def running(
    argv: Sequence[str | Path],
    ready: str,
    work: Path,
    *,
    env: dict[str, str] | None = None,
    fds: Sequence[int] = (),
    endless_input: bool = False,
) -> Iterator[re.Match[str]]:
    """Run until the context is left; yields the match of `ready` in the line that says it listens.

    Standard output and error go to `work/log`. `endless_input`: its input never ends. Raises NotReady.
    """
    process = subprocess.Popen(
        [str(word) for word in argv],
        cwd=work,
        env={**environment(), **(env or {})},
        stdin=subprocess.PIPE if endless_input else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # a process group of its own, to end its children with it
        pass_fds=fds,
    )
    assert process.stdout
    said: queue.Queue[re.Match[str] | None] = queue.Queue()
    drain = threading.Thread(target=_drain, args=(process.stdout, work / "log", ready, said), daemon=True)
    drain.start()
    try:
        try:
            match = said.get(timeout=patient(DEADLINE))
        except queue.Empty:
            match = None
        if match is None:
            _end(process, drain)
            raise NotReady(f"{argv[0]} did not say {ready!r}; its log:\n{(work / 'log').read_text()}")
        yield match
    finally:
        _end(process, drain)


def _drain(stream: IO[bytes], log: Path, ready: str, said: "queue.Queue[re.Match[str] | None]") -> None:
    """Copy to the log until the end, so that the program never waits for a reader."""
    pattern = re.compile(ready)
    with stream, log.open("wb", buffering=0) as copy:
        for line in stream:
            copy.write(line)
            if match := pattern.search(line.decode(errors="replace")):
                said.put(match)
    said.put(None)


def _end(process: "subprocess.Popen[bytes]", drain: threading.Thread) -> None:
    """Ask the group to end, then make it. While the pipe is open, somebody of the group is alive."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None or drain.is_alive():
            with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
            drain.join(GRACE)
    if process.stdin:
        process.stdin.close()
