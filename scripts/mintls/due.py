"""What of a profile must be made, and why: the profile beside the set that stands (pure)."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from mintls.errors import OutputError
from mintls.extensions import config_text
from mintls.manifest import Manifest, Record
from mintls.plan import Work
from mintls.settings import Entry, Profile

from msgspec import Struct

RENEW_WITHIN = 0.1  # of a certificate's lifetime


class Decision(Struct, frozen=True):
    """For one entry: the work to do (None: it is kept) and why; another: what it signed names it no longer."""

    entry: Entry
    work: Work | None
    why: str
    another: bool = False


def decide(
    profile: Profile, manifest: Manifest | None, digests: Mapping[str, str], now: datetime
) -> tuple[Decision, ...]:
    """One decision an entry, issuers first. `digests` has the SHA-256 of the files that are there.

    Raises OutputError when something is due that an authority must sign whose key is not there.
    """
    records = {record.name: record for record in manifest.certificates} if manifest else {}
    revoked = {revocation.serial for record in records.values() if record.crl for revocation in record.crl.revoked}
    decisions: dict[str, Decision] = {}
    for entry in profile.entries:
        issuer = decisions.get(entry.issuer or "")
        record, own = records.get(entry.name), profile.files.of(entry.name)
        work, why = _due(own, entry, record, issuer, digests, now)
        if record and not work and not entry.settings.revoked and record.serial in revoked:
            work, why = "certificate", f"{record.serial} was revoked"
        if work == "certificate" and own["key"] not in digests:
            raise OutputError(f"{entry.name} is due ({why}), but {own['key']} is not here; put it back")
        if work and issuer and issuer.work is None:
            key = profile.files.of(issuer.entry.name)["key"]
            if key not in digests:
                raise OutputError(f"{entry.name} is due ({why}), but its issuer's {key} is not here; put it back")
        decisions[entry.name] = Decision(entry, work, why, bool(work) and _is_another(own, entry, record, digests))
    return tuple(decisions.values())


def settings_digest(entry: Entry) -> str:
    """Changes when anything changes that the certificate would show; a revocation alone does not."""
    said = entry.settings
    dates = said.days, said.not_before, said.not_after, said.backdate
    words = config_text(entry), entry.issuer, said.key, said.digest, said.serial, said.defects, *dates
    return sha256(repr(words).encode()).hexdigest()


def _is_another(own: Mapping[str, str], entry: Entry, record: Record | None, digests: Mapping[str, str]) -> bool:
    """Whether the key or the subject is another than those that the certificates below it name."""
    return (
        record is None
        or digests.get(own["key"]) != record.sha256.get(own["key"])
        or record.key != entry.settings.key
        or record.files.get("key") != own["key"]
        or record.subject != str(entry.settings.subject)
    )


def _due(
    own: Mapping[str, str],
    entry: Entry,
    record: Record | None,
    issuer: Decision | None,
    digests: Mapping[str, str],
    now: datetime,
) -> tuple[Work | None, str]:
    if record is None:
        return "key and certificate", "new"
    if record.files.get("certificate") != own["certificate"] or record.files.get("key") != own["key"]:
        return "key and certificate", "its files have other names now"
    if own["key"] not in digests and not (entry.is_authority and own["certificate"] in digests):
        return "key and certificate", f"{own['key']} is missing"
    if record.key != entry.settings.key:
        return "key and certificate", f"its key is to be {entry.settings.key}"
    if own["certificate"] not in digests:
        return "certificate", f"{own['certificate']} is missing"
    if own["key"] in digests and digests[own["key"]] != record.sha256.get(own["key"]):
        return "certificate", f"{own['key']} is another key"
    if digests[own["certificate"]] != record.sha256.get(own["certificate"]):
        return "certificate", f"{own['certificate']} is not the one that was issued"
    if record.settings != settings_digest(entry):
        return "certificate", "its settings changed"
    if issuer and issuer.another:
        return "certificate", f"{issuer.entry.name} has another key or subject"
    if issuer and issuer.work and "issuer" in entry.settings.authority_key_identifier:
        return "certificate", f"{issuer.entry.name} is issued again, and this names its serial"
    if entry.settings.not_after or entry.settings.revoked:
        return None, f"ends {record.not_after}" + (", revoked" if entry.settings.revoked else "")
    begin, end = datetime.fromisoformat(record.not_before), datetime.fromisoformat(record.not_after)
    if now > end - (end - begin) * RENEW_WITHIN:
        return "certificate", f"it ends {record.not_after}"
    return None, f"good until {record.not_after}"
