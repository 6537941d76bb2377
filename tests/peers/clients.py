"""Real HTTPS clients, each a command that visits https://{host}:{port}/ with a client certificate and ends.

A command is a list of words in which {host} {port} {ca} {cert} {key} stand for what they say.
"""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from .golang import program
from .process import Address, need

HERE = Path(__file__).parent
URL = "https://{host}:{port}/"
FILES = ["{ca}", "{cert}", "{key}"]


def curl(*options: str) -> list[str]:
    """curl with no .curlrc and no proxy."""
    words = [need("curl"), "-q", "-sS", "--noproxy", "*", "--max-time", "10", *options]
    return [*words, "--cacert", "{ca}", "--cert", "{cert}", "--key", "{key}", URL]


def go(mode: str) -> list[str]:
    """Go's http.Client; `mode` is verify or insecure (InsecureSkipVerify)."""
    return [str(program()), "get", mode, URL, *FILES]


def node(reject: bool) -> list[str]:
    """Node's https.get; `reject` is its rejectUnauthorized."""
    return [need("node"), str(HERE / "client.js"), str(reject).lower(), URL, *FILES]


def python(verifies: str) -> list[str]:
    """Python's http.client; it `verifies` full, any-name (check_hostname off) or nothing (CERT_NONE)."""
    return [sys.executable, str(HERE / "client.py"), verifies, "{host}", "{port}", *FILES]


RIGHT: dict[str, Callable[[], list[str]]] = {
    "curl": curl,
    "go": lambda: go("verify"),
    "python": lambda: python("full"),
    "node": lambda: node(True),
}
WRONG: dict[str, Callable[[], list[str]]] = {
    "curl -k": lambda: curl("-k"),
    "go InsecureSkipVerify": lambda: go("insecure"),
    "python CERT_NONE": lambda: python("nothing"),
    "python check_hostname=False": lambda: python("any-name"),
    "node rejectUnauthorized=false": lambda: node(False),
}
CLIENTS = {**RIGHT, **WRONG}


def template(name: str) -> str:
    """The command of CLIENTS as one shell-like line with its placeholders, as --client-cmd takes it."""
    return shlex.join(CLIENTS[name]())


def argv(name: str, address: Address, certs: Path, host: str = "localhost") -> list[str]:
    """The command of CLIENTS for a server at `address`, dialled as `host`, with the files of `certs`."""
    values = {"host": host, "port": address.port, "ca": certs / "ca.crt"}
    values |= {"cert": certs / "client.crt", "key": certs / "client.key"}
    return [word.format(**values) for word in CLIENTS[name]()]
