"""Every stack, also those that no test starts: rendered for several sets, its files are of their syntax."""

import configparser
import json
import re
import shlex
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mintls.configuration.registry import stacks
from mintls.configuration.text import NOT_TESTED

import pytest
import yaml
from processes import run_script
from stacks.test_run import DEEP, PROFILE

if TYPE_CHECKING:
    from mintls.pytest_plugin import Mint

SIDES = [
    (name, role)
    for name, stack in stacks().items()
    for role in ("server", "client")
    if (side := getattr(stack, role)) and side.start
]
# the fields that carry the security of those that no test starts, as their reference documents name them
DOCUMENTED = {
    "envoy": {
        "require_client_certificate", "common_tls_context", "tls_params", "tls_minimum_protocol_version",
        "tls_certificates", "certificate_chain", "private_key", "password", "validation_context", "trusted_ca", "crl",
        "forward_client_cert_details", "set_current_client_cert_details", "filename", "subject",
    },
    "traefik": {
        "certFile", "keyFile", "certificates", "options", "default", "minVersion", "clientAuth", "caFiles",
        "clientAuthType", "passTLSClientCert", "info", "subject", "commonName",
    },
    "ingress-nginx": {
        "nginx.ingress.kubernetes.io/auth-tls-secret", "nginx.ingress.kubernetes.io/auth-tls-verify-client",
        "nginx.ingress.kubernetes.io/auth-tls-verify-depth", "secretName", "hosts",
    },
    "spring-boot": {
        "bundle", "client-auth", "pem", "mtls", "keystore", "truststore", "certificate", "private-key", "options",
        "enabled-protocols", "ssl",
    },
    "kafka": {
        "ssl.client.auth", "ssl.enabled.protocols", "ssl.keystore.type", "ssl.keystore.location", "ssl.truststore.type",
        "ssl.truststore.location", "ssl.endpoint.identification.algorithm", "security.protocol",
        "listener.security.protocol.map", "inter.broker.listener.name",
    },
}  # fmt: skip
SECURITY = re.compile("tls|ssl|ca|cert|crl|key|client|subject|secret|verify|bundle|password|trust|store", re.I)


@pytest.fixture(scope="module")
def encrypted(mint: "Mint", tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    secret = tmp_path_factory.mktemp("secret") / "password"
    secret.write_text("correct horse\n")
    return mint(PROFILE.replace("outputs:", f"passphrase: {{file: {secret}}}, outputs:")).directory, secret


def write(name: str, role: str, certs: Path, directory: Path, *options: object) -> list[Path]:
    words = ["--client"] if role == "client" else []
    done = run_script("configure.py", name, certs, "-o", directory, *words, *options)
    assert (done.returncode, done.stderr) == (0, "")
    tested = getattr(stacks()[name], role).tested
    assert (NOT_TESTED in done.stdout.splitlines()[0]) is (not tested)
    for what, command in re.findall(r"^(prepare|start|run|reload|prove) +(.*)$", done.stdout, re.M):
        assert shlex.split(command), what
    return [path for path in directory.rglob("*") if path.is_file()] if directory.exists() else []


def parse(path: Path) -> Any:
    """The file as what it is; a text without a syntax that can be checked here is not empty."""
    text = path.read_text()
    assert text.strip()
    assert "@chain@" not in text
    if path.suffix in (".yaml", ".yml"):
        return list(yaml.safe_load_all(text))
    if path.suffix == ".json":
        return json.loads(text)
    if path.suffix == ".xml":
        return ElementTree.fromstring(text)
    if path.suffix == ".py":
        return compile(text, str(path), "exec")
    if path.suffix == ".properties":
        parser = configparser.ConfigParser(delimiters="=", interpolation=None)
        parser.optionxform = str  # type: ignore[assignment, method-assign]
        parser.read_string(f"[all]\n{text}")
        return dict(parser["all"])
    return text


def keys(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        for name, value in found.items():
            yield name
            yield from keys(value)
    if isinstance(found, list):
        for value in found:
            yield from keys(value)


@pytest.mark.parametrize(("name", "role"), SIDES)
def test_for_a_set_with_and_without_an_intermediate(name: str, role: str, mint: "Mint", tmp_path: Path) -> None:
    for number, profile in enumerate((PROFILE, DEEP)):
        certs = mint(profile).directory
        found = [parse(path) for path in write(name, role, certs, tmp_path / str(number))]
        structured = [one for one in found if isinstance(one, (dict, list))]
        if structured and not getattr(stacks()[name], role).tested:
            named = {key for key in keys(structured) if SECURITY.search(key)}
            assert named & DOCUMENTED[name]
            assert named <= DOCUMENTED[name] | TOLERATED.get(name, set())


TOLERATED = {
    "envoy": {"typed_config", "socket_address", "static_resources", "stat_prefix", "direct_response"},
    "traefik": {"tls", "providers", "client-certificate"},
    "ingress-nginx": {"tls", "spec", "ingressClassName"},
    "kafka": {"node.id", "controller.listener.names"},
}


@pytest.mark.parametrize(("name", "role"), SIDES)
def test_for_an_encrypted_key(name: str, role: str, encrypted: tuple[Path, Path], tmp_path: Path) -> None:
    """Its passphrase is read from the file, or the stack says that it cannot; the passphrase itself is nowhere."""
    certs, secret = encrypted
    words = ["--client"] if role == "client" else []
    done = run_script("configure.py", name, certs, "-o", tmp_path / "x", *words, "--key-pass", f"file:{secret}")
    assert "correct horse" not in done.stdout + done.stderr
    if done.returncode:
        assert "cannot read an encrypted key by itself" in done.stderr
        assert not (tmp_path / "x").exists()
    else:
        written = [path.read_text() for path in (tmp_path / "x").rglob("*") if path.is_file()]
        assert any(str(secret) in text for text in (*written, done.stdout))
        assert not any("correct horse" in text for text in written)


def test_there_are_as_many_as_promised() -> None:
    tested = [(name, role) for name, role in SIDES if getattr(stacks()[name], role).tested]
    assert sum(role == "server" for _, role in SIDES) >= 30
    assert sum(role == "client" for _, role in SIDES) >= 20
    assert sum(role == "server" for _, role in tested) >= 22
    assert sum(role == "client" for _, role in tested) >= 15
    assert all(getattr(stacks()[name], role).wrong for name, role in tested)
