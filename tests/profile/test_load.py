"""YAML -> Profile: every field read, every mistake told at once with file:line and path."""

from pathlib import Path

from mintls.errors import ProfileError, UsageError
from mintls.profile.fields import Authority
from mintls.profile.load import load_profile, read_profile
from mintls.profile.model import Entry, Profile

import pytest

CA = "authorities: {ca: {subject: {CN: CA}}}\n"


def read(text: str) -> Profile:
    return read_profile(text.encode(), "p.yaml", "p")


def complaints(text: str) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        read(text)
    return list(caught.value.complaints)


def entry(profile: Profile, name: str) -> Entry:
    return next(entry for entry in profile.entries if entry.name == name)


def test_every_field_is_read() -> None:
    profile = read("""
version: 1
files: {certificate: "{name}-cert.pem", key: "{name}-key.pem", request: "{name}-req.pem"}
defaults: {key: ec:P-384, days: 30, subject: {O: Org}, netscape: {comment: Default}}
authorities:
  root: {subject: {CN: Root}, days: 100, path_length: 1}
  sub: {subject: {CN: Sub}, issuer: root, days: 50, path_length: 0, digest: sha384, key: ed448}
peers:
  node:
    subject: {CN: node, OU: [a, b]}
    san: ["DNS:node", "IP:::1"]
    issuer: sub
    days: 7
    key: rsa:3072
    digest: sha512
    serial: 255
    authority_key_identifier: keyid,issuer:always
    key_usage: [digitalSignature]
    extended_key_usage: [serverAuth, clientAuth, 1.2.3.4]
    netscape: {cert_type: [server]}
""")
    assert [entry.name for entry in profile.entries] == ["root", "sub", "node"]
    assert profile.files.of("x")["request"] == "x-req.pem"
    sub, node = entry(profile, "sub").settings, entry(profile, "node")
    assert isinstance(sub, Authority)
    assert (sub.path_length, sub.days, sub.digest, sub.key, sub.issuer) == (0, 50, "sha384", "ed448", "root")
    said = node.settings
    assert said.subject == (("O", "Org"), ("CN", "node"), ("OU", "a"), ("OU", "b"))
    assert said.san == ("DNS:node", "IP:::1")
    assert (node.role, node.issuer, said.days, said.key, said.digest) == ("peer", "sub", 7, "rsa:3072", "sha512")
    assert (said.serial, said.authority_key_identifier) == ("0xFF", "keyid,issuer:always")
    assert node.key_usage == ("digitalSignature",)
    assert node.extended_key_usage == ("serverAuth", "clientAuth", "1.2.3.4")
    assert said.netscape is not None
    assert (said.netscape.cert_type, said.netscape.comment) == (("server",), "Default")


def test_defaults_of_the_language() -> None:
    profile = read(CA + "servers: {s: {subject: {CN: s}, san: ['DNS:s']}}\nclients: {c: {subject: {CN: c}}}")
    ca, server, client = (entry(profile, name) for name in ("ca", "s", "c"))
    assert (ca.issuer, server.issuer, client.issuer) == (None, "ca", "ca")
    assert (ca.settings.days, server.settings.days, server.settings.key) == (3650, 365, "rsa:2048")
    assert ca.key_usage == ("keyCertSign", "cRLSign")
    assert server.key_usage == ("digitalSignature", "keyEncipherment")
    assert (server.extended_key_usage, client.extended_key_usage) == (("serverAuth",), ("clientAuth",))


@pytest.mark.parametrize("word", ["NO", "010", "1e3", "null", "yes", "~", "2026-01-02", "1:30", "0x1F"])
def test_a_subject_takes_a_scalar_as_written(word: str) -> None:
    profile = read(f"authorities: {{ca: {{subject: {{CN: {word}, C: NO}}}}}}")
    assert profile.entries[0].settings.subject == (("CN", word), ("C", "NO"))


def test_mappings_merge_over_the_defaults_and_lists_replace() -> None:
    text = "defaults: {subject: {O: a, OU: [x, y]}, netscape: {comment: c}}\n"
    profile = read(text + "authorities: {ca: {subject: {OU: [z], CN: n}, netscape: {cert_type: [sslCA]}}}")
    settings = profile.entries[0].settings
    assert settings.subject == (("O", "a"), ("OU", "z"), ("CN", "n"))
    assert settings.netscape is not None
    assert (settings.netscape.comment, settings.netscape.cert_type) == ("c", ("sslCA",))


