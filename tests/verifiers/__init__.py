"""Go's and GnuTLS's verifiers, to be asked the same questions as openssl."""

import os
import subprocess
from functools import cache
from pathlib import Path

from peers import golang, need

SERVER_AUTH, CLIENT_AUTH = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"


@cache
def _program() -> Path:
    return golang.compiled(Path(__file__).with_name("verify.go"))


def go(anchors: Path, chain: Path, purpose: str, name: str = "") -> str:
    """ "" if it is valid for the purpose (server, client, any) and the name, else the reason."""
    command = [str(_program()), str(anchors), str(chain), purpose, name]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return "" if answer == "valid" else answer


def gnutls(anchors: Path, chain: Path, purpose: str, name: str = "") -> str:
    """The same of certtool(1), which has no purpose `any`."""
    command = [need("certtool"), "--verify", f"--load-ca-certificate={anchors}", f"--infile={chain}"]
    oid = {"server": SERVER_AUTH, "client": CLIENT_AUTH}.get(purpose)
    command += [f"--verify-purpose={oid}"] * bool(oid) + [f"--verify-hostname={name}"] * bool(name)
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    lines = [line for line in (done.stdout + done.stderr).splitlines() if "output:" in line or "rror" in line]
    valid = done.returncode == 0 and any("Verified. The certificate is trusted" in line for line in lines)
    return "" if valid else (lines or ["no answer"])[-1].strip()
