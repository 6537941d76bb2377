"""Checks before minting that this openssl can create what the profile requires, and that its secrets exist."""

import os
from collections.abc import Iterator
from pathlib import Path

from mintls.errors import ProfileError
from mintls.input_file import read_beginning
from mintls.minting.output_directory import missing_group
from mintls.openssl.binary import Openssl
from mintls.plan.commands import key_command
from mintls.profile.model import Entry, Profile
from mintls.profile.passwords import Secret

LONGEST = 1023  # bytes of a passphrase: openssl silently ignores the rest of a line
# Options that not every openssl has: which one does, and what to change in a profile.
NEEDED = {
    "ca -crl_lastupdate": ("openssl 3.0 or newer has it", "remove the defect stale_crl"),
    "pkcs12 -jdktrust": ("openssl 3.2 or newer has it", "remove truststore and use keytool -importcert on the root"),
    "pkey -traditional": ("OpenSSL has it, LibreSSL does not", "remove key-traditional"),
    "x509 -badsig": ("OpenSSL has it, LibreSSL does not", "remove the defect bad_signature"),
    "x509 -force_pubkey": ("OpenSSL has it, older LibreSSL does not", "remove csr"),
}
DEFECTS = {"stale_crl": "ca -crl_lastupdate", "bad_signature": "x509 -badsig"}  # and the option that each needs
# The key derivation of RFC 7292 appendix B.2, which the FIPS provider lacks. kdf(1) exists since OpenSSL 3.
PKCS12_KDF = (
    "kdf", "-keylen", "8", "-digest", "SHA256", "-kdfopt", "pass:x", "-kdfopt", "salt:y", "-kdfopt", "iter:1",
    "-kdfopt", "id:3", "PKCS12KDF",
)  # fmt: skip


def check_abilities(profile: Profile, openssl: Openssl) -> None:
    """Raises ProfileError for what this openssl cannot create, and for missing secrets."""
    keys = {entry.settings.key for entry in profile.entries if not entry.certificate}
    common = ("ec:P-256", "rsa:2048", "rsa:3072", "rsa:4096")  # every openssl can create these
    lacks = {key for key in keys if key not in common and not makes_key(openssl, key)}
    wanted = {option for entry in profile.entries for _, option in _options(entry)}
    unable = {option for option in wanted if not openssl.can(*option.split())}
    sealed = any({"pkcs12", "truststore"} & set(entry.outputs) for entry in profile.entries)
    no_pkcs12 = sealed and openssl.can("kdf", "-kdfopt") and bool(openssl.ask(PKCS12_KDF).status)
    complaints = []
    for entry in profile.entries:
        if entry.settings.key in lacks:
            needed = (
                "openssl 3.5 or newer makes it" if entry.settings.key.startswith("ml-dsa") else "choose a different key"
            )
            sentence = f"{entry.settings.key}: this openssl cannot make it ({openssl.version()}); {needed}"
            complaints.append(f"{entry.where}.key: {sentence}, or set OPENSSL to a different one")
        for field, option in _options(entry):
            if option in unable:
                sentence = f"this openssl has no `{option}` ({openssl.version()}); {'; '.join(NEEDED[option])}"
                complaints.append(f"{entry.where}.{field}: {sentence}, or set OPENSSL to a different one")
        if entry.settings.key_group and (sentence := missing_group(entry.settings.key_group)):
            complaints.append(f"{entry.where}.key_group: {sentence}")
        secrets_of = {"passphrase": entry.settings.passphrase}
        if {"pkcs12", "truststore"} & set(entry.outputs):
            secrets_of["pkcs12.password"] = entry.settings.pkcs12.password
            if no_pkcs12:
                sentence = f"this openssl has no PKCS12KDF, as with the FIPS provider ({openssl.version()})"
                remedy = "remove pkcs12 and truststore, or set OPENSSL to a different one"
                complaints.append(f"{entry.where}.outputs: {sentence}; {remedy}")
        complaints += [
            f"{entry.where}.{field}: {sentence}"
            for field, secret in secrets_of.items()
            if secret and (sentence := missing_secret(secret))
        ]
    if complaints:
        raise ProfileError(list(dict.fromkeys(complaints)))


def _options(entry: Entry) -> Iterator[tuple[str, str]]:
    """Fields of an entry that need an option which not every openssl has."""
    if "truststore" in entry.outputs:
        yield "outputs", "pkcs12 -jdktrust"
    if "key-traditional" in entry.outputs:
        yield "outputs", "pkey -traditional"
    for defect in entry.settings.defects:
        if defect in DEFECTS:
            yield "defects", DEFECTS[defect]
    if entry.settings.csr:
        yield "csr", "x509 -force_pubkey"


def makes_key(openssl: Openssl, key: str) -> bool:
    """Whether this openssl can create such a key: tries it."""
    return not openssl.ask(key_command(key, "/dev/null")).status


def who_has(option: str) -> str:
    """Which openssl has an option of NEEDED."""
    return NEEDED[option][0]


def missing_secret(secret: Secret) -> str:
    """Why it cannot be read, without revealing it; empty if it can."""
    if secret.empty:
        return ""
    if secret.env:
        return "" if os.environ.get(secret.env) else f"the environment variable {secret.env} is not set; set it"
    try:
        line, _, _ = read_beginning(Path(secret.file or ""), LONGEST + 1).partition(b"\n")
    except OSError as error:
        return f"{secret.file}: {error.strerror}; write the passphrase to it"
    if not line.strip():
        return f"{secret.file} is empty; write the passphrase to it"
    return "" if len(line) <= LONGEST else f"the first line of {secret.file} is longer than {LONGEST} bytes"
