"""Whether this binary can make what a profile asks for, and the secrets are there: asked before anything is made."""

import os
from pathlib import Path

from mintls.entry import Profile
from mintls.errors import ProfileError
from mintls.inputs import read_input
from mintls.openssl import Openssl
from mintls.settings import Secret
from mintls.steps import key_command

LONGEST = 1023  # bytes of a passphrase: more of a line openssl cuts off without a word


def check_abilities(profile: Profile, openssl: Openssl) -> None:
    """Raises ProfileError, before anything is made, for what this binary cannot make and secrets that are not there."""
    keys = {entry.settings.key for entry in profile.entries}
    lacks = {key for key in keys if not key.startswith("rsa") and openssl.ask(key_command(key, "/dev/null")).status}
    wants_truststore = any("truststore" in entry.outputs for entry in profile.entries)
    truststore = not wants_truststore or openssl.can("pkcs12", "-jdktrust")
    complaints = []
    for entry in profile.entries:
        if entry.settings.key in lacks:
            needed = (
                "openssl 3.5 or newer makes it" if entry.settings.key.startswith("ml-dsa") else "choose another key"
            )
            sentence = f"{entry.settings.key}: this openssl cannot make it ({openssl.version()}); {needed}"
            complaints.append(f"{entry.where}.key: {sentence}, or set OPENSSL to another one")
        if "truststore" in entry.outputs and not truststore:
            sentence = f"truststore: this openssl cannot mark a trust anchor for Java ({openssl.version()})"
            hint = "openssl 3.2 can; or take it away and use keytool -importcert on the root"
            complaints.append(f"{entry.where}.outputs: {sentence}; {hint}")
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


def missing_secret(secret: Secret) -> str:
    """Why it cannot be read, without saying anything of it; nothing when it can."""
    if secret.env:
        return "" if os.environ.get(secret.env) else f"the environment variable {secret.env} is not set; set it"
    try:
        line, _, _ = read_input(Path(secret.file or ""), LONGEST + 1).partition(b"\n")
    except ValueError as error:
        return f"{secret.file} {error}; write the passphrase into it"
    if not line.strip():
        return f"{secret.file} is empty; write the passphrase into it"
    return "" if len(line) <= LONGEST else f"the first line of {secret.file} is longer than {LONGEST} bytes"
