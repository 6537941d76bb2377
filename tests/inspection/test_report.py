"""The tree and the JSON of verify.py, from inspections that are made up."""

import json
from datetime import UTC, datetime
from pathlib import Path

from mintls.inspection.build_report import build_report, role
from mintls.inspection.inventory import CertificateEntry, Inventory, KeyFile
from mintls.inspection.issuers import Issuers
from mintls.inspection.report import InspectionReport, as_json
from mintls.inspection.text import as_text
from mintls.inspection.trust_anchors import Chain
from mintls.inspection.verification import Check, Verdicts
from mintls.x509.certificate import Certificate
from mintls.x509.extension_values import CLIENT, SERVER

import pytest
from jsonschema import Draft202012Validator
from msgspec import structs
from processes import SCRIPTS

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
VALID = {"AA": (Check("any", "", ""),), "BB": (Check("server", "DNS:a", ""), Check("server", "DNS:b", ""))}


def entry(certificate: Certificate, name: str) -> CertificateEntry:
    path = Path("set") / name
    return CertificateEntry(certificate, (path,), (), ((path, 0o644),))


R, L = entry(ROOT, "root.crt"), entry(LEAF, "leaf.crt")
SET = Inventory((L, R), (), (), ())
ISSUERS = {"AA": None, "BB": R}
NOTHING = {"AA": (), "BB": ()}


def report_of(inventory: Inventory, issuers: dict[str, CertificateEntry | None], checks: dict[str, tuple[Check, ...]],
           advice: dict[str, tuple[str, ...]], now: datetime) -> InspectionReport:  # fmt: skip
    chains = {"AA": Chain(("root.crt",), True), "BB": Chain(("leaf.crt", "root.crt"), True)}
    return build_report(inventory, Verdicts(checks, Issuers(issuers, {}), (), "", chains), advice, now)


def test_a_tree_word_for_word() -> None:
    result = report_of(SET, ISSUERS, VALID, {**NOTHING, "BB": ("think of it",)}, NOW)
    assert result.valid
    assert (
        as_text(result)
        == """\
root.crt  CA  CN=Root
│   issuer  itself
│   usage   Certificate Sign
│   key     ec:P-256, private key not read
│   signed  ecdsa-with-SHA256, serial 01
│   dates   2026-01-01T00:00:00Z to 2027-01-31T13:00:00Z, 365 days left
│   sha256  AA
│   files   set/root.crt 0644
│   valid   any purpose
└── leaf.crt  server  CN=leaf
        issuer  CN=Root
        names   DNS:a, DNS:b
        usage   Certificate Sign, TLS Web Server Authentication
        key     ec:P-256, private key not read
        signed  ecdsa-with-SHA256, serial 02
        dates   2026-01-01T00:00:00Z to 2026-02-28T12:00:00Z, 28 days left
        sha256  BB
        files   set/leaf.crt 0644
        chain   leaf.crt < root.crt
        valid   server as DNS:a, DNS:b
        advice  think of it

2 certificates: all valid"""
    )


def test_what_is_not_valid() -> None:
    refused = {**VALID, "BB": (Check("server", "DNS:a", "too bad (error 1)"), *VALID["BB"][1:])}
    result = report_of(SET, ISSUERS, refused, NOTHING, NOW)
    assert not result.valid
    assert "INVALID server as DNS:a: too bad (error 1)" in as_text(result)
    assert as_text(result).endswith("2 certificates: leaf.crt invalid")
    wrong = structs.replace(L, mismatched=(KeyFile(Path("set/leaf.key"), 0o600, "x"),))
    mismatched = report_of(structs.replace(SET, certificates=(wrong, R)), ISSUERS, VALID, NOTHING, NOW)
    assert (mismatched.valid, as_text(mismatched).endswith("2 certificates: leaf.crt invalid")) == (False, True)
    assert "INVALID leaf.key does not match: its public key differs from the certificate's" in as_text(mismatched)
    unreadable = report_of(structs.replace(SET, unreadable=("x is cut off",)), ISSUERS, VALID, NOTHING, NOW)
    assert (unreadable.valid, "unreadable: x is cut off" in as_text(unreadable)) == (False, True)


def test_a_leaf_whose_issuer_is_elsewhere() -> None:
    result = report_of(Inventory((L,), (), (), ()), {"BB": None}, VALID, NOTHING, NOW)
    assert "issuer  CN=Root, not read" in as_text(result)
    assert result.certificates == 1


def test_one_that_has_expired() -> None:
    result = report_of(SET, ISSUERS, VALID, NOTHING, datetime(2026, 3, 2, 13, tzinfo=UTC))
    assert "expired 2 days ago" in as_text(result)


