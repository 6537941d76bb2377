"""What openssl reads in a certificate, as frozen data: the only room that reads openssl's texts about one."""

from datetime import UTC, datetime
from pathlib import Path

from mintls.errors import OpensslError
from mintls.grammar import rfc3339
from mintls.openssl import Openssl

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def read_validity(openssl: Openssl, certificate: str, directory: Path) -> tuple[str, str]:
    """notBefore and notAfter of a PEM file, RFC 3339 in UTC (x509(1), -startdate -enddate).

    Raises OpensslError when there are none."""
    argv = ("x509", "-in", certificate, "-noout", "-startdate", "-enddate")
    said = openssl.run(argv, cwd=directory).stdout
    try:
        begin, end = said.splitlines()
        return from_openssl(begin.partition("=")[2]), from_openssl(end.partition("=")[2])
    except ValueError:
        raise OpensslError((openssl.binary, *argv), "wrote no dates", said) from None


def from_openssl(date: str) -> str:
    """openssl's `Nov 23 14:57:19 2026 GMT` as 2026-11-23T14:57:19Z."""
    month, day, clock, year, _ = date.split()
    hour, minute, second = map(int, clock.split(":"))
    return rfc3339(datetime(int(year), _MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC))
