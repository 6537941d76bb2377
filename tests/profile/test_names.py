"""Names: what RFC 5280 lets a certificate bind, and the slips that openssl would sign."""

import re

from mintls.profile.names import ATTRIBUTES, GeneralName, Subject, Subtree, check_attribute, check_host

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
        ("C", "NOR", "two-letter code"),
        ("C", "N", "two-letter code"),
        ("C", "47", "two-letter code"),
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


# ---- both sides of each bound; the tables once more, so that nothing is lost from them unseen

# RFC 5280 appendix A.1, and RFC 4519 or X.520 for what it does not name: characters at most
BOUNDS = {
    "CN": 64, "O": 64, "OU": 64, "L": 128, "ST": 128, "C": 2, "DC": 63, "UID": 256, "emailAddress": 128,
    "serialNumber": 64, "street": 128, "postalCode": 40, "title": 64, "GN": 32768, "SN": 32768, "initials": 32768,
    "name": 32768, "pseudonym": 128, "generationQualifier": 32768, "dnQualifier": 64, "businessCategory": 128,
    "organizationIdentifier": 256,
}  # fmt: skip
OIDS = {
    "2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
    "2.5.4.9": "street", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.15": "businessCategory",
    "2.5.4.17": "postalCode", "2.5.4.41": "name", "2.5.4.42": "GN", "2.5.4.43": "initials",
    "2.5.4.44": "generationQualifier", "2.5.4.46": "dnQualifier", "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier", "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}  # fmt: skip


def test_every_attribute_is_bounded_as_it_should_be() -> None:
    assert BOUNDS == ATTRIBUTES
    for name, most in BOUNDS.items():
        check_attribute(name, "x" * most)
        with pytest.raises(ValueError, match="two-letter code" if name == "C" else f"is {most + 1} characters long"):
            check_attribute(name, "x" * (most + 1))


def test_an_attribute_of_any_other_oid_is_bounded_too() -> None:
    check_attribute("1.2.3.4", "x" * 32768)
    with pytest.raises(ValueError, match="is 32769 characters long; at most 32768 fit"):
        check_attribute("1.2.3.4", "x" * 32769)


@pytest.mark.parametrize(("oid", "name"), OIDS.items())
def test_an_attribute_that_has_a_name_is_written_by_it(oid: str, name: str) -> None:
    with pytest.raises(ValueError, match=f"{re.escape(oid)} has a short name; write {name}$"):
        check_attribute(oid, "x")


@pytest.mark.parametrize("name", sorted(BOUNDS.keys() - {"C"}))
def test_which_attributes_must_be_ascii_and_which_printable(name: str) -> None:
    ascii_only, printable = name in {"DC", "emailAddress"}, name in {"serialNumber", "dnQualifier"}
    if ascii_only:
        with pytest.raises(ValueError, match="must be ASCII"):
            check_attribute(name, "ü")
    elif printable:
        for text in ("ü", "a_b", "a@b"):
            with pytest.raises(ValueError, match="PrintableString"):
                check_attribute(name, text)
    else:
        check_attribute(name, "ü")
    check_attribute(name, "a b-c")


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("a" * 63, True), ("a" * 64, False), ("a", True), ("a-b", True), ("a-", False), ("-a", False), ("a_b", True),
        (".".join(["a" * 63] * 3 + ["b" * 61]), True), (".".join(["a" * 63] * 3 + ["b" * 62]), False),
        ("*.a.b", True), ("*.a", False), ("*a.b.c", False), ("a.*.c", False), ("*.*.c.d", False), ("**.a.b", False),
        ("a.b.", False), (".a.b", False), ("a..b", False), ("", False),
    ],
)  # fmt: skip
def test_a_host_name_on_both_sides_of_each_bound(name: str, good: bool) -> None:
    """RFC 1034 3.1: 63 octets of a label, 253 characters of a name as it is written."""
    if good:
        assert GeneralName.parse(f"DNS:{name}").value == name
    else:
        with pytest.raises(ValueError, match=r"."):
            GeneralName.parse(f"DNS:{name}")


@pytest.mark.parametrize("wildcard", [True, False])
def test_a_wildcard_where_one_may_be(wildcard: bool) -> None:
    if wildcard:
        check_host("*.example.org", wildcard=True)
    else:
        with pytest.raises(ValueError, match="a wildcard can only be the whole leftmost label"):
            check_host("*.example.org", wildcard=False)
    check_host("example.org", wildcard=wildcard)


@pytest.mark.parametrize(("length", "good"), [(1, True), (64, True), (65, False), (0, False)])
def test_the_part_before_the_at_sign(length: int, good: bool) -> None:
    """RFC 5321 4.5.3.1.1: 64 octets."""
    text = f"email:{'a' * length}@example.org"
    if good:
        assert GeneralName.parse(text).kind == "email"
    else:
        with pytest.raises(ValueError, match="not an ASCII email address"):
            GeneralName.parse(text)


