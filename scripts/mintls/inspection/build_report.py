"""Inventory, verdicts and advice -> the report: a tree of issuers and what they issued (pure).

Every certificate is in the tree once. Where issuers form a loop it is opened, and a chain that is too deep to read is
cut: what is below is listed beside the roots, with the name of its issuer.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from mintls.inspection.criteria import MOST_LISTED, Criteria
from mintls.inspection.inventory import CertificateEntry, Inventory
from mintls.inspection.report import (
    CertificateReport,
    CheckReport,
    ExtensionReport,
    FileReport,
    InspectionReport,
    KeyReport,
    Role,
    walk,
)
from mintls.inspection.trust_anchors import Chain
from mintls.inspection.verification import Verdicts
from mintls.x509.certificate import Certificate
from mintls.x509.extension_values import CLIENT, SERVER

DEEPEST = 32  # issuers above a certificate in the tree; JSON readers give up somewhere beyond 100


def build_report(
    inventory: Inventory,
    verdicts: Verdicts,
    advice: Mapping[str, tuple[str, ...]],
    now: datetime,
    criteria: Criteria | None = None,
) -> InspectionReport:
    """Put everything together; a mismatched key or an unreadable file makes it invalid as well."""
    criteria = criteria or Criteria()
    ordered = sorted(inventory.certificates, key=lambda entry: entry.name)
    parents = _parents(ordered, verdicts.issuers.of)
    children: dict[str, list[CertificateEntry]] = {}
    for entry in ordered:
        children.setdefault(parents[entry.fingerprint], []).append(entry)

    def tree(entry: CertificateEntry) -> CertificateReport:
        issued = tuple(tree(other) for other in children.get(entry.fingerprint, ()))
        return _certificate(entry, verdicts, advice[entry.fingerprint], now, criteria, issued)

    roots = tuple(tree(entry) for entry in children.get("", ()))
    valid = (bool(criteria.only) or not inventory.unreadable) and all(
        one.valid for one in walk(roots) if criteria.counts(one.fingerprint)
    )
    return InspectionReport(
        answer=_answer(roots, len(ordered), len(inventory.unreadable), criteria.only, valid),
        valid=valid,
        certificates=len(ordered),
        roots=roots,
        unreadable=tuple(map(_text, inventory.unreadable)),
        notes=tuple(map(_text, (*inventory.notes, *verdicts.notes))),
        trusted=_text(verdicts.trusted),
        only=criteria.only,
    )


def _certificate(
    entry: CertificateEntry,
    verdicts: Verdicts,
    advice: tuple[str, ...],
    now: datetime,
    criteria: Criteria,
    issued: tuple[CertificateReport, ...],
) -> CertificateReport:
    one = entry.certificate
    issuer = verdicts.issuers.of[one.fingerprint]
    chain = verdicts.chains.get(one.fingerprint, Chain((entry.name,), False))
    checks = tuple(
        CheckReport("fail" if check.error else "pass", check.purpose, check.name, check.error, check.server)
        for check in verdicts.checks[one.fingerprint]
    )
    failures = (*_failures(entry), *criteria.expiring(one, now), *(advice if criteria.strict else ()))
    keys = [KeyReport(_text(str(key.path)), True if key.public_key else None) for key in entry.keys]
    return CertificateReport(
        name=_text(entry.name),
        role=role(one),
        valid=not failures and not any(check.error for check in checks),
        subject=one.subject,
        issuer=one.issuer,
        self_issued=one.is_self_issued,
        names=one.names,
        key_usage=one.key_usage,
        extended_key_usage=one.purposes,
        key=one.key,
        signature=one.signature,
        serial=one.serial,
        fingerprint=one.fingerprint,
        not_before=one.not_before,
        not_after=one.not_after,
        days_left=(datetime.fromisoformat(one.not_after) - now).days,
        x509_version=one.version,
        extensions=tuple(ExtensionReport(name, name in one.critical) for name in one.extensions),
        path_length=one.path_length,
        key_identifier=one.key_identifier,
        issuer_key_identifier=one.issuer_key_identifier,
        crls=one.crls,
        ocsp=one.ocsp,
        files=tuple(
            FileReport(_text(str(path)), None if mode is None else f"{mode:04o}")
            for path, mode in dict(entry.modes).items()
        ),
        private_keys=(*keys, *(KeyReport(_text(str(key.path)), False) for key in entry.mismatched)),
        issuer_name=_text(issuer.name) if issuer else None,
        issuer_fingerprint=issuer.fingerprint if issuer else None,
        chain=tuple(map(_text, chain.names)),
        trusted=chain.is_trusted,
        checks=checks,
        failures=tuple(map(_text, failures)),
        advice=() if criteria.strict else tuple(map(_text, advice)),
        issued=issued,
    )


def _parents(certificates: list[CertificateEntry], issuers: Mapping[str, CertificateEntry | None]) -> dict[str, str]:
    """The fingerprint of each one's parent in the tree, "" for none: a loop is opened at its first certificate."""
    parents: dict[str, str] = {}
    depth: dict[str, int] = {"": -1}
    for entry in certificates:
        chain, one = [], entry.fingerprint
        while one not in depth and one not in chain:
            chain.append(one)
            issuer = issuers[one]
            one = issuer.fingerprint if issuer else ""
        parent = "" if one in chain else one
        for one in reversed(chain):
            parent = "" if depth[parent] >= DEEPEST else parent
            parents[one], depth[one] = parent, depth[parent] + 1
            parent = one
    return parents


def _failures(entry: CertificateEntry) -> Iterator[str]:
    for key in entry.mismatched:
        yield f"{key.path.name} does not match: its public key differs from the certificate's"
    for name in entry.certificate.undecodable:
        yield f"extension {name} cannot be decoded"


def _answer(roots: tuple[CertificateReport, ...], count: int, unreadable: int, only: str, valid: bool) -> str:
    counted = f"{count} certificate{'s' if count != 1 else ''}"
    if only:
        return f"{counted}: {only} alone decides: {'valid' if valid else 'invalid'}"
    invalid = [one.name for one in walk(roots) if not one.valid]
    more = f" and {len(invalid) - MOST_LISTED} more" if len(invalid) > MOST_LISTED else ""
    parts = [f"{', '.join(invalid[:MOST_LISTED])}{more} invalid"] if invalid else []
    parts += [f"{unreadable} unreadable, see above"] if unreadable else []
    return f"{counted}: {'; '.join(parts) or 'all valid'}"


def _text(name: str) -> str:
    """A file's name need not be UTF-8, and JSON must be."""
    return name.encode(errors="backslashreplace").decode()


def role(certificate: Certificate) -> Role:
    """The role that it could have in a profile; a certificate without purposes could have any."""
    if certificate.is_authority:
        return "authority"
    roles: dict[tuple[bool, bool], Role] = {(True, True): "peer", (True, False): "server", (False, True): "client"}
    return roles.get((SERVER in certificate.purposes, CLIENT in certificate.purposes), "leaf")