def test_anchors_and_merge_keys() -> None:
    text = CA + "servers:\n  a: &a {subject: {CN: a}, san: ['DNS:a'], days: 9}\n  b: {<<: *a, subject: {CN: b}}\n"
    settings = entry(read(text), "b").settings
    assert (settings.days, settings.san, settings.subject) == (9, ("DNS:a",), (("CN", "b"),))


@pytest.mark.parametrize(
    ("field", "path", "part"),
    [
        ("subject: {CN: c, C: Norway}", "subject.C", "two-letter code"),
        ("subject: {cn: c}", "subject.cn", "did you mean CN?"),
        ("subject: {CN: [a, '']}", "subject.CN[1]", "empty"),
        ("subject: {CN: {a: b}}", "subject.CN", "a mapping"),
        ("subject: CN=c", "subject", "write a mapping"),
        ("san: DNS:c", "san", "write a list"),
        ("san: ['DNS:c', 'DNS:127.0.0.1']", "san[1]", "write IP:127.0.0.1"),
        ("san: [[a]]", "san[0]", "this is a list"),
        ("san:", "san", "this is one value"),
        ("key: rsa:1023", "key", "did you mean rsa:"),
        ("key: RSA:2048", "key", "did you mean rsa:2048?"),
        ("key: ec:secp256r1", "key", "is not known"),
        ("digest: md5", "digest", "sha256"),
        ("digest: sha265", "digest", "did you mean"),
        ("days: 0", "days", "from 1 to 36525"),
        ("days: 36526", "days", "from 1 to 36525"),
        ("days: -1", "days", "from 1 to 36525"),
        ("days: 1.5", "days", "a whole number"),
        ("days: 010", "days", "a whole number"),
        ("days: yes", "days", "a whole number"),
        ("days: null", "days", "a whole number"),
        ("days: 99999999999999999999999999", "days", "a whole number"),
        ("days:", "days", "no value"),
        ("days: [1]", "days", "write one value"),
        ("issuer: nobody", "issuer", "there is no CA 'nobody'"),
        ("issuer: ''", "issuer", "empty"),
        ("key_usage: [digitalsignature]", "key_usage[0]", "did you mean digitalSignature?"),
        ("key_usage: digitalSignature", "key_usage", "write a list"),
        ("extended_key_usage: [clientauth]", "extended_key_usage[0]", "did you mean clientAuth?"),
        ("extended_key_usage: [1.50.3]", "extended_key_usage[0]", "dotted OID"),
        ("authority_key_identifier: always", "authority_key_identifier", "keyid"),
        ("netscape: {cert_type: [Client]}", "netscape.cert_type[0]", "did you mean client?"),
        ("netscape: {comment: ü}", "netscape.comment", "ASCII"),
        ('netscape: {comment: "DER:00"}', "netscape.comment", "'DER:'"),
        ('netscape: {comment: "a\\nb"}', "netscape.comment", "U+000A"),
        ("netscape: {coment: x}", "netscape.coment", "did you mean comment?"),
        ("netscape: yes", "netscape", "write a mapping"),
        ("serial: 0", "serial", "positive"),
        ("serial: -1", "serial", "not a serial number"),
        ("serial: 0x" + "8" + "0" * 39, "serial", "159 bits"),
        ("serial: 0xZZ", "serial", "not a serial number"),
        ("sann: ['DNS:c']", "sann", "did you mean san?"),
        ("path_length: 0", "path_length", "only a CA"),
        ("colour: red", "colour", "is not known; write one of"),
        ('"a\\nb": x', "a\\nb", "is not known"),
    ],
)
def test_a_mistake_in_a_field(field: str, path: str, part: str) -> None:
    fields = field if field.startswith("subject") else f"subject: {{CN: c}}\n    {field}"
    told = complaints(CA + f"clients:\n  c:\n    {fields}\n")
    line = 4 if field.startswith("subject") else 5
    assert len(told) == 1, told
    assert told[0].startswith(f"p.yaml:{line}: clients.c.{path}: ")
    assert part in told[0]


