"""The catalogue: complete, coherent, and true of the real openssl."""

import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from mintls.configuration.advice import fixes_of
from mintls.handshake.cases.case import Row, Severity, Verifier, cases_of, rows
from mintls.handshake.cases.catalogue import CATALOGUE, VALID
from mintls.handshake.cases.profile import profile_of
from mintls.openssl.binary import Openssl
from mintls.profile.fields import Authority

import pytest
from conftest import WholeCheck

BOTH_WAYS = {
    "self-signed",
    "unknown-ca",
    "same-name-ca",
    "same-name-and-key-id-ca",
    "rogue-root",
    "leaf-as-ca",
    "bad-signature",
    "bad-body",
    "stolen",
    "expired",
    "expired-intermediate",
    "not-yet-valid",
    "wrong-purpose",
    "code-signing",
    "bad-key-usage",
    "ca-as-leaf",
    "missing-intermediate",
    "intermediate-not-ca",
    "intermediate-cannot-sign",
    "path-length",
    "name-constraints",
    "critical-extension",
    "revoked",
    "crl-missing",
    "crl-stale",
    "weak-key",
    "weak-digest",
    "no-extended-key-usage",
    "ca-with-purpose",
    "tls-1.0",
    "tls-1.1",
    "good",
    "good-intermediate",
    "good-crl",
    "good-again",
    "excluded-name",
    "constrained-address",
    "excluded-address",
    "constrained-email",
    "constrained-uri",
    "name-constraints-above",
    "within-name-constraints",
    "nested-purpose",
    "any-purpose",
    "path-length-above",
    "leaf-below-intermediate-as-ca",
    "not-yet-valid-intermediate",
    "intermediate-bad-signature",
    "intermediate-critical-extension",
    "intermediate-weak-key",
    "wrong-key-identifier",
    "certificate-hold",
    "crl-of-another-ca",
    "root-sent",
    "reversed-chain",
    "repeated-intermediate",
    "useless-certificate",
    "expired-root-sent",
    "unknown-extension",
    "valid-beyond-2050",
    "three-intermediates",
    "version-1",
    "version-1-intermediate",
    "mismatched-algorithm",
    "zero-serial",
    "long-serial",
}
ONE_WAY = {
    "server": {"certificate-request", "none", "null-ciphers", "anonymous-ciphers"},
    "client": {
        "wrong-name",
        "wrong-address",
        "cn-only",
        "good-address",
        "cn-beside-san",
        "name-as-prefix",
        "name-as-suffix",
        "name-within",
        "subdomain",
        "wildcard-alone",
        "name-with-nul",
        "name-in-uri",
        "name-in-uri-text",
        "name-in-email",
        "name-in-organization",
        "name-in-subject-text",
        "parent-domain",
        "wildcard-labels",
        "wildcard-inside",
        "wildcard-twice",
        "wildcard-no-label",
        "wildcard-prefix",
        "address-as-dns-name",
        "address-by-wildcard",
        "address-as-prefix",
        "address-in-cn",
        "address-in-uri",
        "other-address",
        "wildcard",
        "name-in-capitals",
        "name-among-others",
    },
}
SERVERS = {"openssl", "nginx", "Go", "Python", "Node"}
EXPLAINED = {*SERVERS, "curl"}  # the stacks that have a fix for whatever can be wrong
STACKS = {Verifier.SERVER: SERVERS, Verifier.CLIENT: EXPLAINED}
POLICY = {"no-extended-key-usage", "ca-with-purpose", "cn-only", "wildcard-prefix", "version-1"}
ALL = rows(CATALOGUE, ("1.2", "1.3"))


def names(chosen: tuple[Row, ...]) -> set[str]:
    return {row.id for row in chosen}


def test_what_has_to_be_tried_is_tried() -> None:
    tried = {(row.verifier.value, row.case.id) for row in ALL}
    both = {(verifier, case) for verifier in ("server", "client") for case in BOTH_WAYS}
    one = {(verifier, case) for verifier, cases in ONE_WAY.items() for case in cases}
    assert both | one == tried
    assert len([row for row in ALL if row.version in ("1.2", "1.3")]) >= 250


def test_each_case_says_what_it_is() -> None:
    assert max(Counter(case.id for case in CATALOGUE).values()) == 1
    for case in CATALOGUE:
        assert re.fullmatch(r"[a-z0-9.-]+", case.id)
        assert re.fullmatch(r"RFC \d{4} section [A0-9.]+( \([a-z]\)(\(\d\))?)?", case.reference)
        assert case.title
        assert case.hint
        assert all(sentence.endswith(".") for sentence in (case.why, case.mistake))
        assert all(STACKS[verifier] == set(fixes_of(verifier, case.kind)) & EXPLAINED for verifier in case.verifiers)
        assert case.accepted is not bool(case.alerts)
        assert not (case.accepted and case.errors)
        assert case.accepted or not case.control
    assert {case.id for case in CATALOGUE if case.severity is Severity.POLICY} == POLICY


def test_what_needs_no_ca_key_is_not_signed_by_the_ca() -> None:
    for case in CATALOGUE:
        own = {name.replace("{role}", role) for name in case.authorities for role in ("server", "client")}
        if not case.needs_ca_key and case.leaf is not None:
            assert case.leaf.get("issuer") in {*own, "{role}"} or "issuer" not in case.leaf


