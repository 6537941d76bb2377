"""Times in a profile: a moment, absolute or relative to the time of issue, and a length of time."""

import calendar
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self

from mintls.profile.scalars import Text

MAX_SPAN = timedelta(days=25550)  # 70 years: a certificate cannot start before 1950 (RFC 5280 4.1.2.5)
_UNITS = {"second": "s", "sec": "s", "minute": "m", "min": "m", "hour": "h", "hr": "h", "day": "d", "week": "w"}
_DATE = r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"


class Span(Text):
    """A length of time: a number and s, m, h, d or w."""

    __slots__ = ()
    UNITS: ClassVar[dict[str, int]] = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    schema: ClassVar[dict[str, Any]] = {
        "type": "string",
        "pattern": "^[0-9]{1,7}[smhdw]$",
        "examples": ["5m", "1h", "2d"],
    }

    @property
    def span(self) -> timedelta:
        return timedelta(seconds=int(self[:-1]) * self.UNITS[self[-1]])

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch("[0-9]{1,7}[smhdw]", text):
            raise ValueError(f"{text!r} is not a length of time; {_suggested_span(text)}")
        if int(text[:-1]) * cls.UNITS[text[-1]] > MAX_SPAN.total_seconds():
            raise ValueError(f"{text!r} is longer than {MAX_SPAN.days} days; write at most {MAX_SPAN.days}d")
        return cls(text)


class Moment(Text):
    """A point in time: RFC 3339 in whole seconds (RFC 5280 4.1.2.5), a date (midnight UTC), or, as in -1d or +2h,
    relative to the time of issue.
    """

    __slots__ = ()
    schema: ClassVar[dict[str, Any]] = {
        "type": "string",
        "anyOf": [{"format": "date-time"}, {"format": "date"}, {"pattern": "^[+-][0-9]{1,7}[smhdw]$"}],
        "examples": ["2030-01-31T12:00:00Z", "2030-01-31", "-1d"],
    }

    @property
    def offset(self) -> timedelta | None:
        """Of a relative one, from the time of issue; None for an absolute one."""
        if self[0] not in "+-":
            return None
        span = Span(self[1:]).span
        return -span if self[0] == "-" else span

    @property
    def moment(self) -> datetime:
        """Of an absolute one, in UTC."""
        moment = datetime.fromisoformat(self)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)

    def at(self, now: datetime) -> datetime:
        """In UTC, for a certificate issued now."""
        return self.moment if self.offset is None else now + self.offset

    @classmethod
    def parse(cls, text: str) -> Self:
        if text[:1] in ("+", "-"):
            Span.parse(text[1:])
            return cls(text)
        try:
            moment = datetime.fromisoformat(text)
            day_only = bool(re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text))
            timed = moment.tzinfo is not None and "T" in text.upper().replace(" ", "T")
            year = moment.astimezone(UTC).year if moment.tzinfo else moment.year
            fits = (day_only or timed) and 1950 <= year <= 9998 and not moment.microsecond
        except (ValueError, OverflowError):
            fits = False
        if not fits:
            raise ValueError(f"{text!r} is not a date with time and zone; {_suggested_moment(text)}")
        return cls(text)


def _suggested_span(text: str) -> str:
    """What the user may have meant."""
    match = re.fullmatch(r"([0-9]{1,7})\s*([A-Za-z]*?)s?", text.strip())
    if match and not match[2] and not text.endswith("s"):
        return f"add a unit: s, m, h, d or w, as in {match[1]}d"
    if match and match[2].lower() in _UNITS:
        return f"write {match[1]}{_UNITS[match[2].lower()]}"
    if match and match[2].lower() in ("y", "yr", "year"):
        return f"write {int(match[1]) * 365}d"
    return "write a number and s, m, h, d or w, such as 5m"


def _suggested_moment(text: str) -> str:
    """With the user's own date where there is one."""
    match = re.match(_DATE, text)
    if match and int(match[1]) >= 1 and 1 <= int(match[2]) <= 12:
        year, month, day = map(int, match.groups())
        last = calendar.monthrange(year, month)[1]
        if not 1 <= day <= last:
            return f"{match[1]}-{month:02} has {last} days"
    elif match:
        return f"there is no month {match[2]}"
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(text).replace(microsecond=0)
        if 1950 <= moment.year <= 9998:
            return f"write it as {moment.isoformat()}{'' if moment.tzinfo else 'Z'}"
        return "the year must be from 1950 to 9998"
    if match:
        return f"write it as {match[1]}-{month:02}-{day:02}T00:00:00Z"
    return "write it as 2030-01-31T12:00:00Z, or relative to the time of issue as in -1d"
