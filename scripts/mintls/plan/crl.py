"""Which certificates a CA has revoked, and the commands that issue its CRL (pure).

A revocation is permanent: what the manifest lists stays listed, even if its entry is removed from the profile.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from mintls.errors import OutputError
from mintls.manifest import CrlRecord, Manifest, Record, Revocation
from mintls.plan.commands import digest, key_file, passin, salt
from mintls.plan.step import Config, Step
from mintls.plan.validity import asn1_time
from mintls.profile.fields import Authority
from mintls.profile.model import Entry, Profile
from mintls.profile.scalars import rfc3339

from msgspec import Struct, structs

RENEW_WITHIN = 0.1  # of a list's lifetime


class CrlIssue(Struct, frozen=True):
    """A CRL to issue: its CA, its file, and its record in the manifest."""

    entry: Entry
    file: str
    record: CrlRecord
    configs: tuple[Config, ...]
    steps: tuple[Step, ...]


def make_crls(
    profile: Profile,
    authorities: tuple[Entry, ...],
    manifest: Manifest | None,
    issued: Mapping[str, str],
    present: Mapping[str, str],
    now: datetime,
) -> tuple[CrlIssue, ...]:
    """The CRLs of these CAs that must be issued.

    `issued` has the serials of this run by entry; `present` the existing files with their digests.
    Raises OutputError if the key that must sign a CRL is missing.
    """
    records = manifest.named if manifest else {}
    due = []
    for entry in authorities:
        if isinstance(entry.settings, Authority) and entry.settings.crl:
            file = profile.files.of(entry.name)["crl"]
            last = records[entry.name].crl if entry.name in records else None
            revoked = revocations(profile, entry, records, issued, now)
            begun_anew = entry.name in issued or file not in present
            if last is None or begun_anew or last.revoked != revoked or _ends_soon(last, entry.settings, now):
                key = profile.files.of(entry.name)["key"]
                if entry.name not in issued and key not in present and not entry.existing:
                    raise OutputError(f"{file} must be issued, but {key} is missing; restore it")
                due.append(_crl_issue(profile, entry, file, last.number + 1 if last else 1, revoked, now))
    return tuple(due)


def revocations(
    profile: Profile, authority: Entry, records: Mapping[str, Record], issued: Mapping[str, str], now: datetime
) -> tuple[Revocation, ...]:
    """All revocations of the CA: earlier ones, and those in the profile."""
    last = records[authority.name].crl if authority.name in records else None
    listed = {revocation.serial: revocation for revocation in (last.revoked if last else ())}
    for entry in profile.entries:
        if entry.settings.revoked and (signer := profile.signer(entry)) and signer.name == authority.name:
            if entry.name not in issued and entry.name not in records:
                continue  # not minted yet: in a different shard, or not selected
            serial = issued[entry.name].removeprefix("0x") if entry.name in issued else records[entry.name].serial
            known = listed.get(serial, Revocation(serial, rfc3339(now), entry.settings.revoked))
            listed[serial] = structs.replace(known, reason=entry.settings.revoked)
    return tuple(listed.values())


def _ends_soon(last: CrlRecord, settings: Authority, now: datetime) -> bool:
    """Whether it must be reissued before it expires, which a stale one need not be; `settings` has a crl."""
    life = settings.crl.span if settings.crl else timedelta()
    return "stale_crl" not in settings.defects and now > datetime.fromisoformat(last.next_update) - life * RENEW_WITHIN


def _crl_issue(
    profile: Profile, entry: Entry, file: str, number: int, revoked: tuple[Revocation, ...], now: datetime
) -> CrlIssue:
    """ca(1) -gencrl, from a database with a line for each revoked certificate."""
    assert isinstance(entry.settings, Authority)
    assert entry.settings.crl
    entry_files, name, life = profile.files.of(entry.name), entry.name, entry.settings.crl.span
    begin, end = now, now + life
    dates: tuple[str, ...] = (
        ("-crlsec", str(int(life.total_seconds())))
        if entry.settings.crl.lifetime
        else ("-crldays", str(entry.settings.crl.days))
    )
    if "stale_crl" in entry.settings.defects:
        begin, end = now - life - timedelta(days=1), now - timedelta(days=1)
        dates = ("-crl_lastupdate", asn1_time(begin), "-crl_nextupdate", asn1_time(end))
    lines = [
        "[ ca ]", "default_ca = list", "", "[ list ]", f"database = {name}+revoked", f"crlnumber = {name}+crlnumber",
        "unique_subject = no", "crl_extensions = extensions", "",
        "[ extensions ]", "authorityKeyIdentifier = keyid", "",
    ]  # fmt: skip
    configs = (
        Config(f"{name}+crl.cnf", "\n".join(lines)),
        Config(f"{name}+revoked", "".join(map(_database_line, revoked))),
        Config(f"{name}+crlnumber", f"{number:0{(len(f'{number:x}') + 1) // 2 * 2}X}\n"),
    )
    key = key_file(profile.files, entry)
    argv = (
        "ca", "-gencrl", "-batch", "-config", f"{name}+crl.cnf", "-cert", entry_files["certificate"],
        "-keyfile", key, *passin(entry.settings.passphrase),
        *(("-md", entry.settings.digest) if digest(entry) else ()), *salt(entry), *dates, "-out", file,
    )  # fmt: skip
    needs = (entry_files["certificate"], key, *(config.name for config in configs))
    litter = (f"{name}+revoked.attr", f"{name}+crlnumber.old")
    step = Step(f"{name}: CRL", argv, needs, file, litter=litter)
    return CrlIssue(entry, file, CrlRecord(number, rfc3339(end), revoked), configs, (step,))


def _database_line(revocation: Revocation) -> str:
    """A line of ca(1)'s database: R, expiry (unused here), revocation date and reason, serial, file, subject."""
    date = asn1_time(datetime.fromisoformat(revocation.date))[2:]  # ca(1) reads two-digit years here, and no others
    return f"R\t99991231235959Z\t{date},{revocation.reason}\t{revocation.serial}\tunknown\t/CN=revoked\n"
