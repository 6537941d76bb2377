"""How hard the torture tests press: everything with MINTLS_TORTURE=full, less in every other run."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol, TypeVar

from conftest import modes
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

FULL = os.environ.get("MINTLS_TORTURE") == "full"
DIES = Path(__file__).parent / "torture" / "dies.py"
Item = TypeVar("Item")


def some(items: Sequence[Item], few: int) -> list[Item]:
    """All of them in full, else a few from the first to the last."""
    if FULL or len(items) <= few:
        return list(items)
    return [items[index * (len(items) - 1) // (few - 1)] for index in range(few)]


def times(full: int, short: int) -> int:
    return full if FULL else short


def at_call(calls: Path, words: str, number: int | str = "$N") -> str:
    """Lines of a fake openssl that does this at its call of this number, also where several begin at once.

    `calls` is a directory, empty at first: the number of its entries is that of the calls.
    """
    count = f"n=1; while ! mkdir {calls}/$n 2>/dev/null; do n=$((n + 1)); done"
    return f'{count}\n[ $n = "{number}" ] && {{ {words}; }}\nexec $REAL "$@"'


class Victim(Protocol):
    """Runs that begin one after the other, each in a directory of its own."""

    def begin(self) -> Path: ...

    def command(self, directory: Path) -> list[str]: ...


def until_change(victim: Victim, number: int) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    """Killed before its N-th file, directory, rename, mode or process; with 0 it lives and says how many there were."""
    directory = victim.begin()
    command = [sys.executable, "-B", str(DIES), str(number), *victim.command(directory)]
    return directory, subprocess.run(command, capture_output=True, text=True)


def killed_before_changes(victim: Victim, changes: int) -> Iterator[Path]:
    """The directory of each run that was killed, before its first change to before its last."""
    for number in some(range(1, changes + 1), 3):
        directory, died = until_change(victim, number)
        assert died.returncode == -signal.SIGKILL, died.stderr
        yield directory


def killed_by_openssl(
    victim: Victim, environment: Mapping[str, str], calls: Path, *, status: int, least: int
) -> Iterator[Path]:
    """The directory of each run that was ended by its N-th openssl, as `environment` has one by at_call().

    The run makes at least so many calls, and ends with that status.
    """

    def attempt(number: int) -> tuple[Path, int]:
        emptied(calls)
        directory = victim.begin()
        command = [sys.executable, *victim.command(directory)]
        return directory, subprocess.run(command, env={**environment, "N": str(number)}, capture_output=True).returncode

    assert attempt(0)[1] == 0
    made = len(list(calls.iterdir()))
    assert made >= least
    for number in some(range(1, made + 1), 2):
        directory, ended = attempt(number)
        assert ended == status
        yield directory


def emptied(directory: Path) -> Path:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    return directory


def files(directory: Path) -> dict[str, bytes]:
    """The published files: all that is not mintls's own working directory."""
    return {path.name: path.read_bytes() for path in directory.iterdir() if not path.name.startswith(".mintls-")}


def copy(directory: Path, to: Path) -> Path:
    """A copy with the modes of the files."""
    return Path(shutil.copytree(directory, to))


def check_whole(directory: Path) -> None:
    """What the manifest names is there and nothing else is; keys match, signatures hold, modes are right: pyca says."""
    published = files(directory)
    manifest = json.loads(published["manifest.json"])
    records = {record["name"]: record for record in manifest["certificates"]}
    named = {name for record in records.values() for name in record["files"].values()}
    assert named | {"manifest.json"} == set(published)
    certificates = {name: x509.load_pem_x509_certificate(published[f"{name}.crt"]) for name in records}
    for name, record in records.items():
        certificate = certificates[name]
        assert {file: sha256(published[file]).hexdigest() for file in record["sha256"]} == record["sha256"]
        assert certificate.serial_number == int(record["serial"], 16)
        assert load_pem_private_key(published[f"{name}.key"], None).public_key() == certificate.public_key()
        certificate.verify_directly_issued_by(certificates[record["issuer"] or name])
        if record.get("crl"):
            revocations = x509.load_pem_x509_crl(published[f"{name}.crl"])
            assert revocations.is_signature_valid(certificate.public_key())  # type: ignore[arg-type]
            assert {one.serial_number for one in revocations} == {
                int(one["serial"], 16) for one in record["crl"]["revoked"]
            }
    seen = modes(directory)
    assert {file: seen[file] for file in published} == {
        file: "0600" if file.endswith(".key") else "0644" for file in published
    }


def check_private(folder: Path) -> None:
    """No private key below it that another user could read: neither published, nor left in a working directory."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and b"PRIVATE KEY" in path.read_bytes():
            between = [folder / part for part in path.relative_to(folder).parents if str(part) != "."]
            open_to_others = [one.stat().st_mode & 0o077 for one in (path, *between)]
            assert 0 in open_to_others, f"{path} can be read by others"
