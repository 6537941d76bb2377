"""The directory of credentials that a run presents: the catalogue's, and beside them the set that is proved."""

from collections.abc import Mapping
from pathlib import Path

from mintls.due import Wishes
from mintls.errors import OutputError
from mintls.handshake.case import Case, Verifier
from mintls.handshake.pair import ANCHORS
from mintls.manifest import MANIFEST, Record, decode_manifest
from mintls.mint import mint as mint_profile
from mintls.openssl import Openssl
from mintls.profile import read_profile
from mintls.store import settle

PROFILE = "catalogue"
VERIFIERS = {"server": (Verifier.CLIENT,), "client": (Verifier.SERVER,), "peer": (Verifier.SERVER, Verifier.CLIENT)}


def mint(document: str, directory: Path, openssl: Openssl, workers: int, standing: tuple[str, ...] = ()) -> None:
    """Mint the catalogue's own profile, the bad credentials by the same code as the good ones.

    `standing`: the entries that are in the directory already (adopted.py) and are left as they are.
    """
    profile = read_profile(document.encode(), "the catalogue", PROFILE)
    wishes = Wishes(only=tuple(entry.name for entry in profile.entries if entry.name not in standing))
    if wishes.only:
        mint_profile(profile, directory, openssl, workers, lambda title, done, total: None, wishes)


def read_set(directory: Path) -> tuple[Record, ...]:
    """The certificates of a set that mintls minted. Raises OutputError when there is none."""
    settle(directory)
    try:
        data = (directory / MANIFEST).read_bytes()
    except OSError as error:
        raise OutputError(
            f"{directory / MANIFEST}: {error.strerror}; name a profile, or a directory that generate.py made"
        ) from None
    return decode_manifest(data, str(directory / MANIFEST)).certificates


def set_cases(records: tuple[Record, ...], source: Path) -> tuple[Case, ...]:
    """The cases that show the leaves of the set: each has to be accepted."""
    named = {record.name: record for record in records}
    return tuple(
        Case(
            id=f"set-{record.name}",
            title=f"{record.name} of {source}",
            clause="RFC 5280 section 6.1",
            hint=f"see what verify.py says of {source}",
            verifiers=VERIFIERS[record.role],
            accepted=True,
            presents=f"set-{record.name}",
            chain=tuple(f"set-{name}" for name in between(record, named)),
            name=_name(record),
        )
        for record in records
        if record.role in VERIFIERS
    )


def keys_of(records: tuple[Record, ...]) -> dict[str, str]:
    """The kind of each key of the set, as profiles spell it, by the credential that the set's cases present."""
    return {f"set-{record.name}": record.key for record in records}


def lay_out(records: tuple[Record, ...], source: Path, directory: Path) -> None:
    """Put the set beside the catalogue's credentials, by links, and trust its roots too."""
    anchors = [directory / "ca.crt"]
    for record in records:
        certificate = (source / record.files["certificate"]).resolve()
        (directory / f"set-{record.name}.crt").symlink_to(certificate)
        if record.role in VERIFIERS:
            (directory / f"set-{record.name}.key").symlink_to((source / record.files["key"]).resolve())
        if record.issuer is None:
            anchors.append(certificate)
    (directory / ANCHORS).write_bytes(b"".join(path.read_bytes() for path in anchors))


def between(record: Record, named: Mapping[str, Record]) -> list[str]:
    """The names of its issuers up to the root, without the root."""
    names = []
    while (issuer := named.get(record.issuer or "")) and issuer.issuer is not None:
        names.append(issuer.name)
        record = issuer
    return names


def _name(record: Record) -> str:
    """A name or address that the certificate is for."""
    for name in record.san:
        kind, _, value = name.partition(":")
        if kind in ("DNS", "IP"):
            return value.replace("*", "www", 1)
    return "localhost"