@pytest.mark.parametrize(
    ("text", "start", "part"),
    [
        ("[]", "p.yaml:1: ", "this is a list"),
        ("word", "p.yaml:1: ", "this is one value"),
        ("version: 1", "p.yaml:1: ", "contains no authorities"),
        (CA + "version: 2", "p.yaml:2: version: ", "write one of 1"),
        (CA + "server: {}", "p.yaml:2: server: ", "did you mean servers?"),
        (CA + "servers: [a]", "p.yaml:2: servers: ", "write a mapping"),
        (CA + "clients: {c: x}", "p.yaml:2: clients.c: ", "write a mapping"),
        (CA + "files: {key: secret.pem}", "p.yaml:2: files.key: ", "{name}"),
        (CA + "files: {key: '../{name}'}", "p.yaml:2: files.key: ", "file name pattern"),
        (CA + "files: {key: '-{name}'}", "p.yaml:2: files.key: ", "file name pattern"),
        (CA + "files: {cert: '{name}'}", "p.yaml:2: files.cert: ", "write one of"),
        (CA + "defaults: {san: ['DNS:a']}", "p.yaml:2: defaults.san: ", "is not known"),
        (CA + "defaults: {days: x}", "p.yaml:2: defaults.days: ", "a whole number"),
        (CA + "defaults: word", "p.yaml:2: defaults: ", "write a mapping"),
        (CA + CA, "p.yaml:2: ", "first on line 1"),
        (CA + "clients: {c: {subject: !!str x}}", "p.yaml:2: ", "tag"),
        ("authorities: {ca: {subject: {CN: a}, path_length: x}}", "p.yaml:1: authorities.ca.path_length", "0 to 100"),
        ("a: [", "p.yaml:", "not YAML"),
    ],
)
def test_a_mistake_elsewhere(text: str, start: str, part: str) -> None:
    told = complaints(text)
    assert told[0].startswith(start)
    assert part in told[0]


TEN = """\
version: 1
authorities:
  ca: {subject: {CN: CA, C: Norway}}
servers:
  one: {subject: {CN: one}, san: ["DNS:127.0.0.1"]}
  two: {subject: {CN: two}}
  "bad/name": {subject: {CN: x}, san: ["DNS:x"]}
clients:
  three: {subject: {CN: three}, days: never}
  four: {subject: {CN: four}, kee: rsa:2048}
  five: {subject: {CN: five}, issuer: nobody}
  six: {subject: {CN: six}, key_usage: [keyCertSign]}
  seven: {subject: {CN: seven}, key: ec:P-256, key_usage: [keyEncipherment]}
  eight: {}
"""


def test_ten_mistakes_are_ten_complaints_in_their_order() -> None:
    told = complaints(TEN)
    paths = [line.split(": ")[1] for line in told]
    assert paths == [
        "authorities.ca.subject.C", "servers.one.san[0]", "servers.two.san", "servers.bad/name", "clients.three.days",
        "clients.four.kee", "clients.five.issuer", "clients.six.key_usage", "clients.seven.key_usage",
        "clients.eight.subject",
    ]  # fmt: skip
    assert [line.split(":")[1] for line in told] == ["3", "5", "6", "7", "9", "10", "11", "12", "13", "14"]


def test_a_mistake_in_the_defaults_is_told_once() -> None:
    told = complaints("defaults: {days: x}\n" + CA + "clients: {a: {subject: {CN: a}}, b: {subject: {CN: b}}}")
    assert [line.split(": ")[:2] for line in told] == [["p.yaml:1", "defaults.days"]]


@pytest.mark.parametrize("field", ["a.b", "a[b", "x", "subject"])
def test_aliases_do_not_grow_in_the_merge(field: str) -> None:
    """Sixty levels of eight: more nodes than atoms, unless a node is visited once."""
    bomb = ["x0: &x0 {a: b}"]
    bomb += [f"x{n}: &x{n} {{{', '.join(f'k{k}: *x{n - 1}' for k in range(8))}}}" for n in range(1, 60)]
    told = complaints("\n".join(bomb) + f'\ndefaults: {{"{field}": *x59}}\nclients: {{c: {{"{field}": *x59}}}}\n')
    assert len(told) > 60


def test_a_complaint_shows_no_control_character_and_is_not_endless() -> None:
    told = complaints(CA + 'clients: {c: {subject: {CN: "\\e[31m\\u202e"}, days: "' + "9" * 5000 + '"}}')
    assert all(line.isprintable() and len(line) < 400 for line in told)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(UsageError, match=path.name):
            load_profile(path)
