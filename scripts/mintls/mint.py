"""Mints a profile into a directory: what is due is planned, made in staging, verified, and published as one."""

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from mintls.due import Decision, decide
from mintls.errors import OutputError, ProfileError
from mintls.issue import Tell, carry_out, records, with_crl
from mintls.manifest import Manifest, Record
from mintls.openssl import Openssl
from mintls.plan import KEY_MODE, Plan, Work, make_issues, make_plan
from mintls.revocation import make_crls
from mintls.settings import Profile
from mintls.steps import key_command
from mintls.store import Store, open_store


def mint(profile: Profile, directory: Path, openssl: Openssl, workers: int, tell: Tell) -> tuple[Decision, ...]:
    """Bring the directory to what the profile says, all or nothing; returns what was decided for each entry."""
    check_abilities(profile, openssl)
    with open_store(directory) as store:
        now, digests = datetime.now(UTC), store.digests()
        decisions = decide(profile, store.manifest, digests, now)
        work: dict[str, Work] = {decision.entry.name: decision.work for decision in decisions if decision.work}
        plan = plan_of(profile, work, store.manifest, digests, now)
        check_overwriting(store, plan)
        if plan.outputs:
            with store.staging(plan) as stage:
                carry_out(plan, openssl, stage, workers, tell)
                made = records(plan, profile.files, openssl, stage, workers)
                manifest = merged(profile, store.manifest, made, openssl.version())
                manifest = manifest.replaced(with_crl(manifest.record(crl.entry.name), crl, stage) for crl in plan.crls)
                store.publish(stage, plan.outputs, manifest)
    return decisions


def plan_of(
    profile: Profile, work: Mapping[str, Work], manifest: Manifest | None, digests: Mapping[str, str], now: datetime
) -> Plan:
    """The plan for this work, with the revocation lists that are due after it."""
    issues = make_issues(profile, work, serials(manifest), now)
    issued = {issue.entry.name: issue.serial for issue in issues}
    return make_plan(profile, issues, make_crls(profile, manifest, issued, digests, now), now)


def whole_plan(profile: Profile) -> Plan:
    """The plan from nothing: what --dry-run prints."""
    everything: dict[str, Work] = {entry.name: "key and certificate" for entry in profile.entries}
    return plan_of(profile, everything, None, {}, datetime.now(UTC))


def check_abilities(profile: Profile, openssl: Openssl) -> None:
    """Raises ProfileError for every key that this binary cannot make, before anything is made."""
    able = {
        key: key.startswith("rsa") or openssl.ask(key_command(key, "/dev/null")).status == 0
        for key in {entry.settings.key for entry in profile.entries}
    }
    lacking = [entry for entry in profile.entries if not able[entry.settings.key]]
    if lacking:
        sentence = (
            f"this openssl cannot make it ({openssl.version()}); choose another key, or set OPENSSL to a newer one"
        )
        raise ProfileError([f"{entry.where}.key: {entry.settings.key}: {sentence}" for entry in lacking])


def serials(manifest: Manifest | None) -> Callable[[], str]:
    """Draws serial numbers of 159 random bits, none twice and none that the set has (RFC 5280 4.1.2.2)."""
    used = {record.serial for record in manifest.certificates} if manifest else set()

    def draw() -> str:
        while (serial := f"{secrets.randbits(158) | 1 << 158:X}") in used:
            pass
        used.add(serial)
        return f"0x{serial}"

    return draw


def check_overwriting(store: Store, plan: Plan) -> None:
    """Raises OutputError before a file is lost that mintls did not write, or the key of an authority."""
    foreign = store.foreign(plan.outputs)
    keys = [
        output.name
        for issue in plan.issues
        for output in issue.outputs
        if issue.entry.is_authority and output.mode == KEY_MODE and (store.directory / output.name).exists()
    ]
    if foreign:
        names = ", ".join(foreign[:8])
        raise OutputError(f"{store.directory}: mintls did not write {names}; move it away, or choose another -o")
    if keys:
        names = ", ".join(keys)
        raise OutputError(
            f"{store.directory}: {names} would be overwritten, and with it all that it signed; move it away"
        )


def merged(profile: Profile, old: Manifest | None, made: list[Record], openssl: str) -> Manifest:
    """The set after publication: what was made, what was kept, and what the profile no longer names."""
    fresh = {record.name: record for record in made}
    kept = {record.name: record for record in old.certificates} if old else {}
    order = {entry.name: None for entry in profile.entries} | dict.fromkeys(kept)
    both = {**kept, **fresh}
    return Manifest(profile=profile.name, openssl=openssl, certificates=tuple(both[name] for name in order))
