"""Carries a Plan out in a staging directory: independent steps in parallel, every step or none, then the checks."""

import os
from base64 import b64decode
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from hashlib import sha256
from pathlib import Path

from mintls.certificate import read_validity
from mintls.due import settings_digest
from mintls.errors import VerificationError
from mintls.manifest import Manifest, Record
from mintls.openssl import Openssl
from mintls.plan import Issue, Plan
from mintls.settings import Files
from mintls.steps import Step
from mintls.store import sha256_of

from msgspec import structs

Tell = Callable[[str, int, int], None]  # what was done, how many of how many


def carry_out(plan: Plan, openssl: Openssl, stage: Path, workers: int, tell: Tell) -> None:
    """Run every step, then every check. Raises OpensslError or VerificationError; other steps are then not begun."""
    steps = [*plan.steps, *plan.checks]
    makers = {step.makes: index for index, step in enumerate(steps) if step.makes}
    graph = TopologicalSorter(
        {index: [makers[name] for name in step.needs if name in makers] for index, step in enumerate(steps)}
    )
    graph.prepare()
    running: dict[Future[None], int] = {}
    done = 0
    with ThreadPoolExecutor(workers) as pool:
        try:
            while graph.is_active():
                for index in graph.get_ready():
                    running[pool.submit(_run, steps[index], openssl, stage)] = index
                finished, _ = wait(running, 0.5, FIRST_COMPLETED)  # a ^C just before it sleeps does not wake it
                for future in finished:
                    index = running.pop(future)
                    future.result()
                    graph.done(index)
                    done += 1
                    tell(steps[index].title, done, len(steps))
        except BaseException:  # also ^C: end what runs, begin nothing more
            openssl.stop()
            pool.shutdown(cancel_futures=True)
            raise


def records(
    plan: Plan, files: Files, standing: Manifest | None, openssl: Openssl, stage: Path, workers: int
) -> list[Record]:
    """What the manifest says of each certificate and list that was made."""
    old = {record.name: record for record in standing.certificates} if standing else {}
    with ThreadPoolExecutor(workers) as pool:
        issued = [issue for issue in plan.issues if issue.serial]
        new = {record.name: record for record in pool.map(lambda one: _record(one, files, openssl, stage), issued)}
    for issue in plan.issues:
        if not issue.serial:
            own = files.of(issue.entry.name)
            new[issue.entry.name] = _with_files(
                old[issue.entry.name], {output: own[output] for output in issue.entry.outputs}, stage
            )
    for crl in plan.crls:
        name = crl.entry.name
        record = structs.replace(new[name] if name in new else old[name], crl=crl.record)
        new[name] = _with_files(record, {"crl": crl.file}, stage)
    return list(new.values())


def _with_files(record: Record, made: Mapping[str, str], stage: Path) -> Record:
    digests = {name: sha256_of(stage / name) for name in made.values()}
    return structs.replace(record, files={**record.files, **made}, sha256={**record.sha256, **digests})


def fingerprint(pem: bytes) -> str:
    """The SHA-256 of the first certificate's DER, upper-case hexadecimal."""
    body = pem.partition(b"-----BEGIN CERTIFICATE-----")[2].partition(b"-----END")[0]
    return sha256(b64decode(body)).hexdigest().upper()


def _run(step: Step, openssl: Openssl, stage: Path) -> None:
    if step.program == "cat":
        (stage / step.makes).write_bytes(b"".join((stage / name).read_bytes() for name in step.argv))
        return
    if step.program == "sh":
        openssl.run_script(step.argv[0], cwd=stage)
        return
    if step.makes:
        openssl.run(step.argv, cwd=stage)
        return
    result = openssl.ask(step.argv, cwd=stage)
    if result.status:
        raise VerificationError(_refusal(step, result.stdout + result.stderr))


def _refusal(step: Step, said: str) -> str:
    reasons = [line for line in said.splitlines() if line.startswith("error ")]
    return "\n    ".join([f"what was issued does not {step.title}, so nothing was published:", *reasons[:8]])


def _record(issue: Issue, files: Files, openssl: Openssl, stage: Path) -> Record:
    entry, own = issue.entry, files.of(issue.entry.name)
    published = {output.name for output in issue.outputs} | (set() if entry.settings.csr else {own["key"]})
    kept = {what: name for what, name in own.items() if name in published}
    not_before, not_after = read_validity(openssl, own["certificate"], stage)
    return Record(
        name=entry.name,
        role=entry.role,
        issuer=entry.issuer,
        subject=str(entry.settings.subject),
        san=tuple(map(str, entry.settings.san)),
        key=entry.settings.key,
        serial=issue.serial.removeprefix("0x"),
        fingerprint=fingerprint((stage / own["certificate"]).read_bytes()),
        not_before=not_before,
        not_after=not_after,
        settings=settings_digest(entry),
        files=kept,
        sha256={name: sha256_of(stage / name) for name in kept.values() if os.path.exists(stage / name)},
    )
