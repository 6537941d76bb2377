"""Digests that tell whether an entry must be issued again: of its settings, its signer, its outputs (pure)."""

import hashlib
from collections.abc import Mapping

from mintls.manifest import Record
from mintls.plan.openssl_config import config_text
from mintls.profile.model import Entry, Profile


def settings_digest(entry: Entry) -> str:
    """Changes with every setting that affects the certificate; `revoked` does not."""
    own = entry.settings
    dates = own.days, own.not_before, own.not_after, own.backdate
    words = config_text(entry), entry.issuer, own.key, own.digest, own.serial, own.defects, entry.request, *dates
    later = (own.lifetime,) if own.lifetime else ()  # a newer field counts only where it is used
    return hashlib.sha256(repr((*words, *later)).encode()).hexdigest()


def signer_digest(entry: Entry, records: Mapping[str, Record]) -> str:
    """Changes with the issuer's subject or key."""
    issuer = records.get(entry.issuer or "")
    if issuer is None:
        return ""
    serial = issuer.serial if "issuer" in entry.settings.authority_key_identifier else ""
    key = issuer.sha256.get(issuer.files["key"]) if "key" in issuer.files else issuer.fingerprint
    return hashlib.sha256(repr((issuer.subject, key, serial)).encode()).hexdigest()


def export_digest(entry: Entry, profile: Profile, records: Mapping[str, Record]) -> str:
    """Changes with the contents of the outputs; the source of a password is not part of it."""
    settings, issuers = entry.settings.pkcs12, profile.ancestors(entry)
    prints = [records[one.name].fingerprint for one in (entry, *issuers) if one.name in records]
    how = (settings.alias, settings.compatibility) if {"pkcs12", "truststore"} & set(entry.outputs) else ()
    more: list[object] = []  # what newer outputs contain counts only where they are used
    if "crl-bundle" in entry.outputs:
        crls = [records[one.key_owner].crl for one in issuers or (entry,) if one.key_owner in records]
        more.append([crl.number for crl in crls if crl])
    if "ocsp-index" in entry.outputs:
        names = profile.issuing_names(entry)
        issued = sorted(record.serial for record in records.values() if record.issuer in names)
        crl = records[entry.name].crl if entry.name in records else None
        more.append((issued, crl.number if crl else 0))
    kubernetes = entry.settings.kubernetes
    if kubernetes.namespace or kubernetes.labels:
        more.append((kubernetes.namespace, sorted(kubernetes.labels.items())))
    return hashlib.sha256(repr((prints, how, *more)).encode()).hexdigest()
