"""What openssl would sign without a word: each rule with a profile that breaks it and its twin that does not."""

from mintls.errors import ProfileError
from mintls.profile import rules
from mintls.profile.load import read_profile

import pytest

ROOT = "authorities:\n  ca: {subject: {CN: CA}}\n"
TWO = "authorities:\n  ca: {subject: {CN: CA}}\n  cb: {subject: {CN: CB}, issuer: ca}\n"

# line: path of the complaint, a part of its sentence, the profile that is wrong, the one that is right
RULES = {
    "no entries": ("1: ", "contains no authorities", "version: 1", ROOT),
    "nobody signs": (
        "1: clients.c.issuer",
        "add a CA under authorities",
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
        "there is no CA 'cc'",
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
        "loop",
        "authorities:\n  a: {subject: {CN: a}, issuer: b}\n  b: {subject: {CN: b}, issuer: a}",
        "authorities:\n  a: {subject: {CN: a}, issuer: b}\n  b: {subject: {CN: b}}",
    ),
    "its own issuer": (
        "2: authorities.a.issuer",
        "loop",
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
        "path_length 1, and this would be CA number 2",
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
        "is missing; write subject: {CN: c}",
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
        "keyCertSign is for CAs only",
        ROOT + "clients: {c: {subject: {CN: c}, key_usage: [digitalSignature, keyCertSign]}}",
        ROOT + "clients: {c: {subject: {CN: c}, key_usage: [digitalSignature, nonRepudiation]}}",
    ),
    "cRLSign on a leaf": (
        "3: clients.c.key_usage",
        "cRLSign is for CAs only",
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
    assert "not a safe file name" in told[0]


def test_a_leaf_that_outlives_its_issuer_is_a_warning() -> None:
    text = "authorities: {ca: {subject: {CN: CA}, days: 30}}\nclients: {c: {subject: {CN: c}, days: %d}}"
    (warning,) = read_profile((text % 31).encode(), "p", "p").warnings
    assert warning.startswith("p:2: clients.c.days: ")
    assert "longer than its issuer ca (30)" in warning
    assert read_profile((text % 30).encode(), "p", "p").warnings == ()


def test_issuers_come_before_what_they_sign_at_any_depth() -> None:
    def entries(depth: int) -> list[str]:
        chain = [f"  a{n}: {{subject: {{CN: a{n}}}, issuer: a{n + 1}}}" for n in range(depth)]
        text = "\n".join(["authorities:", *chain, f"  a{depth}: {{subject: {{CN: root}}}}"])
        return [entry.name for entry in read_profile(text.encode(), "p", "p").entries]

    assert entries(100) == [f"a{n}" for n in range(100, -1, -1)]
    with pytest.raises(ProfileError, match=r"^p:2: authorities\.a0\.issuer: its chain has more than 100 issuers"):
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


# ---- each defect lets through what it is for; each word of a set by itself

BRACED = ROOT.replace("{", "{{").replace("}", "}}")
P12 = "pkcs12: {password: {env: A}}"
LETS = {
    # the defect, or what else makes it right: a profile in which {} is left empty, or holds it
    "no_key_cert_sign": ("authorities: {{ca: {{subject: {{CN: a}}, key_usage: [cRLSign]{}}}}}", "needs keyCertSign"),
    "no_san": (BRACED + "servers: {{s: {{subject: {{CN: s}}{}}}}}", "without san"),
    "wrong_purpose": (BRACED + "clients: {{c: {{subject: {{CN: c}}, extended_key_usage: [codeSigning]{}}}}}",
        "needs clientAuth"),
    "weak_key": (BRACED + "clients: {{c: {{subject: {{CN: c}}, key: 'rsa:1024'{}}}}}", "TLS stacks reject 1024 bits"),
    "weak_digest": (BRACED + "clients: {{c: {{subject: {{CN: c}}, digest: sha1{}}}}}", "TLS stacks reject sha1"),
    "leaf_issuer": (BRACED + "clients: {{c: {{subject: {{CN: c}}}}, d: {{subject: {{CN: d}}, issuer: c{}}}}}",
        "'c' is a client"),
    "past_path_length": (
        "authorities: {{a: {{subject: {{CN: a}}, path_length: 0}}, b: {{subject: {{CN: b}}, issuer: a{}}}}}",
        "has path_length 0",
    ),
    "outside_name_constraints": (
        "authorities: {{a: {{subject: {{CN: a}}, name_constraints: {{permitted: ['DNS:a.test']}}}}}}\n"
        "clients: {{c: {{subject: {{CN: c}}, san: ['DNS:b.test']{}}}}}",
        "DNS:b.test is not a name that a permits: DNS:a.test",
    ),
}  # fmt: skip


@pytest.mark.parametrize("defect", LETS)
def test_a_defect_that_is_asked_for(defect: str) -> None:
    text, part = LETS[defect]
    (told,) = complaints(text.format(""))
    assert part in told
    assert [line for line in complaints(text.format(f", defects: [{defect}]")) if part in line] == []


AUTHORITY = "authorities: {ca: {subject: {CN: CA}%s}}\n"
CLIENT = "clients: {c: {subject: {CN: c}%s}}\n"
LEAF = AUTHORITY % "" + CLIENT


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # where a number or a date is a bound, both sides
        (LEAF % ', not_before: "2030-01-01T00:00:00Z", not_after: "2030-01-01T00:00:00Z"',
         ["it would never be valid"]),
        (LEAF % ', not_before: "2030-01-01T00:00:01Z", not_after: "2030-01-01T00:00:00Z"',
         ["it would never be valid"]),
        (LEAF % ', not_before: "2030-01-01T00:00:00Z", not_after: "2030-01-01T00:00:01Z"', []),
        (LEAF % ', not_after: "2030-01-01T00:00:01Z"', []),
        # revocation
        (LEAF % ", revoked: superseded", ["ca has no CRL; write crl: {} there"]),
        (AUTHORITY % ", crl: {}" + CLIENT % ", revoked: superseded", []),
        (AUTHORITY % ", crl: {}, revoked: superseded", ["a root cannot be revoked"]),
        (TWO.replace("CN: CA}", "CN: CA}, crl: {}").replace("issuer: ca", "issuer: ca, revoked: superseded"), []),
        # outputs and their password
        (LEAF % ", outputs: [pkcs12]", ["a PKCS#12 file needs a password"]),
        (LEAF % ", outputs: [truststore]", ["a PKCS#12 file needs a password"]),
        (LEAF % f", outputs: [pkcs12, truststore], {P12}", []),
        (LEAF % ", outputs: [der, chain]", []),
        (LEAF % ", passphrase: {}", ["write either env: NAME or file: PATH"]),
        (LEAF % ", passphrase: {env: A, file: b}", ["write either env: NAME or file: PATH"]),
        (LEAF % ", pkcs12: {password: {env: A, file: b}}", ["write either env: NAME or file: PATH"]),
        (LEAF % ", passphrase: {file: b}", []),
        # Kubernetes
        (LEAF % ", outputs: [kubernetes]", []),
        (LEAF % ", outputs: [kubernetes], passphrase: {env: A}", ["cannot contain an encrypted key"]),
        (AUTHORITY % "" + "clients: {C: {subject: {CN: c}, outputs: [kubernetes]}}",
         ["not a valid name of a Kubernetes Secret"]),
        (AUTHORITY % "" + "clients: {a-: {subject: {CN: c}, outputs: [kubernetes]}}",
         ["not a valid name of a Kubernetes Secret"]),
        (AUTHORITY % "" + "clients: {a.b-9: {subject: {CN: c}, outputs: [kubernetes]}}", []),
        # signing requests
        (AUTHORITY % ", csr: x.csr", ["a root signs itself, so its key must be here"]),
        (TWO.replace("issuer: ca", "issuer: ca, csr: x.csr, crl: {}"), ["so its CRL cannot be signed here"]),
        (TWO.replace("issuer: ca", "issuer: ca, csr: x.csr") + CLIENT % ", issuer: cb",
         ["the key of cb belongs to the owner of its csr"]),
        (LEAF % ", csr: x.csr", []),
        (LEAF % ", csr: x.csr, outputs: [der, chain]", []),
        (LEAF % f", csr: x.csr, outputs: [pkcs12], {P12}", ["the key stays with its owner"]),
        (LEAF % f", csr: x.csr, outputs: [truststore], {P12}", []),
        (LEAF % ", csr: x.csr, outputs: [kubernetes]", ["the key stays with its owner"]),
        (LEAF % ", csr: x.csr, passphrase: {env: A}", ["the key stays with its owner"]),
        (LEAF % ", csr: x.csr, defects: [stolen_key]", ["the key stays with its owner"]),
        (LEAF % ', csr: x.csr, not_before: "2030-01-01T00:00:00Z"', ["can be combined with days only"]),
        (LEAF % ', csr: x.csr, not_after: "2030-01-01T00:00:00Z"', ["can be combined with days only"]),
        (LEAF % ", csr: x.csr, backdate: 1h", ["can be combined with days only"]),
        # keys
        (LEAF % ", key: ed25519, defects: [stolen_key]", ["stolen_key needs an RSA or EC key"]),
        (LEAF % ", key: 'ec:P-256', defects: [stolen_key]", []),
        (LEAF % ", key: 'rsa:2048', defects: [stolen_key]", []),
        # what is changed after it was signed, and signed again
        (LEAF % ", defects: [version_1, bad_body]", ["version_1 and bad_body exclude each other; write one of them"]),
        (LEAF % ", defects: [bad_body, stolen_key]", []),
        (LEAF % ", key: ed25519, defects: [version_1]", []),
        (LEAF % ", key: ed25519, defects: [version_1, self_signed]",
         ["version_1 needs an issuer with an RSA or EC key, and that of c is ed25519"]),
        (AUTHORITY % ", key: ed448" + CLIENT % ", defects: [mismatched_algorithm]",
         ["mismatched_algorithm needs an issuer with an RSA or EC key, and that of ca is ed448"]),
        (AUTHORITY % ", digest: sha1, defects: [weak_digest]" + CLIENT % ", defects: [mismatched_algorithm]",
         ["mismatched_algorithm needs an issuer that signs with SHA-2, not ca"]),
        (AUTHORITY % ", digest: sha1, defects: [weak_digest]" + CLIENT % ", defects: [version_1]", []),
        (AUTHORITY % ", defects: [version_1]" + CLIENT % "", ["ca has no subject key identifier"]),
        (AUTHORITY % ", defects: [version_1]" + CLIENT % ", authority_key_identifier: none", []),
        # purposes
        (AUTHORITY % "" + "peers: {p: {subject: {CN: p}, san: ['DNS:p'], extended_key_usage: [codeSigning]}}",
         ["a peer needs clientAuth"]),
        (AUTHORITY % "" + "servers: {p: {subject: {CN: p}, san: ['DNS:p'], extended_key_usage: [codeSigning]}}",
         ["a server needs serverAuth"]),
        (AUTHORITY % ", extended_key_usage: [codeSigning]", []),
        # key identifiers of an issuer that has none
        *((AUTHORITY % ", subject_key_identifier: none" + CLIENT % f", authority_key_identifier: '{named}'", told)
          for named, told in (("keyid", ["has no subject key identifier"]), ("issuer", []), ("none", []),
                              ("keyid:always", ["has no subject key identifier"]))),
    ],
)  # fmt: skip
def test_one_thing_at_a_time(text: str, told: list[str]) -> None:
    found = complaints(text)
    assert len(found) == len(told), found
    assert all(any(part in line for line in found) for part in told), found


