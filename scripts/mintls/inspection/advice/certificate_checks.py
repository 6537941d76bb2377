"""What openssl accepts and others refuse, or a standard forbids: a table of small checks of one certificate (pure).

Each gives the sentence that tells what it is, who refuses it, and where that is written.
"""

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from mintls.x509.certificate import Certificate
from mintls.x509.extension_values import ANY, SERVER

_CN = re.compile(r"(?:^|[,+])CN=((?:[^,+\\]|\\.)*)")
_COMMON_CURVES = ("ec:P-256", "ec:P-384", "ec:P-521")
_HOST = re.compile(r"(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
LONGEST_SERIAL = 20  # octets


def lint(certificate: Certificate) -> Iterator[str]:
    """A sentence for each check that it does not pass."""
    for check in CHECKS:
        yield from check(certificate)


def _version(one: Certificate) -> Iterator[str]:
    if one.version < 3:
        yield f"version {one.version}, which has no extensions: Go, rustls and Java refuse it (RFC 5280 4.1.2.1)"


def _names(one: Certificate) -> Iterator[str]:
    for name in one.names:
        kind, _, value = name.partition(":")
        if kind != "DNS":
            continue
        if _is_address(value):
            yield f"{name} is an IP address in a DNS name: Go and browsers refuse it; write IP:{value} (RFC 9525 3)"
        elif not _HOST.fullmatch(value) or value.startswith("-"):
            yield f"{name} is not a host name that every client accepts: Go refuses it (RFC 5280 4.2.1.6, RFC 1034 3.5)"


def _common_name(one: Certificate) -> Iterator[str]:
    known = {name.partition(":")[2].lower() for name in one.names}
    for value in _CN.findall(one.subject):
        if SERVER in one.purposes and one.names and "." in value and value.lower() not in known and " " not in value:
            yield f"CN {value} is not among its names: clients ignore CN where there is a SAN (RFC 9525 2)"


def _key(one: Certificate) -> Iterator[str]:
    kind, _, size = one.key.partition(":")
    if kind == "dsa":
        yield f"{one.key}: TLS 1.3, Go and browsers have no DSA (RFC 8446 4.2.3)"
    elif kind == "ec" and one.key not in _COMMON_CURVES:
        yield f"{one.key}: Go and browsers know P-256, P-384 and P-521 alone (CA/Browser Forum BR 6.1.5)"
    elif kind.startswith("rsa") and size.isdigit() and int(size) % 8:
        yield f"{one.key}: its size is not a multiple of 8 (CA/Browser Forum BR 6.1.5)"


def _purposes(one: Certificate) -> Iterator[str]:
    if ANY in one.purposes and not one.is_authority and SERVER not in one.purposes:
        yield "anyExtendedKeyUsage without serverAuth: macOS and iOS refuse it as a server (support.apple.com/103769)"
    if "extendedKeyUsage" in one.critical:
        yield "extendedKeyUsage is critical: it must not be (CA/Browser Forum BR 7.1.2.7.6)"
    if one.purposes and one.is_authority and one.is_self_issued and not one.names:
        yield "a root with extendedKeyUsage: it must have none (CA/Browser Forum BR 7.1.2.1.2)"


def _constraints(one: Certificate) -> Iterator[str]:
    if "nameConstraints" in one.extensions and not one.is_authority:
        yield "nameConstraints on what is no CA: it must not be there (RFC 5280 4.2.1.10)"
    elif "nameConstraints" in one.extensions and "nameConstraints" not in one.critical:
        yield "nameConstraints is not critical: a client that does not know it ignores it (RFC 5280 4.2.1.10)"


def _serial(one: Certificate) -> Iterator[str]:
    if one.serial.startswith("-") or not one.serial.strip("0"):
        yield f"serial {one.serial} is not positive: Go refuses negative ones (RFC 5280 4.1.2.2)"
    elif len(one.serial) > 2 * LONGEST_SERIAL:
        yield f"a serial of more than {LONGEST_SERIAL} octets: GnuTLS and NSS refuse it (RFC 5280 4.1.2.2)"


def _subject(one: Certificate) -> Iterator[str]:
    if "subjectAltName" in one.critical and one.subject:
        yield "subjectAltName is critical beside a subject: it should not be (RFC 5280 4.2.1.6)"
    if one.names and not one.subject and "subjectAltName" not in one.critical:
        yield "no subject, and subjectAltName is not critical: it must be (RFC 5280 4.2.1.6)"


def _signature(one: Certificate) -> Iterator[str]:
    if one.outer_signature and one.signature != one.outer_signature:
        yield f"signed with {one.outer_signature}, but {one.signature} is signed for (RFC 5280 4.1.1.2)"


CHECKS: tuple[Callable[[Certificate], Iterator[str]], ...] = (
    _version, _names, _common_name, _key, _purposes, _constraints, _serial, _subject, _signature,
)  # fmt: skip


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
