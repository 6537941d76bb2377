"""A Plan -> the POSIX shell script that carries it out with nothing but openssl (pure): what --dry-run prints."""

from collections.abc import Iterator
from shlex import join, quote

from mintls.openssl import HERMETIC
from mintls.plan import Plan

_PREAMBLE = """\
#!/bin/sh
# {title}
# Every command that mintls runs, in order. Run it in an empty directory; OPENSSL names another openssl.
set -eu
umask 077 # a private key is never readable by others, not even for a moment
: "${{OPENSSL:=openssl}}"
export {hermetic} # nothing from this machine's openssl.cnf or trust store
"""


def shell_script(plan: Plan, title: str) -> str:
    """The script's text. It writes into the current directory and stops before it would overwrite anything."""
    return "\n".join([*_lines(plan, title), ""])


def _lines(plan: Plan, title: str) -> Iterator[str]:
    title = "".join(character if character.isprintable() else "?" for character in title)  # it stays a comment
    yield _PREAMBLE.format(title=title, hermetic=" ".join(f"{name}={value}" for name, value in HERMETIC.items()))
    outputs = {output.name for output in plan.outputs}
    scratch = [issue.config.name for issue in plan.issues]
    scratch += [step.makes for step in plan.steps if step.makes not in outputs]
    yield f"for file in {join([*(step.makes for step in plan.steps if step.makes in outputs), *scratch])}; do"
    yield '    [ ! -e "$file" ] || { echo "$file exists already; nothing was done" >&2; exit 1; }'
    yield "done"
    for issue in plan.issues:
        yield f"\n# {issue.entry.name}: {issue.entry.role}, " + (
            f"signed by {issue.entry.issuer}" if issue.entry.issuer else "signed by itself"
        )
        yield f"cat > {quote(issue.config.name)} <<'END'"  # values hold no newline, so no line of theirs is END
        yield issue.config.text.rstrip("\n")
        yield "END"
        for step in issue.steps:
            yield f'"$OPENSSL" {join(step.argv)}'
    yield "\n# Each certificate must serve its purpose, trusting only the roots made here."
    for check in plan.checks:
        yield f'"$OPENSSL" {join(check.argv)}'
    yield f"\nrm -f {join(scratch)}"
    yield f"chmod 644 {join(output.name for output in plan.outputs if output.mode & 0o044)}"
