"""Times as people write them, and what the message suggests for one that cannot be read."""

from datetime import UTC, datetime, timedelta

from mintls.errors import ProfileError
from mintls.profile.load import read_profile
from mintls.profile.times import Moment, Span

import pytest

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CA = "authorities: {ca: {subject: {CN: ca}}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-01-01", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2027-01-01T12:00:00+02:00", datetime(2027, 1, 1, 10, tzinfo=UTC)),
        ("-1d", NOW - timedelta(1)),
        ("+90s", NOW + timedelta(seconds=90)),
    ],
)
def test_a_moment(text: str, expected: datetime) -> None:
    assert Moment.parse(text).at(NOW) == expected


@pytest.mark.parametrize(
    ("kind", "text", "hint"),
    [
        (Moment, "2027-02-30", "2027-02 has 28 days"),
        (Moment, "2028-02-30T00:00:00Z", "2028-02 has 29 days"),
        (Moment, "2027-13-01", "there is no month 13"),
        (Moment, "2027-01-31 12:30", "write it as 2027-01-31T12:30:00Z"),
        (Moment, "2027-01-31T12:30:05.5", "write it as 2027-01-31T12:30:05Z"),
        (Moment, "2027-1-3", "write it as 2027-01-03T00:00:00Z"),
        (Moment, "1949-01-01T00:00:00Z", "the year must be from 1950 to 9998"),
        (Moment, "tomorrow", "write it as 2030-01-31T12:00:00Z, or relative to the time of issue as in -1d"),
        (Moment, "-1", "add a unit: s, m, h, d or w, as in 1d"),
        (Span, "30", "add a unit: s, m, h, d or w, as in 30d"),
        (Span, "90 seconds", "write 90s"),
        (Span, "2 Days", "write 2d"),
        (Span, "1y", "write 365d"),
        (Span, "soon", "such as 5m"),
    ],
)
def test_a_suggestion(kind: type[Moment] | type[Span], text: str, hint: str) -> None:
    with pytest.raises(ValueError, match="is not a") as caught:
        kind.parse(text)
    assert str(caught.value).endswith(hint)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("days: 1y", "days: '1y' does not fit; write days: 365"),
        ("days: 30d", "days: '30d' does not fit; write days: 30"),
        ("days: 24h", "days: '24h' does not fit; write lifetime: 24h"),
        ("lifetime: 90s, days: 3", "lifetime: cannot be combined with days; remove one of them"),
        ("lifetime: 90s, not_after: 2030-01-01", "lifetime: cannot be combined with not_after; remove one of them"),
        ("lifetime: 30", "lifetime: '30' is not a length of time; add a unit: s, m, h, d or w, as in 30d"),
    ],
)
def test_a_validity_that_cannot_be_read(fields: str, message: str) -> None:
    with pytest.raises(ProfileError) as caught:
        read_profile(f"{CA}clients: {{c: {{subject: {{CN: c}}, {fields}}}}}".encode(), "p", "p")
    assert caught.value.complaints == (f"p:2: clients.c.{message}",)


def test_a_lifetime_of_a_crl_excludes_days() -> None:
    with pytest.raises(ProfileError, match=r"^p:1: authorities\.ca\.crl\.lifetime: cannot be combined with days"):
        read_profile(b"authorities: {ca: {subject: {CN: ca}, crl: {days: 3, lifetime: 60s}}}", "p", "p")


def test_the_period_of_an_entry_replaces_that_of_the_defaults() -> None:
    text = f"defaults: {{days: 90}}\n{CA}clients: {{c: {{san: ['DNS:c'], lifetime: 1h}}, d: {{subject: {{CN: d}}}}}}"
    ca, c, d = read_profile(text.encode(), "p", "p").entries
    assert [entry.settings.life for entry in (ca, c, d)] == [timedelta(3650), timedelta(hours=1), timedelta(90)]
    text = text.replace("days: 90", "lifetime: 2h").replace("lifetime: 1h", "days: 7")
    ca, c, d = read_profile(text.encode(), "p", "p").entries
    assert [entry.settings.life for entry in (ca, c, d)] == [timedelta(3650), timedelta(7), timedelta(hours=2)]
