"""The DER reader: what X.690 fixes, and that hostile octets end in one sentence."""

import re
from datetime import UTC, datetime, timedelta, timezone

from mintls.inspection.file_formats import parse_file
from mintls.x509.certificate import parse_certificate
from mintls.x509.der import GENERALIZED_TIME, UTC_TIME, children, dotted, encode, hexadecimal, read, read_time
from mintls.x509.revocation_list import parse_revocation_list

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from foreign import CLIENT, SERVER, make, revocation_list
from hypothesis import given, settings
from hypothesis import strategies as st

CA = make("CA", authority=True)
LEAF = make("leaf", CA, purposes=SERVER + CLIENT, san=[x509.DNSName("a.example"), x509.RFC822Name("a@a.example")])
CRL = x509.load_pem_x509_crl(revocation_list(CA, LEAF.certificate)).public_bytes(Encoding.DER)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536])
def test_every_form_of_a_length(size: int) -> None:
    encoded = encode(0x04, b"x" * size)
    assert read(encoded).content == b"x" * size
    for cut in (encoded[:-1], encoded[:1], b""):
        if size or len(cut) < 2:
            with pytest.raises(ValueError, match="cut off"):
                read(cut)


@pytest.mark.parametrize("octets", ["3080020101 0000", "1f8101 00", "30 ff", "30 88 ffffffffffffffff", "02 01"])
def test_what_is_not_der(octets: str) -> None:
    with pytest.raises(ValueError, match=r"not DER|cut off"):
        read(bytes.fromhex(octets))


def test_an_element_cannot_reach_out_of_its_parent() -> None:
    with pytest.raises(ValueError, match="cut off"):
        children(read(bytes.fromhex("3003 0405 00 00000000")))


@pytest.mark.parametrize(
    ("octets", "oid"),
    [("2a864886f70d010101", "1.2.840.113549.1.1.1"), ("5504 03", "2.5.4.3"), ("883703", "2.999.3"), ("27", "0.39")],
)
def test_object_identifiers(octets: str, oid: str) -> None:
    assert dotted(bytes.fromhex(octets)) == oid
    assert x509.ObjectIdentifier(oid)


@pytest.mark.parametrize("octets", [b"", b"\x81", b"\x2a\x86", b"\x81" * 5000 + b"\x01"])
def test_an_object_identifier_that_is_none(octets: bytes) -> None:
    with pytest.raises(ValueError, match="malformed"):
        dotted(octets)


@pytest.mark.parametrize(("number", "said"), [(0, "00"), (10, "0A"), (255, "FF"), (-1, "-01"), (4096, "1000")])
def test_numbers_as_openssl_prints_a_serial(number: int, said: str) -> None:
    assert hexadecimal(number) == said


@pytest.mark.parametrize(
    ("tag", "text", "said"),
    [
        (UTC_TIME, "500101000000Z", datetime(1950, 1, 1)),
        (UTC_TIME, "491231235959Z", datetime(2049, 12, 31, 23, 59, 59)),
        (UTC_TIME, "2601010203Z", datetime(2026, 1, 1, 2, 3)),
        (UTC_TIME, "260101020304+0130", datetime(2026, 1, 1, 0, 33, 4)),
        (GENERALIZED_TIME, "20260101020304.999Z", datetime(2026, 1, 1, 2, 3, 4)),
        (GENERALIZED_TIME, "00010101000000Z", datetime(1, 1, 1)),
        (GENERALIZED_TIME, "99991231235959Z", datetime(9999, 12, 31, 23, 59, 59)),
        (GENERALIZED_TIME, "20260101020304-0100", datetime(2026, 1, 1, 3, 3, 4)),
    ],
)
def test_every_way_to_write_a_date(tag: int, text: str, said: datetime) -> None:
    assert read_time(read(encode(tag, text.encode()))) == said.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (UTC_TIME, "261301000000Z"), (UTC_TIME, "260101000000"), (UTC_TIME, "26010100000Z"), (UTC_TIME, ""),
        (UTC_TIME, "260101000000.5Z"), (GENERALIZED_TIME, "00000101000000Z"), (GENERALIZED_TIME, "20260101000000X"),
        (GENERALIZED_TIME, "20260230000000Z"), (GENERALIZED_TIME, "00010101000000+0100"), (0x0C, "20260101000000Z"),
        (UTC_TIME, "Bad time value"), (UTC_TIME, "٢٦0101000000Z"), (GENERALIZED_TIME, "20260101000000+01é0"),
    ],
)  # fmt: skip
def test_what_is_not_a_date(tag: int, text: str) -> None:
    with pytest.raises(ValueError, match="is not a date"):
        read_time(read(encode(tag, text.encode())))


@given(st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(9999, 12, 30)), st.integers(-720, 720))
def test_a_date_with_an_offset_is_the_same_moment(moment: datetime, minutes: int) -> None:
    there = moment.replace(tzinfo=UTC, microsecond=0)
    local = there.astimezone(timezone(timedelta(minutes=minutes)))
    text = f"{local:%Y%m%d%H%M%S%z}".encode()
    assert read_time(read(encode(GENERALIZED_TIME, text))) == there


def harmless(der: bytes) -> None:
    """It is read, or one sentence of one line tells why not."""
    for parse in (parse_certificate, parse_revocation_list):
        sentence = ""
        try:
            parse(der)
        except ValueError as error:
            sentence = str(error)
        assert re.fullmatch(r".{0,160}", sentence)
    list(parse_file(der))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([LEAF.der, CRL, CA.der]),
    st.lists(st.tuples(st.integers(0, 900), st.binary(max_size=3)), max_size=4),
)
def test_damaged_octets_are_harmless(der: bytes, changes: list[tuple[int, bytes]]) -> None:
    for at, octets in changes:
        der = der[:at] + octets + der[at + len(octets) :]
    harmless(der)


@given(st.binary(max_size=300))
def test_any_octets_are_harmless(octets: bytes) -> None:
    harmless(octets)
    harmless(b"\x30\x82\x01\x00\x30\x81\xf0\xa0\x03\x02\x01\x02" + octets)


def test_depth_costs_nothing() -> None:
    """A thousand levels in one extension, and a hundred thousand on their own."""
    deep = b""
    for _ in range(100_000 // 50):
        deep = encode(0x30, deep)
    harmless(deep)
    harmless(LEAF.der[:-10] + deep)
