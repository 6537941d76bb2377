"""What openssl would sign without a word: each rule with a profile that breaks it and its twin that does not."""

from mintls.errors import ProfileError
from mintls.profile import read_profile

import pytest

ROOT = "authorities:\n  ca: {subject: {CN: CA}}\n"
TWO = "authorities:\n  ca: {subject: {CN: CA}}\n  cb: {subject: {CN: CB}, issuer: ca}\n"

# line: path of the complaint, a part of its sentence, the profile that is wrong, the one that is right
RULES = {
    "no entries": ("1: ", "holds no authorities", "version: 1", ROOT),
    "nobody signs": (
        "1: clients.c.issuer",
        "write an authority",
        "clients: {c: {subject: {CN: c}}}",
        ROOT + "clients: {c: {subject: {CN: c}}}",
    ),
    "which of two signs": (
        "4: clients.c.issuer",
        "one of ca, cb",
        TWO + "clients: {c: {subject: {CN: c}}}",
        TWO + "clients: {c: {subject: {CN: c}, issuer: cb}}",
    ),
    "no such issuer": (
        "3: clients.c.issuer",
        "there is no authority 'cc'",
        ROOT + "clients: {c: {subject: {CN: c}, issuer: cc}}",
        ROOT + "clients: {c: {subject: {CN: c}, issuer: ca}}",
    ),
    "a leaf signs": (
        "3: clients.d.issuer",
        "'c' is a client",
        ROOT + "clients: {c: {subject: {CN: c}}, d: {subject: {CN: d}, issuer: c}}",
        ROOT + "clients: {c: {subject: {CN: c}}, d: {subject: {CN: d}, issuer: ca}}",
    ),
    "a circle": (
        "2: authorities.a.issuer",
        "circle",
        "authorities:\n  a: {subject: {CN: a}, issuer: b}\n  b: {subject: {CN: b}, issuer: a}",
        "authorities:\n  a: {subject: {CN: a}, issuer: b}\n  b: {subject: {CN: b}}",
    ),
    "its own issuer": (
        "2: authorities.a.issuer",
        "circle",
        "authorities:\n  a: {subject: {CN: a}, issuer: a}",
        "authorities:\n  a: {subject: {CN: a}}",
    ),
    "path_length": (
        "3: authorities.cb.issuer",
        "path_length 0",
        TWO.replace("CN: CA}", "CN: CA}, path_length: 0"),
        TWO.replace("CN: CA}", "CN: CA}, path_length: 1"),
    ),
    "path_length far above": (
        "4: authorities.cc.issuer",
        "path_length 1, and this would be authority 2",
        TWO.replace("CN: CA}", "CN: CA}, path_length: 1") + "  cc: {subject: {CN: CC}, issuer: cb}",
        TWO.replace("CN: CA}", "CN: CA}, path_length: 2") + "  cc: {subject: {CN: CC}, issuer: cb}",
    ),
    "the issuer's subject": (
        "3: clients.c.subject",
        "self-signed",
        ROOT + "clients: {c: {subject: {CN: CA}}}",
        ROOT + "clients: {c: {subject: {CN: ca}}}",
    ),
    "no subject": (
        "3: clients.c.subject",
        "no subject",
        ROOT + "clients: {c: {days: 3}}",
        ROOT + "clients: {c: {subject: {CN: c}}}",
    ),
    "a server without san": (
        "3: servers.s.san",
        "without san",
        ROOT + "servers: {s: {subject: {CN: s}}}",
        ROOT + "servers: {s: {subject: {CN: s}, san: ['DNS:s']}}",
    ),
    "a peer without san": (
        "3: peers.s.san",
        "without san",
        ROOT + "peers: {s: {subject: {CN: s}}}",
        ROOT + "peers: {s: {subject: {CN: s}, san: ['DNS:s']}}",
    ),
    "an authority that may not sign": (
        "2: authorities.ca.key_usage",
        "needs keyCertSign",
        "authorities:\n  ca: {subject: {CN: CA}, key_usage: [cRLSign]}",
        "authorities:\n  ca: {subject: {CN: CA}, key_usage: [keyCertSign]}",
    ),
    "keyCertSign on a leaf": (
        "3: clients.c.key_usage",
        "keyCertSign belongs to authorities",
        ROOT + "clients: {c: {subject: {CN: c}, key_usage: [digitalSignature, keyCertSign]}}",
        ROOT + "clients: {c: {subject: {CN: c}, key_usage: [digitalSignature, nonRepudiation]}}",
    ),
    "cRLSign on a leaf": (
        "3: clients.c.key_usage",
        "cRLSign belongs to authorities",
        ROOT + "clients: {c: {subject: {CN: c}, key_usage: [cRLSign]}}",
        ROOT + "clients: {c: {subject: {CN: c}, key_usage: [digitalSignature]}}",
    ),
    "keyEncipherment without RSA": (
        "3: clients.c.key_usage",
        "keyEncipherment needs an RSA key",
        ROOT + "clients: {c: {subject: {CN: c}, key: ec:P-256, key_usage: [keyEncipherment]}}",
        ROOT + "clients: {c: {subject: {CN: c}, key: rsa:2048, key_usage: [keyEncipherment]}}",
    ),
    "dataEncipherment without RSA": (
        "3: clients.c.key_usage",
        "dataEncipherment needs an RSA key",
        ROOT + "clients: {c: {subject: {CN: c}, key: ed25519, key_usage: [dataEncipherment]}}",
        ROOT + "clients: {c: {subject: {CN: c}, key: rsa:2048, key_usage: [dataEncipherment]}}",
    ),
    "keyAgreement without a curve": (
        "3: clients.c.key_usage",
        "keyAgreement needs an elliptic curve",
        ROOT + "clients: {c: {subject: {CN: c}, key_usage: [keyAgreement]}}",
        ROOT + "clients: {c: {subject: {CN: c}, key: ec:P-256, key_usage: [keyAgreement]}}",
    ),
    "a server that may not serve": (
        "3: servers.s.extended_key_usage",
        "a server needs serverAuth",
        ROOT + "servers: {s: {subject: {CN: s}, san: ['DNS:s'], extended_key_usage: [clientAuth]}}",
        ROOT + "servers: {s: {subject: {CN: s}, san: ['DNS:s'], extended_key_usage: [clientAuth, serverAuth]}}",
    ),
    "a peer that may not call": (
        "3: peers.s.extended_key_usage",
        "a peer needs clientAuth",
        ROOT + "peers: {s: {subject: {CN: s}, san: ['DNS:s'], extended_key_usage: [serverAuth]}}",
        ROOT + "peers: {s: {subject: {CN: s}, san: ['DNS:s'], extended_key_usage: []}}",
    ),
    "one serial twice": (
        "3: clients.d.serial",
        "c has the same serial",
        ROOT + "clients: {c: {subject: {CN: c}, serial: 16}, d: {subject: {CN: d}, serial: 0x10}}",
        ROOT + "clients: {c: {subject: {CN: c}, serial: 16}, d: {subject: {CN: d}, serial: 10}}",
    ),
    "the root's own serial": (
        "3: clients.c.serial",
        "ca has the same serial",
        ROOT.replace("CN: CA}", "CN: CA}, serial: 1") + "clients: {c: {subject: {CN: c}, serial: 1}}",
        ROOT.replace("CN: CA}", "CN: CA}, serial: 1") + "clients: {c: {subject: {CN: c}, serial: 2}}",
    ),
    "two of one name": (
        "3: clients.ca",
        "the same file",
        ROOT + "clients: {ca: {subject: {CN: c}}}",
        ROOT + "clients: {cb: {subject: {CN: c}}}",
    ),
    "two that differ in case": (
        "3: clients.D",
        "the same file",
        ROOT + "clients: {d: {subject: {CN: c}}, D: {subject: {CN: d}}}",
        ROOT + "clients: {d: {subject: {CN: c}}, E: {subject: {CN: d}}}",
    ),
    "key and certificate in one file": (
        "2: authorities.ca",
        "the same file",
        ROOT + "files: {key: '{name}.pem', certificate: '{name}.PEM'}",
        ROOT + "files: {key: '{name}.pem', certificate: '{name}.crt'}",
    ),
    "the manifest's name": (
        "2: authorities.manifest",
        "manifest.json",
        "authorities:\n  manifest: {subject: {CN: CA}}\nfiles: {key: '{name}.json'}",
        "authorities:\n  manifesto: {subject: {CN: CA}}\nfiles: {key: '{name}.json'}",
    ),
}


