"""Mints a profile into a directory: issues what check.py finds due in staging, verifies and publishes it."""

from concurrent import futures
from pathlib import Path

from mintls.errors import OutputError
from mintls.manifest import Manifest, Record
from mintls.minting.check import KEEP_CURRENT, Outcome, decided
from mintls.minting.execute import Tell, carry_out
from mintls.minting.preflight import check_abilities
from mintls.minting.publication import Store, open_store
from mintls.minting.records import records
from mintls.openssl.binary import Openssl
from mintls.plan.fold import compact, without_explicit_none
from mintls.plan.plan import Plan
from mintls.plan.selection import Selection
from mintls.profile.existing_ca import read_existing
from mintls.profile.file_names import FileNames
from mintls.profile.model import Profile
from mintls.profile.signing_request import read_requests


def mint(
    profile: Profile, directory: Path, openssl: Openssl, tell: Tell, selection: Selection = KEEP_CURRENT
) -> Outcome:
    """Issue everything in the profile that must be issued, all or nothing. Raises MintlsError."""
    profile = read_existing(read_requests(profile, openssl), openssl)
    with open_store(directory) as store:
        outcome, plan = decided(profile, directory, store.manifest, store.digests, selection, openssl)
        check_overwriting(store, plan, profile.files)
        if not outcome.current:
            check_abilities(profile, openssl)
            with futures.ThreadPoolExecutor() as pool:  # two processes in parallel
                version, folds = pool.submit(openssl.version), pool.submit(openssl.can, "req", "-CA")
            plan = plan if folds.result() else without_explicit_none(plan)
            with store.staging(plan) as stage:
                carry_out((compact(plan) if folds.result() else plan).steps, openssl, stage.path, tell)
                with futures.ThreadPoolExecutor(1) as pool:  # the results are read while openssl verifies them
                    made = pool.submit(records, plan, profile, store.manifest, stage.path)
                    carry_out(plan.checks, openssl, stage.path, tell)
                manifest = merged(profile, store.manifest, made.result(), version.result(), selection)
                removed = [name for orphan in outcome.orphans for name in orphan.files] if selection.prune else []
                store.publish(stage, plan.outputs, manifest, selection.shard, removed)
    return outcome


def check_overwriting(store: Store, plan: Plan, files: FileNames) -> None:
    """Raises OutputError before a file that mintls did not write, or a CA's key, would be overwritten."""
    foreign = store.foreign(plan.outputs)
    keys = [
        output.name
        for issue in plan.issues
        for output in issue.outputs
        if issue.entry.is_authority
        and output.name == files.of(issue.entry.name)["key"]
        and (store.directory / output.name).exists()
    ]
    if foreign:
        names = ", ".join(foreign[:8])
        raise OutputError(f"{store.directory}: mintls did not write {names}; move it away, or choose a different -o")
    if keys:
        names = ", ".join(keys)
        raise OutputError(
            f"{store.directory}: {names} would be overwritten, which would invalidate all that it signed; move it away"
        )


def merged(profile: Profile, old: Manifest | None, made: list[Record], openssl: str, selection: Selection) -> Manifest:
    """The set after publication: what was issued, what was kept, and what is no longer in the profile.

    The manifest of a shard has only its own share.
    """
    shard = selection.shard
    both = {record.name: record for record in (*(old.certificates if old else ()), *made)}
    entries = [entry for entry in profile.entries if shard is None or shard.covers(entry)]
    others = {} if shard or selection.prune else dict.fromkeys(both)
    order = dict.fromkeys(entry.name for entry in entries) | others
    certificates = tuple(both[name] for name in order if name in both)
    return Manifest(profile=profile.name, openssl=openssl, certificates=certificates)
