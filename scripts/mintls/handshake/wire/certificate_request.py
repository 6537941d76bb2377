"""The names of CAs in a CertificateRequest, by which clients choose a certificate or send none (pure)."""

from contextlib import suppress

from mintls.x509.der import read
from mintls.x509.distinguished_name import name_text

_CERTIFICATE_AUTHORITIES = 47  # the extension of RFC 8446 section 4.2.4


def requested_authorities(message: bytes, version: str) -> tuple[str, ...]:
    """The names as RFC 4514's text. `message`: with its header of four bytes; `version`: such as `TLS 1.3`.

    What cannot be read is left out.
    """
    body = message[4:]
    names = _of_1_3(body) if version == "TLS 1.3" else _of_1_2(body, version)
    found: list[str] = []
    while len(names) >= 2:
        size = int.from_bytes(names[:2], "big")
        with suppress(ValueError):
            found.append(name_text(read(names[2 : 2 + size])))
        names = names[2 + size :]
    return tuple(found)


def _of_1_3(body: bytes) -> bytes:
    """RFC 8446 section 4.3.2: a context, and extensions."""
    at = 1 + (body[0] if body else 0) + 2
    while len(body) >= at + 4:
        kind, size = int.from_bytes(body[at : at + 2], "big"), int.from_bytes(body[at + 2 : at + 4], "big")
        if kind == _CERTIFICATE_AUTHORITIES:
            return body[at + 6 : at + 4 + size]
        at += 4 + size
    return b""


def _of_1_2(body: bytes, version: str) -> bytes:
    """RFC 5246 section 7.4.4: types, from TLS 1.2 on signature algorithms, and names."""
    at = 1 + (body[0] if body else 0)
    if version == "TLS 1.2":
        at += 2 + int.from_bytes(body[at : at + 2], "big")
    return body[at + 2 :]
