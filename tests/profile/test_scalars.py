"""Scalars with a grammar: what each takes and refuses, on both sides of each bound."""

import re
from datetime import UTC, datetime, timedelta, timezone

from mintls.profile.scalars import (
    Comment,
    ExtensionName,
    FileName,
    FilePattern,
    GroupName,
    KeyIdentifier,
    Oid,
    Purpose,
    RawExtension,
    Serial,
    Text,
    Uri,
    Variable,
    check_text,
    rfc3339,
)
from mintls.profile.times import Moment, Span

import pytest

# each with what it takes and what it refuses
WORDS: dict[type[Text], tuple[list[str], list[str]]] = {
    Oid: (
        ["0.0", "0.39", "1.0", "1.39", "2.0", "2.999999999", "2.5.4.3", f"1.2.{'9' * 18}"],
        ["", "1", "3.1", "0.40", "1.40", "1.2.03", "01.2", "1.2.", ".1.2", "1.2.x", "2.9999999999", f"1.2.{'9' * 19}"],
    ),
    Purpose: (
        ["serverAuth", "clientAuth", "codeSigning", "emailProtection", "timeStamping", "OCSPSigning", "ipsecIKE",
         "msSmartcardLogin", "anyExtendedKeyUsage", "1.2.3"],
        ["serverauth", "", "1", "nsSGC", "3.4.5"],
    ),
    Comment: (["a comment"], ["ü", "", "critical,x"]),
    Serial: (
        ["1", "0x1", "0X1", "0x" + "0" * 39 + "1", str((1 << 159) - 1), hex((1 << 159) - 1), "0" * 47 + "1"],
        ["0", "0x0", "-1", "1.0", "0x", "x1", "", str(1 << 159), hex(1 << 159), "0x" + "0" * 40 + "1", "0" * 48 + "1",
         "0xg"],
    ),
    FilePattern: (
        ["{name}", "a-{name}.crt", "A9_{name}", "{name}.", "{name}-x"],
        ["", "name", ".{name}", "-{name}", "{name}{name}", "a/{name}", "{name} ", "{nam}", "ü{name}"],
    ),
    FileName: (
        ["name", "{name}", "a-{name}.crt", "A9_.-", "a{name}b"],
        ["", ".a", "-a", "a/b", "{name}{name}", "a b", "{nam}", "ü", ".{name}"],
    ),
    GroupName: (
        ["tls", "_ssl", "a-b_9", "a" * 32, "0", "9" * 9],
        ["", "Tls", "-a", "9a", "a" * 33, "9" * 10, "a b", "ü"],
    ),
    Moment: (
        ["2030-01-31T12:00:00Z", "2030-01-31 12:00:00+01:00", "1950-01-01T00:00:00Z",
         "9998-12-31T23:59:59Z", "1949-12-31T23:00:00-01:00", "2030-01-31", "-1d", "+2h"],
        ["2030-01-31T12:00:00", "20300131", "2030-02-30T12:00:00Z", "1949-12-31T23:59:59Z", "9999-01-01T00:00:00Z",
         "2030-01-31T12:00:00.5Z", "", "now", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
         "1950-01-01T00:30:00+01:00"],
    ),
    Span: (["0s", "5m", "1h", "2d", "3w", "9999999s"], ["", "5", "m", "5M", "5y", "-1d", "1.5h", "10000000s", "5 m"]),
    KeyIdentifier: (["hash", "none", "00", "aB" * 64], ["", "0", "000", "aB" * 65, "xy", "Hash"]),
    Uri: (["a:b", "https://example.org/", "A+.-9:!~"], ["", "a:", ":b", "9:b", "a b:c", "a:ü", "a: b", "a"]),
    RawExtension: (
        ["DER:0500", "critical,DER:0500", "email:a@b", "a@b"],
        ["@section", "critical,@section", "policy:file:/etc/passwd", "", "a\nb"],
    ),
    Variable: (["A", "_", "a_9"], ["", "9a", "a-b", "a b", "ü"]),
    ExtensionName: (["nsComment", "1.2.3", "a9"], ["", "9a", "proxyCertInfo", "a.b", "a-b", "3.1"]),
    Text: (["a", "ü", " "], ["", "a\tb", "a\x7f", "a\x85b", "\u2028", "\u2029", "\ud800"]),
}  # fmt: skip


@pytest.mark.parametrize(("cls", "word"), [(cls, word) for cls, (good, _) in WORDS.items() for word in good])
def test_it_takes_this(cls: type[Text], word: str) -> None:
    parsed = cls.parse(word)
    assert type(parsed) is cls
    assert parsed == word or cls is Serial


