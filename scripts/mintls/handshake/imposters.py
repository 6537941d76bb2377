"""Certificates that stand where the catalogue's own would be minted, though somebody else made them.

What is minted beside them is issued under them (adopted.py) or imitates them (imitation.py): so they are in a manifest,
their subjects are said as a profile says them, and what is spoiled of a leaf is made of the leaf itself.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from shutil import copy
from typing import cast

from mintls.handshake.cases.case import Case, Verifier
from mintls.handshake.credentials import PROFILE
from mintls.manifest import MANIFEST, Manifest, Record, encode_manifest
from mintls.minting.execute import run_step
from mintls.openssl.binary import Openssl
from mintls.plan.defects import defect_steps
from mintls.profile.choices import Defect, KeyAlgorithm
from mintls.profile.fields import Leaf
from mintls.profile.file_names import Files
from mintls.profile.model import Entry
from mintls.profile.names import check_attribute
from mintls.x509.certificate import Certificate

_ATTRIBUTE = re.compile(r"([^=]+)=((?:[^,+\\]|\\.)*)(?:,|$)", re.DOTALL)


def spoil(case: Case, verifier: Verifier, key: KeyAlgorithm, directory: Path, openssl: Openssl) -> None:
    """Make what the case presents of the good leaf that stands, whose key is of that kind. Raises OpensslError."""
    role, name, defects = verifier.presents, case.credential(verifier), cast(tuple[Defect, ...], case.spoiled)
    own, good = Files().of(name), Files().of(role)
    entry = Entry(name=name, role=role, issuer="ca", settings=Leaf(key=key, defects=defects), where="")
    if "stolen_key" in defects:
        copy(directory / good["certificate"], directory / own["certificate"])
    else:
        (directory / own["key"]).symlink_to(good["key"])
    for step in defect_steps(entry, good["certificate"], own):
        run_step(step, openssl, directory)


def write_manifest(records: Iterable[Record], directory: Path, openssl: Openssl) -> None:
    """Say what stands, so that it is not made."""
    manifest = Manifest(profile=PROFILE, openssl=openssl.version(), certificates=tuple(records))
    (directory / MANIFEST).write_bytes(encode_manifest(manifest))


def subject_of(certificate: Certificate) -> dict[str, list[str]]:
    """The subject as a profile says it, read from RFC 4514's text; empty when a profile cannot say it."""
    subject: dict[str, list[str]] = {}
    parts = _ATTRIBUTE.findall(certificate.subject)
    if sum(len(name) + len(value) + 2 for name, value in parts) != len(certificate.subject) + 1:
        return {}  # an attribute beside another one, or text that is none
    for name, escaped in reversed(parts):  # the last stands first
        if escaped.startswith("#") or re.search(r"\\[0-9A-Fa-f]{2}", escaped):
            return {}  # octets, which are no text
        value = re.sub(r"\\(.)", r"\1", escaped)
        try:
            check_attribute(name, value)
        except ValueError:
            return {}
        subject.setdefault(name, []).append(value)
    return subject
