"""Names: what RFC 5280 lets a certificate bind, and the slips that openssl would sign."""

import re

from mintls.names import ATTRIBUTES, GeneralName, Subject, check_attribute

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("DNS:localhost", "localhost"),
        ("DNS:a.b-c.example.org", "a.b-c.example.org"),
        ("DNS:*.example.org", "*.example.org"),
        ("DNS:xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("DNS:" + "a" * 63, "a" * 63),
        ("IP:127.0.0.1", "127.0.0.1"),
        ("IP:::1", "::1"),
        ("IP:2001:DB8:0:0::1", "2001:db8::1"),
        ("email:user+tag@example.org", "user+tag@example.org"),
        ("URI:spiffe://example.org/node?a=b#c", "spiffe://example.org/node?a=b#c"),
        ("URI:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
        ("RID:1.2.3.4", "1.2.3.4"),
        ("otherName:1.3.6.1.4.1.311.20.2.3;UTF8:ü@example.org", "1.3.6.1.4.1.311.20.2.3;UTF8:ü@example.org"),
    ],
)
def test_a_good_alternative_name(text: str, value: str) -> None:
    name = GeneralName.parse(text)
    assert (name.kind, name.value) == (text.partition(":")[0], value)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("localhost", "did you mean DNS:localhost?"),
        ("127.0.0.1", "did you mean IP:127.0.0.1?"),
        ("a@example.org", "did you mean email:a@example.org?"),
        ("dns:localhost", "did you mean DNS?"),
        ("dirName:x", "is not known"),
        ("DNS:", "empty"),
        ("DNS:127.0.0.1", "write IP:127.0.0.1"),
        ("DNS:[::1]", "write IP:::1"),
        ("DNS:https://example.org", "a URL"),
        ("DNS:example.org/path", "a path"),
        ("DNS:example.org:443", "a port"),
        ("DNS:a b", "a space"),
        ("DNS: a", "a space"),
        ("DNS:a@b", "an email address"),
        ("DNS:a,DNS:evil", "a port"),
        ("DNS:a.*.org", "wildcard"),
        ("DNS:f*.example.org", "wildcard"),
        ("DNS:*", "wildcard"),
        ("DNS:*.org", "top-level"),
        ("DNS:example.org.", "ends with a dot"),
        ("DNS:-a.org", "not a host name"),
        ("DNS:a..b", "not a host name"),
        ("DNS:" + "a" * 64, "not a host name"),
        ("DNS:" + ".".join(["a" * 50] * 6), "not a host name"),
        ("DNS:bücher.example", "xn--bcher-kva.example"),
        ("DNS:a\nb", "control character U+000A"),
        ("IP:example.org", "DNS:example.org"),
        ("IP:10.0.0.0/8", "not a network"),
        ("IP:fe80::1%eth0", "zone"),
        ("IP:1.2.3.4.5", "not an IP address"),
        ("email:copy", "email address"),
        ("email:move", "email address"),
        ("email:ü@example.org", "email address"),
        ("email:a@127.0.0.1", "IP"),
        ("email:a@*.example.org", "wildcard"),
        ("URI:no scheme", "not a URI"),
        ("URI:http://a b", "not a URI"),
        ("URI:http://ü", "not a URI"),
        ("RID:1", "object identifier"),
        ("RID:3.1", "object identifier"),
        ("RID:1.40", "object identifier"),
        ("RID:1.02", "object identifier"),
        ("otherName:x", "otherName"),
        ("otherName:1.2.3;SEQUENCE:x", "otherName"),
        ("otherName:1.2.3;IA5:ü", "not ASCII"),
        ("otherName:1.2.3;PRINTABLE:a@b", "PrintableString"),
    ],
)
def test_a_bad_alternative_name(text: str, part: str) -> None:
    with pytest.raises(ValueError, match=re.escape(part)):
        GeneralName.parse(text)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("C", "NO"),
        ("CN", "x" * 64),
        ("CN", "ü" * 64),
        ("O", "a, b + c"),
        ("1.2.3.4", "x"),
        ("DC", "example"),
        ("L", " "),
    ],
)
def test_a_good_attribute(attribute: str, value: str) -> None:
    check_attribute(attribute, value)


@pytest.mark.parametrize(
    ("attribute", "value", "part"),
    [
        ("C", "NOR", "two letters"),
        ("C", "N", "two letters"),
        ("C", "47", "two letters"),
        ("CN", "", "empty"),
        ("CN", "a\nb", "U+000A"),
        ("CN", "a\0", "U+0000"),
        ("CN", "a\x85", "U+0085"),
        ("CN", "\ud800", "U+D800"),
        ("CN", "critical,x", "'critical,'"),
        ("CN", "der:00", "'DER:'"),
        ("O", "ASN1:x", "'ASN1:'"),
        ("cn", "x", "did you mean CN?"),
        ("Country", "NO", "is not known"),
        ("2.5.4.3", "x", "write CN"),
        ("2.5.4.6", "Norway", "write C"),
        ("3.1", "x", "is not known"),
        ("DC", "ü", "ASCII"),
        ("emailAddress", "ü@example.org", "ASCII"),
        ("serialNumber", "a@b", "PrintableString"),
        *((name, "x" * (bound + 1), f"at most {bound}") for name, bound in ATTRIBUTES.items() if name != "C"),
    ],
)
def test_a_bad_attribute(attribute: str, value: str, part: str) -> None:
    with pytest.raises(ValueError, match=re.escape(part)):
        check_attribute(attribute, value)


def test_a_subject_for_people_is_in_the_order_of_rfc_4514() -> None:
    assert str(Subject([("O", "a,b"), ("CN", "c=d")])) == r"CN=c=d,O=a\,b"