@pytest.mark.parametrize(("cls", "word"), [(cls, word) for cls, (_, bad) in WORDS.items() for word in bad])
def test_and_not_that(cls: type[Text], word: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ .*\w"):
        cls.parse(word)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("1", "0x01"), ("0x1", "0x01"), ("0XfF", "0xFF"), ("255", "0xFF"), ("256", "0x0100"), ("0x00ff", "0xFF"),
     ("127", "0x7F"), ("128", "0x80"), (str((1 << 159) - 1), "0x7F" + "FF" * 19)],
)  # fmt: skip
def test_a_serial_number_as_openssl_prints_it(text: str, shown: str) -> None:
    """X509_set_serialNumber(3): whole octets, here without the sign's own."""
    assert Serial.parse(text) == shown


@pytest.mark.parametrize("mark", [*"\u202a\u202b\u202d\u202e\u202c\u2066\u2067\u2068\u2069"])
def test_text_that_turns_other_text_round(mark: str) -> None:
    """Unicode's UAX 9: each of the nine explicit marks."""
    with pytest.raises(ValueError, match=f"contains the control character U\\+{ord(mark):04X}; remove it"):
        check_text(f"a{mark}b")


@pytest.mark.parametrize("text", ["\u200d", "é", "日本", "ا", "a b", "~!"])
def test_text_that_does_not(text: str) -> None:
    assert check_text(text) == text


@pytest.mark.parametrize("word", ["critical,", "ASN1:", "DER:", "Critical,", "asn1:", "der:"])
def test_a_word_that_openssl_would_obey(word: str) -> None:
    with pytest.raises(ValueError, match="which openssl would interpret"):
        check_text(f"{word}x")
    assert check_text(f"x{word}") == f"x{word}"
    assert check_text(f"{word}x", reserved=()) == f"{word}x"


@pytest.mark.parametrize(
    ("text", "span"),
    [("0s", timedelta(0)), ("7s", timedelta(seconds=7)), ("7m", timedelta(minutes=7)), ("7h", timedelta(hours=7)),
     ("7d", timedelta(days=7)), ("7w", timedelta(weeks=7))],
)  # fmt: skip
def test_how_long_a_span_is(text: str, span: timedelta) -> None:
    assert Span.parse(text).span == span


def test_a_moment_is_read_in_utc() -> None:
    moment = Moment.parse("2030-01-31T12:00:00+01:30").moment
    assert (moment, moment.tzinfo) == (datetime(2030, 1, 31, 10, 30, tzinfo=UTC), UTC)
    assert rfc3339(datetime(2030, 1, 31, 12, 0, 59, 999999, timezone(timedelta(hours=2)))) == "2030-01-31T10:00:59Z"


def test_a_passphrase_in_the_place_of_its_name_is_not_repeated() -> None:
    with pytest.raises(ValueError, match=r"write its name, never the secret$") as told:
        Variable.parse("s3cret word")
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("cls", WORDS)
def test_what_an_editor_is_told_fits(cls: type[Text]) -> None:
    """Its pattern takes all that is taken here; its examples are taken."""
    good = WORDS[cls][0]
    options = cls.schema.get("anyOf", [cls.schema])
    for word in good:
        fits = [
            re.search(one["pattern"], word) if "pattern" in one else word in one.get("enum", [word]) for one in options
        ]
        assert any(fits), word
    for example in cls.schema.get("examples", ()):
        cls.parse(example)
    assert "string" in str(cls.schema)


def test_what_an_editor_is_told_in_full() -> None:
    assert {cls: cls.schema for cls in (Serial, Moment, Span, FilePattern)} == {
        Serial: {"type": ["string", "integer"], "examples": ["0x01", "4096"]},
        Moment: {
            "type": "string",
            "anyOf": [{"format": "date-time"}, {"format": "date"}, {"pattern": "^[+-][0-9]{1,7}[smhdw]$"}],
            "examples": ["2030-01-31T12:00:00Z", "2030-01-31", "-1d"],
        },
        Span: {"type": "string", "pattern": "^[0-9]{1,7}[smhdw]$", "examples": ["5m", "1h", "2d"]},
        FilePattern: {"type": "string", "pattern": r"^[A-Za-z0-9._-]*\{name\}[A-Za-z0-9._-]*$"},
    }
    for cls in (Oid, KeyIdentifier, Uri, Variable):
        assert cls.schema.keys() == {"type", "pattern"}
        assert cls.schema["type"] == "string"
    assert Purpose.schema["anyOf"][0] == {"enum": list(Purpose.NAMES)}
    assert Purpose.schema["anyOf"][1] == {"type": "string", "pattern": Oid.schema["pattern"]}


@pytest.mark.parametrize(
    ("kind", "types"), [(FileName, "string"), (GroupName, ["string", "integer"]), (FilePattern, "string")]
)
def test_an_editor_that_knows_the_schema_takes_what_is_taken(kind: type[Text], types: str | list[str]) -> None:
    right, wrong = WORDS[kind]
    assert kind.schema["type"] == types
    assert all(re.search(kind.schema["pattern"], word) for word in right)
    assert not all(re.search(kind.schema["pattern"], word) for word in wrong)
