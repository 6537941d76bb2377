"""Compiles the Go programs of these tests, each once for all test processes."""

import fcntl
import hashlib
import os
import subprocess
from functools import cache
from pathlib import Path

from .process import environment, need

SOURCE = Path(__file__).with_name("peer.go")
CACHE = Path(__file__).parents[2] / ".pytest_cache" / "peers"  # ignored by git, kept from run to run


def program() -> Path:
    """The compiled peer.go: `serve MODE CA CERT KEY` or `get MODE URL CA CERT KEY`."""
    return compiled(SOURCE)


@cache
def compiled(path: Path) -> Path:
    """The program that this file becomes."""
    binary = need("go")
    version = subprocess.run([binary, "version"], capture_output=True, check=True, env=_environment())
    source = hashlib.sha256(path.read_bytes() + version.stdout).hexdigest()
    CACHE.mkdir(parents=True, exist_ok=True)
    result = CACHE / f"{path.stem}-{source[:16]}"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other workers wait here for the one that compiles
        if not result.exists():
            fresh = result.with_suffix(".new")
            build = [binary, "build", "-o", str(fresh), str(path)]
            done = subprocess.run(build, capture_output=True, text=True, env=_environment())
            assert done.returncode == 0, f"go build failed:\n{done.stderr}"
            os.replace(fresh, result)
    return result


def _environment() -> dict[str, str]:
    """No module, no network, and the compiler's own cache beside the result."""
    own = {"GO111MODULE": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOCACHE": str(CACHE / "go-build")}
    return {**environment(), **own, "CGO_ENABLED": "0"}
