"""Profile + existing set -> Plan: every command and every file, as data and in order (pure).

The workflow is the one that people know: genpkey makes a key, req a signing request, x509 the certificate;
then verify checks each certificate for its purpose, trusting only the roots of the plan.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from mintls.manifest import Record
from mintls.plan.commands import copy_actions, entry_actions
from mintls.plan.crl import CrlIssue
from mintls.plan.ocsp_index import IndexIssue
from mintls.plan.outputs import SECRET, crl_bundle_step, export_steps
from mintls.plan.resigned import defective_serial
from mintls.plan.step import PUBLIC_MODE, Action, Config, Output, Step
from mintls.plan.validity import validity
from mintls.profile.file_names import FileNames
from mintls.profile.model import Entry, Profile

from msgspec import Struct, structs

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
    indexes: tuple[IndexIssue, ...]
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
        needed |= {output.name for output in self.outputs} - {index.file for index in self.indexes}
        needed |= {index.file for index in self.indexes if index.exists}
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


def make_plan(
    profile: Profile,
    issues: tuple[Issue, ...],
    crls: tuple[CrlIssue, ...],
    indexes: tuple[IndexIssue, ...],
    now: datetime,
) -> Plan:
    """The plan, with a check for every certificate in it that is meant to be valid."""
    bundles = (
        crl_bundle_step(profile.files, issue.entry, profile.ancestors(issue.entry))
        for issue in issues
        if "crl-bundle" in issue.entry.outputs
    )
    checks = _checks(profile, [issue.entry for issue in issues if issue.serial], now)
    return Plan(issues, crls, tuple(bundles), indexes, tuple(checks))


def _issue(
    files: FileNames, entry: Entry, issuers: Sequence[Entry], work: Work, draw_serial: Callable[[], str], now: datetime
) -> Issue:
    entry_files, exports = files.of(entry.name), export_steps(files, entry, issuers)
    exported = [
        _secret_output(entry, entry_files[name]) if name in SECRET else Output(entry_files[name], PUBLIC_MODE)
        for name in entry.outputs
    ]
    if work == "outputs":
        return Issue(entry, work, "", (), tuple(exports), tuple(exported))
    if entry.certificate:
        configs, actions = copy_actions(files, entry)
        copied = Output(entry_files["certificate"], PUBLIC_MODE)
        serial = f"0x{entry.certificate.serial}"
        return Issue(entry, work, serial, tuple(configs), (*actions, *exports), (copied, *exported))
    serial = defective_serial(entry, entry.settings.serial or draw_serial())
    configs, actions = entry_actions(files, entry, issuers, serial, now)
    key = _secret_output(entry, entry_files["key"])
    outputs = [key, Output(entry_files["certificate"], PUBLIC_MODE), *exported]
    if files.keeps_request(entry.name) and issuers:
        outputs.append(Output(entry_files["request"], PUBLIC_MODE))
    if (
        entry.settings.csr
        or entry.cross_signs
        or (work == "certificate" and "stolen_key" not in entry.settings.defects)
    ):
        actions = [action for action in actions if action.makes != entry_files["key"]]
        outputs = outputs[1:]
    return Issue(entry, work, serial, tuple(configs), (*actions, *exports), tuple(outputs))


def _secret_output(entry: Entry, name: str) -> Output:
    mode, group = entry.key_access
    return Output(name, mode, group, secret=True)


def with_key_access(issues: Iterable[Issue], files: FileNames, records: Mapping[str, Record]) -> Iterator[Issue]:
    """The issues, with keys that are kept but whose mode or group must change: these are published once more."""
    for issue in issues:
        entry, record = issue.entry, records.get(issue.entry.name)
        key = files.of(entry.name)["key"]
        kept = record and record.files.get("key") == key and key not in {output.name for output in issue.outputs}
        if record and kept and entry.owns_key and record.access != access_word(entry):
            yield structs.replace(issue, outputs=(*issue.outputs, _secret_output(entry, key)))
        else:
            yield issue


def access_word(entry: Entry) -> str:
    """As the manifest has it: mode and group, or nothing for a key that only its user can use."""
    mode, group = entry.key_access
    return f"{mode:04o} {group}".strip() if (mode, group) != (0o600, "") else ""


def _checks(profile: Profile, entries: list[Entry], now: datetime) -> Iterator[Step]:
    """verify(1), many certificates a process: those with the same issuers and the same purpose."""
    questions: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for entry in entries:
        line = [entry, *profile.ancestors(entry)]
        moment = _moment(line, now)
        if moment is None or any(other.settings.defects or not other.vouches for other in line):
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
        "responder": ("ocsphelper",),
    }[entry.role]