def test_each_version_and_verifier_has_its_rows() -> None:
    count = Counter((row.verifier.value, row.version) for row in ALL)
    assert set(count) == {(end, version) for end in ("server", "client") for version in ("1.0", "1.1", "1.2", "1.3")}
    assert {row.version for row in rows(CATALOGUE, ("1.3",)) if not row.case.versions} == {"1.3"}


def test_a_glob_chooses_rows_and_keeps_their_controls() -> None:
    chosen = rows(CATALOGUE, ("1.2", "1.3"), only=["server/1.3/exp*"])
    assert {"server/1.3/expired", "server/1.3/expired-intermediate"} <= names(chosen)
    assert {row.case.id for row in chosen if row.case.control} == {
        "good", "good-intermediate", "good-crl", "good-again",
    }  # fmt: skip
    assert {row.version for row in chosen} == {"1.3"}
    assert {row.verifier for row in chosen} == {Verifier.SERVER}
    assert {row.case.id for row in rows(CATALOGUE, ("1.3",), only=["none"]) if not row.case.control} == {"none"}
    assert rows(CATALOGUE, ("1.3",), only=["nothing"]) == ()


def test_a_glob_leaves_rows_out_but_not_their_controls() -> None:
    chosen = names(rows(CATALOGUE, ("1.3",), skip=["client/*", "good*", "expired"]))
    assert "server/1.3/good" in chosen
    assert "server/1.3/expired" not in chosen
    assert not any(name.startswith("client/") for name in chosen)


def test_the_profile_has_every_file_that_is_named() -> None:
    now = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    named = profile_of(VALID, CATALOGUE, now).named
    authorities = {name: entry.settings for name, entry in named.items() if isinstance(entry.settings, Authority)}
    for row in ALL:
        name = row.case.credential(row.verifier)
        assert not name or name in named
        assert set(row.case.sent_chain(row.verifier)) <= named.keys()
        assert not row.case.crl or authorities[row.case.crl].crl
    ends = named["expired-client"].settings.not_after
    assert ends
    assert ends.at(now) == datetime(2029, 12, 23, 3, 4, 5, tzinfo=UTC)
    assert named["wrong-purpose-client"].extended_key_usage == ("serverAuth",)
    assert named["wrong-purpose-server"].extended_key_usage == ("clientAuth",)


def test_only_what_is_tried_is_minted() -> None:
    chosen = cases_of(rows(CATALOGUE, ("1.3",), only=["server/1.3/expired"]))
    named = profile_of(VALID, chosen, datetime.now(UTC)).named
    assert "expired-client" in named
    assert "revoked-client" not in named


@pytest.fixture(scope="module")
def results(whole_check: WholeCheck) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in whole_check.rows}


@pytest.mark.slow
def test_every_row_is_tried_that_this_openssl_can_make(results: dict[str, dict[str, Any]], openssl: Openssl) -> None:
    assert {name for name, row in results.items() if not row["case"].startswith("set-")} == {row.id for row in ALL}
    skipped = {row["case"] for row in results.values() if row["outcome"] == "skip"}
    assert skipped == ({"crl-stale"} if openssl.version().startswith("OpenSSL 1.") else set())


def is_true(row: Row, result: dict[str, Any]) -> bool:
    """Whether the row shows what the catalogue says of it, with the evidence for it; or was not tried."""
    if result["outcome"] == "skip":
        return True
    if result["outcome"] != ("warn" if row.case.id in POLICY else "pass"):
        return False
    if result["observed"] == "accepted":
        return (result["reason"], result["alert"]) == ("application data came back", None)
    named = not row.case.errors or result["verify_errors"][0] in row.case.errors
    return result["observed"] == "refused" and bool(result["alert"]) and named


@pytest.mark.slow
def test_it_is_true_of_openssl(results: dict[str, dict[str, Any]]) -> None:
    assert [results[row.id] for row in ALL if not is_true(row, results[row.id])] == []
    refused = next(result for result in results.values() if result["verify_errors"])
    row = next(row for row in ALL if row.id == refused["id"])
    for lie in ({"alert": None}, {"verify_errors": [99]}, {"observed": "accepted"}, {"outcome": "unknown"}):
        assert not is_true(row, {**refused, **lie}), lie


def test_a_control_of_some_cases_is_skipped_with_them() -> None:
    chosen = names(rows(CATALOGUE, ("1.2", "1.3"), skip=["client/1.3/good-address", "good-intermediate"]))
    assert not {"client/1.3/good-address", "client/1.3/wrong-address"} & chosen
    assert not {"server/1.3/good-intermediate", "server/1.3/path-length", "client/1.2/name-constraints"} & chosen
    assert {"client/1.2/good-address", "client/1.2/wrong-address", "client/1.3/wrong-name"} <= chosen


def test_a_control_decides_on_what_depends_on_it_alone() -> None:
    named = {case.id: case for case in CATALOGUE}
    assert all(named["good"].controls(case) and named["good-again"].controls(case) for case in CATALOGUE)
    assert {case.id for case in CATALOGUE if named["good-address"].controls(case)} >= {"wrong-address"}
    for control in ("good-address", "good-intermediate", "good-crl"):
        assert not named[control].controls(named["expired"])
        assert not named["expired"].controls(named[control])
    assert named["good-intermediate"].controls(named["path-length"])
    assert named["good-crl"].controls(named["revoked"])
