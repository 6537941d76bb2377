"""What only openssl can open: PKCS#7, PKCS#12, and private keys whose public key has to be computed.

openssl gets a password in its environment and returns what it decrypts through a pipe: neither appears in a command
line or in a file.
"""

from collections.abc import Iterator

from mintls.errors import MintlsError
from mintls.inspection.file_formats import Container, Ignored, Material, PrivateKey, Unreadable, parse_file
from mintls.openssl.binary import Openssl

from msgspec.structs import replace

_VARIABLE = "MINTLS_INPUT_PASSWORD"


def open_container(openssl: Openssl, container: Container, password: str | None) -> Iterator[Material]:
    """Its contents, by pkcs7(1) and pkcs12(1). A PKCS#12 with a different password is ignored, with what to do."""
    if container.kind == "PKCS#7":
        result = openssl.ask(("pkcs7", "-inform", "DER", "-print_certs"), stdin=container.der)
        if result.status:
            yield Unreadable(": openssl cannot read this PKCS#7; it may be cut off")
            return
        yield from _contents(result.stdout, "contains PKCS#7 without certificates")
        return
    options = ("pkcs12", "-nodes", *_passin())
    for more in ((), ("-legacy",)) if openssl.can("pkcs12", "-legacy") else ((),):
        result = openssl.ask((*options, *more), stdin=container.der, env={_VARIABLE: password or ""})
        if not result.status:
            yield from _contents(result.stdout, "contains PKCS#12 without certificates")
            return
    problem = "does not open with the given password" if password else "needs a password: --password-file FILE"
    yield Ignored(f"is PKCS#12 and {problem}")


def _contents(pem: str, otherwise: str) -> Iterator[Material]:
    some: list[Material] = [one for one in parse_file(pem.encode()) if not isinstance(one, Ignored)]
    yield from some or [Ignored(otherwise)]


def with_public_key(openssl: Openssl, key: PrivateKey, password: str | None) -> PrivateKey | Unreadable:
    """The key with its public key, by pkey(1); an encrypted key stays as it is without the right password."""
    if key.public_key or (key.is_encrypted and not password):
        return key
    argv = ("pkey", *(("-inform", "DER") if key.is_der else ()), "-pubout", *_passin())
    result = openssl.ask(argv, stdin=key.text, env={_VARIABLE: password or ""})
    if result.status:
        return key if key.is_encrypted else Unreadable(": cannot read this private key: unknown to this openssl")
    return replace(key, public_key=result.stdout[result.stdout.index("-----BEGIN") :])


def _passin() -> tuple[str, str]:
    """Always given, so that openssl never asks at the terminal."""
    return ("-passin", f"env:{_VARIABLE}")


def read_password(line: bytes, source: str) -> str:
    """The first line of a file, like `file:` of openssl-passphrase-options(1). Raises MintlsError if it is empty."""
    first = line.split(b"\n")[0].rstrip(b"\r")
    if not first:
        raise MintlsError(f"{source} is empty; write the password into its first line")
    return first.decode(errors="surrogateescape")
