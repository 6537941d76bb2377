"""Each reason for which something is due, by itself: the profile beside a set that is only told of (no openssl)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from mintls.errors import OutputError
from mintls.manifest import CrlRecord, Manifest, Record, Revocation
from mintls.plan.crl import CrlIssue
from mintls.plan.digests import export_digest, settings_digest, signer_digest
from mintls.plan.renewal import (
    Decision,
    decide,
    with_lists,
)
from mintls.plan.selection import Selection
from mintls.plan.shard import Shard
from mintls.profile.load import read_profile
from mintls.profile.model import Entry, Profile
from mintls.x509.certificate import Certificate, read_certificate

import pytest
from foreign import make
from msgspec.structs import replace

TEXT = """\
defaults: {key: ec:P-256, days: 100}
authorities:
  ca: {subject: {CN: CA}, days: 300, crl: {}}
  sub: {subject: {CN: Sub}, days: 200, issuer: ca}
clients:
  a: {subject: {CN: a}, issuer: ca}
  b: {subject: {CN: b}, issuer: sub, authority_key_identifier: "keyid,issuer:always"}
  c: {subject: {CN: c}, issuer: sub, outputs: [chain, der]}
"""
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LIVES = {"ca": 300, "sub": 200, "a": 100, "b": 100, "c": 100}
Change = Callable[[Record], Record]


def profile(text: str = TEXT) -> Profile:
    return read_profile(text.encode(), "p", "p")


def standing(one: Profile) -> tuple[Manifest, dict[str, str]]:
    """A manifest as of a run that minted all of it, and the digests of its files."""
    records: dict[str, Record] = {}
    digests: dict[str, str] = {}
    for number, entry in enumerate(one.entries, 1):
        wanted = ("certificate", *(() if entry.settings.csr or entry.existing else ("key",)), *entry.outputs)
        files = {what: one.files.of(entry.name)[what] for what in wanted}
        sha256 = {file: f"digest of {file}" for file in files.values()}
        record = Record(
            name=entry.name, role=entry.role, issuer=entry.issuer, subject=str(entry.settings.subject), san=(),
            key=entry.settings.key, serial=f"0{number}",
            fingerprint=entry.certificate.fingerprint if entry.certificate else f"print {number}",
            not_before=f"{BEGIN:%Y-%m-%dT%H:%M:%SZ}",
            not_after=f"{BEGIN + timedelta(LIVES.get(entry.name, 100)):%Y-%m-%dT%H:%M:%SZ}",
            settings=settings_digest(entry), files=files, sha256=sha256,
        )  # fmt: skip
        records[entry.name] = record
        digests |= sha256
        exported = export_digest(entry, one, records) if entry.outputs else ""
        records[entry.name] = replace(record, signer=signer_digest(entry, records), exported=exported)
    return Manifest(profile="p", openssl="", certificates=tuple(records.values())), digests


def told(
    text: str | Profile = TEXT,
    *,
    of: str | Profile = TEXT,
    days: float = 1,
    without: tuple[str, ...] = (),
    other: tuple[str, ...] = (),
    change: dict[str, Change] | None = None,
    **selection: object,
) -> dict[str, Decision]:
    """What is decided on a set minted `of` one text for another, with files away or other ones."""
    manifest, digests = standing(of if isinstance(of, Profile) else profile(of))
    records = tuple((change or {}).get(record.name, lambda same: same)(record) for record in manifest.certificates)
    digests = {file: "other" if file in other else digest for file, digest in digests.items() if file not in without}
    now = BEGIN + timedelta(days)
    wanted = text if isinstance(text, Profile) else profile(text)
    decisions = decide(wanted, replace(manifest, certificates=records), digests, now, Selection(**selection))
    return {decision.entry.name: decision for decision in decisions}


def due(*arguments: object, **more: object) -> dict[str, tuple[str, str]]:
    """The work and why, of those that have any."""
    decided = told(*arguments, **more)  # type: ignore[arg-type]
    return {name: (one.work, one.why) for name, one in decided.items() if one.work}


CERT, BOTH = "certificate", "key and certificate"


def test_nothing_is_due_of_what_was_just_made() -> None:
    decided = told()
    assert {name: (one.work, one.what, one.exists, one.signs, one.replaced) for name, one in decided.items()} == (
        dict.fromkeys(["ca", "sub", "a", "b", "c"], (None, "kept", True, False, False))
    )
    assert decided["a"].why == "valid until 2026-04-11T00:00:00Z"


def test_all_of_what_never_was_is_due() -> None:
    decided = decide(profile(), None, {}, BEGIN, Selection())
    assert {(one.work, one.why, one.what, one.exists, one.signs, one.replaced) for one in decided} == {
        (BOTH, "new", "issued", False, True, True)
    }


@pytest.mark.parametrize(("spare", "is_due"), [(1, False), (0, False), (-1, True)])
@pytest.mark.parametrize(("name", "moment"), [("a", 90), ("sub", 180), ("ca", 270)])
def test_a_tenth_of_its_life_before_the_end(name: str, moment: int, spare: int, is_due: bool) -> None:
    decided = told(days=moment - spare / 86400)
    assert (decided[name].why.startswith("it expires ")) is is_due


@pytest.mark.parametrize(("spare", "is_due"), [(1, False), (0, False), (-1, True)])
def test_or_within_the_time_that_is_asked(spare: int, is_due: bool) -> None:
    decided = told(days=60 - spare / 86400, renew_within=timedelta(40))
    assert (decided["a"].work == CERT) is is_due
    decided = told(days=100 - spare / 86400, renew_within=timedelta(0))
    assert (decided["a"].work == CERT) is is_due


def test_what_is_meant_to_end_is_not_due_because_it_does() -> None:
    for setting in ('not_after: "2026-04-11T00:00:00Z"', "revoked: superseded"):
        text = TEXT.replace("{CN: a}", f"{{CN: a}}, {setting}")
        assert "a" not in due(text, of=text, days=99)
    assert "a" in due(days=99)


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        ("a.crt", {"a": (CERT, "a.crt is missing")}), ("a.key", {"a": (BOTH, "a.key is missing")}),
        ("sub.key", {}), ("c.chain.crt", {"c": ("outputs", "c.chain.crt is missing")}),
        ("c.der", {"c": ("outputs", "c.der is missing")}),
        ("sub.crt", {"sub": (CERT, "sub.crt is missing"), "c": ("outputs", "sub was reissued"),
                     "b": (CERT, "sub is reissued, and this certificate names its serial")}),
    ],
)  # fmt: skip
def test_a_file_that_is_missing(gone: str, expected: dict[str, tuple[str, str]]) -> None:
    assert due(without=(gone,)) == expected


def test_an_authority_of_which_nothing_is_there_is_made_anew() -> None:
    decided = told(without=("sub.crt", "sub.key"))
    assert (decided["sub"].work, decided["sub"].why, decided["sub"].replaced) == (BOTH, "sub.key is missing", True)
    assert {decided[name].why for name in "bc"} == {"sub has a new key or subject"}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("a.crt", {"a": (CERT, "a.crt differs from the one issued")}),
        ("a.key", {"a": (CERT, "a.key is a different key")}),
        ("c.der", {"c": ("outputs", "c.der differs from the one created")}),
        ("sub.key", {"sub": (CERT, "sub.key is a different key"), "b": (CERT, "sub has a new key or subject"),
                     "c": (CERT, "sub has a new key or subject")}),
    ],
)  # fmt: skip
def test_a_file_that_is_another(file: str, expected: dict[str, tuple[str, str]]) -> None:
    assert due(other=(file,)) == expected


def renamed(what: str) -> Change:
    return lambda record: replace(record, files={**record.files, what: "other.name"})


@pytest.mark.parametrize(
    ("change", "work", "why"),
    [
        (renamed("key"), BOTH, "its file names changed"),
        (renamed("certificate"), BOTH, "its file names changed"),
        (lambda record: replace(record, encrypted=True), BOTH, "its key must not have a passphrase"),
        (lambda record: replace(record, key="rsa:2048"), BOTH, "its key must be ec:P-256"),
        (lambda record: replace(record, settings="other"), CERT, "its settings changed"),
        (lambda record: replace(record, signer="other"), CERT, "ca has changed since it signed this"),
        (lambda record: replace(record, signer=""), None, "valid until 2026-04-11T00:00:00Z"),
    ],
)  # fmt: skip
def test_a_record_that_says_something_else(change: Change, work: str | None, why: str) -> None:
    decided = told(change={"a": change})
    assert (decided["a"].work, decided["a"].why) == (work, why)
    assert [name for name, one in decided.items() if one.work and name != "a"] == []


def test_a_key_that_is_to_be_encrypted() -> None:
    text = TEXT.replace("{CN: a}", "{CN: a}, passphrase: {env: A}")
    decided = told(text)
    assert (decided["a"].work, decided["a"].why) == (BOTH, "its key must be encrypted")


def revoked(*reasons: str) -> dict[str, Change]:
    """Those of a and c, in the order of the profile, on the list of ca."""
    serials = {record.name: record.serial for record in standing(profile())[0].certificates}
    gone = zip((serials["a"], serials["c"]), reasons, strict=False)
    crl = CrlRecord(number=1, next_update="2027-01-01T00:00:00Z", revoked=tuple(
        Revocation(serial=serial, date="2026-01-01T00:00:00Z", reason=reason) for serial, reason in gone))  # fmt: skip
    return {"ca": lambda record: replace(record, crl=crl)}


@pytest.mark.parametrize(
    ("reason", "work", "why"),
    [
        ("keyCompromise", BOTH, "was revoked for keyCompromise"),
        ("CACompromise", BOTH, "was revoked for CACompromise"),
        ("superseded", CERT, "was revoked"), ("unspecified", CERT, "was revoked"),
    ],
)  # fmt: skip
def test_one_that_is_no_longer_to_be_revoked(reason: str, work: str, why: str) -> None:
    found = due(change=revoked(reason))
    assert found.keys() == {"a"}
    assert (found["a"][0], found["a"][1].partition(" ")[2]) == (work, why)
    still = TEXT.replace("{CN: a}", f"{{CN: a}}, revoked: {reason}")
    assert due(still, change=revoked(reason)) == {}


def test_keys_are_rotated_of_leaves_alone() -> None:
    assert due(rotate_keys=True) == dict.fromkeys("abc", (BOTH, "keys are rotated"))


def test_forced_is_everything() -> None:
    decided = told(force=True)
    assert {(one.work, one.why, one.what) for one in decided.values()} == {(CERT, "forced", "renewed")}
    assert not any(one.replaced for one in decided.values())


def test_only_some() -> None:
    decided = told(force=True, only=("s*", "a"))
    assert {name for name, one in decided.items() if one.work} == {"sub", "a"}
    assert {decided[name].why for name in ("ca", "b", "c")} == {"not selected"}
    new = decide(profile(), None, {}, BEGIN, Selection(only=("ca",)))
    assert [one.what for one in new] == ["issued", "skipped", "skipped", "skipped", "skipped"]


def test_another_subject_is_another_issuer() -> None:
    decided = told(TEXT.replace("CN: Sub", "CN: Sub2"))
    assert (decided["sub"].why, decided["sub"].replaced) == ("its settings changed", True)
    assert {decided[name].why for name in "bc"} == {"sub has a new key or subject"}
    assert decided["a"].work is None


@pytest.mark.parametrize(
    ("gone", "sentence"),
    [
        (("a.crt", "ca.key"), "a must be issued (a.crt is missing), but its issuer's ca.key is missing; restore it"),
        (("ca.crt", "ca.key", "a.crt"), None),
        (("sub.key", "c.crt"), "c must be issued (c.crt is missing), but its issuer's sub.key is missing; restore it"),
    ],
)
def test_a_key_that_must_sign_and_is_not_here(gone: tuple[str, ...], sentence: str | None) -> None:
    if sentence is None:
        assert due(without=gone)["ca"][0] == BOTH
        return
    with pytest.raises(OutputError) as caught:
        told(without=gone)
    assert str(caught.value) == sentence


def test_an_authority_whose_own_key_must_sign() -> None:
    with pytest.raises(
        OutputError, match=r"^sub must be issued \(its settings changed\), but sub\.key is missing; restore it$"
    ):
        told(TEXT.replace("days: 200", "days: 201"), without=("sub.key",))


def test_an_issuer_that_does_not_stand() -> None:
    with pytest.raises(
        OutputError, match=r"^b must be issued \(new\), but its issuer sub does not exist yet; mint that first$"
    ):
        decide(profile(), None, {}, BEGIN, Selection(only=("b",)))
    own = TEXT.replace("{CN: a}", "{CN: a}, defects: [self_signed]")
    (one,) = [one for one in decide(profile(own), None, {}, BEGIN, Selection(only=("a",))) if one.work]
    assert one.entry.name == "a"


def test_outputs_follow_what_they_are_made_of() -> None:
    other: Change = lambda record: replace(record, exported="other")  # noqa: E731
    assert due(change={"c": other}) == {"c": ("outputs", "its contents changed")}
    decided = told(change={"c": other})
    assert (decided["c"].what, decided["c"].signs, decided["c"].replaced) == ("completed", False, False)


FLEET = "authorities: {ca: {subject: {CN: CA}}}\nclients:\n  f: {subject: {CN: f}, count: 7}\n  x: {subject: {CN: x}}\n"


@pytest.mark.parametrize(
    ("number", "of", "names"),
    [
        (1, 1, ["f-1", "f-2", "f-3", "f-4", "f-5", "f-6", "f-7", "x"]), (1, 3, ["f-1", "f-4", "f-7", "x"]),
        (2, 3, ["f-2", "f-5"]), (3, 3, ["f-3", "f-6"]), (7, 7, ["f-7"]), (8, 8, []),
    ],
)  # fmt: skip
def test_what_lies_in_a_share(number: int, of: int, names: list[str]) -> None:
    entries: tuple[Entry, ...] = profile(FLEET).entries
    assert [entry.name for entry in entries if Shard(number, of).covers(entry)] == names
    assert [entry.name for entry in entries if Selection(shard=Shard(number, of)).covers(entry)] == names
    few = Selection(shard=Shard(number, of), only=("f-*",))
    assert [entry.name for entry in entries if few.covers(entry)] == [name for name in names if name != "x"]


# ---- existing CAs, cross certificates, access, and what follows CRLs


COMPANY, OTHER = (read_certificate(make("Company", authority=True).pem.decode()) for _ in range(2))
EXISTING = """\
defaults: {key: ec:P-256, days: 20}
authorities: {company: {existing: {certificate: company.pem, key: company.key}, outputs: [der]}}
clients: {a: {subject: {CN: a}, issuer: company}}
"""


def existing(certificate: Certificate) -> Profile:
    one = profile(EXISTING)
    return replace(
        one,
        entries=tuple(replace(entry, certificate=certificate) if entry.existing else entry for entry in one.entries),
    )


@pytest.mark.parametrize(
    ("certificate", "away", "other", "expected"),
    [
        (COMPANY, (), (), {}),
        (OTHER, (), (), {"company": (CERT, "a different existing certificate"),
                         "a": (CERT, "company has a new key or subject")}),
        (COMPANY, ("company.crt",), (), {"company": (CERT, "company.crt is missing or changed")}),
        (COMPANY, (), ("company.crt",), {"company": (CERT, "company.crt is missing or changed")}),
        (COMPANY, ("company.der",), (), {"company": ("outputs", "company.der is missing")}),
        (COMPANY, ("a.crt",), (), {"a": (CERT, "a.crt is missing")}),
    ],
)  # fmt: skip
def test_an_existing_ca(
    certificate: Certificate,
    away: tuple[str, ...],
    other: tuple[str, ...],
    expected: dict[str, tuple[str, str]],
) -> None:
    """It is copied, never renewed, and its key, which is elsewhere, is not missed."""
    decided = told(existing(certificate), of=existing(COMPANY), without=away, other=other)
    assert {name: (one.work, one.why) for name, one in decided.items() if one.work} == expected
    assert decided["company"].replaced is (certificate is OTHER)
    if not expected:
        assert decided["company"].why == "existing, valid until 2026-04-11T00:00:00Z"


def test_an_existing_ca_that_is_not_in_the_set_yet() -> None:
    company, leaf = decide(existing(COMPANY), None, {}, BEGIN, Selection())
    assert (company.work, company.why, company.what, company.replaced) == (CERT, "existing", "issued", True)
    assert (leaf.work, leaf.why) == (BOTH, "new")


CROSS = """\
defaults: {key: ec:P-256, days: 100}
authorities:
  old: {subject: {CN: Old}}
  new: {subject: {CN: New}}
  cross: {cross_signs: new, issuer: old}