@pytest.mark.parametrize("kind", ["UTF8", "IA5", "PRINTABLE"])
def test_which_text_an_other_name_can_hold(kind: str) -> None:
    for text, kinds in (
        ("a b", {"UTF8", "IA5", "PRINTABLE"}), ("a@b", {"UTF8", "IA5"}), ("ü", {"UTF8"}),
    ):  # fmt: skip
        name = f"otherName:1.2.3;{kind}:{text}"
        if kind in kinds:
            assert GeneralName.parse(name) == name
        else:
            with pytest.raises(ValueError, match="write UTF8: before it"):
                GeneralName.parse(name)
    with pytest.raises(ValueError, match="is not an otherName"):
        GeneralName.parse(f"otherName:9.9;{kind}:x")


@pytest.mark.parametrize(
    ("subtree", "inside", "outside"),
    [
        ("DNS:example.org", ["DNS:example.org", "DNS:a.example.org", "DNS:*.example.org", "DNS:A.EXAMPLE.ORG"],
         ["DNS:badexample.org", "DNS:org", "DNS:example.org.test"]),
        ("DNS:.example.org", ["DNS:a.example.org", "DNS:a.b.example.org", "DNS:example.org"], ["DNS:xexample.org"]),
        ("DNS:EXAMPLE.org", ["DNS:a.example.org"], ["DNS:b.test"]),
        ("IP:10.0.0.0/8", ["IP:10.0.0.0", "IP:10.255.255.255"], ["IP:9.255.255.255", "IP:11.0.0.0", "IP:::1"]),
        ("email:example.org", ["email:a@example.org", "email:a@EXAMPLE.org"],
         ["email:a@b.example.org", "email:a@x.org"]),
        ("email:.example.org", ["email:a@b.example.org"], ["email:a@example.org"]),
        ("email:a@example.org", ["email:a@example.org"], ["email:b@example.org"]),
        ("URI:example.org", ["URI:https://example.org/x", "URI:https://EXAMPLE.org:8/"],
         ["URI:https://a.example.org/", "URI:https://x/example.org", "URI:urn:example.org"]),
        ("URI:.example.org", ["URI:https://a.example.org/x"], ["URI:https://example.org/"]),
    ],
)  # fmt: skip
def test_what_lies_in_a_subtree(subtree: str, inside: list[str], outside: list[str]) -> None:
    """RFC 5280 4.2.1.10. A name of another version of IP lies in none."""
    parsed = Subtree.parse(subtree)
    assert [name for name in inside if not parsed.contains(GeneralName.parse(name))] == []
    assert [name for name in outside if parsed.contains(GeneralName.parse(name))] == []


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("IP:10.0.0.1/8", "is not a network such as 10.0.0.0/8"), ("email:a b@x", "not an ASCII email address"),
        ("DNS:*.example.org", "a wildcard"), ("URI:https://example.org", "a URL"), ("email:x y", "a space"),
        ("RID:1.2.3", "is not known"), ("otherName:1.2.3;UTF8:x", "is not known"), ("DNS:.", "is not a host name"),
    ],
)  # fmt: skip
def test_what_is_no_subtree(text: str, part: str) -> None:
    with pytest.raises(ValueError, match=re.escape(part)):
        Subtree.parse(text)


def test_the_kinds_are_these() -> None:
    assert GeneralName.KINDS == ("DNS", "IP", "email", "URI", "RID", "otherName")
    assert Subtree.KINDS == ("DNS", "IP", "email", "URI")


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("IP:10.0.0.0/8", "; write one address, not a network"), ("IP:host", "; a host name is written DNS:host"),
        ("DNS:[::1]", "is an IP address; write IP:::1"), ("DNS:" + "ü" * 80 + ".de", "write it as its xn-- form"),
        ("x.test", "did you mean DNS:x.test?"),
    ],
)  # fmt: skip
def test_what_to_write_instead(text: str, end: str) -> None:
    with pytest.raises(ValueError, match=f"{re.escape(end)}$"):
        GeneralName.parse(text)


def test_what_an_editor_is_told() -> None:
    assert Subject.schema["additionalProperties"] is False
    assert Subject.schema["properties"].keys() == BOUNDS.keys()
    kinds = Subject.schema["properties"]["CN"]["oneOf"]
    assert kinds == [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    for cls, word in ((GeneralName, "RID:1.2.3"), (Subtree, "DNS:example.org")):
        assert re.fullmatch(cls.schema["pattern"], word)
        assert cls.schema["type"] == "string"
        assert [cls.parse(example) for example in cls.schema["examples"]] == cls.schema["examples"]
        assert len(cls.schema["examples"]) == 4
    assert GeneralName.schema.keys() == Subtree.schema.keys() == {"type", "pattern", "examples"}
    assert Subject.schema.keys() == {
        "type", "description", "properties", "patternProperties", "additionalProperties",
    }  # fmt: skip
    assert Subject.schema["type"] == "object"
