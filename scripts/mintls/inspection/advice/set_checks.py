"""What to think about in a set that may verify all the same: names, lifetimes, strength, serials, files (pure)."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from mintls.inspection.files import Inspection
from mintls.inspection.key_matching import Found
from mintls.inspection.advice.certificate_checks import lint
from mintls.x509.certificate import Certificate
from mintls.x509.extension_values import SERVER

LONGEST = 825  # days; Apple's clients refuse a server's certificate that is valid for longer
WEAK = ("md5", "sha1")


def advise(inspection: Inspection) -> dict[str, tuple[str, ...]]:
    """Sentences about each certificate, by its fingerprint."""
    serials = Counter((found.certificate.issuer, found.certificate.serial) for found in inspection.certificates)
    return {
        found.certificate.fingerprint: (
            *_about(found.certificate),
            *lint(found.certificate),
            *_about_serial(found.certificate, serials),
            *_about_files(found),
        )
        for found in inspection.certificates
    }


def _about(certificate: Certificate) -> Iterator[str]:
    days = (datetime.fromisoformat(certificate.not_after) - datetime.fromisoformat(certificate.not_before)).days
    if certificate.is_authority:
        if "Certificate Sign" not in certificate.key_usage:
            yield "an authority without keyUsage keyCertSign: strict verifiers refuse what it signed (RFC 5280 4.2.1.3)"
    elif SERVER in certificate.purposes and not any(name.startswith(("DNS:", "IP:")) for name in certificate.names):
        yield "a server without DNS: or IP: in its SAN: clients ignore CN and refuse it (RFC 9525)"
    elif not certificate.names:
        yield "it has no SAN: programs that authorise by name find only CN"
    if certificate.is_self_issued and not certificate.is_authority:
        yield "self-signed: valid only for those who trust this very certificate"
    serves = SERVER in certificate.purposes or not certificate.purposes
    if serves and not certificate.is_authority and days > LONGEST:
        yield f"valid for {days} days: Apple's clients refuse a server after {LONGEST}"
    if certificate.key.startswith("rsa:") and int(certificate.key[4:]) < 2048:
        yield f"{certificate.key} is weak: TLS stacks refuse RSA keys under 2048 bits"
    if any(weak in certificate.signature.lower() for weak in WEAK) and not certificate.is_self_issued:
        yield f"signed with {certificate.signature}: TLS stacks refuse that digest"


def _about_serial(certificate: Certificate, serials: Counter[tuple[str, str]]) -> Iterator[str]:
    if serials[certificate.issuer, certificate.serial] > 1:
        yield f"serial {certificate.serial} was given twice by its issuer: NSS refuses the second (RFC 5280 4.1.2.2)"


def _about_files(found: Found) -> Iterator[str]:
    for key in found.keys:
        if key.mode and key.mode & 0o077:
            yield f"{key.path.name} can be read by others (mode {key.mode:04o}): chmod 600"
