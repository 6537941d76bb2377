"""Hostile text in every free field: refused with file:line, or in the certificate literally; pyca judges."""

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from mintls.errors import ProfileError
from mintls.minting.mint import mint
from mintls.openssl.binary import Openssl
from mintls.plan.openssl_config import quoted
from mintls.profile.load import read_profile
from mintls.profile.names import ATTRIBUTES

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from peers import need

HOSTILE = [
    "$ENV::HOME", "${HOME}", "$(id)", "`id`", "x\nbasicConstraints=CA:TRUE", "x\rbasicConstraints=CA:TRUE", "#", "a#b",
    "; rem", "\\", "a\\", "\\\\", '"', '""', "'", 'a" b', "a,DNS:evil", "DNS:evil", "/CN=a/O=b", "a+OU=b", "CN=a", "ü",
    "😀", " a", "a ", " ", "critical,", "critical,CA:TRUE", "CRITICAL,x", "ASN1:UTF8:x", "DER:3000", "email:copy",
    "copy", "move", "@san", "[ san ]", ".include /etc/passwd", ".pragma x", "=", "a=b", "x" * 64, "x" * 5000, "\u202e",
    "\u2028", "\u200b", "\ufeff", "\x00", "\x7f", "\x85", "a\u0301", "END", "'END'", "%s", "{name}", "<<", "~",
    "critical", "hash", "a\tb", "file:/etc/passwd", "\U0010ffff", "\ud7ff", "\xa0", "NULL", "none",
]  # fmt: skip
TEXT = st.sampled_from(HOSTILE) | st.text(max_size=70) | st.lists(st.sampled_from(HOSTILE), max_size=3).map("".join)
OIDS = {"CN": NameOID.COMMON_NAME, "O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
        "L": NameOID.LOCALITY_NAME, "ST": NameOID.STATE_OR_PROVINCE_NAME, "C": NameOID.COUNTRY_NAME,
        "DC": NameOID.DOMAIN_COMPONENT, "UID": NameOID.USER_ID, "emailAddress": NameOID.EMAIL_ADDRESS,
        "serialNumber": NameOID.SERIAL_NUMBER, "street": NameOID.STREET_ADDRESS, "postalCode": NameOID.POSTAL_CODE,
        "title": NameOID.TITLE, "GN": NameOID.GIVEN_NAME, "SN": NameOID.SURNAME, "initials": NameOID.INITIALS,
        "name": x509.ObjectIdentifier("2.5.4.41"), "pseudonym": NameOID.PSEUDONYM,
        "generationQualifier": NameOID.GENERATION_QUALIFIER, "dnQualifier": NameOID.DN_QUALIFIER,
        "businessCategory": NameOID.BUSINESS_CATEGORY, "organizationIdentifier": NameOID.ORGANIZATION_IDENTIFIER,
        "1.3.6.1.4.1.99999.1": x509.ObjectIdentifier("1.3.6.1.4.1.99999.1")}  # fmt: skip
KINDS = ["DNS:{}", "email:{}", "email:a@{}", "URI:{}", "URI:urn:{}", "IP:{}", "RID:{}", "otherName:1.2.3;UTF8:{}",
         "otherName:1.2.3;IA5:{}", "otherName:1.2.3;PRINTABLE:{}", "{}"]  # fmt: skip
NS_COMMENT = x509.ObjectIdentifier("2.16.840.1.113730.1.13")
EXPECTED = {
    ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.SUBJECT_KEY_IDENTIFIER, ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.KEY_USAGE, ExtensionOID.EXTENDED_KEY_USAGE,
}  # fmt: skip
Minter = Callable[[object], x509.Certificate]


def yaml_of(document: object) -> bytes:
    """JSON, but with YAML's escapes: it has no surrogate pairs, and a bare U+2028 would be a line break."""
    text = json.dumps(document, ensure_ascii=False)
    return re.sub(r"[^ -~]", lambda found: f"\\U{ord(found[0]):08X}", text).encode()