clients: {a: {subject: {CN: a}, issuer: new}}
"""


def test_a_cross_certificate_follows_the_key_of_its_ca() -> None:
    """It has none of its own."""
    assert due(CROSS, of=CROSS) == {}
    new = {one.entry.name: one.work for one in decide(profile(CROSS), None, {}, BEGIN, Selection())}
    assert new == {"old": BOTH, "new": BOTH, "cross": CERT, "a": BOTH}
    changed = due(CROSS, of=CROSS, other=("new.key",))
    assert changed["new"] == (CERT, "new.key is a different key")
    assert changed["cross"] == (CERT, "new.key is a different key")
    renamed = {"new": lambda record: replace(record, key="ec:P-384")}
    assert due(CROSS, of=CROSS, change=renamed)["cross"] == (CERT, "new has a new key or subject")
    anew = due(CROSS, of=CROSS, without=("new.key", "new.crt"))
    assert (anew["new"], anew["cross"][0]) == ((BOTH, "new.key is missing"), CERT)


def test_the_access_to_a_key() -> None:
    shared = TEXT.replace("{CN: a}", '{CN: a}, key_mode: "0640"')
    assert due(shared) == {"a": ("outputs", "the mode of a.key must be 0640")}
    changed: dict[str, Change] = {"a": lambda record: replace(record, access="0640")}
    assert due(change=changed) == {"a": ("outputs", "the mode of a.key must be 0600")}
    assert due(shared, change=changed) == {}


@pytest.mark.parametrize(("spare", "why"), [(1, "valid until 2026-02-01T00:00:00Z"),
                                            (0, "expired 2026-02-01T00:00:00Z, as in the profile")])  # fmt: skip
def test_it_has_expired_at_the_moment_that_it_names(spare: int, why: str) -> None:
    text = TEXT.replace("{CN: a}", '{CN: a}, not_after: "2026-02-01T00:00:00Z"')
    changed: dict[str, Change] = {"a": lambda record: replace(record, not_after="2026-02-01T00:00:00Z")}
    assert told(text, of=text, days=31 - spare / 86400, change=changed)["a"].why == why


LISTS = """\
defaults: {key: ec:P-256, days: 100}
authorities:
  ca: {subject: {CN: CA}, crl: {}, outputs: [ocsp-index, crl-bundle]}
  sub: {subject: {CN: Sub}, issuer: ca, crl: {}}
