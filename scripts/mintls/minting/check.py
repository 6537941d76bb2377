"""What a run would do in a directory: what must be issued, and the plan for that; changes nothing.

Apart from mint.py, which carries it out, because `generate.py --check` needs no more.
"""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from mintls.errors import OutputError
from mintls.manifest import Manifest
from mintls.minting.changed_secrets import with_changed_secrets
from mintls.minting.snapshot import Snapshot, digests, read_snapshot
from mintls.openssl.binary import Openssl
from mintls.plan.crl import CrlIssue, make_crls
from mintls.plan.ocsp_index import make_indexes
from mintls.plan.orphans import Orphan, find_orphans
from mintls.plan.plan import Plan, Work, make_issues, make_plan, with_key_access
from mintls.plan.renewal import Decision, decide, with_lists
from mintls.plan.selection import Selection
from mintls.plan.shard import Shard
from mintls.profile.model import Profile

from msgspec import Struct
from msgspec.structs import replace

KEEP_CURRENT = Selection()


class Outcome(Struct, frozen=True):
    """What a run did, or with --check would do: a decision for each entry, the CRLs issued, and orphans, which are
    removed if `pruned`. `missing` shares are not in the directory although others of their number are.
    """

    decisions: tuple[Decision, ...]
    crls: tuple[CrlIssue, ...]
    orphans: tuple[Orphan, ...] = ()
    pruned: bool = False
    missing: tuple[Shard, ...] = ()

    @property
    def current(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.crls or any(decision.work for decision in self.decisions) or (self.pruned and self.orphans))


def check(profile: Profile, directory: Path, selection: Selection, openssl: Openssl | None = None) -> Outcome:
    """What `mint` would do; only with an openssl it tries whether kept files open with their passphrases.

    It needs no lock. Raises OutputError if the directory cannot be read.
    """

    def read(snapshot: Snapshot) -> tuple[Manifest | None, dict[str, str], tuple[Shard, ...]]:
        return (manifest := snapshot.manifest()), digests(snapshot, manifest), snapshot.missing_shares()

    try:
        manifest, present, missing = read_snapshot(directory, read)
    except OSError as error:
        raise OutputError(f"{error.filename or directory}: {error.strerror}; choose a different -o") from None
    outcome, _ = decided(profile, directory, manifest, present, selection, openssl)
    return outcome if selection.shard else replace(outcome, missing=missing)


def decided(
    profile: Profile,
    directory: Path,
    manifest: Manifest | None,
    digests: Mapping[str, str],
    selection: Selection,
    openssl: Openssl | None,
) -> tuple[Outcome, Plan]:
    """The decisions, and the plan that carries them out. Raises OutputError for a set that cannot be completed."""
    now = datetime.now(UTC)
    if manifest and manifest.profile != profile.name:
        raise OutputError(
            f"{directory} contains the set of profile {manifest.profile!r}, not {profile.name!r}; choose a different -o"
        )
    decisions = decide(profile, manifest, digests, now, selection)
    if openssl:
        decisions = with_changed_secrets(decisions, profile.files, directory, selection, openssl)
    work: dict[str, Work] = {decision.entry.name: decision.work for decision in decisions if decision.work}
    plan = plan_of(profile, work, manifest, digests, now, selection)
    following = with_lists(decisions, plan.crls, profile, selection)
    if following != decisions:
        work = {decision.entry.name: decision.work for decision in following if decision.work}
        plan = plan_of(profile, work, manifest, digests, now, selection)
    # of a share's profile the entries of all others are missing
    orphans = () if selection.shard else find_orphans(profile, manifest, digests)
    return Outcome(following, plan.crls, orphans, selection.prune), plan


def plan_of(
    profile: Profile,
    work: Mapping[str, Work],
    manifest: Manifest | None,
    digests: Mapping[str, str],
    now: datetime,
    selection: Selection,
) -> Plan:
    """The plan for this work, with the CRLs that must be issued after it."""
    issues = make_issues(profile, work, serials(manifest), now)
    issues = tuple(with_key_access(issues, profile.files, manifest.named if manifest else {}))
    issued = {issue.entry.name: issue.serial for issue in issues if issue.serial}
    signing = tuple(entry for entry in profile.entries if selection.covers(entry) and entry.is_authority)
    crls = make_crls(profile, signing, manifest, issued, digests, now)
    serials_of = [(issue.entry, issue.serial) for issue in issues if issue.serial]
    listing = [issue.entry for issue in issues if "ocsp-index" in issue.entry.outputs]
    indexes = make_indexes(profile, serials_of, listing, crls, manifest, digests, now)
    return make_plan(profile, issues, crls, indexes, now)


def whole_plan(profile: Profile) -> Plan:
    """The plan for an empty directory: what --dry-run prints."""
    everything: dict[str, Work] = {entry.name: "key and certificate" for entry in profile.entries}
    return plan_of(profile, everything, None, {}, datetime.now(UTC), KEEP_CURRENT)


def serials(manifest: Manifest | None) -> Callable[[], str]:
    """Random serial numbers of 159 bits, none twice and none that the set has (RFC 5280 4.1.2.2)."""
    used = {record.serial for record in manifest.certificates} if manifest else set()

    def draw() -> str:
        while (serial := f"{int.from_bytes(os.urandom(20)) >> 2 | 1 << 158:X}") in used:
            pass
        used.add(serial)
        return f"0x{serial}"

    return draw
