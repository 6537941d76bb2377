"""What makes a set fail beside the checks: --warn (time that must be left), --only (one certificate), --strict."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mintls.errors import UsageError, not_known
from mintls.inspection.inventory import Inventory
from mintls.x509.certificate import Certificate

from msgspec import Struct

MOST_LISTED = 20


class Criteria(Struct, frozen=True):
    """warn: how long each certificate must still be valid; only and fingerprint: the one certificate that counts;
    strict: advice counts as well.
    """

    warn: timedelta | None = None
    only: str = ""
    fingerprint: str = ""
    strict: bool = False

    def expiring(self, certificate: Certificate, now: datetime) -> Iterator[str]:
        """A sentence when it expires too soon."""
        left = datetime.fromisoformat(certificate.not_after) - now
        if self.warn is not None and timedelta() <= left < self.warn:
            yield f"expires in {left.days} days, on {certificate.not_after}: sooner than --warn allows"

    def counts(self, fingerprint: str) -> bool:
        return self.fingerprint in ("", fingerprint)


def find_certificate(only: str, inventory: Inventory) -> str:
    """The fingerprint of a certificate by its file, CN, subject or fingerprint. Raises UsageError if it is not one."""
    fit = [
        one.fingerprint
        for one in inventory.certificates
        if only in (one.name, *map(str, one.files), one.certificate.subject, one.fingerprint)
        or f"CN={only}" in one.certificate.subject.split(",")
    ]
    if len(fit) == 1:
        return fit[0]
    if fit:
        raise UsageError(f"--only {only} matches {len(fit)} certificates; name one of them by its file")
    raise UsageError(f"--only {only}: {not_known(only, [one.name for one in inventory.certificates][:MOST_LISTED])}")
