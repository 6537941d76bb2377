"""Mistakes in the files of entries: contradictory outputs, secrets and requests, and names used twice (pure)."""

import re
from collections.abc import Iterator

from mintls.profile.cross_signing import HOLD_KEY, SHARED
from mintls.profile.fields import Authority
from mintls.profile.issuers import Finding, path
from mintls.profile.model import Entry, Profile

MANIFEST = "manifest.json"


def bundle_mistakes(entry: Entry, profile: Profile) -> Iterator[Finding]:
    """A CRL bundle needs a CRL of every issuer."""
    for one in profile.ancestors(entry) or [entry] if "crl-bundle" in entry.outputs else []:
        issuer = profile.named.get(one.key_owner, one)
        if not (isinstance(issuer.settings, Authority) and issuer.settings.crl):
            yield path(entry, "outputs"), f"crl-bundle needs a CRL of {issuer.name}; write crl: {{}} there"


def file_mistakes(entry: Entry) -> Iterator[Finding]:
    """Outputs, secrets and signing requests that contradict each other."""
    settings = entry.settings
    outputs = set(entry.outputs)
    if outputs & {"pkcs12", "truststore"} and not settings.pkcs12.password:
        yield path(entry, "outputs"), "a PKCS#12 file needs a password; write pkcs12: {password: {env: NAME}}"
    for field, secret in (("passphrase", settings.passphrase), ("pkcs12", settings.pkcs12.password)):
        if secret and secret.empty and field == "passphrase":
            yield path(entry, field), "a private key cannot have an empty passphrase; write env: NAME or file: PATH"
        elif secret and sum(map(bool, (secret.env, secret.file, secret.empty))) != 1:
            yield path(entry, field), "write either env: NAME or file: PATH"
    group_reads = int(settings.key_mode, 8) & 0o060
    if settings.key_group and not group_reads:
        yield (
            path(entry, "key_group"),
            f"with mode {settings.key_mode} the group cannot read the key; write key_mode: 0640",
        )
    if "ocsp-index" in outputs and not entry.is_authority:
        yield path(entry, "outputs"), f"a {entry.role} issues nothing; write ocsp-index for the CA"
    elif "ocsp-index" in outputs and entry.cross_signs:
        yield path(entry, "outputs"), f"{entry.cross_signs} lists what this issues; write ocsp-index there"
    label = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
    if outputs & {"kubernetes", "kubernetes-ca"} and not re.fullmatch(rf"{label}(\.{label})*", entry.name):
        yield path(entry), "is not a valid name of a Kubernetes Secret: write lowercase letters, digits, inner hyphens"
    if "kubernetes" in outputs and settings.passphrase:
        yield path(entry, "outputs"), "a Kubernetes Secret cannot contain an encrypted key; remove passphrase"
    if "key-traditional" in outputs and not settings.key.startswith(("rsa:", "ec")):
        yield path(entry, "outputs"), f"{settings.key} has no traditional format; remove key-traditional"
    if existing := entry.existing:
        for field in ("certificate", "key"):
            if not getattr(existing, field):
                yield path(entry, "existing"), f"{field} is missing; write both certificate and key"
        if with_key := sorted(outputs & HOLD_KEY):
            yield path(entry, "outputs"), f"the key of an existing CA is not copied; remove {', '.join(with_key)}"
        if settings.defects:
            yield path(entry, "defects"), "an existing certificate cannot get a defect; remove it"
    if settings.csr is None:
        return
    if entry.issuer is None:
        yield path(entry, "csr"), "a root signs itself, so its key must be here; write issuer, or remove csr"
    if isinstance(settings, Authority) and settings.crl:
        yield path(entry, "crl"), "its key belongs to the owner of its csr the csr, so its CRL cannot be signed here"
    if outputs & HOLD_KEY or settings.passphrase or "stolen_key" in settings.defects:
        yield path(entry, "csr"), "the key stays with its owner, so it cannot be exported or encrypted here"
    if settings.not_before or settings.not_after or settings.backdate or settings.lifetime:
        yield path(entry, "csr"), "can be combined with days only, not with dates, lifetime or backdate"


def colliding_files(profile: Profile) -> Iterator[Finding]:
    """Two files with one name, also on file systems that ignore case (macOS)."""
    taken: dict[str, tuple[str, Entry | None]] = {MANIFEST: (MANIFEST, None)}
    for entry in profile.entries:
        for what, name in profile.files.of(entry.name).items():
            if entry.cross_signs and what in SHARED:
                continue
            if name.casefold() in taken:
                other, owner = taken[name.casefold()]
                whose = ".".join(map(str, path(owner))) if owner else "mintls itself"
                yield path(entry), f"its {what} {name} would be the same file as {other} of {whose}; rename one"
                break
            taken[name.casefold()] = name, entry
