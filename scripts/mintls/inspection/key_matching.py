"""Certificates that were found, and which private keys belong to each.

A key belongs to each certificate of its public key. It is held against those in its own file and in files of its name;
it does not match only when it fits none of them: a file may hold a key and a whole chain.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mintls.x509.certificate import Certificate

from msgspec import Struct


class KeyFile(Struct, frozen=True):
    """A private key's file, its mode (None for a pipe), and its public key; None when only a passphrase could tell."""

    path: Path
    mode: int | None
    public_key: str | None


class Found(Struct, frozen=True):
    """One certificate, the files that it stands in, the key files that match it, and the modes of all of them."""

    certificate: Certificate
    files: tuple[Path, ...]
    keys: tuple[KeyFile, ...] = ()
    modes: tuple[tuple[Path, int | None], ...] = ()
    place: int = 0  # in the file, from 1, where this is the own file of several; else 0
    mismatched: tuple[KeyFile, ...] = ()  # keys in its file, or of its file's name, that fit no certificate there

    @property
    def name(self) -> str:
        """The name of the file that is its own: the one that holds it first."""
        return f"{self.files[0].name}[{self.place}]" if self.place else self.files[0].name


class Matched(NamedTuple):
    """For each certificate, in their order, its keys and those that should have been its."""

    keys: list[tuple[KeyFile, ...]]
    mismatched: list[tuple[KeyFile, ...]]


def match_keys(
    found: Sequence[Found], held: Sequence[tuple[Path, list[Certificate]]], keys: Sequence[KeyFile]
) -> Matched:
    """`held` are the certificates of each file, in their order there."""
    by_public_key, by_stem = defaultdict(list), defaultdict(list)
    for key in keys:
        by_public_key[key.public_key].append(key)
        if key.public_key is None:
            by_stem[key.path.stem].append(key)
    in_file = dict(held)
    by_name: dict[tuple[Path, str], list[Certificate]] = defaultdict(list)
    for path, certificates in held:
        by_name[path.parent, path.stem.removesuffix("-cert")] += certificates
    misfits = defaultdict(list)
    for key in keys:
        same = in_file.get(key.path, []) + by_name[key.path.parent, key.path.stem.removesuffix("-key")]
        if key.public_key and same and all(one.public_key != key.public_key for one in same):
            misfits[same[0].fingerprint].append(key)
    return Matched(
        [(*by_public_key.get(one.certificate.public_key, ()), *by_stem.get(one.files[0].stem, ())) for one in found],
        [tuple(misfits.get(one.certificate.fingerprint, ())) for one in found],
    )
