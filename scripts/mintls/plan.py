"""Profile + what stands already -> Plan: every openssl command, every file, as data and in order (pure).

The workflow is the one that people know: genrsa or genpkey makes a key, req a signing request, x509 the certificate;
then verify asks for each certificate whether it serves its purpose, trusting the plan's own roots alone.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from mintls.extensions import EXTENSIONS, config_text
from mintls.rules import ancestors
from mintls.settings import Entry, Files, Profile

from msgspec import Struct

KEY_MODE, PUBLIC_MODE = 0o600, 0o644
FILES_A_VERIFY = 200  # certificates in one verify command: enough to share its start, few enough to spread

Work = Literal["key and certificate", "certificate"]


class Config(Struct, frozen=True):
    """A configuration file to write before anything runs."""

    name: str
    text: str


class Step(Struct, frozen=True):
    """One openssl command: its words, the files that it reads, and the one that it makes, all in one directory."""

    title: str
    argv: tuple[str, ...]
    needs: tuple[str, ...]
    makes: str = ""


class Output(Struct, frozen=True):
    """A file to publish, and its mode whatever the umask."""

    name: str
    mode: int


class Issue(Struct, frozen=True):
    """What is made for one entry."""

    entry: Entry
    serial: str
    config: Config
    steps: tuple[Step, ...]
    outputs: tuple[Output, ...]


class Plan(Struct, frozen=True):
    """What is made, what is borrowed from the set that stands, and the questions that must be answered by yes."""

    issues: tuple[Issue, ...]
    borrowed: tuple[str, ...]
    checks: tuple[Step, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for issue in self.issues for step in issue.steps)

    @property
    def outputs(self) -> tuple[Output, ...]:
        return tuple(output for issue in self.issues for output in issue.outputs)


def make_plan(profile: Profile, work: Mapping[str, Work], draw_serial: Callable[[], str]) -> Plan:
    """The plan that does this work, by entry name; `draw_serial` gives a fresh serial number as 0x hexadecimal."""
    named = {entry.name: entry for entry in profile.entries}
    issues = tuple(
        _issue(profile.files, entry, named.get(entry.issuer or "", entry), work[entry.name], draw_serial)
        for entry in profile.entries
        if entry.name in work
    )
    checks = tuple(_checks(profile.files, [issue.entry for issue in issues], named))
    made = {step.makes for issue in issues for step in issue.steps} | {issue.config.name for issue in issues}
    read = {name for issue in issues for step in issue.steps for name in step.needs}
    read.update(name for check in checks for name in check.needs)
    return Plan(issues, tuple(sorted(read - made)), checks)


def _issue(files: Files, entry: Entry, signer: Entry, work: Work, draw_serial: Callable[[], str]) -> Issue:
    own = files.of(entry.name)
    serial = entry.settings.serial or draw_serial()
    config = Config(own["config"], config_text(entry))
    steps = [
        Step(f"{entry.name}: key", key_command(entry.settings.key, own["key"]), (), own["key"]),
        Step(
            f"{entry.name}: signing request",
            (
                "req",
                "-new",
                "-batch",
                "-config",
                own["config"],
                "-key",
                own["key"],
                *_digest(entry),
                "-out",
                own["request"],
            ),
            (own["config"], own["key"]),
            own["request"],
        ),
        _certificate(files, entry, signer, serial),
    ]
    outputs = [Output(own["key"], KEY_MODE), Output(own["certificate"], PUBLIC_MODE)]
    if files.request and entry.issuer is not None:
        outputs.append(Output(own["request"], PUBLIC_MODE))
    if work == "certificate":
        steps, outputs = steps[1:], outputs[1:]
    return Issue(entry, serial, config, tuple(steps), tuple(outputs))


def key_command(key: str, out: str) -> tuple[str, ...]:
    """genrsa for RSA, genpkey for the others: genrsa(1), genpkey(1)."""
    algorithm, _, parameter = key.partition(":")
    if algorithm == "rsa":
        return ("genrsa", "-out", out, parameter)
    if algorithm == "ec":
        curve = ("-pkeyopt", f"ec_paramgen_curve:{parameter}", "-pkeyopt", "ec_param_enc:named_curve")
        return ("genpkey", "-algorithm", "EC", *curve, "-out", out)
    return ("genpkey", "-algorithm", algorithm.upper(), "-out", out)


def _digest(signer: Entry) -> tuple[str, ...]:
    """Edwards curves hash in their own way and take no digest (RFC 8410)."""
    return () if signer.settings.key.startswith("ed") else (f"-{signer.settings.digest}",)


def _certificate(files: Files, entry: Entry, signer: Entry, serial: str) -> Step:
    own, theirs = files.of(entry.name), files.of(signer.name)
    by_another = ("-CA", theirs["certificate"], "-CAkey", theirs["key"])
    signed_with = ("-signkey", own["key"]) if signer is entry else by_another
    argv = (
        "x509", "-req", "-in", own["request"], *signed_with, "-set_serial", serial, "-days", str(entry.settings.days),
        *_digest(signer), "-extfile", own["config"], "-extensions", EXTENSIONS, "-out", own["certificate"],
    )  # fmt: skip
    needs = (own["request"], own["config"], *signed_with[1::2])
    return Step(f"{entry.name}: certificate", argv, needs, own["certificate"])


def _checks(files: Files, entries: list[Entry], named: Mapping[str, Entry]) -> Iterator[Step]:
    """verify(1), many certificates a process: those with the same issuers and the same purpose."""
    asked: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for entry in entries:
        above = tuple(files.of(other.name)["certificate"] for other in ancestors(entry, named) or [entry])
        for purpose in purposes(entry):
            asked.setdefault((purpose, above), []).append(files.of(entry.name)["certificate"])
    for (purpose, (*between, anchor)), certificates in asked.items():
        untrusted = tuple(word for name in between for word in ("-untrusted", name))
        trust = ("verify", "-x509_strict", "-purpose", purpose, "-trusted", anchor, *untrusted)
        for start in range(0, len(certificates), FILES_A_VERIFY):
            some = certificates[start : start + FILES_A_VERIFY]
            yield Step(f"verify as {purpose}", (*trust, *some), (anchor, *between, *some))


def purposes(entry: Entry) -> tuple[str, ...]:
    """openssl's names of what the role is for; an authority is no end of a TLS connection: `any`."""
    return {
        "authority": ("any",),
        "server": ("sslserver",),
        "client": ("sslclient",),
        "peer": ("sslserver", "sslclient"),
    }[entry.role]