def test_the_json_says_the_same() -> None:
    addressed = structs.replace(ROOT, crls=("http://x/crl",), ocsp=("http://x/ocsp",))
    inventory = structs.replace(SET, certificates=(L, entry(addressed, "root.crt")))
    result = report_of(inventory, ISSUERS, VALID, {**NOTHING, "AA": ("hm",)}, NOW)
    report = json.loads(as_json(result))
    Draft202012Validator(json.loads((SCRIPTS / "schemas" / "verify.schema.json").read_text())).validate(report)
    assert report["answer"] == "2 certificates: all valid"
    assert "crl     http://x/crl\n│   ocsp    http://x/ocsp\n" in as_text(result)
    (root,) = report["roots"]
    (leaf,) = root.pop("issued")
    assert (report["version"], report["valid"], report["certificates"], report["unreadable"]) == (2, True, 2, [])
    assert root == {
        "name": "root.crt", "role": "authority", "valid": True, "subject": "CN=Root", "issuer": "CN=Root",
        "self_issued": True, "names": [], "key_usage": ["Certificate Sign"], "extended_key_usage": [],
        "key": "ec:P-256", "signature": "ecdsa-with-SHA256", "serial": "01", "fingerprint": "AA",
        "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-31T13:00:00Z", "days_left": 365,
        "x509_version": 3, "extensions": [], "path_length": None, "key_identifier": "A1", "issuer_key_identifier": "",
        "crls": ["http://x/crl"], "ocsp": ["http://x/ocsp"], "files": [{"path": "set/root.crt", "mode": "0644"}],
        "private_keys": [], "issuer_name": None, "issuer_fingerprint": None, "chain": ["root.crt"], "trusted": True,
        "checks": [{"outcome": "pass", "purpose": "any", "name": "", "error": "", "server": ""}], "failures": [],
        "advice": ["hm"],
    }  # fmt: skip
    assert (leaf["issuer_name"], leaf["names"], leaf["issued"]) == ("root.crt", ["DNS:a", "DNS:b"], [])


def test_foreign_text_stays_in_its_line_and_controls_nothing() -> None:
    evil = "\x1b[31m\n\u202e\udcff"
    certificate = structs.replace(LEAF, subject=f"CN={evil}", issuer=evil, names=(f"DNS:{evil}",), key=evil,
                                  signature=evil)  # fmt: skip
    one = entry(certificate, f"{evil}.crt")
    checks = {"BB": (Check("server", f"DNS:{evil}", evil),)}
    result = report_of(Inventory((one,), (), (), (evil,)), {"BB": None}, checks, {"BB": (evil,)}, NOW)
    lines = as_text(result).split("\n")
    assert all(line.isprintable() for line in lines)
    assert len(lines) == 15
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
    with_key = CertificateEntry(LEAF, L.files, (KeyFile(path, 0o640, "x"),), ((L.files[0], 0o644), (path, 0o640)))
    result = report_of(Inventory((with_key, R), (), (), ()), ISSUERS, VALID, NOTHING, NOW)
    assert "files   set/leaf.crt 0644, set/leaf.key 0640" in as_text(result)


def test_a_key_that_is_encrypted_was_not_compared() -> None:
    with_key = structs.replace(L, keys=(KeyFile(Path("set/leaf.key"), 0o600, None),))
    result = report_of(Inventory((with_key, R), (), (), ()), ISSUERS, VALID, NOTHING, NOW)
    assert "private key leaf.key is encrypted and was not compared" in as_text(result)
    (leaf,) = result.roots[0].issued
    assert [key.matches for key in leaf.private_keys] == [None]


def test_verbose_adds_extensions_and_every_name() -> None:
    names = tuple(f"DNS:h{number}" for number in range(12))
    certificate = structs.replace(LEAF, names=names, extensions=("keyUsage", "subjectAltName"), critical=("keyUsage",),
                                  path_length=3)  # fmt: skip
    checks = {"BB": tuple(Check("server", name, "") for name in names)}
    result = report_of(Inventory((entry(certificate, "leaf.crt"),), (), (), ()), {"BB": None}, checks, NOTHING, NOW)
    short, full = as_text(result), as_text(result, verbose=True)
    first = ", ".join(names[:8])
    assert f"names   {first} and 4 more (-v)\n" in short
    assert f"valid   server as {first} and 4 more (-v)\n" in short
    assert f"names   {', '.join(names)}\n" in full
    added = [line.strip() for line in full.splitlines() if line not in short.splitlines()]
    details = [
        "version 3",
        "ext     keyUsage, critical",
        "ext     subjectAltName",
        "pathlen 3",
        "keyid   B1",
        "akid    A1",
    ]
    assert added[1:-1] == details


def test_a_chain_is_shown_only_up_to_an_anchor() -> None:
    chains = {"AA": Chain(("root.crt",), False), "BB": Chain(("leaf.crt", "root.crt"), False)}
    verdicts = Verdicts(VALID, Issuers(ISSUERS, {}), (), "", chains)
    assert "chain" not in as_text(build_report(SET, verdicts, NOTHING, NOW))
