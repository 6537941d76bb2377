"""The names of CAs in a CertificateRequest, written out by hand after the RFCs and judged by pyca's names."""

from mintls.handshake.wire.certificate_request import requested_authorities
from mintls.handshake.wire.transcript import parse

import pytest
from cryptography import x509

FIRST, OTHER = x509.Name.from_rfc4514_string("CN=Dev CA"), x509.Name.from_rfc4514_string("CN=a,O=b\\, c")


def names(*found: x509.Name) -> bytes:
    each = [name.public_bytes() for name in found]
    listed = b"".join(len(name).to_bytes(2, "big") + name for name in each)
    return len(listed).to_bytes(2, "big") + listed


def of_1_3(*found: x509.Name, context: bytes = b"") -> bytes:
    algorithms = bytes.fromhex("000d 0004 0002 0403")
    authorities = names(*found)
    extensions = algorithms + (b"\0\x2f" + len(authorities).to_bytes(2, "big") + authorities if found else b"")
    body = bytes([len(context)]) + context + len(extensions).to_bytes(2, "big") + extensions
    return b"\x0d" + len(body).to_bytes(3, "big") + body


def of_1_2(*found: x509.Name) -> bytes:
    body = bytes.fromhex("03 01 02 40 0004 0403 0804") + names(*found)
    return b"\x0d" + len(body).to_bytes(3, "big") + body


@pytest.mark.parametrize("found", [(), (FIRST,), (FIRST, OTHER)])
def test_the_names_of_both_versions(found: tuple[x509.Name, ...]) -> None:
    expected = tuple(name.rfc4514_string() for name in found)
    assert requested_authorities(of_1_3(*found), "TLS 1.3") == expected
    assert requested_authorities(of_1_3(*found, context=bytes(32)), "TLS 1.3") == expected
    assert requested_authorities(of_1_2(*found), "TLS 1.2") == expected


def test_what_is_cut_off_or_not_a_name_is_left_out() -> None:
    whole = of_1_2(FIRST)
    for size in range(len(whole)):
        assert requested_authorities(whole[:size], "TLS 1.2") == ()
        assert requested_authorities(of_1_3(FIRST)[:size], "TLS 1.3") in ((), ("CN=Dev CA",))
    assert requested_authorities(b"\x0d\0\0\x0b" + bytes.fromhex("00 0000 0006 0004 ffffffff"), "TLS 1.2") == ()


def listing(*messages: tuple[str, str, bytes]) -> str:
    return "".join(
        f"{arrow} TLS 1.3, Handshake [length {len(octets):04x}], {name}\n    {octets.hex(' ')}\n"
        for arrow, name, octets in messages
    )


def test_an_empty_certificate_after_the_handshake_has_the_context_of_its_request() -> None:
    """RFC 8446 section 4.4.2: 40 bytes, of which 32 are the context."""
    empty = b"\x0b\0\0\x24\x20" + bytes(32) + bytes(3)
    seen = parse(
        listing(("<<<", "CertificateRequest", of_1_3(FIRST, context=bytes(32))), (">>>", "Certificate", empty))
    )
    assert seen.certificate(sent=True) == 8
    assert seen.authorities == ("CN=Dev CA",)
    plain = parse(listing((">>>", "Certificate", b"\x0b\0\0\x04\0\0\0\0")))
    assert plain.certificate(sent=True) == 8
