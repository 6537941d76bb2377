"""Whether this binary can make what a profile asks for, and the secrets are there: asked before anything is made."""

import os
from collections.abc import Iterator
from pathlib import Path

from mintls.entry import Entry, Profile
from mintls.errors import ProfileError
from mintls.inputs import read_beginning
from mintls.openssl import Openssl
from mintls.settings import Secret
from mintls.steps import key_command

LONGEST = 1023  # bytes of a passphrase: more of a line openssl cuts off without a word
# What not every openssl has, with what to do about it.
NEEDED = {
    "ca -crl_lastupdate": "openssl 3.0 or newer has; take the defect stale_crl away",
    "pkcs12 -jdktrust": "openssl 3.2 or newer has; take truststore away and use keytool -importcert on the root",
    "x509 -badsig": "OpenSSL has, LibreSSL has not; take the defect bad_signature away",
    "x509 -force_pubkey": "OpenSSL has, older LibreSSL has not; take csr away",
}


def check_abilities(profile: Profile, openssl: Openssl) -> None:
    """Raises ProfileError, before anything is made, for what this binary cannot make and secrets that are not there."""
    keys = {entry.settings.key for entry in profile.entries}
    rare = {key for key in keys if key != "ec:P-256" and not key.startswith("rsa")}  # those every openssl makes
    lacks = {key for key in rare if openssl.ask(key_command(key, "/dev/null")).status}
    wanted = {option for entry in profile.entries for _, option in _options(entry)}
    unable = {option for option in wanted if not openssl.can(*option.split())}
    complaints = []
    for entry in profile.entries:
        if entry.settings.key in lacks:
            needed = (
                "openssl 3.5 or newer makes it" if entry.settings.key.startswith("ml-dsa") else "choose another key"
            )
            sentence = f"{entry.settings.key}: this openssl cannot make it ({openssl.version()}); {needed}"
            complaints.append(f"{entry.where}.key: {sentence}, or set OPENSSL to another one")
        for field, option in _options(entry):
            if option in unable:
                sentence = f"this openssl has no `{option}` ({openssl.version()}); {NEEDED[option]}"
                complaints.append(f"{entry.where}.{field}: {sentence}, or set OPENSSL to another one")
        secrets_of = {"passphrase": entry.settings.passphrase}
        if {"pkcs12", "truststore"} & set(entry.outputs):
            secrets_of["pkcs12.password"] = entry.settings.pkcs12.password
        complaints += [
            f"{entry.where}.{field}: {sentence}"
            for field, secret in secrets_of.items()
            if secret and (sentence := missing_secret(secret))
        ]
    if complaints:
        raise ProfileError(list(dict.fromkeys(complaints)))


def _options(entry: Entry) -> Iterator[tuple[str, str]]:
    """Each field of an entry that needs an option of openssl which not every openssl has."""
    if "truststore" in entry.outputs:
        yield "outputs", "pkcs12 -jdktrust"
    if "stale_crl" in entry.settings.defects:
        yield "defects", "ca -crl_lastupdate"
    if "bad_signature" in entry.settings.defects:
        yield "defects", "x509 -badsig"
    if entry.settings.csr:
        yield "csr", "x509 -force_pubkey"


def missing_secret(secret: Secret) -> str:
    """Why it cannot be read, without saying anything of it; nothing when it can."""
    if secret.env:
        return "" if os.environ.get(secret.env) else f"the environment variable {secret.env} is not set; set it"
    try:
        line, _, _ = read_beginning(Path(secret.file or ""), LONGEST + 1).partition(b"\n")
    except OSError as error:
        return f"{secret.file}: {error.strerror}; write the passphrase into it"
    if not line.strip():
        return f"{secret.file} is empty; write the passphrase into it"
    return "" if len(line) <= LONGEST else f"the first line of {secret.file} is longer than {LONGEST} bytes"
