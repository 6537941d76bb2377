"""A second user who works against a run from another process: the stage, the commit and a signing request."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import Run
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from fault_injection import times
from foreign import named
from peers import need
from processes import until

pytestmark = [
    pytest.mark.torture,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process of another user"),
]
OTHER_USER = 65534
# Renames the stage away, and puts a directory with files that all may read in its place; copies what it can read.
STAGE = """
import os, pathlib, sys
directory, loot = map(pathlib.Path, sys.argv[1:])
(loot / "ready").touch()
while True:
    try:
        stages = list(directory.glob(".mintls-stage-*"))
    except OSError:
        stages = []
    for stage in stages:
        try:
            os.rename(stage, loot / "stage")
            stage.mkdir()
            for name in ("ca.key", "server.key", "client.key"):
                (stage / name).touch(0o666)
        except OSError:
            pass
    try:
        for path in (*directory.rglob("*.key"), *loot.rglob("*.key")):
            try:
                if text := path.read_text():
                    (loot / "taken").write_text(text)
            except OSError:
                pass
    except OSError:  # what is listed has just gone
        pass
"""
COMMIT = """
import os, pathlib, sys
directory, loot, victim = map(pathlib.Path, sys.argv[1:])
(loot / "ready").touch()
while True:
    try:
        os.symlink(victim, directory / ".mintls-commit")
    except OSError:
        pass
    try:
        os.rename(directory / ".mintls-commit", loot / "commit")
        os.unlink(loot / "commit")
    except OSError:
        pass
"""
REQUEST = """
import os, pathlib, shutil, sys
request, first, second, loot = map(pathlib.Path, sys.argv[1:])
(loot / "ready").touch()
while True:
    for source in (first, second):
        shutil.copy(source, loot / "next")
        os.rename(loot / "next", request)
"""


@contextmanager
def second_user(program: str, loot: Path, *words: Path) -> Iterator[None]:
    """The program runs as nobody until the context is left."""
    command = [
        need("setpriv"),
        f"--reuid={OTHER_USER}",
        f"--regid={OTHER_USER}",
        "--clear-groups",
        sys.executable,
        "-c",
        program,
    ]
    process = subprocess.Popen([*command, *map(str, words)])
    try:
        until((loot / "ready").exists, "the second user")
        yield
        assert process.poll() is None, "it has worked all the time"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def shared() -> Iterator[Path]:
    """A directory below which the second user can go, with a folder of his own.

    Not tmp_path: every session of pytest closes the directory of all sessions to other users when it starts.
    """
    with tempfile.TemporaryDirectory(prefix="mintls-shared-") as name:
        directory = Path(name).resolve()
        directory.chmod(0o755)
        loot = directory / "loot"
        loot.mkdir()
        os.chown(loot, OTHER_USER, OTHER_USER)
        yield directory


@pytest.mark.parametrize(("mode", "owner", "status"), [(0o1777, 0, 0), (0o777, 0, 3), (0o755, OTHER_USER, 3)])
def test_the_stage_is_exchanged_by_a_second_user(
    shared: Path, mode: int, owner: int, status: int, elliptic_profile: Path, run: Run
) -> None:
    """In a sticky directory he can do nothing; where he may write or owns the directory, no key is made."""
    place, loot = shared / "place", shared / "loot"
    place.mkdir()
    place.chmod(mode)
    os.chown(place, owner, -1)
    with second_user(STAGE, loot, place if status else place / "set", loot):
        for _ in range(times(10, 2)):
            directory = place if status else place / "set"
            done = run("generate.py", elliptic_profile, "-o", directory, "-q", "--force", "--rotate-keys")
            assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    assert not (loot / "taken").exists()
    assert not (loot / "stage").exists()
    assert not status or not list(place.glob("*.key"))


def test_the_commit_is_exchanged_by_a_second_user(shared: Path, dev: Path, run: Run) -> None:
    """verify.py run by root on his directory moves and removes nothing, in it or where a link leads."""
    theirs, victim, loot = shared / "theirs", shared / "victim", shared / "loot"
    for directory in (theirs, victim):
        directory.mkdir()
        for path in dev.glob("*.crt"):
            (directory / path.name).write_bytes(path.read_bytes())
    os.chown(theirs, OTHER_USER, OTHER_USER)
    before = {directory: sorted(path.name for path in directory.glob("*.crt")) for directory in (theirs, victim)}
    with second_user(COMMIT, loot, theirs, loot, victim):
        for _ in range(times(60, 6)):
            done = run("verify.py", theirs)
            assert "Traceback" not in done.stderr
    assert {directory: sorted(path.name for path in directory.glob("*.crt")) for directory in before} == before


def test_a_signing_request_is_exchanged_by_a_second_user(shared: Path, run: Run) -> None:
    """Only the key of a request with a valid signature is ever certified."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder(named("theirs"))
    valid = builder.sign(key, SHA256()).public_bytes(Encoding.DER)
    forged = bytearray(builder.sign(ec.generate_private_key(ec.SECP256R1()), SHA256()).public_bytes(Encoding.DER))
    forged[-1] ^= 1
    loot, mail = shared / "loot", shared / "mail"
    mail.mkdir()
    os.chown(mail, OTHER_USER, OTHER_USER)
    for name, der in (("valid", valid), ("forged", bytes(forged))):
        pem = subprocess.run([need("openssl"), "req", "-inform", "DER"], input=der, capture_output=True, check=True)
        (shared / name).write_bytes(pem.stdout)
    (mail / "a.csr").write_bytes((shared / "valid").read_bytes())
    os.chown(mail / "a.csr", OTHER_USER, OTHER_USER)
    (shared / "p.yaml").write_text(
        "defaults: {key: ec:P-256}\nauthorities: {ca: {subject: {CN: CA}}}\n"
        "clients: {c: {subject: {CN: c}, csr: mail/a.csr}}\n"
    )
    issued = 0
    with second_user(REQUEST, loot, mail / "a.csr", shared / "valid", shared / "forged", loot):
        for number in range(times(60, 8)):
            directory = shared / f"set{number}"
            done = run("generate.py", shared / "p.yaml", "-o", directory, "-q")
            assert done.returncode in (0, 2), done.stderr
            if done.returncode == 0:
                certificate = x509.load_pem_x509_certificate((directory / "c.crt").read_bytes())
                assert certificate.public_key() == key.public_key()
                issued += 1
            else:
                assert "is not a signing request, or its signature is wrong" in done.stderr
    assert issued
