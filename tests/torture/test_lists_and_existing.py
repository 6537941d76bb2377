"""Killed, interrupted or on a full disk, with an existing CA, bundles, an index, a cross certificate and --prune.

The set is the old one or the new one, no key is open to others, and the files of the existing CA are as they were.
"""

import json
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from pathlib import Path

from mintls.minting.publication import open_store

import pytest
from conftest import Fake, load, mint_profile, modes
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fault_injection import at_call, copy, files, killed_before_changes, killed_by_openssl, some, until_change
from processes import SCRIPTS, run_script

pytestmark = pytest.mark.torture
OLD = """\
defaults: {key: ec:P-256}
authorities:
  company: {existing: {certificate: company.pem, key: company.key}, crl: {}}
  ca: {subject: {CN: CA}, issuer: company, crl: {}, outputs: [ocsp-index]}
  root: {subject: {CN: root}}
  cross: {cross_signs: ca, issuer: root}
servers: {a: {san: ["DNS:a"], issuer: ca, outputs: [crl-bundle, ca-bundle, combined]}}
clients: {b: {subject: {CN: b}, issuer: cross}, c: {subject: {CN: c}, issuer: ca, key_mode: "0640"}}
responders: {ocsp: {issuer: ca}}
"""
NEW = {
    "revokes": OLD.replace("{CN: b}", "{CN: b}, revoked: keyCompromise").replace('"0640"', '"0600"'),
    "prunes": OLD.replace(', c: {subject: {CN: c}, issuer: ca, key_mode: "0640"}', "").replace("{CN: b}", "{CN: b2}"),
}
CHANGED = {
    "revokes": {"ca.crl", "ca.index.txt", "a.crl-bundle.pem", "manifest.json"},
    "prunes": {"b.crt", "ca.index.txt", "manifest.json"},
}
KINDS = pytest.mark.parametrize("kind", [*NEW])
Property = Callable[[str, object], None]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lists")
    (folder / "its.yaml").write_text("authorities: {company: {subject: {CN: Company}, key: ec:P-384}}\n")
    company = mint_profile(folder / "its.yaml", folder / "its")
    shutil.copy2(company / "company.crt", folder / "company.pem")
    shutil.copy2(company / "company.key", folder / "company.key")
    (folder / "p.yaml").write_text(OLD)
    mint_profile(folder / "p.yaml", folder / "set")
    return folder


class Bench:
    """One directory after the other in which a run of the kind is about to begin."""

    def __init__(self, kind: str, template: Path, folder: Path) -> None:
        self.kind, self.template, self.folder, self.numbers = kind, template, folder, count()
        self.before, self.company = files(template / "set"), company(template)
        for name in self.company:
            shutil.copy2(template / name, folder)
        (folder / "p.yaml").write_text(NEW[kind])

    def begin(self) -> Path:
        return copy(self.template / "set", self.folder / str(next(self.numbers)))

    def command(self, directory: Path) -> list[str]:
        more = ["--prune"] if self.kind == "prunes" else []
        script = str(SCRIPTS / "generate.py")
        return [script, str(self.folder / "p.yaml"), "-o", str(directory), "-j", "1", "-q", *more]

    def check(self, directory: Path) -> str:
        """Which set it is, after what was decided has been carried on with."""
        assert company(self.folder) == self.company
        with open_store(directory):
            pass
        check_set(directory)
        after = files(directory)
        if after == self.before:
            return "old"
        gone = {"c.crt", "c.key"} if self.kind == "prunes" else set()
        assert set(self.before) - set(after) == gone
        assert {name for name in after if after[name] != self.before[name]} == CHANGED[self.kind]
        return "new"

    def survived(self, directory: Path) -> None:
        self.check(directory)
        done = run_script(*self.command(directory))
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert self.check(directory) == "new"
        assert not list(directory.glob(".mintls-*"))


def company(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        name: ((folder / name).read_bytes(), (folder / name).stat().st_mode) for name in ("company.pem", "company.key")
    }


