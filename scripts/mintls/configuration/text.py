"""A configuration with the commands that start and prove it, and the list of stacks, as text (pure)."""

import shlex
from collections.abc import Iterator, Mapping

from mintls.configuration.set_files import LOCALHOST, Place, Role, label
from mintls.configuration.stack import Side, Stack, TrustStore
from mintls.configuration.template import placeholders, render
from mintls.errors import UsageError
from mintls.manifest import Manifest

from msgspec import Struct

NOT_TESTED = "not tested here"
LOOPBACK = "127.0.0.1"


class Configuration(Struct, frozen=True, kw_only=True):
    """The files by name, and the commands; `about` is a line on what it is."""

    about: str
    files: Mapping[str, str]
    commands: tuple[tuple[str, str], ...]  # each with what it does
    wrong: tuple[str, ...]  # settings that people write instead, and what they let pass
    limits: str


def configuration(
    name: str, stack: Stack, role: Role, side: Side, values: Mapping[str, str], place: Place, prover: str
) -> Configuration:
    """What is printed for one side of a stack. `prover`: the command that runs handshake_check.py."""
    commands = [("prepare", render(side.prepare, values)), ("start", render(side.start, values))]
    if role == "client":
        commands[1] = ("run", commands[1][1])
    commands += [("reload", render(side.reload, values)), ("prove", _proof(name, role, side, values, place, prover))]
    return Configuration(
        about=f"{stack.title}, {role} side, {_tested(side.tested)}",
        files={file: render(text, values) for file, text in side.files.items()},
        commands=tuple((what, command) for what, command in commands if command),
        wrong=tuple(f"{_written(wrong.right, wrong.wrong)}: {wrong.effect}" for wrong in side.wrong),
        limits=side.limits,
    )


def as_text(made: Configuration, *, written: bool) -> str:
    """The files, unless they were written; then the commands."""
    lines = [made.about]
    for file, text in made.files.items():
        lines += [f"file      {file}"] if written else [f"\n==> {file} <==", text.rstrip("\n")]
    if not written:
        lines.append("")
    lines += [f"{what:<9} {command}" for what, command in made.commands]
    lines += [f"{'wrong':<9} {sentence}" for sentence in made.wrong]
    if made.limits:
        lines.append(f"{'limits':<9} {made.limits}")
    return "\n".join(lines) + "\n"


def _written(right: str, wrong: str) -> str:
    """The wrong setting on one line; where there is none, what is missing."""
    text = wrong or f"without {right}"
    return " ".join(text.replace("@ca@", "ca.crt").split())


def trust_text(name: str, stack: Stack, trust: TrustStore, manifest: Manifest, directory: str) -> str:
    """How each root of the set is added and removed."""
    lines = [f"{stack.title}, trust store, {_tested(trust.tested)}; run these yourself, as its administrator"]
    for root in (one for one in manifest.certificates if one.role == "authority" and one.issuer is None):
        if trust.keys and not root.key.startswith(trust.keys):
            known = " or ".join(trust.keys)
            raise UsageError(
                f"{name} needs a key of kind {known}; {root.name} has {root.key}: set `key` of authorities.{root.name}"
            )
        values = {"ca": f"{directory}/{root.files['certificate']}", "label": label(manifest, root)}
        lines += [f"add       {render(trust.add, values)}", f"remove    {render(trust.remove, values)}"]
    if trust.limits:
        lines.append(f"{'limits':<9} {trust.limits}")
    return "\n".join(lines) + "\n"


def listing(stacks: Mapping[str, Stack]) -> str:
    """Each stack with its sides, and the version of each that is tested."""
    lines = [f"{'stack':<15} {'side':<7} tested", *_rows(stacks)]
    return "\n".join(lines) + "\n"


def _rows(stacks: Mapping[str, Stack]) -> Iterator[str]:
    for name, stack in stacks.items():
        sides = (("server", stack.server), ("client", stack.client), ("trust", stack.trust))
        for role, side in sides:
            if isinstance(side, TrustStore) or (side and side.start):
                yield f"{name:<15} {role:<7} {side.tested or NOT_TESTED}"


def _tested(version: str) -> str:
    return f"tested with {version}" if version else NOT_TESTED


def _without_crl(side: Side, values: Mapping[str, str]) -> tuple[str, ...]:
    """The control, and with it the cases, that need intermediates: those that are minted for a proof have no CRL."""
    uses = "crl" in placeholders((*side.files.values(), side.start))
    return ("good-intermediate",) if uses and values["crl"] else ()


def _proof(name: str, role: Role, side: Side, values: Mapping[str, str], place: Place, prover: str) -> str:
    options = f" {render(side.options, values)}" if side.options else ""
    skipped = (*side.accepts, *_without_crl(side, values))
    options += "".join(f" --skip {shlex.quote(case)}" for case in skipped)
    if role == "client":
        visit = render(side.start, {**values, "host": "{host}", "port": "{port}"})
        return f"{prover} {place.set} --listen : --stack {name}{options} --client-cmd {shlex.quote(visit)}"
    host = values["host"]
    where = f"{host}:{place.port}" if host == LOCALHOST else f"{LOOPBACK}:{place.port} --sni {host}"
    unlock = f" --key-pass file:{place.passphrase}" if values["unlock"] else ""
    return f"{prover} {place.set} --connect {where} --stack {name}{options}{unlock}"
