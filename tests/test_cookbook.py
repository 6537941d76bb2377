"""Every profile of profiles/README.md is minted, with keys of P-256 where it does not name any, and verified."""

import os
import re
from pathlib import Path

from mintls.openssl.binary import Openssl

import pytest
from conftest import Run
from processes import SCRIPTS

pytestmark = pytest.mark.slow

README = (SCRIPTS.parent / "profiles" / "README.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"\*\*([^*\n]+)\.\*\*[^`]*(?:`[^`]+`[^`]*)*?\n```yaml\n(.*?)```", README, re.S)
FIRST = re.search(r"```yaml\n(.*?)```", README, re.S)
SECRETS = {"P12PASS": "one password", "KEYPASS": "another password"}
NEW_KEY = ("-config", "req.cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
QUICK_KEYS = "defaults: {key: ec:P-256}\n"
CONFIG = """[req]
distinguished_name = dn
[dn]
[v3]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
"""


def test_the_cookbook_is_read() -> None:
    assert len(RECIPES) == README.partition("## Cookbook")[2].partition("## In CI")[0].count("```yaml") >= 14


@pytest.mark.parametrize(
    ("title", "text"),
    [("the first one", FIRST[1] if FIRST else ""), *RECIPES],
    ids=lambda value: value[:30].split("\n")[0],
)
def test_a_recipe(title: str, text: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(text if "defaults:" in text else f"{QUICK_KEYS}{text}")
    (tmp_path / "req.cnf").write_text(CONFIG)
    if "csr:" in text:
        words = (*NEW_KEY, "-keyout", "device.key", "-subj", "/CN=ignored", "-out", "device.csr")
        Openssl().run(("req", "-new", *words), cwd=tmp_path)
    if "existing:" in text:
        words = (*NEW_KEY, "-keyout", "rootCA-key.pem", "-subj", "/CN=root", "-out", "rootCA.pem")
        Openssl().run(("req", "-x509", "-extensions", "v3", *words), cwd=tmp_path)
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set", env={**os.environ, **SECRETS})
    assert done.returncode == 0, done.stderr
    assert done.stderr == "" or "csr: ignored in the request: its subject" in done.stderr
    assert (tmp_path / "set" / "manifest.json").exists()
