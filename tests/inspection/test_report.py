"""The tree and the JSON of verify.py, from inspections that are made up."""

import json
from datetime import UTC, datetime
from pathlib import Path

from mintls.inspection.verification import Check, Verdicts
from mintls.inspection.files import Inspection
from mintls.inspection.key_matching import Found, KeyFile
from mintls.inspection.issuers import Issuers
from mintls.inspection.report import Survey, as_json, as_tree, role
from mintls.inspection.report import survey as survey_of
from mintls.x509.certificate import Certificate
from mintls.x509.extension_values import CLIENT, SERVER

import pytest
from msgspec import structs

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ROOT = Certificate(
    pem="", subject="CN=Root", issuer="CN=Root", serial="01", not_before="2026-01-01T00:00:00Z",
    not_after="2027-01-31T13:00:00Z", fingerprint="AA", public_key="root", key="ec:P-256",
    signature="ecdsa-with-SHA256", is_authority=True, key_usage=("Certificate Sign",), purposes=(), names=(),
    key_identifier="A1", issuer_key_identifier="",
)  # fmt: skip
LEAF = structs.replace(
    ROOT, subject="CN=leaf", serial="02", fingerprint="BB", is_authority=False, purposes=(SERVER,),
    names=("DNS:a", "DNS:b"), key_identifier="B1", issuer_key_identifier="A1", not_after="2026-02-28T12:00:00Z",
)  # fmt: skip
HOLDS = {"AA": (Check("any", "", ""),), "BB": (Check("sslserver", "DNS:a", ""), Check("sslserver", "DNS:b", ""))}


def found(certificate: Certificate, name: str) -> Found:
    path = Path("set") / name
    return Found(certificate, (path,), (), ((path, 0o644),))


R, L = found(ROOT, "root.crt"), found(LEAF, "leaf.crt")
SET = Inspection((L, R), (), (), ())
ABOVE = {"AA": None, "BB": R}
NOTHING = {"AA": (), "BB": ()}


def survey(inspection: Inspection, above: dict[str, Found | None], checks: dict[str, tuple[Check, ...]],
           advice: dict[str, tuple[str, ...]], now: datetime) -> Survey:  # fmt: skip
    return survey_of(inspection, Verdicts(checks, Issuers(above, {}), ()), advice, now)


def test_a_tree_word_for_word() -> None:
    result = survey(SET, ABOVE, HOLDS, {**NOTHING, "BB": ("think of it",)}, NOW)
    assert result.valid
    assert (
        as_tree(result)
        == """\
root.crt  authority  CN=Root
│   key     ec:P-256, ecdsa-with-SHA256, serial 01
│   dates   2026-01-01T00:00:00Z to 2027-01-31T13:00:00Z, 365 days left
│   files   set/root.crt 0644
│   valid   any
└── leaf.crt  server  CN=leaf
        names   DNS:a, DNS:b
        key     ec:P-256, ecdsa-with-SHA256, serial 02
        dates   2026-01-01T00:00:00Z to 2026-02-28T12:00:00Z, 28 days left
        files   set/leaf.crt 0644
        valid   sslserver as DNS:a
        valid   sslserver as DNS:b
        advice  think of it

2 certificates: all valid"""
    )


def test_what_is_not_valid() -> None:
    refused = {**HOLDS, "BB": (Check("sslserver", "DNS:a", "too bad (error 1)"), *HOLDS["BB"][1:])}
    result = survey(SET, ABOVE, refused, NOTHING, NOW)
    assert not result.valid
    assert "INVALID sslserver as DNS:a: too bad (error 1)" in as_tree(result)
    assert as_tree(result).endswith("2 certificates: leaf.crt invalid")
    wrong = structs.replace(L, mismatched=(KeyFile(Path("set/leaf.key"), 0o600, "x"),))
    mismatched = survey(structs.replace(SET, certificates=(wrong, R)), ABOVE, HOLDS, NOTHING, NOW)
    assert (mismatched.valid, as_tree(mismatched).endswith("2 certificates: leaf.crt invalid")) == (False, True)
    assert "INVALID leaf.key does not match: its public key is not the certificate's" in as_tree(mismatched)
    unreadable = survey(structs.replace(SET, unreadable=("x is cut off",)), ABOVE, HOLDS, NOTHING, NOW)
    assert (unreadable.valid, "unreadable: x is cut off" in as_tree(unreadable)) == (False, True)