def complaints(text: str) -> list[str]:
    try:
        read_profile(text.encode(), "p", "p")
    except ProfileError as error:
        return list(error.complaints)
    return []


@pytest.mark.parametrize("rule", RULES)
def test_a_rule(rule: str) -> None:
    where, part, wrong, right = RULES[rule]
    told = complaints(wrong)
    assert any(line.startswith(f"p:{where}") and part in line for line in told), told
    assert complaints(right) == []


def test_only_a_root_is_told_that_it_cannot_be_revoked() -> None:
    """Of a leaf whose issuer is misspelt or missing nothing is known but that."""
    said = "a root cannot be revoked"
    assert [said in line for line in complaints(ROOT.replace("CN: CA}", "CN: CA}, revoked: keyCompromise"))] == [True]
    for issuer in ("issuer: caa, ", ""):
        leaf = f"clients: {{c: {{subject: {{CN: c}}, {issuer}revoked: keyCompromise}}}}"
        (told,) = complaints(TWO + leaf)
        assert told.startswith("p:4: clients.c.issuer: ")


@pytest.mark.parametrize("name", ["a", "A-1_b.c", "0", "a" * 100])
def test_a_safe_name(name: str) -> None:
    assert complaints(f"authorities: {{'{name}': {{subject: {{CN: c}}}}}}") == []


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".a", "-a", "a.", "a/b", "../a", "a b", "ü", "a" * 101, "a\\nb", "$(id)", "a;b", "{name}"]
)
def test_a_name_that_is_no_safe_file_name(name: str) -> None:
    told = complaints(f'authorities: {{"{name}": {{subject: {{CN: c}}}}}}')
    assert len(told) == 1
    assert "no safe file name" in told[0]


