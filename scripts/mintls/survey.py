"""What verify.py found -> one frozen tree of issuers and leaves, and from it the text and the JSON (pure)."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from mintls.advice import MISMATCH
from mintls.certificate import Certificate
from mintls.inspection import Found, Inspection
from mintls.printable import printable, printable_json
from mintls.verify import CLIENT, SERVER, Check

import msgspec
from msgspec import Struct


class Surveyed(Struct, frozen=True, kw_only=True):
    """One certificate with everything that is said of it, and those that it signed."""

    name: str
    role: str
    subject: str
    names: tuple[str, ...]
    key: str
    signature: str
    serial: str
    fingerprint: str
    not_before: str
    not_after: str
    days_left: int
    files: dict[str, str]  # path -> mode in octal
    issuer: str | None
    checks: tuple[Check, ...]
    advice: tuple[str, ...]
    signed: "tuple[Surveyed, ...]"


class Survey(Struct, frozen=True, kw_only=True):
    """The whole set: its roots (and what has no issuer here), and the files that could not be read."""

    version: int = 1
    holds: bool
    certificates: int
    roots: tuple[Surveyed, ...]
    unreadable: tuple[str, ...]


def survey(
    inspection: Inspection,
    issuers: Mapping[str, Found | None],
    checks: Mapping[str, tuple[Check, ...]],
    advice: Mapping[str, tuple[str, ...]],
    now: datetime,
) -> Survey:
    """Put everything together; a mismatched key or an unreadable file does not hold either."""
    below: dict[str, list[Found]] = {}
    for found in sorted(inspection.certificates, key=lambda found: found.name):
        issuer = issuers[found.certificate.fingerprint]
        below.setdefault(issuer.certificate.fingerprint if issuer else "", []).append(found)

    def node(found: Found) -> Surveyed:
        certificate = found.certificate
        issuer = issuers[certificate.fingerprint]
        left = (datetime.fromisoformat(certificate.not_after) - now).days
        return Surveyed(
            name=_text(found.name),
            role=role(certificate),
            subject=certificate.subject,
            names=certificate.names,
            key=certificate.key,
            signature=certificate.signature,
            serial=certificate.serial,
            fingerprint=certificate.fingerprint,
            not_before=certificate.not_before,
            not_after=certificate.not_after,
            days_left=left,
            files={_text(str(path)): f"{mode:04o}" for path, mode in found.modes},
            issuer=_text(issuer.name) if issuer else None if certificate.is_self_issued else certificate.issuer,
            checks=checks[certificate.fingerprint],
            advice=advice[certificate.fingerprint],
            signed=tuple(node(other) for other in below.get(certificate.fingerprint, ())),
        )

    refused = any(check.refusal for some in checks.values() for check in some)
    mismatched = any(sentence.endswith(MISMATCH) for some in advice.values() for sentence in some)
    return Survey(
        holds=not (refused or mismatched or inspection.unreadable),
        certificates=len(inspection.certificates),
        roots=tuple(node(found) for found in below.get("", ())),
        unreadable=tuple(map(_text, inspection.unreadable)),
    )


def _text(name: str) -> str:
    """A file's name need not be UTF-8, and JSON must be."""
    return name.encode(errors="backslashreplace").decode()


def role(certificate: Certificate) -> str:
    """The role that it could have in a profile; a certificate without purposes may be anything."""
    if certificate.is_authority:
        return "authority"
    serves, calls = SERVER in certificate.purposes, CLIENT in certificate.purposes
    return {(True, True): "peer", (True, False): "server", (False, True): "client"}.get((serves, calls), "leaf")


def as_json(result: Survey) -> str:
    """Everything, for a program."""
    return printable_json(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())


def as_tree(result: Survey) -> str:
    """Everything, for a person: issuers above what they signed. What strangers wrote stays within its line."""
    lines = [line for root in result.roots for line in _lines(root, "", "")]
    lines += [f"unreadable: {sentence}" for sentence in result.unreadable]
    every = list(_walk(result.roots))
    refused = [found.name for found in every if any(check.refusal for check in found.checks)]
    count = f"{result.certificates} certificate{'s' if result.certificates != 1 else ''}"
    what = f"{', '.join(refused)} refused" if refused else "every one verifies" if result.holds else "see above"
    return "\n".join(map(printable, [*lines, "", f"{count}: {what}"]))


def _lines(found: Surveyed, first: str, rest: str) -> Iterator[str]:
    days = f"{found.days_left} days left" if found.days_left >= 0 else f"ended {-found.days_left - 1} days ago"
    yield f"{first}{found.name}  {found.role}  {found.subject}"
    bar = rest + ("│   " if found.signed else "    ")
    if found.names:
        yield f"{bar}names   {', '.join(found.names)}"
    yield f"{bar}key     {found.key}, {found.signature}, serial {found.serial}"
    yield f"{bar}valid   {found.not_before} to {found.not_after}, {days}"
    yield f"{bar}files   {', '.join(f'{path} {mode}' for path, mode in found.files.items())}"
    if found.issuer and not first:
        yield f"{bar}issuer  {found.issuer}, which is not here: give its file too, as in verify.py leaf.crt ca.crt"
    for check in found.checks:
        question = f"{check.purpose}{' as ' + check.name if check.name else ''}"
        yield f"{bar}{'REFUSED ' + question + ': ' + check.refusal if check.refusal else 'holds   ' + question}"
    for sentence in found.advice:
        yield f"{bar}advice  {sentence}"
    for index, child in enumerate(found.signed):
        last = index == len(found.signed) - 1
        yield from _lines(child, rest + ("└── " if last else "├── "), rest + ("    " if last else "│   "))


def _walk(roots: tuple[Surveyed, ...]) -> Iterator[Surveyed]:
    for found in roots:
        yield found
        yield from _walk(found.signed)