def test_a_leaf_whose_issuer_is_elsewhere() -> None:
    result = survey(Inspection((L,), (), (), ()), {"BB": None}, HOLDS, NOTHING, NOW)
    assert "issuer  CN=Root, which is not here" in as_tree(result)
    assert result.certificates == 1


def test_one_that_has_expired() -> None:
    result = survey(SET, ABOVE, HOLDS, NOTHING, datetime(2026, 3, 2, 13, tzinfo=UTC))
    assert "expired 2 days ago" in as_tree(result)


def test_the_json_says_the_same() -> None:
    report = json.loads(as_json(survey(SET, ABOVE, HOLDS, {**NOTHING, "AA": ("hm",)}, NOW)))
    (root,) = report["roots"]
    (leaf,) = root.pop("signed")
    assert (report["version"], report["valid"], report["certificates"], report["unreadable"]) == (2, True, 2, [])
    assert root == {
        "name": "root.crt", "role": "authority", "subject": "CN=Root", "names": [], "key": "ec:P-256",
        "signature": "ecdsa-with-SHA256", "serial": "01", "fingerprint": "AA", "not_before": "2026-01-01T00:00:00Z",
        "not_after": "2027-01-31T13:00:00Z", "days_left": 365, "files": {"set/root.crt": "0644"}, "issuer": None,
        "issuer_fingerprint": "", "failures": [],
        "checks": [{"purpose": "any", "name": "", "error": ""}], "advice": ["hm"],
    }  # fmt: skip
    assert (leaf["issuer"], leaf["names"], leaf["signed"]) == ("root.crt", ["DNS:a", "DNS:b"], [])


def test_strangers_text_stays_in_its_line_and_steers_nothing() -> None:
    evil = "\x1b[31m\n\u202e\udcff"
    certificate = structs.replace(LEAF, subject=f"CN={evil}", issuer=evil, names=(f"DNS:{evil}",), key=evil,
                                  signature=evil)  # fmt: skip
    one = found(certificate, f"{evil}.crt")
    checks = {"BB": (Check("sslserver", f"DNS:{evil}", evil),)}
    result = survey(Inspection((one,), (), (), (evil,)), {"BB": None}, checks, {"BB": (evil,)}, NOW)
    lines = as_tree(result).split("\n")
    assert all(line.isprintable() for line in lines)
    assert len(lines) == 11
    assert "\\1B[31m\\0A" in lines[0]
    assert json.loads(as_json(structs.replace(result, roots=())))["unreadable"] == ["\x1b[31m\n\u202e\\udcff"]


@pytest.mark.parametrize(
    ("purposes", "authority", "expected"),
    [
        ((), True, "authority"), ((SERVER,), True, "authority"), ((SERVER,), False, "server"),
        ((CLIENT,), False, "client"), ((CLIENT, SERVER), False, "peer"), ((), False, "leaf"),
        (("Code Signing",), False, "leaf"),
    ],
)  # fmt: skip
def test_roles(purposes: tuple[str, ...], authority: bool, expected: str) -> None:
    assert role(structs.replace(LEAF, purposes=purposes, is_authority=authority)) == expected


def test_key_files_are_told_with_their_modes() -> None:
    path = Path("set/leaf.key")
    with_key = Found(LEAF, L.files, (KeyFile(path, 0o640, "x"),), ((L.files[0], 0o644), (path, 0o640)))
    result = survey(Inspection((with_key, R), (), (), ()), ABOVE, HOLDS, NOTHING, NOW)
    assert "files   set/leaf.crt 0644, set/leaf.key 0640" in as_tree(result)
