"""When a certificate is valid (pure)."""

from datetime import UTC, datetime
from typing import NamedTuple

from mintls.profile.model import Entry


class Validity(NamedTuple):
    """Begin and end; `exact` if they must be exactly these, and not a number of days from now."""

    begin: datetime
    end: datetime
    exact: bool


def validity(entry: Entry, now: datetime) -> Validity:
    """The validity of a certificate issued now."""
    settings = entry.settings
    if certificate := entry.certificate:
        begin, end = datetime.fromisoformat(certificate.not_before), datetime.fromisoformat(certificate.not_after)
        return Validity(begin, end, True)
    life = settings.life
    begin = now - settings.backdate.span if settings.backdate else now
    if settings.not_before:
        begin = settings.not_before.at(now)
    end = settings.not_after.at(now) if settings.not_after else begin + life
    if end <= begin and not settings.not_before:  # meant to have expired already
        begin = end - life
    exact = settings.backdate or settings.not_before or settings.not_after or settings.lifetime
    return Validity(begin, end, bool(exact))


def asn1_time(moment: datetime) -> str:
    """YYYYMMDDHHMMSSZ: two-digit years would turn 2050 into 1950."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")
