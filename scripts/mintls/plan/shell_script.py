"""A Plan -> the POSIX shell script that carries it out with nothing but openssl (pure): what --dry-run prints."""

import shlex
from collections.abc import Iterable, Iterator

from mintls.openssl.binary import HERMETIC
from mintls.plan.plan import Plan
from mintls.plan.step import Config, Step

_PREAMBLE = """\
#!/bin/sh
# {title}
# Every command that mintls runs, in order. Run it in an empty directory; OPENSSL selects a different openssl.
set -eu
umask 077 # a private key is never readable by others, not even for a moment
: "${{OPENSSL:=openssl}}"
export {hermetic} # nothing from this machine's openssl.cnf or trust store
"""


def shell_script(plan: Plan, title: str) -> str:
    """The script's text. It writes into the current directory and stops before it would overwrite anything."""
    return "\n".join([*_lines(plan, title), ""])


def _lines(plan: Plan, title: str) -> Iterator[str]:
    title = "".join(character if character.isprintable() else "?" for character in title)  # it stays one comment line
    yield _PREAMBLE.format(title=title, hermetic=" ".join(f"{name}={value}" for name, value in HERMETIC.items()))
    outputs = {output.name for output in plan.outputs}
    scratch = [config.name for config in plan.configs]
    scratch += [step.makes for step in plan.steps if step.makes not in outputs]
    scratch += [name for step in plan.steps for name in step.litter]
    folders = [step.folder for step in plan.steps if step.folder]
    made = [step.makes for step in plan.steps if step.makes in outputs] + [index.file for index in plan.indexes]
    yield f"for file in {shlex.join([*made, *scratch, *folders])}; do"
    yield '    if [ -e "$file" ] || [ -L "$file" ]; then'
    yield '        echo "$file already exists; nothing was done" >&2'
    yield "        exit 1"
    yield "    fi"
    yield "done"
    for issue in plan.issues:
        yield f"\n# {issue.entry.name}: {issue.entry.role}, " + (
            f"signed by {issue.entry.issuer}" if issue.entry.issuer else "self-signed"
        )
        yield from _commands(issue.configs, issue.steps)
    for crl in plan.crls:
        yield f"\n# {crl.entry.name}: its CRL"
        yield from _commands(crl.configs, crl.steps)
    if plan.bundles:
        yield "\n# The CRLs of all issuers in one file"
        yield from _commands((), plan.bundles)
    for index in plan.indexes:
        yield f"\n# {index.entry.name}: the index for an OCSP responder"
        yield from _commands((Config(index.file, index.text),), ())
    yield "\n# Verify each certificate for its purpose, trusting only the roots created here."
    yield from _commands((), plan.checks)
    yield f"\nrm -f {shlex.join(scratch)}"
    if folders:
        yield f"rm -r {shlex.join(folders)}"
    for group in sorted({output.group for output in plan.outputs} - {""}):
        yield f"chgrp {group} {shlex.join(output.name for output in plan.outputs if output.group == group)}"
    for mode in sorted({output.mode for output in plan.outputs} - {0o600}):
        yield f"chmod {mode:o} {shlex.join(output.name for output in plan.outputs if output.mode == mode)}"


def _commands(configs: Iterable[Config], steps: Iterable[Step]) -> Iterator[str]:
    for config in configs:
        yield f"cat > {shlex.quote(config.name)} <<'END'"  # values contain no newline, so none of their lines is END
        if config.text:  # a database may be empty; splitlines would cut where openssl does not
            yield from config.text.removesuffix("\n").split("\n")
        yield "END"
    for step in steps:
        if step.folder:
            yield f"mkdir {shlex.quote(step.folder)}"
        match step.program:
            case "cat":
                yield f"cat {shlex.join(step.argv)} > {shlex.quote(step.makes)}"
            case "sh":
                yield step.argv[0]
            case _:
                yield f'"$OPENSSL" {shlex.join(step.argv)}'
