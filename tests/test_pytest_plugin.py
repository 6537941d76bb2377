"""The pytest plugin as its users run it: in a pytest of its own, with and without pytest-xdist."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from deadline import patient
from processes import SCRIPTS

pytestmark = pytest.mark.slow

README = (SCRIPTS.parent / "profiles" / "README.md").read_text(encoding="utf-8")
PLUGIN = 'pytest_plugins = ["mintls.pytest_plugin"]\n'
PROFILE = """
defaults: {key: ec:P-256}
authorities: {root: {subject: {CN: root}}, issuing: {subject: {CN: issuing}, issuer: root}}
servers: {web: {subject: {CN: web}, san: ["DNS:web.example"], issuer: issuing, outputs: [chain]}}
"""


def pytest_of(folder: Path, text: str, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run a test file with nothing of ours around it but the path."""
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text(f"[pytest]\npythonpath = {SCRIPTS}\nfilterwarnings = error\n")
    command = [sys.executable, "-m", "pytest", "-q", f"--basetemp={folder}/base", *options, "test_it.py"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=patient(120))


def test_the_readmes_example_holds(tmp_path: Path) -> None:
    (example,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.S) if PLUGIN in block]
    done = pytest_of(tmp_path, example)
    assert (done.returncode, "2 passed" in done.stdout) == (0, True), done.stdout
    (directory,) = (tmp_path / "base").glob("mintls-*")
    assert {"ca.crt", "server.key", "client.key"} <= {path.name for path in directory.iterdir()}


def test_the_readmes_example_can_fail(tmp_path: Path) -> None:
    (example,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.S) if PLUGIN in block]
    done = pytest_of(tmp_path, example.replace("CERT_REQUIRED", "CERT_OPTIONAL"))
    assert "1 failed, 1 passed" in done.stdout


SHARED = f"""
import json, os, pathlib, pytest
{PLUGIN}

@pytest.mark.parametrize("number", range(4))
def test_it(mint, number):
    certs = mint(PROFILE)
    assert certs is mint(PROFILE)
    files = [certs.ca, certs["web"].certificate, certs["web"].chain, certs["issuing"].certificate]
    said = pathlib.Path("said-" + os.environ["PYTEST_XDIST_WORKER"])
    said.write_text(json.dumps([str(certs.ca), *(path.read_text() for path in files)]))
"""


def test_workers_share_a_set(tmp_path: Path) -> None:
    text = f"PROFILE = {PROFILE!r}\n{SHARED}"
    done = pytest_of(tmp_path, text, "-n", "2")
    assert done.returncode == 0, done.stdout
    said = [json.loads(path.read_text()) for path in tmp_path.glob("said-gw*")]
    assert len(said) == 2
    assert said[0] == said[1]
    root, _, web, chain, issuing = said[0]
    assert Path(root).name == "root.crt"
    assert chain == web + issuing


MISTAKES = {
    "mint('no/such.yaml')": "no/such.yaml: No such file or directory; name a profile such as profiles/dev.yaml",
    "mint('servers: {a: {san: [x]}}')": "the profile's text:1: servers.a.san[0]: ",
    "mint('defaults: {key: ec:P-256}\\nauthorities: {ca: {subject: {CN: ca}}}')['sever']": "'sever' is not known",
}


def test_a_mistake_is_told(tmp_path: Path) -> None:
    text = "".join(f"def test_{number}(mint):\n    {call}\n" for number, call in enumerate(MISTAKES))
    done = pytest_of(tmp_path, PLUGIN + text)
    assert "3 failed" in done.stdout
    assert [sentence for sentence in MISTAKES.values() if sentence not in done.stdout] == [], done.stdout


def test_the_scripts_do_without_pytest(tmp_path: Path) -> None:
    (tmp_path / "pytest.py").write_text("raise ImportError('not here')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for name in ("generate.py", "verify.py", "handshake_check.py"):
        command = [sys.executable, str(SCRIPTS / name), "--version"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


ONE = f"""
import datetime, ssl, pytest
from cryptography import x509
{PLUGIN}

def test_one(mint):
    server = mint.server("a.example", "127.0.0.1", lifetime="1h")
    loaded = x509.load_pem_x509_certificate(server.certificate.read_bytes())
    assert loaded.not_valid_after_utc - loaded.not_valid_before_utc == datetime.timedelta(hours=1)
    assert loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
        x509.DNSName) == ["a.example"]
    loaded.verify_directly_issued_by(x509.load_pem_x509_certificate(mint().ca.read_bytes()))
    context = ssl.create_default_context(cafile=mint().ca)
    context.load_cert_chain(server.certificate, server.key)
    assert mint.server("a.example").certificate != server.certificate

def test_others(mint):
    client = x509.load_pem_x509_certificate(mint.client().certificate.read_bytes())
    assert client.subject.rfc4514_string() == "CN=client"
    assert mint.peer("spiffe://example.org/web", outputs=["combined"]).files["combined"].exists()

def test_wrong_names(mint):
    mint.server("a b")

def test_wrong_fields(mint):
    mint.server("a.example", lifetim="1h")
"""


def test_one_certificate_in_a_test(tmp_path: Path) -> None:
    done = pytest_of(tmp_path, ONE)
    assert "2 failed, 2 passed" in done.stdout, done.stdout
    assert "'a b' contains a space" in done.stdout
    assert "mint:0: servers.server.lifetim: 'lifetim' is not known; did you mean lifetime?" in done.stdout
