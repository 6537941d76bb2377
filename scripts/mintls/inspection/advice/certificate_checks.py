"""What openssl accepts and others reject, or a standard forbids: a table of small checks of one certificate (pure).

Each yields a sentence: what it is, who rejects it, and where that is written. The tests ask Go and GnuTLS.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from datetime import datetime

from mintls.x509.certificate import Certificate
from mintls.x509.extension_values import ANY, SERVER

_CN = re.compile(r"(?:^|[,+])CN=((?:[^,+\\]|\\.)*)")
_COMMON_CURVES = ("ec:P-256", "ec:P-384", "ec:P-521")
_HOST = re.compile(r"(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
LONGEST_SERIAL = 20  # octets
LONGEST_LIFE = 825  # days
WEAK_DIGESTS = ("md2", "md4", "md5", "sha1")


def advise_certificate(certificate: Certificate) -> Iterator[str]:
    """A sentence for each check that it fails."""
    for check in CHECKS:
        yield from check(certificate)


def _key_cert_sign(one: Certificate) -> Iterator[str]:
    if one.is_authority and "Certificate Sign" not in one.key_usage:
        yield "CA without keyUsage keyCertSign: strict verifiers reject what it issued (RFC 5280 4.2.1.3)"


def _san(one: Certificate) -> Iterator[str]:
    if one.is_authority:
        return
    if SERVER in one.purposes and not any(name.startswith(("DNS:", "IP:")) for name in one.names):
        yield "server without a DNS or IP name in subjectAltName: Go and browsers ignore CN and reject it (RFC 9525 2)"
    elif not one.names:
        yield "no subjectAltName: programs that authorize by name find only CN"


def _self_signed(one: Certificate) -> Iterator[str]:
    if one.is_self_issued and not one.is_authority:
        yield "self-signed and not a CA: valid only for those who trust it itself, and GnuTLS rejects it even then"


def _lifetime(one: Certificate) -> Iterator[str]:
    days = (datetime.fromisoformat(one.not_after) - datetime.fromisoformat(one.not_before)).days
    serves = SERVER in one.purposes or not one.purposes
    if serves and not one.is_authority and days > LONGEST_LIFE:
        yield (
            f"valid for {days} days: macOS and iOS reject server certificates valid for more than {LONGEST_LIFE} "
            "(support.apple.com/103769)"
        )


def _version(one: Certificate) -> Iterator[str]:
    if one.version < 3:
        yield f"version {one.version}, which has no extensions and so no names: rustls rejects it (RFC 5280 4.1.2.1)"


def _names(one: Certificate) -> Iterator[str]:
    for name in one.names:
        kind, _, value = name.partition(":")
        if kind != "DNS":
            continue
        if _is_address(value):
            yield f"{name} is an IP address in a DNS name, which clients do not match; write IP:{value} (RFC 9525 3)"
        elif not value:
            yield "empty DNS name: GnuTLS rejects the whole certificate (RFC 5280 4.2.1.6)"
        elif value.startswith(".") or "*" in value.removeprefix("*."):
            yield f"{name}: Go and GnuTLS reject it, a wildcard is a whole first label (RFC 9525 6.3)"
        elif not _HOST.fullmatch(value) or value.startswith("-"):
            yield f"{name} is not a host name as standards write it: letters, digits, hyphens (RFC 5280 4.2.1.6)"


def _common_name(one: Certificate) -> Iterator[str]:
    known = {name.partition(":")[2].lower() for name in one.names}
    for value in _CN.findall(one.subject):
        if SERVER in one.purposes and one.names and "." in value and value.lower() not in known and " " not in value:
            yield f"CN {value} is not in subjectAltName: clients ignore CN beside it (RFC 9525 2)"


def _key(one: Certificate) -> Iterator[str]:
    kind, _, size = one.key.partition(":")
    if kind == "dsa":
        yield f"{one.key}: TLS 1.3 has no DSA signatures (RFC 8446 4.2.3)"
    elif kind == "ec" and one.key not in _COMMON_CURVES:
        yield f"{one.key}: Go rejects curves other than P-256, P-384 and P-521 (CA/Browser Forum BR 6.1.5)"
    elif kind.startswith("rsa") and size.isdigit() and int(size) < 2048:
        yield f"{one.key} is weak: OpenSSL at security level 2, macOS and iOS reject it (support.apple.com/103769)"
    elif kind.startswith("rsa") and size.isdigit() and int(size) % 8:
        yield f"{one.key}: the size is not a multiple of 8 (CA/Browser Forum BR 6.1.5)"


def _purposes(one: Certificate) -> Iterator[str]:
    if ANY in one.purposes and not one.is_authority and SERVER not in one.purposes:
        yield "anyExtendedKeyUsage without serverAuth: macOS and iOS reject it as a server (support.apple.com/103769)"
    if "extendedKeyUsage" in one.critical:
        yield "extendedKeyUsage is critical: it must not be (CA/Browser Forum BR 7.1.2.7.6)"
    if one.purposes and one.is_authority and one.is_self_issued and not one.names:
        yield "root with extendedKeyUsage: it must not have one (CA/Browser Forum BR 7.1.2.1.2)"


def _constraints(one: Certificate) -> Iterator[str]:
    if "nameConstraints" in one.extensions and not one.is_authority:
        yield "nameConstraints in a certificate that is not a CA: it must not be there (RFC 5280 4.2.1.10)"
    elif "nameConstraints" in one.extensions and "nameConstraints" not in one.critical:
        yield "nameConstraints is not critical: clients that do not support it ignore it (RFC 5280 4.2.1.10)"


def _serial(one: Certificate) -> Iterator[str]:
    if one.serial.startswith("-") or not one.serial.strip("0"):
        who = ": Go rejects it since 1.23" if one.serial.startswith("-") else ""
        yield f"serial {one.serial} is not positive{who} (RFC 5280 4.1.2.2)"
    elif len(one.serial) > 2 * LONGEST_SERIAL:
        yield f"serial longer than {LONGEST_SERIAL} octets (RFC 5280 4.1.2.2)"


def _subject(one: Certificate) -> Iterator[str]:
    if "subjectAltName" in one.critical and one.subject:
        yield "subjectAltName is critical beside a subject: it should not be (RFC 5280 4.2.1.6)"
    if one.names and not one.subject and "subjectAltName" not in one.critical:
        yield "no subject, and subjectAltName is not critical: it must be (RFC 5280 4.2.1.6)"


def _digest(one: Certificate) -> Iterator[str]:
    if any(weak in one.signature.lower() for weak in WEAK_DIGESTS):
        if one.is_self_issued and one.is_authority:
            yield f"root signed with {one.signature}: a trust anchor's signature is not checked, but policies forbid it"
        else:
            yield f"signed with {one.signature}: Go, GnuTLS, OpenSSL 3 at security level 1 reject it (RFC 8446 4.4.2.4)"


def _signature(one: Certificate) -> Iterator[str]:
    if one.outer_signature and one.signature != one.outer_signature:
        yield f"signed with {one.outer_signature}, but the signed part names {one.signature} (RFC 5280 4.1.1.2)"


CHECKS: tuple[Callable[[Certificate], Iterator[str]], ...] = (
    _key_cert_sign, _san, _self_signed, _lifetime, _version, _names, _common_name, _key, _purposes, _constraints,
    _serial, _subject, _digest, _signature,
)  # fmt: skip


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
