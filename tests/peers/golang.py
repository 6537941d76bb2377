"""Compiles the one Go program of these tests, once for all test processes."""

import fcntl
import hashlib
import os
import subprocess
from functools import cache
from pathlib import Path

from .process import environment, need

SOURCE = Path(__file__).with_name("peer.go")
CACHE = Path(__file__).parents[2] / ".pytest_cache" / "peers"  # ignored by git, kept from run to run


@cache
def program() -> Path:
    """The compiled peer.go: `serve MODE CA CERT KEY` or `get MODE URL CA CERT KEY`."""
    binary = need("go")
    version = subprocess.run([binary, "version"], capture_output=True, check=True, env=_environment())
    source = hashlib.sha256(SOURCE.read_bytes() + version.stdout).hexdigest()
    CACHE.mkdir(parents=True, exist_ok=True)
    compiled = CACHE / f"peer-{source[:16]}"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other workers wait here for the one that compiles
        if not compiled.exists():
            fresh = compiled.with_suffix(".new")
            build = [binary, "build", "-o", str(fresh), str(SOURCE)]
            result = subprocess.run(build, capture_output=True, text=True, env=_environment())
            assert result.returncode == 0, f"go build failed:\n{result.stderr}"
            os.replace(fresh, compiled)
    return compiled


def _environment() -> dict[str, str]:
    """No module, no network, and the compiler's own cache beside the result."""
    own = {"GO111MODULE": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOCACHE": str(CACHE / "go-build")}
    return {**environment(), **own, "CGO_ENABLED": "0"}
