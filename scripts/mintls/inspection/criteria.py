"""What decides beside the checks: a time that must be left, and one certificate that alone counts."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mintls.errors import UsageError, not_known
from mintls.inspection.files import Inspection
from mintls.x509.certificate import Certificate

from msgspec import Struct

MOST_LISTED = 20


class Decisive(Struct, frozen=True):
    """warn: how long each must be valid still; only: the name, and the fingerprint, of the one that counts."""

    warn: timedelta | None = None
    only: str = ""
    fingerprint: str = ""
    strict: bool = False  # advice counts

    def late(self, certificate: Certificate, now: datetime) -> Iterator[str]:
        """A sentence when it expires too soon."""
        left = datetime.fromisoformat(certificate.not_after) - now
        if self.warn is not None and timedelta() <= left < self.warn:
            yield f"expires in {left.days} days, on {certificate.not_after}: sooner than --warn allows"

    def counts(self, fingerprint: str) -> bool:
        return self.fingerprint in ("", fingerprint)


def choose(only: str, inspection: Inspection) -> str:
    """The fingerprint of the certificate called so: by its file, its CN, its subject. Raises UsageError."""
    fit = [
        one.certificate.fingerprint
        for one in inspection.certificates
        if only in (one.name, *map(str, one.files), one.certificate.subject, one.certificate.fingerprint)
        or f"CN={only}" in one.certificate.subject.split(",")
    ]
    if len(fit) == 1:
        return fit[0]
    if fit:
        raise UsageError(f"--only {only} fits {len(fit)} certificates; name one of them by its file")
    raise UsageError(f"--only {only}: {not_known(only, [one.name for one in inspection.certificates][:MOST_LISTED])}")