def test_a_leaf_that_outlives_its_issuer_is_a_warning() -> None:
    text = "authorities: {ca: {subject: {CN: CA}, days: 30}}\nclients: {c: {subject: {CN: c}, days: %d}}"
    (warning,) = read_profile((text % 31).encode(), "p", "p").warnings
    assert warning.startswith("p:2: clients.c.days: ")
    assert "only for 30" in warning
    assert read_profile((text % 30).encode(), "p", "p").warnings == ()


def test_issuers_come_before_what_they_sign_at_any_depth() -> None:
    def entries(depth: int) -> list[str]:
        chain = [f"  a{n}: {{subject: {{CN: a{n}}}, issuer: a{n + 1}}}" for n in range(depth)]
        text = "\n".join(["authorities:", *chain, f"  a{depth}: {{subject: {{CN: root}}}}"])
        return [entry.name for entry in read_profile(text.encode(), "p", "p").entries]

    assert entries(100) == [f"a{n}" for n in range(100, -1, -1)]
    with pytest.raises(ProfileError, match=r"^p:2: authorities\.a0\.issuer: has more than 100 issuers above it"):
        entries(101)


def test_dates_decide_who_outlives_whom() -> None:
    """Days say nothing beside a stated date."""
    text = "authorities: {{ca: {{subject: {{CN: a}}, {}}}}}\nclients: {{c: {{subject: {{CN: c}}, {}}}}}"

    def warnings(authority: str, leaf: str) -> tuple[str, ...]:
        return read_profile(text.format(authority, leaf).encode(), "p", "p").warnings

    assert warnings('days: 9, not_after: "2060-01-01T00:00:00Z"', "days: 99") == ()
    assert warnings("days: 9", 'days: 99, not_after: "2030-01-01T00:00:00Z"') == ()
    both = 'not_after: "2030-01-01T00:00:00Z"', 'not_after: "2030-01-01T00:00:00+01:00"'
    assert warnings(*both) == ()
    (warning,) = warnings(*both[::-1])
    assert warning.startswith("p:2: clients.c.not_after: 2030-01-01T00:00:00Z is later than the ")


def test_a_key_identifier_that_the_issuer_has_not() -> None:
    authority = "authorities: {{ca: {{subject: {{CN: a}}, subject_key_identifier: none}}}}"
    text = authority + "\nclients: {{c: {{subject: {{CN: c}}{}}}}}"
    with pytest.raises(ProfileError, match=r"clients\.c\.authority_key_identifier: ca has no subject key identifier"):
        read_profile(text.format("").encode(), "p", "p")
    for good in ("none", "issuer", "keyid,issuer"):
        read_profile(text.format(f", authority_key_identifier: '{good}'").encode(), "p", "p")