@pytest.mark.parametrize(
    ("constraints", "names", "told"),
    [
        ("permitted: ['DNS:a.test']", ["DNS:x.a.test", "IP:10.0.0.1", "email:a@b.test"], []),
        ("permitted: ['DNS:a.test', 'DNS:b.test']", ["DNS:a.test", "DNS:b.test"], []),
        ("permitted: ['DNS:a.test', 'DNS:b.test']", ["DNS:c.test"], ["permits: DNS:a.test, DNS:b.test"]),
        (
            "excluded: ['DNS:a.test']",
            ["DNS:a.test", "DNS:b.test"],
            ["DNS:a.test lies in DNS:a.test, which ca excludes"],
        ),
        ("excluded: ['IP:10.0.0.0/8']", ["DNS:a.test", "IP:11.0.0.1"], []),
        ("excluded: ['IP:10.0.0.0/8']", ["IP:10.0.0.1"], ["IP:10.0.0.1 lies in IP:10.0.0.0/8"]),
        ("permitted: ['DNS:a.test'], excluded: ['DNS:x.a.test']", ["DNS:y.a.test"], []),
    ],
)
def test_what_an_authority_may_certify(constraints: str, names: list[str], told: list[str]) -> None:
    """RFC 5280 4.2.1.10, also of one far above."""
    above = f", name_constraints: {{{constraints}}}"
    for between in ("", "  sub: {subject: {CN: sub}, issuer: ca}\n"):
        text = f"authorities:\n  ca: {{subject: {{CN: CA}}{above}}}\n{between}"
        text += f"clients: {{c: {{subject: {{CN: c}}, san: {names}, issuer: {'sub' if between else 'ca'}}}}}"
        found = complaints(text)
        assert len(found) == len(told), found
        assert all(part in line for part, line in zip(told, found, strict=True))


