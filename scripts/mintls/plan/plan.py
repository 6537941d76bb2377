"""Profile + existing set -> Plan: every command and every file, as data and in order (pure).

The workflow is the one that people know: genpkey makes a key, req a signing request, x509 the certificate;
then verify checks each certificate for its purpose, trusting only the roots of the plan.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from mintls.plan.commands import copy_actions, entry_actions
from mintls.plan.crl import CrlIssue
from mintls.plan.outputs import SECRET, crl_bundle_step, export_steps
from mintls.plan.resigned import defective_serial
from mintls.plan.step import KEY_MODE, PUBLIC_MODE, Action, Config, Output, Step
from mintls.plan.validity import validity
from mintls.profile.file_names import FileNames
from mintls.profile.model import Entry, Profile

from msgspec import Struct

SHORT = timedelta(hours=1)  # a certificate that expires sooner could do so before it is verified
FILES_A_VERIFY = 200  # certificates in one verify command: enough to share its start, few enough to spread

Work = Literal["key and certificate", "certificate", "outputs"]


class Issue(Struct, frozen=True):
    """Steps and files for one entry; serial is empty if the certificate is kept."""

    entry: Entry
    work: Work
    serial: str
    configs: tuple[Config, ...]
    actions: tuple[Action, ...]
    outputs: tuple[Output, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The commands of its actions."""
        return tuple(action.step() for action in self.actions)


class Plan(Struct, frozen=True):
    """What is issued, what is borrowed from the existing set, and the checks that must pass."""

    issues: tuple[Issue, ...]
    crls: tuple[CrlIssue, ...]
    bundles: tuple[Step, ...]
    checks: tuple[Step, ...]

    @property
    def parts(self) -> tuple[Issue | CrlIssue, ...]:
        return (*self.issues, *self.crls)

    @property
    def configs(self) -> tuple[Config, ...]:
        return tuple(config for part in self.parts for config in part.configs)

    @property
    def steps(self) -> tuple[Step, ...]:
        return (*(step for part in self.parts for step in part.steps), *self.bundles)

    @property
    def outputs(self) -> tuple[Output, ...]:
        lists = (Output(crl.file, PUBLIC_MODE) for crl in self.crls)
        return (*(output for issue in self.issues for output in issue.outputs), *lists)

    @property
    def borrowed(self) -> tuple[str, ...]:
        """Files of the existing set that the steps read."""
        made = {step.makes for step in self.steps} | {config.name for config in self.configs}
        needed = {name for step in (*self.steps, *self.checks) for name in step.needs if "/" not in name}
        return tuple(sorted(needed - made))  # a path is the key of an existing CA, which stays where it is


def make_issues(
    profile: Profile, work: Mapping[str, Work], draw_serial: Callable[[], str], now: datetime
) -> tuple[Issue, ...]:
    """What to make for the entries that have work; `draw_serial` gives a fresh serial number as 0x hexadecimal."""
    return tuple(
        _issue(profile.files, entry, profile.ancestors(entry), work[entry.name], draw_serial, now)
        for entry in profile.entries
        if entry.name in work
    )


def make_plan(profile: Profile, issues: tuple[Issue, ...], crls: tuple[CrlIssue, ...], now: datetime) -> Plan:
    """The plan, with a check for every certificate in it that is meant to be valid."""
    bundles = (
        crl_bundle_step(profile.files, issue.entry, profile.ancestors(issue.entry))
        for issue in issues
        if "crl-bundle" in issue.entry.outputs
    )
    return Plan(
        issues, crls, tuple(bundles), tuple(_checks(profile, [issue.entry for issue in issues if issue.serial], now))
    )


def _issue(
    files: FileNames, entry: Entry, issuers: Sequence[Entry], work: Work, draw_serial: Callable[[], str], now: datetime
) -> Issue:
    entry_files, exports = files.of(entry.name), export_steps(files, entry, issuers)
    exported = [Output(entry_files[name], KEY_MODE if name in SECRET else PUBLIC_MODE) for name in entry.outputs]
    if work == "outputs":
        return Issue(entry, work, "", (), tuple(exports), tuple(exported))
    if entry.certificate:
        configs, actions = copy_actions(files, entry)
        copied = Output(entry_files["certificate"], PUBLIC_MODE)
        serial = f"0x{entry.certificate.serial}"
        return Issue(entry, work, serial, tuple(configs), (*actions, *exports), (copied, *exported))
    serial = defective_serial(entry, entry.settings.serial or draw_serial())
    configs, actions = entry_actions(files, entry, issuers, serial, now)
    outputs = [Output(entry_files["key"], KEY_MODE), Output(entry_files["certificate"], PUBLIC_MODE), *exported]
    if files.keeps_request(entry.name) and issuers:
        outputs.append(Output(entry_files["request"], PUBLIC_MODE))
    if entry.settings.csr or (work == "certificate" and "stolen_key" not in entry.settings.defects):
        actions = [action for action in actions if action.makes != entry_files["key"]]
        outputs = outputs[1:]
    return Issue(entry, work, serial, tuple(configs), (*actions, *exports), tuple(outputs))


def _checks(profile: Profile, entries: list[Entry], now: datetime) -> Iterator[Step]:
    """verify(1), many certificates a process: those with the same issuers and the same purpose."""
    questions: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for entry in entries:
        line = [entry, *profile.ancestors(entry)]
        moment = _moment(line, now)
        if moment is None or any(other.settings.defects for other in line):
            continue
        at: tuple[str, ...] = () if moment == now else ("-attime", str(int(moment.timestamp())))
        if min(validity(other, now).end for other in line) < now + SHORT:
            at = ("-no_check_time",)
        # an extension of the profile's own, which no openssl knows, would otherwise be refused when it is critical
        unknown = ("-ignore_critical",) if any(other.settings.extensions for other in line) else ()
        without = any("none" in (o.settings.subject_key_identifier, o.settings.authority_key_identifier) for o in line)
        existing = [other for other in line if other.certificate]  # nothing can be required of these
        if existing == line:
            continue
        strict = () if without or existing else ("-x509_strict",)
        partial = ("-partial_chain",) if line[-1].certificate else ()  # it may be an intermediate
        issuers = tuple(profile.files.of(other.name)["certificate"] for other in line[1:] or line)
        for purpose in purposes(entry):
            question = ("-purpose", purpose, *strict, *partial, *at, *unknown)
            questions.setdefault((question, issuers), []).append(profile.files.of(entry.name)["certificate"])
    for (question, (*between, anchor)), certificates in questions.items():
        untrusted = tuple(word for name in between for word in ("-untrusted", name))
        trust = ("verify", *question, "-trusted", anchor, *untrusted)
        for start in range(0, len(certificates), FILES_A_VERIFY):
            some = certificates[start : start + FILES_A_VERIFY]
            yield Step(f"verify as {question[1]}", (*trust, *some), (anchor, *between, *some))


def _moment(line: list[Entry], now: datetime) -> datetime | None:
    """When to verify: now, or, for a certificate not valid now, when it and its issuers are all valid."""
    spans = [validity(entry, now) for entry in line]
    begin, end = max(span.begin for span in spans), min(span.end for span in spans)
    if begin <= now < end:
        return now
    return begin if begin < end else None


def purposes(entry: Entry) -> tuple[str, ...]:
    """openssl's purposes for the role; a CA is not a TLS peer: `any`."""
    return {
        "authority": ("any",),
        "server": ("sslserver",),
        "client": ("sslclient",),
        "peer": ("sslserver", "sslclient"),
    }[entry.role]
