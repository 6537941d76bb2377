"""The directory of credentials that a run presents: the catalogue's, and the set under test."""

import os
from contextlib import suppress
from pathlib import Path

from mintls.errors import OutputError
from mintls.handshake.cases.case import Case, Verifier
from mintls.handshake.pair import ANCHORS
from mintls.input_file import is_readable, read_input
from mintls.manifest import MANIFEST, Manifest, Record
from mintls.minting.mint import mint as mint_profile
from mintls.minting.snapshot import Snapshot, read_snapshot
from mintls.openssl.binary import Openssl
from mintls.plan.selection import Selection
from mintls.profile.model import Profile

COPIED = ("certificate", "key")
VERIFIERS = {"server": (Verifier.CLIENT,), "client": (Verifier.SERVER,), "peer": (Verifier.SERVER, Verifier.CLIENT)}


def mint(profile: Profile, directory: Path, openssl: Openssl, existing: tuple[str, ...] = ()) -> None:
    """Mint the catalogue's profile, invalid credentials with the same code as valid ones.

    `existing`: entries that are already in the directory and are not changed.
    """
    selection = Selection(only=tuple(entry.name for entry in profile.entries if entry.name not in existing))
    if selection.only:
        mint_profile(profile, directory, openssl, lambda title, done, total: None, selection)


def copy_set(source: Path, directory: Path) -> Manifest:
    """The manifest of a set that mintls minted, with a private copy of the certificates and keys that exist.

    The copy keeps the set under test consistent while it is minted again.
    Raises OutputError when there is none, or it cannot be read.
    """

    def read(snapshot: Snapshot) -> tuple[Manifest, dict[str, bytes]]:
        manifest = _there(snapshot.manifest(), source)
        files: dict[str, bytes] = {}
        for name in (record.files[what] for record in manifest.certificates for what in COPIED if what in record.files):
            with suppress(FileNotFoundError):
                files[name] = snapshot.read(name).data
        return manifest, files

    try:
        manifest, files = read_snapshot(source, read)
    except OSError as error:
        raise OutputError(f"{error.filename or source}: {error.strerror}; name another directory") from None
    directory.mkdir(0o700)
    for name, data in files.items():
        handle = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as file:
            file.write(data)
    return manifest


def _there(manifest: Manifest | None, directory: Path) -> Manifest:
    if manifest is None:
        sentence = f"{directory / MANIFEST}: No such file or directory"
        raise OutputError(f"{sentence}; name a profile, or a directory that generate.py made")
    return manifest


def set_cases(manifest: Manifest, source: Path) -> tuple[Case, ...]:
    """The cases that present the leaves of the set whose keys it has: each must be accepted."""
    return tuple(
        Case(
            id=f"set-{record.name}",
            title=f"{record.name} of {source}",
            reference="RFC 5280 section 6.1",
            hint=f"run verify.py {source}",
            verifiers=VERIFIERS[record.role],
            accepted=True,
            presents=f"set-{record.name}",
            chain=tuple(f"set-{issuer.name}" for issuer in manifest.between(record)),
            name=_name(record),
        )
        for record in manifest.certificates
        if record.role in VERIFIERS and "key" in record.files
    )


def keys_of(records: tuple[Record, ...]) -> dict[str, str]:
    """The algorithm of each key of the set, as in profiles, by the credential that the set's cases present."""
    return {f"set-{record.name}": record.key for record in records}


def lay_out(records: tuple[Record, ...], source: Path, directory: Path) -> None:
    """Link the set into the directory of the catalogue's credentials, and trust its roots too."""
    anchors = [directory / "ca.crt"]
    needed = [record.files[what] for record in records for what in COPIED if what in record.files]
    optional = {record.files.get("key") for record in records if record.role not in VERIFIERS}
    if missing := [name for name in needed if name not in optional and not is_readable(source / name)]:
        raise OutputError(f"the set has no file {', '.join(missing[:8])}; restore it, or mint it with generate.py")
    for record in records:
        certificate = (source / record.files["certificate"]).resolve()
        (directory / f"set-{record.name}.crt").symlink_to(certificate)
        if record.role in VERIFIERS and "key" in record.files:
            (directory / f"set-{record.name}.key").symlink_to((source / record.files["key"]).resolve())
        if record.issuer is None:
            anchors.append(certificate)
    (directory / ANCHORS).write_bytes(b"".join(map(_certificate, anchors)))


def _certificate(path: Path) -> bytes:
    try:
        return read_input(path).data
    except OSError as error:
        raise OutputError(f"{path.name}: {error.strerror}; restore it, or mint the set again") from None


def _name(record: Record) -> str:
    """A name or address that the certificate is for."""
    for name in record.san:
        kind, _, value = name.partition(":")
        if kind in ("DNS", "IP"):
            return value.replace("*", "www", 1)
    return "localhost"
