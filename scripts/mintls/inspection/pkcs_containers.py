"""What only openssl opens: PKCS#7 and PKCS#12, and a private key whose public half does not stand in it.

A password goes to openssl in its environment, and what it decrypts comes back through a pipe: neither is in a command
line, nor in a file.
"""

from collections.abc import Iterator

from mintls.errors import MintlsError
from mintls.inspection.file_formats import Container, Material, PrivateKey, Unknown, Unreadable, materials
from mintls.openssl.binary import Openssl

from msgspec.structs import replace

_VARIABLE = "MINTLS_INPUT_PASSWORD"


def open_container(openssl: Openssl, container: Container, password: str | None) -> Iterator[Material]:
    """What is in it: pkcs7(1) and pkcs12(1). One that needs another password is unknown, with what to do."""
    if container.kind == "PKCS#7":
        result = openssl.ask(("pkcs7", "-inform", "DER", "-print_certs"), stdin=container.der)
        if result.status:
            yield Unreadable(": openssl cannot read this PKCS#7; it may be cut off")
            return
        yield from _each(materials(result.stdout.encode()), "holds PKCS#7 without certificates")
        return
    options = ("pkcs12", "-nodes", *_passin(password))
    for more in ((), ("-legacy",)) if openssl.can("pkcs12", "-legacy") else ((),):
        result = openssl.ask((*options, *more), stdin=container.der, env={_VARIABLE: password or ""})
        if not result.status:
            yield from _each(materials(result.stdout.encode()), "holds PKCS#12 without certificates")
            return
    what = "has another password than the one given" if password else "needs a password: --password-file FILE"
    yield Unknown(f"is PKCS#12 and {what}")


def _each(found: Iterator[Material], otherwise: str) -> Iterator[Material]:
    some: list[Material] = [one for one in found if not isinstance(one, Unknown)]
    yield from some or [Unknown(otherwise)]


def with_public_key(openssl: Openssl, key: PrivateKey, password: str | None) -> PrivateKey | Unreadable:
    """The key with its public half, by pkey(1); an encrypted one keeps it to itself without its password."""
    if key.public_key or (key.is_encrypted and not password):
        return key
    argv = ("pkey", *(("-inform", "DER") if key.is_der else ()), "-pubout", *_passin(password))
    result = openssl.ask(argv, stdin=key.text, env={_VARIABLE: password or ""})
    if result.status:
        return key if key.is_encrypted else Unreadable(": cannot read this private key: openssl does not know it")
    return replace(key, public_key=result.stdout[result.stdout.index("-----BEGIN") :])


def _passin(password: str | None) -> tuple[str, str]:
    """Always given, so that openssl never asks at the terminal."""
    return ("-passin", f"env:{_VARIABLE}")


def read_password(line: bytes, source: str) -> str:
    """The first line of a file, as `file:` of openssl-passphrase-options(1). Raises MintlsError when it is empty."""
    first = line.split(b"\n")[0].rstrip(b"\r")
    if not first:
        raise MintlsError(f"{source} is empty; write the password into its first line")
    return first.decode(errors="surrogateescape")
