"""The dates in a certificate's DER, beside what pyca/cryptography reads."""

from datetime import UTC, datetime, timedelta

from mintls.validity import read_validity

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

KEY = ec.generate_private_key(ec.SECP256R1())


def made(begin: datetime, end: datetime, subject: str = "x", serial: int = 7) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)] * 3)
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), serial, begin, end)
    return builder.sign(KEY, SHA256())


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (datetime(1950, 1, 1, tzinfo=UTC), datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (datetime(2000, 2, 29, 1, 2, 3, tzinfo=UTC), datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (datetime(2050, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("subject", ["x", "y" * 64])  # lengths of one byte, and of more
def test_every_way_to_write_a_date(begin: datetime, end: datetime, subject: str) -> None:
    theirs = made(begin, end, subject, serial=1 << 158)
    dates = theirs.not_valid_before_utc, theirs.not_valid_after_utc
    assert read_validity(theirs.public_bytes(Encoding.DER)) == tuple(f"{date:%Y-%m-%dT%H:%M:%SZ}" for date in dates)


def test_a_certificate_of_version_1() -> None:
    """It says no version, so that the serial number stands first."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    der = made(now, now + timedelta(days=1)).public_bytes(Encoding.DER)
    version = der.index(bytes.fromhex("a003020102"))
    body = der[version + 5 :]
    shorter = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    assert read_validity(b"\x30\x82" + len(shorter).to_bytes(2, "big") + shorter) == (
        "2026-01-01T00:00:00Z",
        "2026-01-02T00:00:00Z",
    )


def test_what_is_no_certificate() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    der = made(now, now).public_bytes(Encoding.DER)
    begin = der.index(b"260101000000Z") - 2
    for cut in range(begin + 30):
        with pytest.raises(ValueError, match=r"cut off|no certificate|no dates"):
            read_validity(der[:cut])
    for at, byte in ((0, 0x31), (begin, 0x13), (begin + 2, 0x41), (begin + 14, 0x41)):
        with pytest.raises(ValueError, match=r"no certificate|no dates|[Ii]nvalid"):
            read_validity(der[:at] + bytes([byte]) + der[at + 1 :])
