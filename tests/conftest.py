"""Certificates and processes that the tests share."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from mintls.handshake.case import document
from mintls.handshake.cases import CATALOGUE, DEFAULTS, GOOD
from mintls.handshake.credentials import lay_out
from mintls.handshake.credentials import mint as mint_catalogue
from mintls.openssl import Openssl

import pytest
from processes import Running, run_script

FakeOpenssl = Callable[..., Path]
CONFIG = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = {cn}
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature{encipherment}
extendedKeyUsage = {purpose}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {san}
"""
SERVER_SAN = "DNS:localhost, IP:127.0.0.1, IP:::1"


def mint(directory: Path, cn: str = "Dev CA", key: str = "rsa:2048", server_san: str = SERVER_SAN) -> Path:
    """ca.crt (unless `directory` has a CA), server.crt and client.crt with their keys, by plain openssl."""
    if not (directory / "ca.crt").exists():
        _issue(directory, "ca", cn, key, "", "")
    _issue(directory, "server", "localhost", key, "serverAuth", server_san)
    _issue(directory, "client", "dev-client", key, "clientAuth", "DNS:client.localhost")
    return directory


def _issue(directory: Path, name: str, cn: str, key: str, purpose: str, san: str) -> None:
    config = directory / f"{name}.cnf"
    encipherment = ", keyEncipherment" if key.startswith("rsa") and name == "server" else ""
    config.write_text(CONFIG.format(cn=cn, purpose=purpose, san=san, encipherment=encipherment))
    issuer = ["-extensions", "leaf", "-CA", "ca.crt", "-CAkey", "ca.key"] if purpose else ["-extensions", "ca"]
    new = [
        "-newkey",
        *key.split(" "),
        "-nodes",
        "-keyout",
        f"{name}.key",
        "-out",
        f"{name}.crt",
        "-days",
        "30",
    ]
    subprocess.run(
        ["openssl", "req", "-x509", "-batch", "-config", config.name, *new, *issuer],
        cwd=directory,
        env={**os.environ, "OPENSSL_CONF": "/dev/null"},
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good set: ca, server, client with .crt and .key."""
    return mint(tmp_path_factory.mktemp("dev"))


@pytest.fixture(scope="session")
def rogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set like `dev` from a CA that nobody trusts."""
    return mint(tmp_path_factory.mktemp("rogue"), cn="Rogue CA", key="ec -pkeyopt ec_paramgen_curve:P-256")


@pytest.fixture(scope="session")
def stranger(dev: Path, rogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trusts what `dev` does, but its client is of the CA that nobody trusts."""
    directory = tmp_path_factory.mktemp("stranger")
    for path in (dev / "ca.crt", rogue / "client.crt", rogue / "client.key"):
        shutil.copy(path, directory)
    return directory


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Running]]:
    """Start programs that have ended when the test has."""
    running: list[Running] = []

    def begin(*argv: object) -> Running:
        running.append(Running(argv, tmp_path_factory.mktemp("process")))
        return running[-1]

    yield begin
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


@pytest.fixture
def script() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    return run_script


@pytest.fixture(scope="session")
def openssl() -> Openssl:
    return Openssl()


@pytest.fixture(scope="session")
def credentials(openssl: Openssl, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every case of the catalogue presents."""
    directory = tmp_path_factory.mktemp("pki") / "catalogue"
    mint_catalogue(document(DEFAULTS, GOOD, CATALOGUE, datetime.now(UTC)), directory, openssl, 2)
    lay_out((), directory, directory)
    return directory


@pytest.fixture
def fake_openssl(tmp_path: Path) -> FakeOpenssl:
    """Makes an `openssl` in a directory of its own: some lines of sh that may change the arguments, or never come to
    the real one. `$sub` is the subcommand; to drop an argument, `continue`.
    """

    def make(body: str, before: str = "") -> Path:
        directory = tmp_path / "fake"
        directory.mkdir()
        program = directory / "openssl"
        program.write_text(
            f"#!/bin/sh\nreal={shutil.which('openssl')}\nsub=$1\nskip=\n{before}\n"
            f'for arg do\n    shift\n    {body}\n    set -- "$@" "$arg"\ndone\nexec "$real" "$@"\n'
        )
        program.chmod(0o755)
        return program

    return make
