"""The index of the certificates of a CA, from which an OCSP responder answers: `openssl ocsp -index` (pure).

It is the database of ca(1), with a line for each certificate: V or R, expiry, date and reason of a revocation, serial,
file, subject. The subject must be unique, so it has the name of the entry and the serial. As in that database, a
certificate that was replaced stays: a peer may still use it.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from mintls.manifest import Manifest, Record, Revocation
from mintls.plan.crl import CrlIssue
from mintls.plan.validity import asn1_time, validity
from mintls.profile.model import Entry, Profile

from msgspec import Struct

FIELDS = 6  # of a line
UNKNOWN_END = "99991231235959Z"


class IndexLine(NamedTuple):
    """One certificate: serial in upper-case hexadecimal, the name of its entry, and its end."""

    serial: str
    name: str
    expires: datetime


class IndexIssue(Struct, frozen=True):
    """An index to write: its CA, its file, the text as planned, and whether the file exists already."""

    entry: Entry
    file: str
    text: str
    exists: bool


def make_indexes(
    profile: Profile,
    issues: Iterable[tuple[Entry, str]],
    due: Iterable[Entry],
    crls: Iterable[CrlIssue],
    manifest: Manifest | None,
    present: Mapping[str, str],
    now: datetime,
) -> tuple[IndexIssue, ...]:
    """The indexes of these CAs; `issues` has the entries issued with their serials, `present` the existing files."""
    records = manifest.named if manifest else {}
    serials = {entry.name: serial.removeprefix("0x") for entry, serial in issues}
    lists = {crl.entry.name: crl.record for crl in crls}

    def text(authority: Entry) -> str:
        names = profile.issuing_names(authority)
        issued = (entry for entry in profile.entries if entry.issuer in names and entry.name in serials)
        lines = [IndexLine(serials[one.name], one.name, validity(one, now).end) for one in issued]
        kept = lines_of((record for record in records.values() if record.name not in serials), names)
        crl = lists.get(authority.name) or (records[authority.name].crl if authority.name in records else None)
        return index_text([*lines, *kept], crl.revoked if crl else ())

    return tuple(
        IndexIssue(entry, file := profile.files.of(entry.name)["ocsp-index"], text(entry), file in present)
        for entry in due
    )


def lines_of(records: Iterable[Record], issuers: Container[str | None]) -> Iterator[IndexLine]:
    """The lines of the certificates that these entries issued."""
    for record in records:
        if record.issuer in issuers:
            yield IndexLine(record.serial, record.name, datetime.fromisoformat(record.not_after))


def index_text(lines: Iterable[IndexLine], revoked: Iterable[Revocation], old: str = "") -> str:
    """The index, with the lines of `old` whose certificates are neither listed nor revoked now."""
    revocations = {one.serial: one for one in revoked}
    texts = {}
    for line in old.splitlines():
        fields = line.split("\t")
        if len(fields) == FIELDS:
            texts[fields[3]] = _as_revoked(fields, revocations.get(fields[3]))
    for one in lines:
        texts[one.serial] = _as_revoked(_valid(one.serial, one.name, _date(one.expires)), revocations.get(one.serial))
    for serial in [serial for serial in revocations if serial not in texts]:  # of certificates that were removed
        texts[serial] = _as_revoked(_valid(serial, "revoked", UNKNOWN_END), revocations[serial])
    return "".join(f"{text}\n" for text in texts.values())


def _valid(serial: str, name: str, expires: str) -> list[str]:
    return ["V", expires, "", serial, "unknown", f"/CN={name}/serialNumber={serial}"]


def _as_revoked(fields: list[str], revocation: Revocation | None) -> str:
    if revocation:
        date = _date(datetime.fromisoformat(revocation.date))
        fields = ["R", fields[1], f"{date},{revocation.reason}", *fields[3:]]
    return "\t".join(fields)


def _date(moment: datetime) -> str:
    """With two digits of the year until 2049, as in a certificate (RFC 5280 section 4.1.2.5)."""
    text = asn1_time(moment)
    return text[2:] if text < "2050" else text
