"""The names of the user's certificate in the syntax of a profile, as far as a profile can express them (pure)."""

import re
from datetime import UTC, datetime

from mintls.errors import ProfileError
from mintls.handshake.cases.case import Settings
from mintls.handshake.cases.catalogue import VALID
from mintls.handshake.cases.profile import profile_of
from mintls.profile.names import check_attribute
from mintls.x509.certificate import Certificate

_ATTRIBUTE = re.compile(r"([^=]+)=((?:[^,+\\]|\\.)*)(?:,|$)", re.DOTALL)
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)


def names_of(certificate: Certificate) -> Settings:
    """The subject and SAN of a certificate in profile syntax, as far as a profile can express them."""
    subject = subject_of(certificate) or {"CN": ["client"]}
    for settings in ({"subject": subject, "san": certificate.names}, {"subject": subject}):
        try:
            profile_of({**VALID, "clients": {"client": {**settings, "issuer": "ca"}}}, (), _ANY_DAY)
        except ProfileError:
            continue
        return settings
    return {"subject": {"CN": "client"}}


def subject_of(certificate: Certificate) -> dict[str, list[str]]:
    """The subject as in a profile, parsed from its RFC 4514 text; empty when a profile cannot express it."""
    subject: dict[str, list[str]] = {}
    parts = _ATTRIBUTE.findall(certificate.subject)
    if sum(len(name) + len(value) + 2 for name, value in parts) != len(certificate.subject) + 1:
        return {}  # a multi-valued RDN, or text that is not RFC 4514
    for name, escaped in reversed(parts):  # RFC 4514 has the last one first
        if escaped.startswith("#") or re.search(r"\\[0-9A-Fa-f]{2}", escaped):
            return {}  # octets, which are not text
        value = re.sub(r"\\(.)", r"\1", escaped)
        try:
            check_attribute(name, value)
        except ValueError:
            return {}
        subject.setdefault(name, []).append(value)
    return subject