@pytest.fixture(scope="module")
def minter() -> Minter:
    """Mints one client with these settings into a directory that it then forgets; ProfileError if it is refused."""

    def mint_client(fields: object) -> x509.Certificate:
        ca = {"subject": {"CN": "CA"}, "key": "ec:P-256"}
        text = yaml_of({"authorities": {"ca": ca}, "clients": {"c": fields}})
        profile = read_profile(text, "hostile.yaml", "hostile")
        directory = Path(tempfile.mkdtemp())
        try:
            mint(profile, directory, Openssl(), lambda *_: None)
            return x509.load_pem_x509_certificate((directory / "c.crt").read_bytes())
        finally:
            shutil.rmtree(directory)

    return mint_client


def der(tag: int, text: str) -> bytes:
    """One short ASN.1 string, as X.690 8.1 writes it."""
    body = text.encode()
    length = (
        bytes([len(body)])
        if len(body) < 128
        else (b"\x81" if len(body) < 256 else b"\x82") + len(body).to_bytes(1 if len(body) < 256 else 2)
    )
    return bytes([tag]) + length + body


def expected_name(text: str) -> x509.GeneralName:
    """What `KIND:value` must have become, by pyca's own types."""
    kind, _, value = text.partition(":")
    if kind == "otherName":
        oid, _, typed = value.partition(";")
        what, _, inner = typed.partition(":")
        tag = {"UTF8": 0x0C, "IA5": 0x16, "PRINTABLE": 0x13}[what]
        return x509.OtherName(x509.ObjectIdentifier(oid), der(tag, inner))
    return {
        "DNS": lambda: x509.DNSName(value),
        "email": lambda: x509.RFC822Name(value),
        "URI": lambda: x509.UniformResourceIdentifier(value),
        "IP": lambda: x509.IPAddress(ip_address(value)),
        "RID": lambda: x509.RegisteredID(x509.ObjectIdentifier(value)),
    }[kind]()


