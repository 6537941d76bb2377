"""Existing certificates used in place of the catalogue's own.

Minting needs them in a manifest, with their subjects in the syntax of a profile; a spoiled leaf is derived from the
existing leaf.
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
    """Derive what the case presents from the existing valid leaf, whose key is `key`. Raises OpensslError."""
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
    """List the existing certificates, so that they are not minted."""
    manifest = Manifest(profile=PROFILE, openssl=openssl.version(), certificates=tuple(records))
    (directory / MANIFEST).write_bytes(encode_manifest(manifest))


def subject_of(certificate: Certificate) -> dict[str, list[str]]:
    """The subject as in a profile, parsed from its RFC 4514 text; empty when a profile cannot express it."""
    subject: dict[str, list[str]] = {}
    parts = _ATTRIBUTE.findall(certificate.subject)
    if sum(len(name) + len(value) + 2 for name, value in parts) != len(certificate.subject) + 1:
        return {}  # a multi-valued RDN, or text that is not RFC 4514
    for name, escaped in reversed(parts):  # RFC 4514 has the last one first
        if escaped.startswith("#") or re.search(r"\\[0-9A-Fa-f]{2}", escaped):
            return {}  # octets, which are not text
        value = re.sub(r"\\(.)", r"\1", escaped)
        try:
            check_attribute(name, value)
        except ValueError:
            return {}
        subject.setdefault(name, []).append(value)
    return subject
