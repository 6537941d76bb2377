"""An inspection report -> text for a terminal: issuers above what they issued, each certificate in a few lines (pure).

Text from a certificate or a file name stays within its line and cannot control the terminal.
"""

from collections.abc import Iterable, Iterator

from mintls.escape import printable
from mintls.inspection.report import ROLES, CertificateReport, CheckReport, InspectionReport, walk
from mintls.x509.general_names import quoted_name

NOT_READ = "not read: name its file as well, as in verify.py leaf.crt ca.crt"
MOST_NAMES = 8  # of one certificate, without -v


def as_text(report: InspectionReport, *, verbose: bool = False) -> str:
    """The whole report; `verbose` adds every name, and every extension."""
    listed = {one.fingerprint for one in walk(report.roots)}
    lines = [line for root in report.roots for line in _tree(root, "", "", listed, verbose)]
    lines += [f"unreadable: {sentence}" for sentence in report.unreadable]
    lines += [f"note: {sentence}" for sentence in report.notes]
    lines += [f"trusted: {report.trusted}"] if report.trusted else []
    return "\n".join(map(printable, [*lines, "", report.answer]))


def _tree(one: CertificateReport, first: str, rest: str, listed: set[str], verbose: bool) -> Iterator[str]:
    yield f"{first}{one.name}  {ROLES.get(one.role, one.role)}  {one.subject or '(no subject)'}"
    bar = rest + ("│   " if one.issued else "    ")
    for label, text in (*_facts(one, not first, listed, verbose), *_results(one, verbose)):
        yield f"{bar}{label:7} {text}"
    for index, child in enumerate(one.issued):
        last = index == len(one.issued) - 1
        branch, below = ("└── ", "    ") if last else ("├── ", "│   ")
        yield from _tree(child, rest + branch, rest + below, listed, verbose)


def _facts(one: CertificateReport, is_top: bool, listed: set[str], verbose: bool) -> Iterator[tuple[str, str]]:
    yield "issuer", _issuer(one, is_top, listed)
    if one.names:
        yield "names", _some(map(quoted_name, one.names), verbose)
    if usages := [*one.key_usage, *one.extended_key_usage]:
        yield "usage", ", ".join(usages)
    yield "key", f"{one.key}, {_private_key(one)}"
    yield "signed", f"{one.signature}, serial {one.serial}"
    left = f"{one.days_left} days left" if one.days_left >= 0 else f"expired {-one.days_left - 1} days ago"
    yield "dates", f"{one.not_before} to {one.not_after}, {left}"
    yield "sha256", one.fingerprint
    if one.crls:
        yield "crl", " ".join(one.crls)
    if one.ocsp:
        yield "ocsp", " ".join(one.ocsp)
    yield "files", ", ".join(f"{file.path} {file.mode}" if file.mode else file.path for file in one.files)
    if verbose:
        yield from _details(one)


def _details(one: CertificateReport) -> Iterator[tuple[str, str]]:
    yield "version", str(one.x509_version)
    for extension in one.extensions:
        yield "ext", f"{extension.name}{', critical' if extension.critical else ''}"
    if one.path_length is not None:
        yield "pathlen", str(one.path_length)
    if one.key_identifier:
        yield "keyid", one.key_identifier
    if one.issuer_key_identifier:
        yield "akid", one.issuer_key_identifier


def _issuer(one: CertificateReport, is_top: bool, listed: set[str]) -> str:
    name = one.issuer or "(no name)"
    if one.issuer_fingerprint is None:
        return "itself" if one.self_issued else f"{name}, {NOT_READ}"
    if is_top and one.issuer_fingerprint in listed:
        return f"{name}, in {one.issuer_name}, which is listed elsewhere"
    return name


def _private_key(one: CertificateReport) -> str:
    words = {True: "matches", False: "does not match", None: "is encrypted and was not compared"}
    keys = [f"{key.path.rpartition('/')[2]} {words[key.matches]}" for key in one.private_keys]
    return f"private key {', '.join(keys)}" if keys else "private key not read"


def _results(one: CertificateReport, verbose: bool) -> Iterator[tuple[str, str]]:
    if one.trusted and len(one.chain) > 1:
        yield "chain", " < ".join(one.chain)
    valid: dict[tuple[str, str], list[CheckReport]] = {}
    for check in one.checks:
        if not check.error:
            valid.setdefault((check.purpose, check.server), []).append(check)
    for checks in valid.values():
        names = [quoted_name(check.name) for check in checks if check.name]
        yield "valid", _question(checks[0], _some(names, verbose))
    for check in one.checks:
        if check.error:
            yield "INVALID", f"{_question(check, quoted_name(check.name))}: {check.error}"
    yield from (("INVALID", sentence) for sentence in one.failures)
    yield from (("advice", sentence) for sentence in one.advice)


def _question(check: CheckReport, names: str) -> str:
    purpose = "any purpose" if check.purpose == "any" else check.purpose
    source = f", with what {check.server} sends" if check.server else ""
    return f"{purpose}{' as ' + names if names else ''}{source}"


def _some(names: Iterable[str], verbose: bool) -> str:
    every = list(names)
    if verbose or len(every) <= MOST_NAMES:
        return ", ".join(every)
    return f"{', '.join(every[:MOST_NAMES])} and {len(every) - MOST_NAMES} more (-v)"
