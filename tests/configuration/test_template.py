"""Templates: names are replaced, and lines about what the set does not have are left out."""

from mintls.configuration.template import placeholders, render

import pytest

TEXT = """
cert @chain@
crl @crl@
check leaf@crl?@
mail a@b.example, user@host
"""


def test_names_are_replaced() -> None:
    full = {"chain": "/s/c.crt", "crl": "/s/c.crl"}
    assert render(TEXT, full) == "cert /s/c.crt\ncrl /s/c.crl\ncheck leaf\nmail a@b.example, user@host\n"
    assert render(TEXT, {**full, "crl": ""}) == "cert /s/c.crt\nmail a@b.example, user@host\n"
    assert render("@chain@ @chain@", {"chain": "@key@"}) == "@key@ @key@", "a value is not a template"


def test_the_names_are_known() -> None:
    assert placeholders([TEXT, "@ca@"]) == {"chain", "crl", "ca"}


def test_a_name_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        render("@combined@", {})
