"""What generate.py did as JSON (pure); schemas/mint.schema.json describes it."""

from collections.abc import Iterable
from typing import Annotated, Literal

from mintls.escape import printable_json
from mintls.plan.crl import CrlIssue
from mintls.plan.renewal import Decision

import msgspec
from msgspec import Meta, Struct


class CertificateReport(Struct, frozen=True):
    """One entry of the profile: what was done, or with --check would be done, and why."""

    name: str
    action: Annotated[str, Meta(examples=["issued", "renewed", "completed", "kept", "skipped"])]
    why: str


class CrlReport(Struct, frozen=True):
    """One certificate revocation list that was issued: its CA, its CRL number, the number of revoked certificates."""

    name: str
    number: int
    revoked: int


class MintReport(Struct, frozen=True, kw_only=True):
    """What `generate.py --json` prints. `version` is incremented when the meaning of a field changes."""

    version: Literal[1]
    directory: str
    current: Annotated[bool, Meta(description="Whether there was nothing to do.")]
    certificates: tuple[CertificateReport, ...]
    revocation_lists: tuple[CrlReport, ...]
    orphans: Annotated[
        tuple[str, ...],
        Meta(description="Names in the directory that are not in the profile; --prune removes them."),
    ] = ()


def as_json(
    directory: str,
    decisions: Iterable[Decision],
    crls: Iterable[CrlIssue],
    orphans: Iterable[str] = (),
    *,
    current: bool,
) -> str:
    """The report, indented; what each certificate contains is in manifest.json."""
    report = MintReport(
        version=1,
        directory=directory.encode(errors="backslashreplace").decode(),  # a path need not be UTF-8, and JSON must be
        current=current,
        certificates=tuple(
            CertificateReport(decision.entry.name, decision.what, decision.why) for decision in decisions
        ),
        orphans=tuple(orphans),
        revocation_lists=tuple(CrlReport(crl.entry.name, crl.record.number, len(crl.record.revoked)) for crl in crls),
    )
    return printable_json(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
