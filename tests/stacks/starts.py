"""What the tests need to start a stack beside the command that is printed, one line each."""

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
    """The folder of node's packages with express, installed once for all workers."""
    folder = Path(gettempdir(), f"mintls-express-{os.getuid()}")
    if not (folder / "node_modules" / "express").is_dir():
        argv = [need("npm"), "install", "--prefix", str(folder), "--silent", "--no-audit", "--no-fund", "express@5"]
        subprocess.run(argv, check=True, capture_output=True)
    return str(folder / "node_modules")
