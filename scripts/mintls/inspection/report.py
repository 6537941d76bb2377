"""What verify.py found -> one frozen tree of issuers and leaves, and from it the text and the JSON (pure).

Every certificate is in the tree once. Where issuers form a circle it is opened, and a chain that is too deep to be
read is cut: what is below is shown beside the roots, with the name of its issuer.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from mintls.escape import printable, printable_json
from mintls.inspection.verification import Check, Verdicts
from mintls.inspection.criteria import MOST_LISTED, Decisive
from mintls.inspection.files import Inspection
from mintls.inspection.key_matching import Found
from mintls.x509.certificate import Certificate
from mintls.x509.extension_values import CLIENT, SERVER
from mintls.x509.general_names import quoted_name

import msgspec
from msgspec import Struct

DEEPEST = 32  # issuers above a certificate that are drawn; JSON readers give up somewhere beyond 100
NOT_HERE = "which is not here: give its file too, as in verify.py leaf.crt ca.crt"


class Surveyed(Struct, frozen=True, kw_only=True):
    """One certificate with everything that is said of it, and those that it signed.

    issuer is the name of its issuer's file, or the issuer's subject when that is not here; None for a root.
    issuer_fingerprint is "" when it is not here. failures are what makes it invalid beside the checks.
    """

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
    files: dict[str, str]  # path -> mode in octal, or pipe
    issuer: str | None
    issuer_fingerprint: str = ""
    checks: tuple[Check, ...]
    failures: tuple[str, ...] = ()
    advice: tuple[str, ...]
    signed: "tuple[Surveyed, ...]"

    @property
    def is_valid(self) -> bool:
        return not self.failures and not any(check.error for check in self.checks)


class Survey(Struct, frozen=True, kw_only=True):
    """The whole set: its roots (and what has no issuer here), the files that could not be read, and remarks."""

    version: int = 2
    valid: bool
    certificates: int
    roots: tuple[Surveyed, ...]
    unreadable: tuple[str, ...]
    notes: tuple[str, ...] = ()
    trusted: str = ""
    only: str = ""  # the one certificate that decides


def survey(
    inspection: Inspection,
    verdicts: Verdicts,
    advice: Mapping[str, tuple[str, ...]],
    now: datetime,
    decisive: Decisive | None = None,
) -> Survey:
    """Put everything together; a mismatched key or an unreadable file makes it invalid, too."""
    decisive = decisive or Decisive()
    ordered = sorted(inspection.certificates, key=lambda found: found.name)
    drawn_below = _parents(ordered, verdicts.issuers.of)
    below: dict[str, list[Found]] = {}
    for found in ordered:
        below.setdefault(drawn_below[found.certificate.fingerprint], []).append(found)

    def node(found: Found) -> Surveyed:
        certificate = found.certificate
        issuer = verdicts.issuers.of[certificate.fingerprint]
        strict = advice[certificate.fingerprint] if decisive.strict else ()
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
            files={_text(str(path)): "pipe" if mode is None else f"{mode:04o}" for path, mode in found.modes},
            issuer=_text(issuer.name) if issuer else None if certificate.is_self_issued else certificate.issuer,
            issuer_fingerprint=issuer.certificate.fingerprint if issuer else "",
            checks=verdicts.checks[certificate.fingerprint],
            failures=tuple(map(_text, (*_failures(found), *decisive.late(certificate, now), *strict))),
            advice=() if strict else advice[certificate.fingerprint],
            signed=tuple(node(other) for other in below.get(certificate.fingerprint, ())),
        )

    roots = tuple(node(found) for found in below.get("", ()))
    return Survey(
        valid=(bool(decisive.only) or not inspection.unreadable)
        and all(one.is_valid for one in walk(roots) if decisive.counts(one.fingerprint)),
        trusted=_text(verdicts.trusted),
        only=decisive.only,
        certificates=len(inspection.certificates),
        roots=roots,
        unreadable=tuple(map(_text, inspection.unreadable)),
        notes=tuple(map(_text, (*inspection.notes, *verdicts.notes))),
    )


def _parents(certificates: list[Found], issuers: Mapping[str, Found | None]) -> dict[str, str]:
    """Below which fingerprint each is drawn, "" for nothing: a circle is opened at its first certificate."""
    parents: dict[str, str] = {}
    depth: dict[str, int] = {"": -1}
    for found in certificates:
        line, one = [], found.certificate.fingerprint
        while one not in depth and one not in line:
            line.append(one)
            issuer = issuers[one]
            one = issuer.certificate.fingerprint if issuer else ""
        above = "" if one in line else one
        for one in reversed(line):
            above = "" if depth[above] >= DEEPEST else above
            parents[one], depth[one] = above, depth[above] + 1
            above = one
    return parents


def _failures(found: Found) -> Iterator[str]:
    for key in found.mismatched:
        yield f"{key.path.name} does not match: its public key is not the certificate's"
    for name in found.certificate.undecodable:
        yield f"its extension {name} cannot be decoded"


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
    every = list(walk(result.roots))
    shown = {one.fingerprint for one in every}
    lines = [line for root in result.roots for line in _lines(root, "", "", shown)]
    lines += [f"unreadable: {sentence}" for sentence in result.unreadable]
    lines += [f"note: {sentence}" for sentence in result.notes]
    lines += [f"trusted: {result.trusted}"] if result.trusted else []
    invalid = [found.name for found in every if not found.is_valid]
    count = f"{result.certificates} certificate{'s' if result.certificates != 1 else ''}"
    more = f" and {len(invalid) - MOST_LISTED} more" if len(invalid) > MOST_LISTED else ""
    parts = [f"{', '.join(invalid[:MOST_LISTED])}{more} invalid"] if invalid else []
    parts += [f"{len(result.unreadable)} unreadable, see above"] if result.unreadable else []
    if result.only:
        parts = [f"{result.only} alone decides: {'valid' if result.valid else 'invalid'}"]
    return "\n".join(map(printable, [*lines, "", f"{count}: {'; '.join(parts) or 'all valid'}"]))


def _lines(found: Surveyed, first: str, rest: str, shown: set[str]) -> Iterator[str]:
    days = f"{found.days_left} days left" if found.days_left >= 0 else f"expired {-found.days_left - 1} days ago"
    yield f"{first}{found.name}  {found.role}  {found.subject or '(no subject)'}"
    bar = rest + ("│   " if found.signed else "    ")
    if found.names:
        yield f"{bar}names   {', '.join(map(quoted_name, found.names))}"
    yield f"{bar}key     {found.key}, {found.signature}, serial {found.serial}"
    yield f"{bar}dates   {found.not_before} to {found.not_after}, {days}"
    yield f"{bar}files   {', '.join(f'{path} {mode}' for path, mode in found.files.items())}"
    if found.issuer is not None and not first:
        here = "which is shown elsewhere in this list" if found.issuer_fingerprint in shown else NOT_HERE
        yield f"{bar}issuer  {found.issuer}, {here}"
    for check in found.checks:
        question = f"{check.purpose}{' as ' + check.name if check.name else ''}"
        yield f"{bar}{'INVALID ' + question + ': ' + check.error if check.error else 'valid   ' + question}"
    for sentence in found.failures:
        yield f"{bar}INVALID {sentence}"
    for sentence in found.advice:
        yield f"{bar}advice  {sentence}"
    for index, child in enumerate(found.signed):
        last = index == len(found.signed) - 1
        yield from _lines(child, rest + ("└── " if last else "├── "), rest + ("    " if last else "│   "), shown)


def walk(roots: tuple[Surveyed, ...]) -> Iterator[Surveyed]:
    """Every certificate, issuers first."""
    for found in roots:
        yield found
        yield from walk(found.signed)
