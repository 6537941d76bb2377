"""Existing CAs: their certificates are read, and their keys tried, before anything is created.

Neither file is ever written; the set gets a copy of the certificate, and the key stays where it is.
"""

from pathlib import Path
from typing import Any, cast

from mintls.errors import ProfileError
from mintls.input_file import read_beginning
from mintls.openssl.binary import Openssl
from mintls.profile.ca_fields import Existing
from mintls.profile.fields import Authority
from mintls.profile.model import Entry, Profile
from mintls.x509 import certificate

from msgspec import structs

MAX_BYTES = 256 * 1024


def read_existing(profile: Profile, openssl: Openssl) -> Profile:
    """The profile with the certificate of each existing CA. Raises ProfileError for those that cannot sign."""
    complaints, entries = [], []
    for entry in profile.entries:
        existing = entry.settings.existing if isinstance(entry.settings, Authority) else None
        if existing is None or entry.certificate:  # none, or one that was read before
            entries.append(entry)
            continue
        try:
            entries.append(_read(entry, existing, openssl))
        except ValueError as error:
            complaints.append(f"{entry.where}.existing.{error}")
    if complaints:
        raise ProfileError(complaints)
    return structs.replace(profile, entries=tuple(entries))


def _read(entry: Entry, existing: Existing, openssl: Openssl) -> Entry:
    """Raises ValueError with a message that starts with the name of the field."""
    try:
        own = certificate.read_certificate(_text("certificate", existing.certificate))
    except ValueError as error:
        reason = str(error)
        if not reason.startswith("certificate: "):
            reason = f"certificate: {existing.certificate} is not a certificate in PEM"
        raise ValueError(reason) from None
    usages = own.key_usage
    if not own.is_authority or (usages and "Certificate Sign" not in usages):
        raise ValueError(f"certificate: {existing.certificate} is not a CA ({own.subject}); name a CA's")
    _check_key(entry, existing, own, openssl)
    settings = structs.replace(cast("Authority", entry.settings), key=cast("Any", own.key))
    return structs.replace(entry, settings=settings, certificate=own)


def _check_key(entry: Entry, existing: Existing, own: "certificate.Certificate", openssl: Openssl) -> None:
    _text("key", existing.key)
    secret = entry.settings.passphrase
    passin = ("-passin", secret.words) if secret else ("-passin", "pass:")
    result = openssl.ask(("pkey", "-in", existing.key, *passin, "-pubout"))
    if result.status:
        hint = "its passphrase is wrong or missing" if secret else "if it is encrypted, add passphrase to this CA"
        raise ValueError(f"key: {existing.key} cannot be read as a private key; {hint}")
    if result.stdout.split() != own.public_key.split():
        raise ValueError(f"key: {existing.key} is not the key of {existing.certificate}; name the matching file")


def _text(field: str, path: str) -> str:
    try:
        data = read_beginning(Path(path), MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{field}: {path}: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise ValueError(f"{field}: {path} is larger than {MAX_BYTES} bytes")
    return data.decode(errors="replace")
