"""What is tried against a foreign server, what is not, and why."""

import re

from mintls.handshake.cases.case import Issued, Row, Severity, rows
from mintls.handshake.connect.cases import (
    ANY,
    Capabilities,
    control_of,
    not_possible,
    possible,
    server_cases,
    with_controls,
)

import pytest
from msgspec.structs import replace

CASES = {case.id: case for case in server_cases(ANY)}
WITHOUT_KEY = replace(ANY, no_ca_key="no key")
WITHOUT_KEY_IDS = {
    "good", "certificate-request", "none", "self-signed", "unknown-ca", "same-name-ca", "same-name-and-key-id-ca",
    "rogue-root", "leaf-as-ca", "bad-signature", "bad-body", "stolen", "tls-1.0", "tls-1.1", "null-ciphers",
    "anonymous-ciphers", "server-certificate", "no-name", "another-name", "default-site", "resumed", "open-name",
    "good-again", "open-name-other-host", "forged-headers", "plain-text", "ca-names",
}  # fmt: skip


def chosen(*only: str, capabilities: Capabilities = ANY) -> list[str]:
    cases = server_cases(capabilities)
    return [row.case.id for row in with_controls(rows(cases, ("1.3",), only), cases, capabilities)]


def test_each_case_says_what_it_is() -> None:
    for case in server_cases(replace(ANY, bad=("mine",))):
        assert re.fullmatch(r"RFC \d{4} section [A0-9.]+( \([a-z]\)(\(\d\))?)?", case.reference)
        assert case.title
        assert case.hint
        assert case.accepted is not bool(case.alerts)
    assert next(iter(CASES)) == "good"
    assert [*CASES][-1] == "good-again"
    assert "client" not in {verifier.value for case in CASES.values() for verifier in case.verifiers}


def test_without_the_key_of_the_ca() -> None:
    assert {case.id for case in possible(CASES.values(), WITHOUT_KEY)} == WITHOUT_KEY_IDS


@pytest.mark.parametrize(
    ("case", "capabilities", "reason"),
    [
        ("expired", WITHOUT_KEY, "no key"),
        ("expired", ANY, ""),
        ("revoked", ANY, "CRL"),
        ("path-length", replace(ANY, no_intermediate="pathlen"), "pathlen"),
        ("missing-intermediate", replace(ANY, no_intermediate="pathlen"), "pathlen"),
        ("expired", replace(ANY, no_intermediate="pathlen"), ""),
        ("ca-as-leaf", replace(ANY, no_intermediate="pathlen"), ""),
        ("rogue-root", replace(ANY, no_intermediate="pathlen"), ""),
        ("stolen", replace(ANY, no_forged_key="ed25519"), "ed25519"),
        ("no-name", replace(ANY, sni=""), "--sni"),
        ("another-name", replace(ANY, sni=""), ""),
        ("default-site", replace(ANY, sni=""), "--sni"),
        ("default-site", replace(ANY, no_other_host="only of HTTP"), "HTTP"),
        ("forged-headers", replace(ANY, no_other_host="only of HTTP"), "HTTP"),
        ("open-name-other-host", replace(ANY, no_other_host="only of HTTP"), "HTTP"),
        ("plain-text", replace(ANY, no_question="nothing is asked"), "nothing"),
        ("plain-text", ANY, ""),
    ],
)
def test_why_a_row_is_not_tried(case: str, capabilities: Capabilities, reason: str) -> None:
    obstacle = not_possible(CASES[case], capabilities)
    assert (obstacle is not None) is bool(reason)
    assert obstacle is None or (reason in obstacle.reason and obstacle.topic)


def test_where_stacks_differ_a_row_is_policy() -> None:
    policy = {case.id for case in CASES.values() if case.severity is Severity.POLICY}
    assert policy == {
        "bad-key-usage", "ca-as-leaf", "weak-key", "tls-1.0", "tls-1.1", "no-extended-key-usage", "ca-with-purpose",
        "default-site", "good-fresh", "good-intermediate", "weak-digest", "ca-names",
        "constrained-email", "constrained-uri",
        "nested-purpose", "any-purpose", "intermediate-weak-key", "wrong-key-identifier", "within-name-constraints",
        "root-sent", "reversed-chain", "repeated-intermediate", "useless-certificate", "expired-root-sent",
        "unknown-extension", "valid-beyond-2050", "three-intermediates", "version-1", "zero-serial", "long-serial",
    }  # fmt: skip
    assert CASES["weak-key"].hint.startswith("Go, Node and GnuTLS accept it by default")


def test_the_controls_of_fresh_certificates_go_beside_what_needs_them() -> None:
    always = {"good", "certificate-request", "good-again"}
    assert set(chosen("none")) == always | {"none"}
    assert set(chosen("expired")) == always | {"expired", "good-fresh"}
    assert set(chosen("path-length")) == always | {"path-length", "good-intermediate"}
    assert set(chosen("expired", capabilities=WITHOUT_KEY)) == always | {"expired"}
    assert chosen("expired", "none")[0] == "good"
    assert chosen("expired", "none")[-1] == "good-again"
    assert control_of(CASES["ca-as-leaf"]) is Issued.BY_THE_CA
    assert control_of(CASES["rogue-root"]) == ""


def test_a_name_is_only_another_where_one_is_given() -> None:
    without = {case.id for case in server_cases(replace(ANY, open_sni=""))}
    assert not {"open-name", "open-name-other-host"} & without
    bad = {case.id: case for case in server_cases(replace(ANY, bad=("old", "x")))}
    assert bad["bad-old"].presents == "bad-old"
    assert not bad["bad-x"].accepted


def test_rows_have_the_names_of_the_catalogue() -> None:
    assert Row(CASES["no-name"], CASES["no-name"].verifiers[0], "1.3").id == "server/1.3/no-name"