def test_of_a_fleet_one_stands_for_all() -> None:
    text = ROOT + "clients: {c: {subject: {CN: c}, count: 3, key: 'rsa:1024'}}"
    (told,) = complaints(text)
    assert told.startswith("p:3: clients.c.key: TLS stacks reject 1024 bits")
    long = "authorities: {ca: {subject: {CN: CA}, days: 3}}\nclients: {c: {subject: {CN: c}, count: 3, days: 4}}"
    assert len(read_profile(long.encode(), "p", "p").warnings) == 1
    same = ROOT + "clients: {c: {subject: {CN: c}, count: 2, serial: 7}}"
    assert "c-1 has the same serial" in complaints(same)[0]


def test_path_lengths_bound_authorities_and_no_leaves() -> None:
    three = "authorities:\n  a: {{subject: {{CN: a}}, path_length: {}}}\n  b: {{subject: {{CN: b}}, issuer: a}}\n"
    three += "  c: {{subject: {{CN: c}}, issuer: b}}\nclients: {{d: {{subject: {{CN: d}}, issuer: c}}}}"
    assert [len(complaints(three.format(length))) for length in (0, 1, 2)] == [2, 1, 0]


def test_one_serial_below_two_authorities() -> None:
    two = "authorities: {a: {subject: {CN: a}}, b: {subject: {CN: b}}}\n"
    leaves = "clients: {c: {subject: {CN: c}, issuer: a, serial: 7}, d: {subject: {CN: d}, issuer: %s, serial: 7}}"
    assert complaints(two + leaves % "b") == []
    assert len(complaints(two + leaves % "a")) == 1
    assert complaints(two + "clients: {c: {subject: {CN: c}, issuer: a}, d: {subject: {CN: d}, issuer: a}}") == []