clients:
  a: {subject: {CN: a}, issuer: sub, outputs: [crl-bundle]}
  b: {subject: {CN: b}, issuer: ca}
"""


@pytest.mark.parametrize(
    ("reissued", "signed", "only", "expected"),
    [
        ((), (), (), {}),
        (("ca",), (), (), {"ca": "ca.crl is reissued", "a": "ca.crl is reissued"}),
        (("sub",), (), (), {"a": "sub.crl is reissued"}),
        (("ca", "sub"), (), ("a",), {"a": "sub.crl is reissued"}),
        ((), ("b",), (), {"ca": "b is issued"}),
        ((), ("a",), (), {}),  # by sub, which has no index
        ((), ("b",), ("a",), {}),
    ],
)
def test_bundles_and_indexes_follow(
    reissued: tuple[str, ...], signed: tuple[str, ...], only: tuple[str, ...], expected: dict[str, str]
) -> None:
    one = profile(LISTS)
    record = CrlRecord(number=2, next_update="2026-02-01T00:00:00Z", revoked=())
    crls = [CrlIssue(one.named[name], f"{name}.crl", record, (), ()) for name in reissued]
    before = [
        Decision(entry=entry, work=CERT if entry.name in signed else None, why="why", exists=True)  # type: ignore[arg-type]
        for entry in one.entries
    ]
    after = with_lists(before, crls, one, Selection(only=only))
    assert {one.entry.name: one.why for one in after if one.work == "outputs"} == expected
    assert [one for one in after if one.work != "outputs"] == [one for one in before if one.entry.name not in expected]


def test_an_index_alone_follows_the_crl_of_its_ca() -> None:
    one = profile(LISTS.replace(", crl-bundle]", "]", 1))
    record = CrlRecord(number=2, next_update="2026-02-01T00:00:00Z", revoked=())
    kept = [Decision(entry=entry, work=None, why="", exists=True) for entry in one.entries]
    crl = CrlIssue(one.named["ca"], "ca.crl", record, (), ())
    after = {decision.entry.name: decision.why for decision in with_lists(kept, [crl], one, Selection())}
    assert after == {"ca": "ca.crl is reissued", "sub": "", "a": "ca.crl is reissued", "b": ""}
