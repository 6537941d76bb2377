"""Private keys that a user has: read, and decrypted into a copy that only the user can read."""

import os
from pathlib import Path

from mintls.errors import UsageError
from mintls.input_file import is_readable, read_input
from mintls.openssl.binary import Openssl


def is_encrypted(key: Path) -> bool:
    """RFC 7468 section 11, and `Proc-Type: 4,ENCRYPTED` of RFC 1421. Raises UsageError when it cannot be read."""
    return "ENCRYPTED" in read_text(key)


def is_plain(key: Path) -> bool:
    """Whether the file can be read and is not encrypted."""
    return is_readable(key) and not is_encrypted(key)


def public_key(openssl: Openssl, key: Path) -> str:
    """The public half of a private key, as x509 -pubkey prints it. Raises UsageError when it cannot be read."""
    if is_encrypted(key):
        raise UsageError(f"{key} is encrypted; give its passphrase: --key-pass env:NAME or file:PATH")
    result = openssl.ask(("pkey", "-in", str(key), "-pubout"))
    if result.status:
        raise UsageError(f"{key} is not a private key that openssl can read; give a PEM file")
    return result.stdout


def decrypted(key: Path, source: str, path: Path, openssl: Openssl) -> Path:
    """A copy of the key at `path` without its passphrase, which only the user can read. Raises UsageError."""
    kind, _, name = source.partition(":")
    if kind == "env" and name not in os.environ:
        sentence = f"the passphrase of {key} is in the environment variable {name}, which does not exist"
        raise UsageError(f"{sentence}; export it, or give another --key-pass")
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    result = openssl.ask(
        ("pkey", "-in", str(key), "-passin", source, "-out", str(path)),
        env={name: os.environ[name]} if kind == "env" else None,
    )
    if result.status:
        raise UsageError(f"{key} cannot be decrypted with --key-pass {source}; check the passphrase")
    return path


def read_text(path: Path) -> str:
    """A file of PEM. Raises UsageError."""
    try:
        return read_input(path).data.decode("ascii", errors="replace")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give a file that can be read") from None
