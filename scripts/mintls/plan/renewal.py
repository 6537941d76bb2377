"""What of a profile must be made, and why: the profile beside the set that stands (pure)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from hashlib import sha256

from mintls.errors import OutputError
from mintls.manifest import Manifest, Record
from mintls.plan.commands import validity
from mintls.plan.openssl_config import config_text
from mintls.plan.plan import Work
from mintls.profile.issuers import ancestors
from mintls.profile.model import Entry, Profile

from msgspec import Struct

RENEW_WITHIN = 0.1  # of a certificate's lifetime


class Shard(Struct, frozen=True):
    """Which share of every fleet a run mints: number 1 to `of`. What is no fleet is in the first."""

    number: int
    of: int

    def covers(self, entry: Entry) -> bool:
        """Authorities are in no share: they stand before the shares are minted, or each would have another."""
        return not entry.is_authority and ((entry.index or 1) - 1) % self.of == self.number - 1


class Wishes(Struct, frozen=True, kw_only=True):
    """What a run is asked beyond keeping the set current."""

    only: tuple[str, ...] = ()
    shard: Shard | None = None
    renew_within: timedelta | None = None
    rotate_keys: bool = False
    force: bool = False

    def covers(self, entry: Entry) -> bool:
        """Whether the run may touch it."""
        named = not self.only or any(fnmatchcase(entry.name, glob) for glob in self.only)
        return named and (self.shard is None or self.shard.covers(entry))


class Decision(Struct, frozen=True, kw_only=True):
    """For one entry: the work to do (None: none) and why; whether it stands already.

    another: its key or subject becomes one that the certificates below it do not name.
    """

    entry: Entry
    work: Work | None
    why: str
    stands: bool
    another: bool = False

    @property
    def signs(self) -> bool:
        """Whether a new certificate is made, and not only what stands beside it."""
        return self.work in ("certificate", "key and certificate")

    @property
    def what(self) -> str:
        """In a word, for people and programs."""
        if self.work is None:
            return "kept" if self.stands else "skipped"
        if self.work == "outputs":
            return "completed"
        return "renewed" if self.stands else "issued"


def decide(
    profile: Profile, manifest: Manifest | None, digests: Mapping[str, str], now: datetime, wishes: Wishes
) -> tuple[Decision, ...]:
    """One decision an entry, issuers first. `digests` has the SHA-256 of the files that are there.

    Raises OutputError when something is due that cannot be signed because an authority or its key is not there.
    """
    records = {record.name: record for record in manifest.certificates} if manifest else {}
    listed = [revocation for record in records.values() if record.crl for revocation in record.crl.revoked]
    revoked = {revocation.serial: revocation.reason for revocation in listed}
    judge = _Judge(digests, now, wishes, records, revoked)
    named = {entry.name: entry for entry in profile.entries}
    decisions: dict[str, Decision] = {}
    for entry in profile.entries:
        record, own = records.get(entry.name), profile.files.of(entry.name)
        above = [decisions[other.name] for other in ancestors(entry, named)]
        issuer = above[0] if above else None
        work, why = judge.due(own, entry, record, above)
        if work in ("certificate", "key and certificate"):
            if work == "certificate" and own["key"] not in digests and not entry.settings.csr:
                raise OutputError(f"{entry.name} is due ({why}), but {own['key']} is not here; put it back")
            _check_issuer(entry, why, issuer, digests, profile)
        another = work != "outputs" and bool(work) and judge.is_another(own, entry, record)
        decisions[entry.name] = Decision(entry=entry, work=work, why=why, stands=record is not None, another=another)
    return tuple(decisions.values())


def settings_digest(entry: Entry) -> str:
    """Changes when anything changes that the certificate would show; a revocation alone does not."""
    said = entry.settings
    dates = said.days, said.not_before, said.not_after, said.backdate
    words = config_text(entry), entry.issuer, said.key, said.digest, said.serial, said.defects, entry.request, *dates
    return sha256(repr(words).encode()).hexdigest()


def signer_digest(entry: Entry, records: Mapping[str, Record]) -> str:
    """Changes when the issuer becomes one that the entry's certificate does not name."""
    issuer = records.get(entry.issuer or "")
    if issuer is None:
        return ""
    serial = issuer.serial if "issuer" in entry.settings.authority_key_identifier else ""
    return sha256(repr((issuer.subject, issuer.sha256.get(issuer.files.get("key", "")), serial)).encode()).hexdigest()


def export_digest(entry: Entry, above: Sequence[Entry], records: Mapping[str, Record]) -> str:
    """Changes when anything changes that the outputs hold; where their password is found is none of it."""
    settings = entry.settings.pkcs12
    prints = [records[one.name].fingerprint for one in (entry, *above) if one.name in records]
    how = (settings.alias, settings.compatibility) if {"pkcs12", "truststore"} & set(entry.outputs) else ()
    return sha256(repr((prints, how)).encode()).hexdigest()


