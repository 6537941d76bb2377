"""Words of other tools, slips and wrong indentation: what the first message of a new user suggests."""

from typing import get_args

from mintls.errors import ProfileError
from mintls.profile.choices import KeyAlgorithm
from mintls.profile.fields import Authority, Leaf
from mintls.profile.load import read_profile
from mintls.profile.names import ATTRIBUTES
from mintls.profile.synonyms import ATTRIBUTES as OTHER_ATTRIBUTES
from mintls.profile.synonyms import FIELDS, KEYS

import pytest

CA = "authorities: {ca: {subject: {CN: ca}}}\n"


def complaints(text: str) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        read_profile(text.encode(), "p", "p")
    return [line.removeprefix("p:") for line in caught.value.complaints]


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ("subjectAltName: x", "subjectAltName: 'subjectAltName' is not known; did you mean san?"),
        ("subject_alt_names: x", "did you mean san?"), ("key_size: 2048", "did you mean key: rsa:2048?"),
        ("validity: 9", "did you mean days?"), ("organization: x", "did you mean subject: {O: ...}?"),
        ("subject: {CN: c, organization: x}", "did you mean O?"), ("subject: {CN: c, country: x}", "did you mean C?"),
        ("subject: {CN: c, Locality: x}", "did you mean L?"), ("key: ecdsa", "did you mean ec:P-256?"),
        ("key: rsa", "did you mean rsa:2048?"), ("key: RSA-4096", "did you mean rsa:4096?"),
        ("san: ['::1']", "did you mean IP:::1?"), ("san: ['2001:db8::1']", "did you mean IP:2001:db8::1?"),
        ("san: ['spiffe://a/b']", "did you mean URI:spiffe://a/b?"), ("san: ['mail:a@b.c']", "did you mean email?"),
        ("san: ['localhost']", "did you mean DNS:localhost?"), ("subjct: {CN: x}", "did you mean subject?"),
        ("passphrase: hunter2", "passphrase: a secret is never in a profile: write {env: NAME} or {file: PATH}"),
        ("outputs: [pkcs12], pkcs12: {password: hunter2}", "password: a secret is never in a profile"),
    ],
)  # fmt: skip
def test_a_word_of_another_tool(fields: str, hint: str) -> None:
    more = "" if fields.startswith("subject:") else "subject: {CN: c}, "
    found = complaints(f"{CA}clients: {{c: {{{more}{fields}}}}}")
    assert any(hint in line for line in found), found
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("servers: {s: {sans: ['DNS:s']}}", "servers.s.sans: 'sans' is not known; did you mean san?"),
        ("servers: {s: {snas: ['DNS:s']}}", "servers.s.snas: 'snas' is not known; did you mean san?"),
        ("servers: {s: {dnsNames: ['DNS:s']}}", "servers.s.dnsNames: 'dnsNames' is not known; did you mean san?"),
        ("clients: {c: {CN: c}}", "clients.c.CN: 'CN' is not known; did you mean subject: {CN: ...}?"),
        ("  b: {exsting: {certificate: a, key: b}}",
         "authorities.b.exsting: 'exsting' is not known; did you mean existing?"),
        ("  b: {cross_sign: ca, issuer: ca}",
         "authorities.b.cross_sign: 'cross_sign' is not known; did you mean cross_signs?"),
        ("clients: {c: {subject: {CN: c}, subject_key_identifier: non}}",
         "clients.c.subject_key_identifier: 'non' is not a key identifier; write hash, none, or pairs of "
         "hexadecimal digits"),
        ("clients: {c: {subject: {CN: c}, authority_key_identifier: non}}",
         "clients.c.authority_key_identifier: 'non' is not known; did you mean 'none'?"),
    ],
)  # fmt: skip
def test_a_misspelt_field_is_reported_and_not_what_follows_from_it(text: str, message: str) -> None:
    assert complaints(f"authorities:\n  ca: {{subject: {{CN: CA}}}}\n{text}\n") == [f"3: {message}"]


def test_a_misspelt_default_is_reported_once() -> None:
    text = "authorities: {a: {subject: {CN: A}}, b: {subject: {CN: B}}}\nclients: {c: {subject: {CN: c}}}\n"
    assert complaints(f"defaults: {{isuer: a}}\n{text}") == [
        "1: defaults.isuer: 'isuer' is not known; did you mean issuer?"
    ]
    assert complaints(text) == ["2: clients.c.issuer: issuer is missing; write one of a, b"]


@pytest.mark.parametrize(
    ("word", "hint"), [("certs", "servers or clients"), ("ca", "authorities"), ("server", "servers")]
)
def test_a_section_of_another_tool(word: str, hint: str) -> None:
    assert complaints(f"{CA}{word}: {{}}") == [f"2: {word}: '{word}' is not known; did you mean {hint}?"]


def test_what_is_suggested_exists() -> None:
    fields = {*Leaf.__struct_fields__, *Authority.__struct_fields__}
    assert {word.partition(":")[0].partition(" or ")[0] for word in FIELDS.values()} <= fields
    assert set(KEYS.values()) <= set(get_args(KeyAlgorithm))
    assert set(OTHER_ATTRIBUTES.values()) <= set(ATTRIBUTES)


def test_a_field_that_slid_out_of_its_entry() -> None:
    text = f"{CA}servers:\n  server:\n    subject: {{CN: s}}\n  san: ['DNS:s']\n"
    assert "5: servers.san: is a field and not an entry; indent it below the name of an entry" in complaints(text)


def test_a_tab() -> None:
    assert complaints("authorities:\n\tca: {}\n") == ["2: is not YAML: the line is indented with a tab; use spaces"]
    assert complaints("authorities: [\n")[0].startswith("2: is not YAML: ")
