"""What the tests need to start a stack beside the command that is printed, one line each."""

import os
import subprocess
from functools import cache
from pathlib import Path
from tempfile import gettempdir

from peers import need

# the user that it has to be started by, where root may not start it
USERS = {"postgresql": "postgres", "hitch": "nobody"}


def variables(name: str) -> dict[str, str]:
    """Variables of the environment."""
    return {"NODE_PATH": express()} if name == "express" else {}


@cache
def express() -> str:
    """The folder of node's packages with express, installed once for all workers."""
    folder = Path(gettempdir(), f"mintls-express-{os.getuid()}")
    if not (folder / "node_modules" / "express").is_dir():
        argv = [need("npm"), "install", "--prefix", str(folder), "--silent", "--no-audit", "--no-fund", "express@5"]
        subprocess.run(argv, check=True, capture_output=True)
    return str(folder / "node_modules")
