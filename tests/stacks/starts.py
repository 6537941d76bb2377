"""What the tests need to start a stack beside the command that is printed, one line each."""

import subprocess
from functools import cache
from pathlib import Path

from peers import need
from peers.process import free_port, lack

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
    """The folder of node's packages with express."""
    folder = subprocess.check_output([need("npm"), "root", "-g"], text=True).strip()
    if not Path(folder, "express").is_dir():
        lack("this test needs express, which is not installed: npm install -g express")
    return folder
