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


def pytest_of(folder: Path, *options: str, **files: str) -> "subprocess.CompletedProcess[str]":
    """Run test files with nothing of ours around them but the path."""
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text(f"[pytest]\npythonpath = {SCRIPTS}\nfilterwarnings = error\n")
    command = [sys.executable, "-m", "pytest", "-v", f"--basetemp={folder}/base", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=patient(120))


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The directory of a session that runs all but what needs pytest-xdist, and what it printed."""
    folder = tmp_path_factory.mktemp("session")
    (example,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.S) if PLUGIN in block]
    mistakes = "".join(f"def test_{number}(mint):\n    {call}\n" for number, call in enumerate(MISTAKES))
    wrong = example.replace("CERT_REQUIRED", "CERT_OPTIONAL")
    done = pytest_of(folder, example=example, wrong=wrong, mistakes=PLUGIN + mistakes, one=ONE)
    return folder, done.stdout


def outcomes(text: str, name: str) -> list[str]:
    return re.findall(rf"(?m)^test_{name}\.py::\S+ (\w+)", text)


def test_the_readmes_example_holds(said: tuple[Path, str]) -> None:
    folder, text = said
    assert outcomes(text, "example") == ["PASSED", "PASSED"], text
    expected = {"ca.crt", "ca.key", "server.key", "client.key"}
    sets = [path for path in (folder / "base").glob("mintls-*") if expected <= {file.name for file in path.iterdir()}]
    assert len(sets) == 1, "it is minted once for all that ask for it"


def test_the_readmes_example_can_fail(said: tuple[Path, str]) -> None:
    assert sorted(outcomes(said[1], "wrong")) == ["FAILED", "PASSED"]


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
    done = pytest_of(tmp_path, "-n", "2", shared=text)
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


def test_a_mistake_is_told(said: tuple[Path, str]) -> None:
    assert outcomes(said[1], "mistakes") == ["FAILED"] * 3
    assert [sentence for sentence in MISTAKES.values() if sentence not in said[1]] == [], said[1]


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


def test_one_certificate_in_a_test(said: tuple[Path, str]) -> None:
    assert outcomes(said[1], "one") == ["PASSED", "PASSED", "FAILED", "FAILED"], said[1]
    assert "'a b' contains a space" in said[1]
    assert "mint:0: servers.server.lifetim: 'lifetim' is not known; did you mean lifetime?" in said[1]
