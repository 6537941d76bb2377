"""Which entries of a profile must be issued, and why: compares the profile with the existing set (pure)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from mintls.errors import OutputError
from mintls.manifest import Manifest, Record
from mintls.plan.crl import CrlIssue
from mintls.plan.digests import export_digest, settings_digest, signer_digest
from mintls.plan.plan import Work, access_word
from mintls.plan.selection import Selection
from mintls.plan.validity import validity
from mintls.profile.model import Entry, Profile

from msgspec import Struct, structs

RENEW_WITHIN = 0.1  # of a certificate's lifetime


class Decision(Struct, frozen=True, kw_only=True):
    """For one entry: the work to do (None: nothing) and why; whether it exists already.

    replaced: its key or subject changes, so certificates that it signed must be reissued.
    """

    entry: Entry
    work: Work | None
    why: str
    exists: bool
    replaced: bool = False

    @property
    def signs(self) -> bool:
        """Whether a new certificate is issued, and not only its outputs."""
        return self.work in ("certificate", "key and certificate")

    @property
    def what(self) -> str:
        """The action in one word, for text and JSON."""
        if self.work is None:
            return "kept" if self.exists else "skipped"
        if self.work == "outputs":
            return "completed"
        return "renewed" if self.exists else "issued"


def decide(
    profile: Profile, manifest: Manifest | None, digests: Mapping[str, str], now: datetime, selection: Selection
) -> tuple[Decision, ...]:
    """A decision for each entry, issuers first. `digests` has the SHA-256 of the existing files.

    Raises OutputError if something must be issued and its issuer or the issuer's key is missing.
    """
    records = manifest.named if manifest else {}
    listed = [revocation for record in records.values() if record.crl for revocation in record.crl.revoked]
    revoked = {revocation.serial: revocation.reason for revocation in listed}
    decider = _Decider(profile, digests, now, selection, records, revoked)
    decisions: dict[str, Decision] = {}
    for entry in profile.entries:
        record, entry_files = records.get(entry.name), profile.files.of(entry.name)
        issuers = [decisions[other.name] for other in profile.ancestors(entry)]
        issuer = issuers[0] if issuers else None
        target = decisions.get(entry.cross_signs or "")
        work, why = decider.due(entry_files, entry, record, issuers, target)
        if target and work == "key and certificate":
            work = "certificate"  # its key is that of the CA which it cross-signs
        if work in ("certificate", "key and certificate"):
            if (
                work == "certificate"
                and entry_files["key"] not in digests
                and not (entry.settings.csr or entry.existing)
                and not (target and target.work == "key and certificate")
            ):
                raise OutputError(
                    f"{entry.name} must be issued ({why}), but {entry_files['key']} is missing; restore it"
                )
            if not entry.existing:
                _check_issuer(entry, why, issuer, digests, profile)
        replaced = work != "outputs" and bool(work) and decider.is_replaced(entry_files, entry, record)
        decisions[entry.name] = Decision(entry=entry, work=work, why=why, exists=record is not None, replaced=replaced)
    return tuple(decisions.values())


def with_lists(
    decisions: Sequence[Decision], crls: Sequence[CrlIssue], profile: Profile, selection: Selection
) -> tuple[Decision, ...]:
    """The decisions with the CRL bundles and OCSP indexes that must follow these CRLs and certificates."""
    files = {crl.entry.name: crl.file for crl in crls}
    issuing = {signer.name: one.entry.name for one in decisions if one.signs and (signer := profile.signer(one.entry))}

    def reasons(entry: Entry) -> Iterator[str]:
        if "crl-bundle" in entry.outputs:
            owners = [one.key_owner for one in profile.ancestors(entry) or [entry]]
            yield from (f"{files[name]} is reissued" for name in owners if name in files)
        if "ocsp-index" in entry.outputs and entry.name in issuing:
            yield f"{issuing[entry.name]} is issued"
        elif "ocsp-index" in entry.outputs and entry.name in files:
            yield f"{files[entry.name]} is reissued"

    def follow(decision: Decision) -> Decision:
        if decision.work or not selection.covers(decision.entry):
            return decision
        why = next(reasons(decision.entry), "")
        return structs.replace(decision, work="outputs", why=why) if why else decision

    return tuple(map(follow, decisions))


def _check_issuer(
    entry: Entry, why: str, issuer: Decision | None, digests: Mapping[str, str], profile: Profile
) -> None:
    if issuer is None or issuer.signs:
        return
    if "self_signed" in entry.settings.defects:  # the issuer does not sign it
        return
    if not issuer.exists:
        sentence = f"{entry.name} must be issued ({why}), but its issuer {issuer.entry.name} does not exist yet"
        raise OutputError(f"{sentence}; mint that first")
    key = profile.files.of(issuer.entry.name)["key"]
    if key not in digests and not issuer.entry.existing:
        raise OutputError(f"{entry.name} must be issued ({why}), but its issuer's {key} is missing; restore it")


class _Decider(Struct, frozen=True):
    """Decides on one entry; has what all decisions need."""

    profile: Profile
    digests: Mapping[str, str]
    now: datetime
    selection: Selection
    records: Mapping[str, Record]
    revoked: Mapping[str, str]

    def due(
        self,
        entry_files: Mapping[str, str],
        entry: Entry,
        record: Record | None,
        issuers: Sequence[Decision],
        target: Decision | None,
    ) -> tuple[Work | None, str]:
        """The first reason that applies, the most work first; `issuers` are the decisions on its issuers, `target` that
        on the CA whose key it has.
        """
        issuer = issuers[0] if issuers else None
        if not self.selection.covers(entry):
            return None, "not selected"
        if entry.certificate:
            return self._copy_is_due(entry_files, entry, record, issuers)
        if record is None:
            return "key and certificate", "new"
        if why := self._key_is_due(entry_files, entry, record):
            return "key and certificate", why
        if why := self._certificate_is_due(entry_files, entry, record) or self._issuer_changed(entry, record, issuer):
            return "certificate", why
        if target and target.replaced:
            return "certificate", f"{target.entry.name} has a new key or subject"
        if entry.owns_key and "key" in record.files and record.access != access_word(entry):
            return "outputs", f"the mode of {entry_files['key']} must be {access_word(entry) or '0600'}"
        if entry.outputs and (why := self._outputs_are_due(entry_files, entry, record, issuers)):
            return "outputs", why
        expired = datetime.fromisoformat(record.not_after) <= self.now
        return None, f"expired {record.not_after}, as in the profile" if expired else f"valid until {record.not_after}"

    def _copy_is_due(
        self, entry_files: Mapping[str, str], entry: Entry, record: Record | None, issuers: Sequence[Decision]
    ) -> tuple[Work | None, str]:
        """Of an existing CA, which is never renewed."""
        certificate = entry_files["certificate"]
        if record is None:
            return "certificate", "existing"
        if entry.certificate and record.fingerprint != entry.certificate.fingerprint:
            return "certificate", "a different existing certificate"
        if self.digests.get(certificate) != record.sha256.get(certificate):
            return "certificate", f"{certificate} is missing or changed"
        if entry.outputs and (why := self._outputs_are_due(entry_files, entry, record, issuers)):
            return "outputs", why
        return None, f"existing, valid until {record.not_after}"

    def is_replaced(self, entry_files: Mapping[str, str], entry: Entry, record: Record | None) -> bool:
        """Whether the key or the subject changes."""
        if entry.certificate:
            return record is None or record.fingerprint != entry.certificate.fingerprint
        return (
            record is None
            or self.digests.get(entry_files["key"]) != record.sha256.get(entry_files["key"])
            or record.key != entry.settings.key
            or record.files.get("key") != entry_files["key"]
            or record.subject != str(entry.settings.subject)
        )

    def _key_is_due(self, entry_files: Mapping[str, str], entry: Entry, record: Record) -> str:
        if entry.settings.csr or entry.cross_signs:
            return ""
        if (
            record.files.get("certificate") != entry_files["certificate"]
            or record.files.get("key") != entry_files["key"]
        ):
            return "its file names changed"
        if entry_files["key"] not in self.digests and not (
            entry.is_authority and entry_files["certificate"] in self.digests
        ):
            return f"{entry_files['key']} is missing"
        reason = self.revoked.get(record.serial)
        if reason in ("keyCompromise", "CACompromise") and not entry.settings.revoked:
            return f"{record.serial} was revoked for {reason}"
        if record.encrypted != bool(entry.settings.passphrase):
            return "its key must be encrypted" if entry.settings.passphrase else "its key must not have a passphrase"
        if record.key != entry.settings.key:
            return f"its key must be {entry.settings.key}"
        return "keys are rotated" if self.selection.rotate_keys and not entry.is_authority else ""

    def _certificate_is_due(self, entry_files: Mapping[str, str], entry: Entry, record: Record) -> str:
        digests, certificate, key = self.digests, entry_files["certificate"], entry_files["key"]
        if certificate not in digests:
            return f"{certificate} is missing"
        if key in digests and digests[key] != record.sha256.get(key):
            return f"{key} is a different key"
        if digests[certificate] != record.sha256.get(certificate):
            return f"{certificate} differs from the one issued"
        if record.settings != settings_digest(entry):
            return "its settings changed"
        if not entry.settings.revoked and record.serial in self.revoked:
            return f"{record.serial} was revoked"
        return "forced" if self.selection.force else self._ends(entry, record)

    def _ends(self, entry: Entry, record: Record) -> str:
        """A revoked certificate is not renewed, nor one that would expire no later, or be expired, if it were reissued:
        its dates are in the profile.
        """
        begin, end = datetime.fromisoformat(record.not_before), datetime.fromisoformat(record.not_after)
        new = validity(entry, self.now).end
        if entry.settings.revoked or new <= end or new <= self.now:
            return ""
        within = self.selection.renew_within
        due = end - ((end - begin) * RENEW_WITHIN if within is None else within)
        return f"it expires {record.not_after}" if self.now > due else ""

    def _issuer_changed(self, entry: Entry, record: Record, issuer: Decision | None) -> str:
        if issuer and issuer.replaced:
            return f"{issuer.entry.name} has a new key or subject"
        if issuer and issuer.signs and "issuer" in entry.settings.authority_key_identifier:
            return f"{issuer.entry.name} is reissued, and this certificate names its serial"
        if record.signer not in ("", signer_digest(entry, self.records)):
            return f"{entry.issuer} has changed since it signed this"
        return ""

    def _outputs_are_due(
        self, entry_files: Mapping[str, str], entry: Entry, record: Record, issuers: Sequence[Decision]
    ) -> str:
        for file in (entry_files[output] for output in entry.outputs):
            if file not in self.digests:
                return f"{file} is missing"
            if self.digests[file] != record.sha256.get(file):
                return f"{file} differs from the one created"
        for decision in issuers:
            if decision.signs:
                return f"{decision.entry.name} was reissued"
        return "" if record.exported == export_digest(entry, self.profile, self.records) else "its contents changed"