@pytest.mark.parametrize("usage", ["keyEncipherment", "dataEncipherment", "keyCertSign", "cRLSign", "keyAgreement"])
def test_which_usages_a_leaf_may_have(usage: str) -> None:
    told = {key: complaints(ROOT + f"clients: {{c: {{subject: {{CN: c}}, key: '{key}', key_usage: [{usage}]}}}}")
            for key in ("rsa:2048", "ec:P-256", "ed25519")}  # fmt: skip
    right = {"keyEncipherment": {"rsa:2048"}, "dataEncipherment": {"rsa:2048"}, "keyAgreement": {"ec:P-256"}}
    assert {key for key, lines in told.items() if not lines} == right.get(usage, set())


@pytest.mark.parametrize(("most", "told"), [(4, 0), (3, 1)])
def test_as_many_pairs_of_names_and_constraints_as_may_be(
    most: int, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all entries together; beyond, it is said once and they are compared no more."""
    monkeypatch.setattr(rules, "MAX_PAIRS", most)
    text = "authorities: {ca: {subject: {CN: CA}, name_constraints: {permitted: ['DNS:a'], excluded: ['DNS:b.a']}}}\n"
    text += "clients:\n  c: {subject: {CN: c}, san: ['DNS:c.a']}\n  d: {subject: {CN: d}, san: ['DNS:d.a']}\n"
    assert len(complaints(text)) == told
    wrong = complaints(text.replace("DNS:d.a", "DNS:b.a") + "  e: {subject: {CN: e}, san: ['DNS:e.a', 'DNS:f.a']}\n")
    said = "san: with these there are over {} pairs of a name and a name constraint to compare; write fewer of either"
    if told:
        assert wrong == [f"p:4: clients.d.{said.format(3)}"]
    else:
        assert wrong == [
            "p:4: clients.d.san[0]: DNS:b.a lies in DNS:b.a, which ca excludes",
            f"p:5: clients.e.{said.format(4)}",
        ]
    assert most == rules.MAX_PAIRS


def test_the_bounds_are_these() -> None:
    assert (rules.MAX_PAIRS, rules.LATEST.year, rules.LATEST.month, rules.LATEST.day) == (200_000, 9998, 12, 31)


def test_a_fleet_of_one() -> None:
    (told,) = complaints(ROOT + "clients: {c: {subject: {CN: c}, count: 1, key: 'rsa:1024'}}")
    assert told.startswith("p:3: clients.c.key: ")
    long = "authorities: {ca: {subject: {CN: CA}, days: 3}}\nclients: {c: {subject: {CN: c}, count: 1, days: 4}}"
    assert len(read_profile(long.encode(), "p", "p").warnings) == 1


def test_what_is_named_elsewhere_needs_no_subject() -> None:
    """An existing CA has one, and a cross certificate that of the CA which it signs once more."""
    existing = "{existing: {certificate: a.pem, key: a.key}}"
    assert complaints(f"authorities: {{a: {existing}}}") == []
    assert complaints(TWO + "  x: {cross_signs: cb, issuer: ca}") == []
    assert complaints("authorities: {a: {}}") == ["p:1: authorities.a.subject: is missing; write subject: {CN: a}"]
    wrong = f"authorities: {{a: {existing}}}\nclients: {{c: {{subject: {{CN: c}}, defects: [wrong_issuer_key]}}}}"
    assert complaints(wrong) == [
        "p:2: clients.c.defects: wrong_issuer_key needs an issuer that mintls creates; a is existing"
    ]
    assert complaints(wrong.replace("wrong_issuer_key", "bad_body")) == []
    assert complaints(ROOT + "clients: {c: {subject: {CN: c}, defects: [wrong_issuer_key]}}") == []


def test_dates_that_are_equal_outlive_nobody() -> None:
    text = 'authorities: {ca: {subject: {CN: a}, not_after: "2060-01-01T00:00:00Z"}}\n'
    text += 'clients: {c: {subject: {CN: c}, not_after: "2060-01-01T00:00:%sZ"}}'
    assert read_profile((text % "00").encode(), "p", "p").warnings == ()
    assert len(read_profile((text % "01").encode(), "p", "p").warnings) == 1


@pytest.mark.parametrize(
    ("own", "issuers", "said"),
    [
        ("days: 4", "days: 3", "days: valid for 4 days, longer than its issuer ca (3)"),
        ("lifetime: 4h", "lifetime: 3h", "lifetime: valid for 4h, longer than its issuer ca (3h)"),
    ],
)
def test_how_long_each_lives_is_said(own: str, issuers: str, said: str) -> None:
    text = f"authorities: {{ca: {{subject: {{CN: CA}}, {issuers}}}}}\nclients: {{c: {{subject: {{CN: c}}, {own}}}}}"
    assert read_profile(text.encode(), "p", "p").warnings == (
        f"p:2: clients.c.{said}: it becomes invalid when ca expires",
    )


def test_the_issuers_to_choose_from_fit_into_a_message() -> None:
    text = "authorities:\n" + "".join(f"  a{n}: {{subject: {{CN: a{n}}}}}\n" for n in range(21))
    for issuer, sentence in (("", "issuer is missing"), (", issuer: x", "there is no CA 'x'")):
        (told,) = complaints(f"{text}clients: {{c: {{subject: {{CN: c}}{issuer}}}}}")
        assert told.endswith(f"{sentence}; write one of {', '.join(f'a{n}' for n in range(20))}")
    (told,) = complaints("clients: {c: {subject: {CN: c}, issuer: x}}")
    assert told == "p:1: clients.c.issuer: there is no CA 'x'; add a CA under authorities"


@pytest.mark.parametrize(
    ("section", "more", "usages", "missing"),
    [
        ("servers", "san: ['DNS:a'], ", "clientAuth", ["serverAuth"]),
        ("clients", "", "serverAuth", ["clientAuth"]),
        ("peers", "san: ['DNS:a'], ", "clientAuth", ["serverAuth"]),
        ("peers", "san: ['DNS:a'], ", "serverAuth", ["clientAuth"]),
        ("responders", "", "clientAuth", ["OCSPSigning"]),
    ],
)
def test_the_purpose_that_a_role_needs(section: str, more: str, usages: str, missing: list[str]) -> None:
    text = ROOT + f"{section}: {{x: {{subject: {{CN: x}}, {more}extended_key_usage: [%s]}}}}"
    where = f"p:3: {section}.x.extended_key_usage: a {section[:-1]} needs"
    assert complaints(text % usages) == [f"{where} {one} here, or every verifier rejects it" for one in missing]
    assert complaints(text % ", ".join([usages, *missing])) == []


def test_defects_that_sign_once_more() -> None:
    text = "authorities: {ca: {subject: {CN: CA}, key: '%s'}}\n"
    text += "clients: {c: {subject: {CN: c}, key: 'ec:P-256', defects: [%s]}}"
    for key in ("rsa:2048", "ec:P-256"):
        assert complaints(text % (key, "version_1")) == complaints(text % (key, "mismatched_algorithm")) == []
    both = complaints(text % ("ed25519", "version_1, mismatched_algorithm"))
    assert both == ["p:2: clients.c.defects: version_1 and mismatched_algorithm exclude each other; write one of them"]
    assert complaints(text % ("ed25519", "version_1")) == [
        "p:2: clients.c.defects: version_1 needs an issuer with an RSA or EC key, and that of ca is ed25519"
    ]


@pytest.mark.parametrize(
    ("begin", "more", "wrong"),
    [
        ('"9998-12-21T00:00:00Z"', "days: 10", False),
        ('"9998-12-21T00:00:01Z"', "days: 10", True),
        ('"9998-12-21T00:00:01Z"', 'days: 10, not_after: "9998-12-30T00:00:00Z"', False),
        ("-10d", "days: 10", False),
    ],
)
def test_the_last_day_of_all(begin: str, more: str, wrong: bool) -> None:
    told = complaints(f"authorities: {{ca: {{subject: {{CN: CA}}, not_before: {begin}, {more}}}}}")
    said = "p:1: authorities.ca.not_before: 9998-12-21T00:00:01Z plus 10 days is after the year 9998"
    assert told == ([said] if wrong else [])
