"""What the example HTTPS server and client share: loading credentials, and error messages.

Both use only `ssl` of the standard library, as an example of how little mTLS needs.
"""

import getpass
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mintls.errors import MintlsError
from mintls.escape import printable
from mintls.input_file import read_input
from mintls.minting.snapshot import Snapshot, read_snapshot

TIMEOUT = 10.0  # seconds: for a whole handshake, and for each read and write after it
SHORT_NAMES = {  # RFC 4514 section 3; `ssl` gives the long ones
    "commonName": "CN",
    "localityName": "L",
    "stateOrProvinceName": "ST",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "streetAddress": "STREET",
    "domainComponent": "DC",
    "userId": "UID",
}
MEANINGS = {  # the alerts of RFC 8446 section 6.2 that speak of a certificate
    "unknown ca": "it does not trust the CA that issued {ours}",
    "bad certificate": "it does not accept {ours}",
    "unsupported certificate": "{ours} may not be used for this purpose",
    "certificate revoked": "{ours} is revoked",
    "certificate expired": "{ours} has expired",
    "certificate unknown": "it does not accept {ours}",
    "certificate required": "it demands a certificate and was sent none",
    "handshake failure": "it may demand a certificate and have been sent none",
    "decrypt error": "{ours} was not proved with its own key",
}


Role = Literal["server", "client"]


class Credentials(NamedTuple):
    """The trust anchor, certificate and private key of one peer: existing PEM files."""

    ca: Path
    certificate: Path
    key: Path


def load_credentials(context: ssl.SSLContext, directory: Path, role: Role) -> None:
    """Trust the CA and present the certificate of a set that generate.py made; elsewhere of `ca.crt`, ROLE.crt and
    ROLE.key, and ROLE.chain.crt (leaf first, no root) is preferred.

    Raises MintlsError, which names every missing file, or the one that does not serve.
    """
    try:
        read_snapshot(directory, lambda snapshot: _load(context, _find(snapshot, role)))
    except OSError as error:
        raise MintlsError(f"{error.filename or directory}: {error.strerror}; name another DIR") from None


def _find(snapshot: Snapshot, role: Role) -> Credentials:
    found = _of_set(snapshot, role) or _by_name(snapshot, role)
    missing = [str(path) for path in found if not path.exists()]
    if missing:
        raise MintlsError(f"no file {printable(', '.join(missing))}: run generate.py first, or name another DIR")
    return found


def _of_set(snapshot: Snapshot, role: Role) -> Credentials | None:
    """By its manifest, for a profile names entries and files as it likes. None without a manifest or such an entry."""
    manifest = snapshot.manifest()
    if manifest is None or (own := manifest.end_of(role)) is None:
        return None
    other = manifest.end_of("client" if role == "server" else "server")
    root = manifest.root_of(other or own)  # the other peer may have another CA
    names = root.files["certificate"], own.files.get("chain", own.files["certificate"]), own.files["key"]
    return Credentials(*map(snapshot.path, names))


def _by_name(snapshot: Snapshot, role: Role) -> Credentials:
    chain = snapshot.path(f"{role}.chain.crt")
    certificate = chain if chain.exists() else snapshot.path(f"{role}.crt")
    return Credentials(snapshot.path("ca.crt"), certificate, snapshot.path(f"{role}.key"))


def _load(context: ssl.SSLContext, credentials: Credentials) -> None:
    ca, certificate, key = credentials
    for path in credentials:  # ssl would wait for a pipe and read a device without end
        try:
            read_input(path)
        except OSError as error:
            raise MintlsError(f"{path} cannot be read: {error.strerror}") from None

    def passphrase() -> str:
        if sys.stdin is None or not sys.stdin.isatty():
            raise MintlsError(f"{key} has a passphrase: run this in a terminal, which can ask for it")
        return getpass.getpass(f"passphrase of {key}: ")

    try:
        context.load_verify_locations(ca)
    except ssl.SSLError as error:
        raise MintlsError(f"{ca} is not a CA certificate in PEM: {_reason(error)}") from None
    try:
        context.load_cert_chain(certificate, key, passphrase)
    except ssl.SSLError as error:
        if error.reason in ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"):
            raise MintlsError(f"{key} is not the key of {certificate}: mint both again") from None
        raise MintlsError(f"{certificate} and {key} cannot be used: {_reason(error)}") from None


def explain(error: Exception, *, other: str, ours: str) -> str:
    """Why the connection to the `other` peer ("client", "server") failed, in a line; `ours` names our certificate."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = f"{error.verify_message} (verify error {error.verify_code})"
        return f"the {other}'s certificate is invalid: {why}"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError):
        return f"the {other} closed the connection without an alert"
    if isinstance(error, TimeoutError):
        return f"the {other} did not answer within {TIMEOUT:g} s"
    if isinstance(error, ssl.SSLError):
        alert = alert_of(error)
        if alert:
            meaning = f": {MEANINGS[alert].format(ours=ours)}" if alert in MEANINGS else ""
            return f"the {other} rejected the handshake with alert '{alert}'{meaning}"
        if error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
            return f"the {other} sent no certificate"
        if error.reason in (
            "WRONG_VERSION_NUMBER",
            "HTTP_REQUEST",
            "HTTPS_PROXY_REQUEST",
            "UNKNOWN_PROTOCOL",
        ):
            return f"the {other} does not speak TLS"
        return f"the TLS handshake with the {other} failed: {_reason(error)}"
    return printable(str(getattr(error, "strerror", None) or error or type(error).__name__))


def alert_of(error: Exception) -> str:
    """The alert that the other peer sent, e.g. `unknown ca`; empty when it sent none.

    OpenSSL calls it e.g. TLSV1_ALERT_UNKNOWN_CA or TLSV13_ALERT_CERTIFICATE_REQUIRED, see err.h and sslerr.h.
    """
    reason = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
    return reason.partition("_ALERT_")[2].lower().replace("_", " ")


def describe(certificate: Mapping[str, Any] | None) -> str:
    """A peer's subject, SAN and serial on one safe line, from SSLSocket.getpeercert()."""
    if not certificate:
        return "nobody"
    subject = ", ".join(
        "+".join(f"{SHORT_NAMES.get(kind, kind)}={_value(value)}" for kind, value in rdn)
        for rdn in certificate.get("subject", ())
    )
    names = ", ".join(f"{kind}:{_value(str(value))}" for kind, value in certificate.get("subjectAltName", ()))
    serial = certificate.get("serialNumber", "unknown")
    return f"{subject or 'no subject'}; SAN {names or 'none'}; serial {serial}"


def _value(text: str) -> str:
    """One value, with what RFC 4514 section 2.4 reserves escaped: a CN cannot pose as two names."""
    return printable("".join(f"\\{one}" if one in '",+;<>=\\' else one for one in text))


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).lower().replace("_", " ")
