"""Signing requests: read once, before anything is created, so that an invalid one stops the run.

Of a request only the public key is certified. Its signature proves that its owner has the private half (RFC 2986 3);
the profile decides on subject and extensions.
"""

import hashlib
import re
from pathlib import Path
from typing import get_args

from mintls.errors import ProfileError
from mintls.escape import printable
from mintls.input_file import read_beginning
from mintls.openssl.binary import Openssl
from mintls.profile.choices import KeyAlgorithm
from mintls.profile.model import Entry, Profile
from mintls.x509 import der, pem, public_key

from msgspec import structs

MAX_BYTES = 64 * 1024
# Before 3.2 on stderr and with status 0 for a wrong signature too, later on stdout. It is asked without -text, so that
# the request's own text cannot forge the line.
_VERIFIED = r"(?m)^(?:Certificate request self-signature )?verify OK$"
_EXTENSION = r"(?m)^ {12,16}(?:X509v3 )?([A-Z][A-Za-z0-9 ]+|[0-9.]+): ?(?:critical)?$"


def read_requests(profile: Profile, openssl: Openssl) -> Profile:
    """The profile with each request's key, and warnings for what is ignored. Raises ProfileError."""
    complaints, warnings, entries = [], [*profile.warnings], []
    for entry in profile.entries:
        if entry.settings.csr is None or entry.public_key:  # none, or one that was read before
            entries.append(entry)
            continue
        try:
            read, ignored = _read(entry, Path(entry.settings.csr), openssl)
        except ValueError as error:
            complaints.append(f"{entry.where}.csr: {entry.settings.csr} {error}")
            continue
        entries.append(read)
        if ignored:
            warnings.append(f"{entry.where}.csr: ignored in the request: {', '.join(ignored)}")
    if complaints:
        raise ProfileError(complaints)
    return structs.replace(profile, entries=tuple(entries), warnings=tuple(warnings))


def _read(entry: Entry, path: Path, openssl: Openssl) -> tuple[Entry, list[str]]:
    try:
        data = read_beginning(path, MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES} bytes; no signing request is")
    result = openssl.ask(("req", "-verify", "-noout"), stdin=data)
    if result.status or not re.search(_VERIFIED, f"{result.stdout}\n{result.stderr}"):
        raise ValueError(
            "is not a signing request, or its signature is wrong: its owner must make it again (openssl req)"
        )
    result = openssl.run(("req", "-noout", "-pubkey", "-text", "-nameopt", "RFC2253"), stdin=data)
    public = next(block for block in pem.pem_blocks(result.stdout.encode()) if block.label == "PUBLIC KEY")
    key = public_key.key_kind(der.read(public.der or b""))  # printed before the request's own text
    usable = [known for known in get_args(KeyAlgorithm) if known != "rsa:1024"]
    if key not in usable:
        raise ValueError(f"has the key {printable(key)}; its owner must make one of {', '.join(usable)}")
    known = next(algorithm for algorithm in get_args(KeyAlgorithm) if algorithm == key)
    settings = structs.replace(entry.settings, key=known)
    printed = openssl.run(("req", "-noout", "-pubkey"), stdin=data).stdout
    extensions = re.findall(_EXTENSION, result.stdout.partition("Requested Extensions:")[2])
    digest = hashlib.sha256(data).hexdigest()
    ignored = ["its subject", *dict.fromkeys(extensions)]
    return structs.replace(entry, settings=settings, request=digest, public_key=printed), ignored