def check_set(directory: Path) -> None:
    """What the manifest names is there and nothing else is, and it fits together, as pyca reads it."""
    published = files(directory)
    records = {one["name"]: one for one in json.loads(published["manifest.json"])["certificates"]}
    assert {name for one in records.values() for name in one["files"].values()} | {"manifest.json"} == set(published)
    for name, record in records.items():
        for file in record["files"].values():
            assert sha256(published[file]).hexdigest() == record["sha256"][file], file
        certificate = load(directory / record["files"]["certificate"])
        certificate.verify_directly_issued_by(load(directory / f"{record['issuer'] or name}.crt"))
        if "key" in record["files"]:
            key = load_pem_private_key(published[record["files"]["key"]], None)
            assert key.public_key() == certificate.public_key()
    assert published["a.crl-bundle.pem"] == published["ca.crl"] + published["company.crl"]
    revoked = {one.serial_number for one in x509.load_pem_x509_crl(published["ca.crl"])}
    index = [line.split("\t") for line in published["ca.index.txt"].decode().splitlines()]
    assert {int(line[3], 16) for line in index if line[0] == "R"} == revoked
    issued = {int(one["serial"], 16) for one in records.values() if one["issuer"] in ("ca", "cross")}
    assert issued <= {int(line[3], 16) for line in index}
    assert published["a.combined.pem"] == published["a.crt"] + published["ca.crt"] + published["a.key"]
    modes_of = modes(directory)
    assert all(modes_of[name] == "0600" for name in published if name in ("ca.key", "a.key", "b.key", "a.combined.pem"))
    assert modes_of.get("c.key", "0600") == (records["c"]["access"] or "0600" if "c" in records else "0600")


@pytest.fixture
def bench(kind: str, template: Path, tmp_path: Path) -> Bench:
    return Bench(kind, template, tmp_path)


@KINDS
def test_at_every_change_of_the_disk(bench: Bench, record_property: Property) -> None:
    directory, lived = until_change(bench, 0)
    assert lived.returncode == 0, lived.stderr
    assert bench.check(directory) == "new"
    for directory in killed_before_changes(bench, int(lived.stderr)):
        bench.survived(directory)
        record_property("kills at a step boundary, survived", 1)


@KINDS
@pytest.mark.parametrize("how", ["KILL", "INT"])
def test_by_every_openssl(
    bench: Bench, how: str, tmp_path: Path, fake_openssl: Fake, record_property: Property
) -> None:
    """It kills or interrupts the run that started it."""
    calls, ends = tmp_path / "calls", {"KILL": "exit 1", "INT": "exec sleep 60"}[how]  # ended by the interrupted run
    environment = fake_openssl(at_call(calls, f"kill -{how} $PPID; {ends}"))
    status = -signal.SIGKILL if how == "KILL" else 130
    for directory in killed_by_openssl(bench, environment, calls, status=status, least=2):
        assert bench.check(directory) == "old"
        bench.survived(directory)
        record_property("kills by the openssl that runs, survived", 1)


@KINDS
def test_files_that_cannot_grow(bench: Bench, record_property: Property) -> None:
    failed = 0
    sizes = some(range(0, 12000, 250), 3)
    for size in sizes:
        directory = bench.begin()

        def limit(size: int = size) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        command = [sys.executable, "-B", *bench.command(directory)]
        done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)
        assert "Traceback" not in done.stderr
        failed += done.returncode != 0
        assert bench.check(directory) == ("new" if done.returncode == 0 else "old")
        bench.survived(directory)
    assert 0 < failed < len(sizes), "some are too small, and some are not"
    record_property("full disks", failed)


def test_the_judgement_can_say_no(template: Path, tmp_path: Path) -> None:
    check_set(template / "set")
    for file, data in (
        ("a.crl-bundle.pem", b""),
        ("ca.index.txt", b""),
        ("ca.key", (template / "set" / "a.key").read_bytes()),
    ):
        wrong = copy(template / "set", tmp_path / file)
        (wrong / file).write_bytes(data)
        with pytest.raises(AssertionError):
            check_set(wrong)
