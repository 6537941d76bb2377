"""Which private keys belong to each certificate (pure but for paths).

A key belongs to every certificate with its public key. It is compared with the certificates in its own file and in
files of the same name; it is a mismatch only if it fits none of them: a file may contain a key and a whole chain.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mintls.inspection.inventory import CertificateEntry, KeyFile
from mintls.x509.certificate import Certificate


class Matched(NamedTuple):
    """For each certificate, in their order, its keys and those that should have matched it."""

    keys: list[tuple[KeyFile, ...]]
    mismatched: list[tuple[KeyFile, ...]]


def match_keys(
    entries: Sequence[CertificateEntry],
    contents: Sequence[tuple[Path, list[Certificate]]],
    keys: Sequence[KeyFile],
) -> Matched:
    """`contents` are the certificates of each file, in their order there."""
    by_public_key, by_stem = defaultdict(list), defaultdict(list)
    for key in keys:
        by_public_key[key.public_key].append(key)
        if key.public_key is None:
            by_stem[key.path.parent, key.path.stem].append(key)
    in_file = dict(contents)
    by_name: dict[tuple[Path, str], list[Certificate]] = defaultdict(list)
    for path, certificates in contents:
        by_name[path.parent, path.stem.removesuffix("-cert")] += certificates
    misfits = defaultdict(list)
    for key in keys:
        same = in_file.get(key.path, []) + by_name[key.path.parent, key.path.stem.removesuffix("-key")]
        if key.public_key and same and all(one.public_key != key.public_key for one in same):
            misfits[same[0].fingerprint].append(key)
    return Matched(
        [
            (
                *by_public_key.get(one.certificate.public_key, ()),
                *by_stem.get((one.files[0].parent, one.files[0].stem), ()),
            )
            for one in entries
        ],
        [tuple(misfits.get(one.fingerprint, ())) for one in entries],
    )
