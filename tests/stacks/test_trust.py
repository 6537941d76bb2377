"""The trust stores that this machine has: what is printed adds the root, and removes it again.

Each command runs against a store of the test's own, so that the machine's stays as it is.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from peers import need
from peers.process import free_port, need_module
from processes import run_script
from stacks.running import configure, place, started, variables
from stacks.test_run import PROFILE

if TYPE_CHECKING:
    from mintls.pytest_plugin import Mint

pytestmark = pytest.mark.peers


@pytest.fixture
def certs(mint: "Mint") -> Path:
    return mint(PROFILE).directory


@pytest.fixture
def url(certs: Path) -> Iterator[str]:
    """A server of the set that is up."""
    port = free_port()
    with place("openssl") as directory:
        printed = configure("openssl", certs, directory, "--port", port)
        with started("openssl", printed, port):
            yield f"https://localhost:{port}/"


def commands(name: str, certs: Path) -> tuple[str, str]:
    """What is printed to add and to remove the root."""
    done = run_script("configure.py", name, certs, "--trust")
    assert done.returncode == 0, done.stderr
    found = dict(re.findall(r"^(add|remove) +(.*)$", done.stdout, re.M))
    return found["add"], found["remove"]


def sh(line: str, directory: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    environment = {**variables(""), **more}
    return subprocess.run(["sh", "-c", line], cwd=directory, env=environment, capture_output=True, text=True)


def test_debian(certs: Path, tmp_path: Path) -> None:
    need("update-ca-certificates")
    (tmp_path / "local").mkdir()
    (tmp_path / "etc").mkdir()

    def own(line: str) -> str:
        line = line.replace("/usr/local/share/ca-certificates", f"{tmp_path}/local")
        options = f"--localcertsdir {tmp_path}/local --etccertsdir {tmp_path}/etc --hooksdir {tmp_path}/hooks"
        return line.replace("update-ca-certificates", f"update-ca-certificates {options}")

    def trusted() -> bool:
        roots = tmp_path / "etc" / "ca-certificates.crt"
        argv = ["openssl", "verify", "-no-CApath", "-no-CAstore", "-CAfile", roots, certs / "server.crt"]
        return subprocess.run(argv, capture_output=True).returncode == 0

    add, remove = map(own, commands("debian", certs))
    assert sh(add, tmp_path).returncode == 0
    assert trusted()
    assert sh(remove, tmp_path).returncode == 0
    assert not trusted()


def test_firefox(certs: Path, tmp_path: Path) -> None:
    need("certutil")
    assert sh(f"certutil -N -d sql:{tmp_path} --empty-password", tmp_path).returncode == 0
    verify = (
        f"certutil -A -d sql:{tmp_path} -n s -t ,, -i {certs}/server.crt && certutil -V -d sql:{tmp_path} -n s -u V"
    )
    add, remove = commands("firefox", certs)
    assert sh(add, tmp_path, PROFILE=str(tmp_path)).returncode == 0
    assert sh(verify, tmp_path).returncode == 0
    assert sh(remove, tmp_path, PROFILE=str(tmp_path)).returncode == 0
    assert sh(verify, tmp_path).returncode != 0


def test_java(certs: Path, tmp_path: Path) -> None:
    need("keytool")
    store = tmp_path / "cacerts"
    add, remove = (line.replace("-cacerts", f"-keystore {store}") for line in commands("java", certs))
    listing = f"keytool -list -keystore {store} -storepass changeit"
    assert sh(add, tmp_path).returncode == 0
    assert "trustedCertEntry" in sh(listing, tmp_path).stdout
    assert sh(remove, tmp_path).returncode == 0
    assert "trustedCertEntry" not in sh(listing, tmp_path).stdout


def test_node(certs: Path, url: str, tmp_path: Path) -> None:
    need("node")
    own = f"{{cert: fs.readFileSync('{certs}/client.crt'), key: fs.readFileSync('{certs}/client.key')}}"
    visit = f"""node -e "require('https').get('{url}', {own}, (reply) => process.exit(reply.statusCode - 200))" """
    add, remove = commands("node", certs)
    assert sh(f"{add}; {visit}", tmp_path).returncode == 0
    assert sh(f"{add}; {remove}; {visit}", tmp_path).returncode != 0


def test_requests(certs: Path, url: str, tmp_path: Path) -> None:
    need_module("requests")
    own = f"('{certs}/client.crt', '{certs}/client.key')"
    visit = f"python3 -c \"import requests; requests.get('{url}', cert={own}).raise_for_status()\""
    add, remove = commands("requests", certs)
    done = sh(f"{add}; {visit}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert sh(f"{add}; {remove}; {visit}", tmp_path).returncode != 0
