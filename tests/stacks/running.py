"""Starts a stack with the command that configure.py prints, until the context is left."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import glob
from pathlib import Path
from typing import NamedTuple

from deadline import patient
from peers import need
from peers.process import DEADLINE, GRACE, SBIN, NotReady, environment, need_module
from processes import run_script
from stacks import starts

PAUSE = 0.05  # seconds between two looks whether it listens
HOST = "127.0.0.1"


class Printed(NamedTuple):
    """What configure.py wrote into `directory`, and the commands that it printed, by what they do."""

    directory: Path
    commands: dict[str, str]


@contextmanager
def place(name: str) -> Iterator[Path]:
    """A directory with a short path that other users may read, as services need it."""
    directory = Path(tempfile.mkdtemp(prefix=f"mintls-{name}-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def configure(name: str, certs: Path, directory: Path, *options: object) -> Printed:
    """Run configure.py with -o. A service that root may not start gets a set of its own."""
    if name in starts.USERS:
        certs = Path(shutil.copytree(certs, directory / "set"))
    done = run_script("configure.py", name, certs, "-o", directory, *options)
    assert done.returncode == 0, done.stderr
    lines = re.findall(r"^(prepare|start|run|reload|prove) +(.*)$", done.stdout, re.M)
    return Printed(directory, dict(lines))


def check_programs(printed: Printed) -> None:
    """Skip when a program or module is absent that the commands or the files use."""
    for command in (printed.commands.get("prepare", ""), printed.commands.get("start") or printed.commands["run"]):
        words = [word for word in command.split() if "=" not in word]
        if words and not words[0].startswith(str(printed.directory)):  # what is prepared
            need(words[0])
        if words[1:2] == ["-m"]:
            need_module(words[2])
    for path in printed.directory.glob("*.py"):
        for module in re.findall(r"^(?:import|from) (\w+)", path.read_text(), re.M):
            need_module(module)


def variables(name: str) -> dict[str, str]:
    """The environment of a stack: the tests' own Python goes first."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}:{SBIN}"
    path += "".join(f":{folder}" for folder in glob("/usr/lib/postgresql/*/bin"))  # Debian keeps them from the PATH
    return {**environment(), "PATH": path, **starts.variables(name)}


def prepare(name: str, printed: Printed, user: str | None = None) -> None:
    """Run the command that comes before the first start."""
    done = subprocess.run(
        printed.commands.get("prepare", ":"), shell=True, cwd=printed.directory, env=variables(name), user=user,
        capture_output=True, text=True, timeout=patient(60),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout


@contextmanager
def started(name: str, printed: Printed, port: int) -> Iterator[None]:
    """Prepare and start it; ready when the port accepts connections. Raises NotReady."""
    user = starts.USERS.get(name) if os.geteuid() == 0 else None
    if user:
        for path in (printed.directory, *printed.directory.rglob("*")):
            shutil.chown(path, user)
    prepare(name, printed, user)
    log = printed.directory / "log"
    command = starts.BESIDE.get(name, "") + printed.commands["start"]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, shell=True, cwd=printed.directory, env=variables(name), user=user,
            stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, port, log)
        yield
    finally:
        family = _family(process.pid)
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
            for pid in family:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)


def _family(pid: int) -> list[int]:
    """The process and its descendants, some of which, such as Postfix' master, begin a session of their own."""
    listed = subprocess.check_output(["ps", "-A", "-o", "pid=,ppid="], text=True).split()
    parents = dict(zip(map(int, listed[::2]), map(int, listed[1::2]), strict=True))
    found = [pid]
    for one in found:  # it grows
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + patient(DEADLINE)
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((HOST, port), 1) as one:
            if one.getsockname() != one.getpeername():  # else it reached itself, as TCP allows
                return
        time.sleep(PAUSE)
    raise NotReady(f"{process.args!r} does not listen; its log:\n{log.read_text(errors='replace')}")