def check_role(certificate: x509.Certificate, more: set[x509.ObjectIdentifier]) -> None:
    """Still a client and no more than that, whatever the text was."""
    extensions = certificate.extensions
    assert {extension.oid for extension in extensions} == EXPECTED | more
    basic = extensions.get_extension_for_class(x509.BasicConstraints)
    assert basic.critical
    assert basic.value == x509.BasicConstraints(ca=False, path_length=None)
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def check(minter: Minter, fields: dict[str, object]) -> bool:
    """Whether it was minted: then everything said must be there, in order, and nothing else."""
    subject: dict[str, str] = {"CN": "client"}
    said = {"key": "ec:P-256", "subject": subject, **fields}
    refused: tuple[str, ...] = ()
    try:
        certificate = minter(said)
    except ProfileError as error:
        refused = error.complaints
    if refused:
        assert all(line.startswith("hostile.yaml:1: clients.c") for line in refused), refused
        assert all(line.isprintable() for line in refused)
        return False
    more = set()
    wanted = said["subject"]
    assert isinstance(wanted, dict)
    assert [(a.oid, a.value) for a in certificate.subject] == [(OIDS[name], text) for name, text in wanted.items()]
    if names := fields.get("san"):
        assert isinstance(names, list)
        more.add(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
        san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert list(san) == [expected_name(name) for name in names]
    if netscape := fields.get("netscape"):
        assert isinstance(netscape, dict)
        more.add(NS_COMMENT)
        comment = certificate.extensions.get_extension_for_oid(NS_COMMENT).value
        assert isinstance(comment, x509.UnrecognizedExtension)
        assert comment.value == der(0x16, netscape["comment"])
    check_role(certificate, more)
    return True


ENOUGH = settings(max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
pytestmark = pytest.mark.filterwarnings("ignore:Attribute's length must be:UserWarning")  # pyca counts octets


@pytest.mark.slow
@ENOUGH
@given(data=st.dictionaries(st.sampled_from(sorted(OIDS)), TEXT, min_size=1, max_size=4))
@example(data={"CN": "$ENV::HOME", "O": 'a" \\', "OU": "#; x", "L": "/CN=a/O=b+C=d"})
@example(data={"CN": "ü😀\u2028", "O": " a ", "1.3.6.1.4.1.99999.1": "@san,DNS:evil"})
def test_subject(minter: Minter, data: dict[str, str]) -> None:
    check(minter, {"subject": data})


@ENOUGH
@given(names=st.lists(st.builds(str.format, st.sampled_from(KINDS), TEXT), min_size=1, max_size=3))
@example(names=["URI:urn:$ENV::HOME,DNS:evil#", "otherName:1.2.3;UTF8:ü,DNS:evil", "URI:urn:a\\", 'URI:urn:"'])
@example(names=["otherName:1.2.3;UTF8: a ", "otherName:1.2.3;IA5:critical,CA:TRUE"])
def test_alternative_names(minter: Minter, names: list[str]) -> None:
    check(minter, {"san": names})


@pytest.mark.slow
@ENOUGH
@given(comment=TEXT)
@example(comment="$ENV::HOME # \\")
@example(comment="x" * 5000)
def test_netscape_comment(minter: Minter, comment: str) -> None:
    check(minter, {"netscape": {"comment": comment}})


@pytest.mark.parametrize("text", HOSTILE)
def test_names_and_every_other_field_that_takes_text(text: str) -> None:
    """An entry's name, an issuer, a serial, a pattern, a key ...: none takes free text, so each is refused."""
    plain = {"subject": {"CN": "c"}}
    ca = {"ca": {"subject": {"CN": "CA"}}}
    fields = ["issuer", "serial", "key", "digest", "days", "authority_key_identifier"]
    documents: list[dict[str, Any]] = [
        {"authorities": ca, "clients": {"c": {**plain, field: text}}} for field in fields
    ]
    lists = ["key_usage", "extended_key_usage"]
    documents += [{"authorities": ca, "clients": {"c": {**plain, field: [text]}}} for field in lists]
    documents += [{"authorities": ca, "files": {"key": text + ".key"}}, {"authorities": ca, "version": text}]
    meant = [{"key": "{name}.key"}, {"subject": {"CN": "c"}, "authority_key_identifier": "none"}]
    for document in documents:
        if document.get("files") in meant or document.get("clients", {}).get("c") in meant:
            continue
        with suppress(ProfileError):
            read_profile(yaml_of(document), "p", "p")
            pytest.fail(f"{document} was read")
    with suppress(ProfileError):
        profile = read_profile(yaml_of({"authorities": {text: plain}}), "p", "p")
        assert profile.entries[0].name.isascii()
        assert profile.entries[0].name.replace("-", "").replace("_", "").replace(".", "").isalnum()


def test_a_backslash_or_quote_wherever_openssl_cuts_a_long_line(minter: Minter) -> None:
    """config(5) is read in pieces of 512 bytes, and a backslash at the end of a piece once joined two lines."""
    for begin in range(470, 500, 3):
        assert check(minter, {"netscape": {"comment": "a" * begin + '\\"$ENV::HOME#\\' * 3 + "b" * 600}})


def test_the_judge_can_say_no(minter: Minter) -> None:
    """The same certificate against other words fails, so the judgement above is one."""
    certificate = minter({"key": "ec:P-256", "subject": {"CN": "client"}, "san": ["DNS:a"]})
    check_role(certificate, {ExtensionOID.SUBJECT_ALTERNATIVE_NAME})
    with pytest.raises(AssertionError):
        check_role(certificate, set())
    san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(san) == [expected_name("DNS:a")]
    assert list(san) != [expected_name("DNS:b")]


def test_without_quotes_openssl_obeys_the_text(tmp_path: Path) -> None:
    """Why values are quoted: the negative twin, straight to openssl."""
    config = "[req]\nprompt=no\nutf8=yes\ndistinguished_name=s\n[s]\nCN = {}\n"
    seen = []
    for value in ("$ENV::LC_ALL", quoted("$ENV::LC_ALL")):
        (tmp_path / "c").write_text(config.format(value))
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "k", "-out", "r")
        Openssl(need("openssl")).run(("req", "-new", "-batch", "-config", "c", *key), cwd=tmp_path)
        seen.append(x509.load_pem_x509_csr((tmp_path / "r").read_bytes()).subject.rfc4514_string())
    assert seen == ["CN=C", "CN=$ENV::LC_ALL"]


def test_every_attribute_is_known_to_openssl(minter: Minter) -> None:
    assert set(OIDS) - {"1.3.6.1.4.1.99999.1"} == set(ATTRIBUTES)
    assert check(minter, {"subject": dict.fromkeys(ATTRIBUTES, "No")})