def _check_issuer(
    entry: Entry, why: str, issuer: Decision | None, digests: Mapping[str, str], profile: Profile
) -> None:
    if issuer is None or issuer.signs:
        return
    if "self_signed" in entry.settings.defects:  # the issuer is only said to be that
        return
    if not issuer.stands:
        raise OutputError(f"{entry.name} is due ({why}), but there is no {issuer.entry.name} yet; mint that first")
    key = profile.files.of(issuer.entry.name)["key"]
    if key not in digests:
        raise OutputError(f"{entry.name} is due ({why}), but its issuer's {key} is not here; put it back")


class _Judge(Struct, frozen=True):
    """What every judgement needs."""

    digests: Mapping[str, str]
    now: datetime
    wishes: Wishes
    records: Mapping[str, Record]
    revoked: Mapping[str, str]

    def due(
        self, own: Mapping[str, str], entry: Entry, record: Record | None, above: Sequence[Decision]
    ) -> tuple[Work | None, str]:
        """The first reason that applies, the gravest work first; `above` are the decisions on its issuers."""
        issuer = above[0] if above else None
        if not self.wishes.covers(entry):
            return None, "not asked for"
        if record is None:
            return "key and certificate", "new"
        if why := self._key_is_due(own, entry, record):
            return "key and certificate", why
        if why := self._certificate_is_due(own, entry, record) or self._issuer_changed(entry, record, issuer):
            return "certificate", why
        if entry.outputs and (why := self._outputs_are_due(own, entry, record, above)):
            return "outputs", why
        return None, f"good until {record.not_after}"

    def is_another(self, own: Mapping[str, str], entry: Entry, record: Record | None) -> bool:
        """Whether the key or the subject is another than those that the certificates below it name."""
        return (
            record is None
            or self.digests.get(own["key"]) != record.sha256.get(own["key"])
            or record.key != entry.settings.key
            or record.files.get("key") != own["key"]
            or record.subject != str(entry.settings.subject)
        )

    def _key_is_due(self, own: Mapping[str, str], entry: Entry, record: Record) -> str:
        if entry.settings.csr:
            return ""
        if record.files.get("certificate") != own["certificate"] or record.files.get("key") != own["key"]:
            return "its files have other names now"
        if own["key"] not in self.digests and not (entry.is_authority and own["certificate"] in self.digests):
            return f"{own['key']} is missing"
        reason = self.revoked.get(record.serial)
        if reason in ("keyCompromise", "CACompromise") and not entry.settings.revoked:
            return f"{record.serial} was revoked for {reason}"
        if record.encrypted != bool(entry.settings.passphrase):
            return "its key is to be encrypted" if entry.settings.passphrase else "its key is to be without passphrase"
        if record.key != entry.settings.key:
            return f"its key is to be {entry.settings.key}"
        return "its key is to change" if self.wishes.rotate_keys and not entry.is_authority else ""

    def _certificate_is_due(self, own: Mapping[str, str], entry: Entry, record: Record) -> str:
        digests, certificate, key = self.digests, own["certificate"], own["key"]
        if certificate not in digests:
            return f"{certificate} is missing"
        if key in digests and digests[key] != record.sha256.get(key):
            return f"{key} is another key"
        if digests[certificate] != record.sha256.get(certificate):
            return f"{certificate} is not the one that was issued"
        if record.settings != settings_digest(entry):
            return "its settings changed"
        if not entry.settings.revoked and record.serial in self.revoked:
            return f"{record.serial} was revoked"
        return "asked for" if self.wishes.force else self._ends(entry, record)

    def _ends(self, entry: Entry, record: Record) -> str:
        """One that was revoked is not due because it ends, nor one that would end no later if it were issued again:
        the profile says when.
        """
        begin, end = datetime.fromisoformat(record.not_before), datetime.fromisoformat(record.not_after)
        if entry.settings.revoked or validity(entry, self.now).end <= end:
            return ""
        within = self.wishes.renew_within
        due = end - ((end - begin) * RENEW_WITHIN if within is None else within)
        return f"it ends {record.not_after}" if self.now > due else ""

    def _issuer_changed(self, entry: Entry, record: Record, issuer: Decision | None) -> str:
        if issuer and issuer.another:
            return f"{issuer.entry.name} has another key or subject"
        if issuer and issuer.signs and "issuer" in entry.settings.authority_key_identifier:
            return f"{issuer.entry.name} is issued again, and this names its serial"
        if record.signer not in ("", signer_digest(entry, self.records)):
            return f"{entry.issuer} is no longer the one that signed it"
        return ""

    def _outputs_are_due(self, own: Mapping[str, str], entry: Entry, record: Record, above: Sequence[Decision]) -> str:
        for file in (own[output] for output in entry.outputs):
            if file not in self.digests:
                return f"{file} is missing"
            if self.digests[file] != record.sha256.get(file):
                return f"{file} is not the one that was made"
        for decision in above:
            if decision.signs:
                return f"{decision.entry.name} was issued again"
        entries = [decision.entry for decision in above]
        return "" if record.exported == export_digest(entry, entries, self.records) else "what it is made of changed"
