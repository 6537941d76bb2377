"""What the tests need to start a stack beside the command that is printed, one line each."""

import fcntl
import os
import subprocess
from functools import cache
from pathlib import Path
from tempfile import gettempdir

from peers import need
from peers.process import free_port

# the user that it has to be started by, where root may not start it
USERS = {"postgresql": "postgres", "hitch": "nobody", "rabbitmq": "rabbitmq"}
# what runs beside it, and would otherwise stay
BESIDE = {"rabbitmq": "epmd & exec "}


def variables(name: str) -> dict[str, str]:
    """Variables of the environment."""
    if name == "rabbitmq":
        ports = {"ERL_EPMD_PORT": str(free_port()), "RABBITMQ_DIST_PORT": str(free_port())}
        return {**ports, "RABBITMQ_NODENAME": "mintls@localhost"}
    return {"NODE_PATH": express()} if name == "express" else {}


@cache
def express() -> str:
    """The folder of node's packages with express, installed by the first worker that needs it."""
    folder = Path(gettempdir(), f"mintls-express-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            argv = [need("npm"), "install", "--prefix", str(folder), "--silent", "--no-audit", "--no-fund", "express@5"]
            subprocess.run(argv, check=True, capture_output=True)
            (folder / "done").touch()
    return str(folder / "node_modules")
