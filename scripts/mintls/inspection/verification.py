"""Whether each certificate of a set serves its purpose and its names: `openssl verify`, strict, own anchors alone.

The anchors are the self-signed authorities of the set; a self-signed certificate is asked with itself as its anchor.
Chain and purpose are asked of openssl, for many certificates at once. A name that a certificate has in the usual form
is valid for it with nothing more to ask: equal names match (RFC 9525 section 6.3). Unusual ones are asked one by one.
"""

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from mintls.inspection.files import Inspection
from mintls.inspection.issuers import Issuers, find_issuers
from mintls.inspection.openssl_verify import Question, Refusal, Stage
from mintls.inspection.trust_anchors import Trust, TrustOptions
from mintls.openssl.binary import Openssl
from mintls.x509.certificate import Certificate
from mintls.x509.extension_values import CLIENT, SERVER

from msgspec import Struct

__all__ = ["CLIENT", "SERVER", "Check", "Verdicts", "verify_set"]

ALWAYS = ("-x509_strict", "-check_ss_sig")
MOST_UNUSUAL = 200  # names that are asked one by one
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_USUAL = re.compile(rf"DNS:(?:{_HOST}|\*\.[A-Za-z0-9-]+\.{_HOST})|IP:[0-9A-Fa-f.:]+|email:[A-Za-z0-9._+-]+@{_HOST}")
_WORDS = {"DNS": "-verify_hostname", "IP": "-verify_ip", "email": "-verify_email"}


class Check(Struct, frozen=True):
    """One question: for which purpose, as which name, and why the answer is no ("" when it is valid)."""

    purpose: str
    name: str
    error: str


class Wanted(Struct, frozen=True):
    """What the user asks instead of what each certificate claims; nothing by default.

    name is KIND:value, purpose one of openssl's, at the time to verify for in seconds since 1970.
    """

    trust: Trust | None = None
    name: str = ""
    purpose: str = ""
    at: int | None = None


class Verdicts(Struct, frozen=True):
    """The checks of each certificate by its fingerprint, who signed it, and what was left out."""

    checks: Mapping[str, tuple[Check, ...]]
    issuers: Issuers
    notes: tuple[str, ...]
    trusted: str = ""


def verify_set(inspection: Inspection, openssl: Openssl, workers: int, wanted: Wanted | None = None) -> Verdicts:
    """Find the issuers, and check every certificate."""
    wanted = wanted or Wanted()
    always = (*ALWAYS, *(() if wanted.at is None else ("-attime", str(wanted.at))))
    with tempfile.TemporaryDirectory(prefix="mintls-") as scratch:
        stage = Stage(openssl, Path(scratch), workers)
        certificates = [found.certificate for found in inspection.certificates]
        stage.add(certificates)
        issuers = find_issuers(inspection.certificates, stage)
        options = TrustOptions(inspection, issuers, stage, wanted.trust)
        every = {one.fingerprint: tuple(questions(one, wanted)) for one in certificates}
        asked: dict[tuple[str, tuple[str, ...]], list[Certificate]] = defaultdict(list)
        for one in certificates:
            for purpose, names in every[one.fingerprint]:
                as_name = _as_name(wanted.name) if names and wanted.name else ()
                asked[purpose, (*as_name, *options.of(one))].append(one)
        batches = [
            Question((*always, "-purpose", purpose, *trust), tuple(some)) for (purpose, trust), some in asked.items()
        ]
        chains = {
            (fingerprint, purpose): refusals
            for (purpose, _), answers in zip(asked, stage.ask(batches), strict=True)
            for fingerprint, refusals in answers.items()
        }
        unusual = [
            (one, purpose, name)
            for one in certificates
            for purpose, names in every[one.fingerprint]
            if not chains[one.fingerprint, purpose]
            for name in names
            if name != wanted.name and not _USUAL.fullmatch(name)
        ]
        singles = [
            Question((*always, "-purpose", purpose, *_as_name(name), *options.of(one)), (one,))
            for one, purpose, name in unusual[:MOST_UNUSUAL]
        ]
        answered = {
            (one.fingerprint, purpose, name): next(iter(answer.values()))
            for (one, purpose, name), answer in zip(unusual, stage.ask(singles), strict=False)
        }
    left = len(unusual) - MOST_UNUSUAL
    notes = (f"{left} names of an unusual form were not checked: at most {MOST_UNUSUAL} are",) if left > 0 else ()
    checks = {one.fingerprint: tuple(_checks(one, every[one.fingerprint], chains, answered)) for one in certificates}
    return Verdicts(checks, issuers, (*issuers.notes, *notes), options.said)


def questions(certificate: Certificate, wanted: Wanted) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each purpose that it claims, in openssl's names, with the names to be valid for.

    An authority is no end of a connection, unless it says so: `openssl req -x509` makes self-signed servers like that.
    """
    names = (wanted.name,) if wanted.name else asked_names(certificate)
    ends = [name for usage, name in ((SERVER, "sslserver"), (CLIENT, "sslclient")) if usage in certificate.purposes]
    if certificate.is_authority:
        yield "any", ()
        ends = ends if asked_names(certificate) else []
    elif not ends:
        ends = ["any"] if certificate.purposes else ["sslserver", "sslclient"]
    for purpose in [wanted.purpose] if wanted.purpose and ends else ends:
        yield purpose, names


def asked_names(certificate: Certificate) -> tuple[str, ...]:
    """The names of the kinds that openssl can check, if a client could ask for them (RFC 1034 section 3.1: 253).

    OpenSSL 4.0 finds no DNS name that begins or ends with a dot or hyphen, and gives no reason.
    """
    return tuple(
        name
        for name in certificate.names
        if re.fullmatch(r"DNS:[\w*](?:[\w*.-]{,251}[\w*])?|email:[!-~ ]{1,253}|IP:[0-9a-f.:]+", name, re.ASCII)
    )


def _as_name(name: str) -> tuple[str, str]:
    kind, _, value = name.partition(":")
    return _WORDS[kind], value.replace("*", "wildcard", 1) if kind == "DNS" else value


def _checks(
    certificate: Certificate,
    asked: tuple[tuple[str, tuple[str, ...]], ...],
    chains: Mapping[tuple[str, str], tuple[Refusal, ...]],
    answered: Mapping[tuple[str, str, str], tuple[Refusal, ...]],
) -> Iterator[Check]:
    for purpose, names in asked:
        chain = next(map(str, chains[certificate.fingerprint, purpose]), "")
        for name in names or ("",):
            error = next(map(str, answered.get((certificate.fingerprint, purpose, name), ())), "")
            if error and "*" in name and name.startswith("DNS:"):
                error = f"the wildcard is not accepted there: {error}"
            yield Check(purpose, name, chain or error)
