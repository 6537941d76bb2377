"""Each check of the table, with a certificate that lacks nothing else, beside one that lacks nothing."""

from typing import Any

from mintls.inspection.advice.certificate_checks import lint
from mintls.x509.certificate import parse_certificate
from mintls.x509.extension_values import ANY

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from foreign import CLIENT, SERVER, make
from msgspec import structs

CA = make("CA", authority=True)
LOCAL = [x509.DNSName("a.example"), x509.DNSName("*.a.example")]
GOOD = parse_certificate(make("a.example", CA, purposes=SERVER + CLIENT, san=LOCAL).der)
ROOT = parse_certificate(CA.der)


def test_sound_ones_get_no_advice() -> None:
    assert list(lint(GOOD)) == list(lint(ROOT)) == []


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("127.0.0.1", "is an IP address in a DNS name"), ("::1", "is an IP address"), (".a.example", "not a host name"),
        ("a.example.", "not a host name"), ("a_b.example", "not a host name"), ("f*.example", "not a host name"),
        ("", "not a host name"), ("a b", "not a host name"),
    ],
)  # fmt: skip
def test_a_name(name: str, part: str) -> None:
    san = [*LOCAL, x509.DNSName._init_without_validation(name)]
    (sentence,) = lint(parse_certificate(make("a.example", CA, purposes=SERVER, san=san).der))
    assert part in sentence


@pytest.mark.parametrize(
    ("key", "part"),
    [
        (dsa.generate_private_key(2048), "dsa:2048: TLS 1.3"),
        (ec.generate_private_key(ec.SECP192R1()), "ec:prime192v1: Go"),
        (ec.generate_private_key(ec.SECP256K1()), "ec:secp256k1: Go"),
    ],
)
def test_a_key(key: Any, part: str) -> None:
    (sentence,) = lint(parse_certificate(make("k", CA, purposes=CLIENT, san=LOCAL, key=key).der))
    assert sentence.startswith(part)


def test_a_common_name_that_is_not_among_the_names() -> None:
    (sentence,) = lint(parse_certificate(make("b.example", CA, purposes=SERVER, san=LOCAL).der))
    assert sentence.startswith("CN b.example is not among its names")
    assert not list(lint(parse_certificate(make("b.example", CA, purposes=CLIENT, san=LOCAL).der)))


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"version": 1}, "version 1"), ({"purposes": (ANY,)}, "anyExtendedKeyUsage without serverAuth"),
        ({"critical": ("extendedKeyUsage",)}, "extendedKeyUsage is critical"),
        ({"extensions": ("nameConstraints",)}, "nameConstraints on what is no CA"),
        ({"serial": "00"}, "is not positive"), ({"serial": "-01"}, "is not positive"),
        ({"serial": "7F" + "00" * 20}, "more than 20 octets"), ({"key": "rsa:2047"}, "not a multiple of 8"),
        ({"critical": ("subjectAltName",)}, "is critical beside"),
        ({"subject": ""}, "no subject, and"), ({"outer_signature": "x"}, "signed with x"),
    ],
)  # fmt: skip
def test_a_fact_of_a_leaf(changes: dict[str, Any], part: str) -> None:
    (sentence,) = lint(structs.replace(GOOD, **changes))
    assert part in sentence


def test_facts_of_a_root() -> None:
    (purposes,) = lint(structs.replace(ROOT, purposes=(ANY,)))
    (constraints,) = lint(structs.replace(ROOT, extensions=("nameConstraints",)))
    assert purposes.startswith("a root with extendedKeyUsage")
    assert constraints.startswith("nameConstraints is not critical")
    assert not list(lint(structs.replace(ROOT, extensions=("nameConstraints",), critical=("nameConstraints",))))
