"""Runs the steps of a Plan in a staging directory, independent ones in parallel."""

import graphlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from mintls.errors import MintlsError, OpensslError, VerificationError
from mintls.escape import printable
from mintls.minting.ec_key import is_whole_key
from mintls.openssl.binary import Openssl, Result
from mintls.plan.step import Step
from mintls.workers import Workers

TRIES = 100  # half of all 521-bit keys would be written with a zero octet missing
NAME_CONSTRAINT = 47  # X509_V_ERR_PERMITTED_VIOLATION, openssl-verify(1)
LIBRESSL = (
    "LibreSSL is stricter than RFC 5280 section 4.2.1.10: under name constraints it requires a DNS name, and since 4 "
    "a CN that is a host name; add them, or set OPENSSL to an OpenSSL"
)
Tell = Callable[[str, int, int], None]  # title, steps done, steps in total


def carry_out(steps: Sequence[Step], openssl: Openssl, stage: Path, tell: Tell) -> None:
    """Run every step after those that create what it needs.

    Raises OpensslError, or VerificationError for a check; no further step is then started.
    """
    makers = {name: index for index, step in enumerate(steps) for name in (step.makes, *step.also) if name}
    graph = graphlib.TopologicalSorter(
        {index: [makers[name] for name in step.needs if name in makers] for index, step in enumerate(steps)}
    )
    graph.prepare()
    done = 0
    with Workers[int, None](openssl.jobs, openssl.stop) as pool:
        while graph.is_active():
            for index in graph.get_ready():
                pool.submit(index, partial(run_step, steps[index], openssl, stage))
            index, _ = pool.next()
            graph.done(index)
            done += 1
            tell(steps[index].title, done, len(steps))


def run_step(step: Step, openssl: Openssl, stage: Path) -> None:
    """Run one step in its directory. Raises OpensslError, or VerificationError for a check."""
    if step.folder:
        (stage / step.folder).mkdir(0o700)
    if step.program == "cat":
        (stage / step.makes).write_bytes(b"".join((stage / name).read_bytes() for name in step.argv))
        return
    if step.program == "sh":
        openssl.run_script(step.argv[0], cwd=stage)
        return
    if step.makes:
        for _ in range(TRIES):
            openssl.run(step.argv, cwd=stage)
            if is_whole_key(step, openssl, stage):
                return
        sentence = f"{openssl.version()} writes EC keys that other programs cannot read"
        raise MintlsError(f"{sentence}; set OPENSSL to a different one")
    result = openssl.ask(step.argv, cwd=stage)
    if result.status:
        raise _refusal(step, result, openssl)


def _refusal(step: Step, result: Result, openssl: Openssl) -> MintlsError:
    """A verification failure has a reason; without one, openssl could not run the check."""
    text = result.stdout + result.stderr
    reasons = [printable(line) for line in text.splitlines() if line.startswith("error ")]
    if not reasons:
        return OpensslError(result.argv, f"exit status {result.status}", text)
    judge = openssl.version()
    lines = [f"{judge}: a new certificate failed to {step.title}, so nothing was published:", *reasons[:8]]
    if judge.startswith("LibreSSL") and any(line.startswith(f"error {NAME_CONSTRAINT} ") for line in reasons):
        lines.append(LIBRESSL)
    return VerificationError("\n    ".join(lines))
