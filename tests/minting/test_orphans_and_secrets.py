"""What is no longer in the profile, and kept files whose passphrase changed."""

import json
import os
import shutil
from pathlib import Path

import pytest
from conftest import Run, contents
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

PROFILE = """\
defaults: {key: ec:P-256}
authorities: {ca: {subject: {CN: ca}, crl: {}}}
servers:
  shipping: {san: ["DNS:s"]}
  web: {san: ["DNS:w"]}
"""
SEALED = """\
defaults: {key: ec:P-256}
authorities: {ca: {subject: {CN: ca}%s}}
servers:
  web: {san: ["DNS:w"], passphrase: {env: KEYPASS}}
  java: {san: ["DNS:j"], outputs: [pkcs12], pkcs12: {password: {env: P12PASS}}}
"""


def test_an_orphan_is_reported_and_pruned(tmp_path: Path, run: Run) -> None:
    profile, directory = tmp_path / "p.yaml", tmp_path / "set"
    words = ("generate.py", profile, "-o", directory)
    profile.write_text(PROFILE)
    assert run(*words).returncode == 0
    profile.write_text(PROFILE.replace("shipping", "shippings"))
    orphan = "orphan    shipping: not in the profile; --prune removes shipping.crt, shipping.key"
    assert orphan in run(*words).stdout.splitlines()
    before = contents(directory)
    checked = run(*words, "--check")
    assert (checked.returncode, orphan in checked.stdout, contents(directory)) == (0, True, before)
    assert run(*words, "--check", "--prune").returncode == 1
    assert contents(directory) == before
    report = json.loads(run(*words, "--check", "--json", "-").stdout)
    assert report["orphans"] == ["shipping"]
    pruned = run(*words, "--prune")
    assert (pruned.returncode, "removed   shipping: shipping.crt, shipping.key" in pruned.stdout) == (0, True)
    left = contents(directory)
    assert set(before) - set(left) == {"shipping.crt", "shipping.key"}
    assert all(left[name] == before[name] for name in left if name != "manifest.json")
    assert 'shipping"' not in (directory / "manifest.json").read_text()
    assert run(*words, "--check", "--prune").returncode == 0
    assert contents(directory) == left
    assert run("verify.py", directory).returncode == 0


def test_what_mintls_did_not_write_is_not_pruned(tmp_path: Path, run: Run) -> None:
    profile, directory = tmp_path / "p.yaml", tmp_path / "set"
    profile.write_text(PROFILE)
    assert run("generate.py", profile, "-o", directory).returncode == 0
    (directory / "shipping.key").write_text("mine now")
    (directory / "notes").write_text("mine")
    profile.write_text(PROFILE.replace("  shipping: {san", "  delivery: {files: {certificate: shipping.crt}, san"))
    done = run("generate.py", profile, "-o", directory, "--prune")
    assert done.returncode == 0, done.stderr
    assert (directory / "shipping.key").read_text() == "mine now"
    assert (directory / "notes").exists()
    assert (directory / "shipping.crt").exists(), "it is delivery's now"


def test_prune_goes_with_the_whole_profile(tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(PROFILE)
    for words in (("--only", "web"), ("--shard", "1/2")):
        done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set", "--prune", *words)
        assert (done.returncode, "--prune" in done.stderr) == (2, True)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from processes import run_script

    folder = tmp_path_factory.mktemp("sealed")
    (folder / "p.yaml").write_text(SEALED % "")
    environment = {**os.environ, "KEYPASS": "one", "P12PASS": "one"}
    assert run_script("generate.py", folder / "p.yaml", "-o", folder / "set", env=environment).returncode == 0
    return folder


def test_a_changed_password_is_noticed(sealed: Path, tmp_path: Path, run: Run) -> None:
    shutil.copytree(sealed, tmp_path / "copy")
    profile, directory = tmp_path / "copy" / "p.yaml", tmp_path / "copy" / "set"
    words = ("generate.py", profile, "-o", directory)
    same = {**os.environ, "KEYPASS": "one", "P12PASS": "one"}
    before = contents(directory)
    assert run(*words, env=same).returncode == 0
    assert contents(directory) == before
    assert run(*words).returncode == 0, "a secret that is not here is not tried"
    assert contents(directory) == before
    other = {**os.environ, "KEYPASS": "two", "P12PASS": "three"}
    checked = run(*words, "--check", env=other)
    assert (checked.returncode, checked.stdout.splitlines()[1:3]) == (
        1,
        [
            "due       web: web.key does not open with its passphrase",
            "due       java: java.p12 does not open with its password",
        ],
    )
    assert contents(directory) == before
    assert run(*words, env=other).returncode == 0
    assert load_pem_private_key((directory / "web.key").read_bytes(), b"two")
    assert pkcs12.load_pkcs12((directory / "java.p12").read_bytes(), b"three").key
    assert (directory / "java.key").read_bytes() == before["java.key"][1]
    assert run(*words, "--check", env=other).returncode == 0


def test_the_key_of_a_ca_is_never_replaced(tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(SEALED % ", passphrase: {env: KEYPASS}")
    words = ("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    environment = {**os.environ, "KEYPASS": "one", "P12PASS": "one"}
    assert run(*words, env=environment).returncode == 0
    before = contents(tmp_path / "set")
    done = run(*words, env={**environment, "KEYPASS": "two"})
    assert (done.returncode, done.stderr) == (
        3, f"{tmp_path}/set: ca.key does not open with its passphrase; set the one it was created with\n",
    )  # fmt: skip
    assert contents(tmp_path / "set") == before
