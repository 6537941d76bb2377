"""Whether each certificate of a set serves its purpose and its names: `openssl verify`, strict, own anchors alone.

The anchors are the self-signed authorities of the set; a self-signed certificate is asked with itself as its anchor.
Chain and purpose are asked of openssl, for many certificates at once. A name that a certificate has in the usual form
is valid for it with nothing more to ask: equal names match (RFC 9525 section 6.3). Unusual ones are asked one by one.
"""

import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from mintls.certificate import Certificate
from mintls.extension_values import CLIENT, SERVER
from mintls.inspection import Inspection
from mintls.issuers import Issuers, find_issuers
from mintls.openssl import Openssl
from mintls.openssl_verify import Question, Refusal, Stage

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


class Verdicts(Struct, frozen=True):
    """The checks of each certificate by its fingerprint, who signed it, and what was left out."""

    checks: Mapping[str, tuple[Check, ...]]
    issuers: Issuers
    notes: tuple[str, ...]


def verify_set(inspection: Inspection, openssl: Openssl, workers: int) -> Verdicts:
    """Find the issuers, and check every certificate."""
    with tempfile.TemporaryDirectory(prefix="mintls-") as scratch:
        stage = Stage(openssl, Path(scratch), workers)
        certificates = [found.certificate for found in inspection.certificates]
        stage.add(certificates)
        issuers = find_issuers(inspection.certificates, stage)
        options = _Options(inspection, issuers, stage)
        asked: dict[tuple[str, tuple[str, ...]], list[Certificate]] = defaultdict(list)
        for one in certificates:
            for purpose, _ in questions(one):
                asked[purpose, options.of(one)].append(one)
        batches = [
            Question((*ALWAYS, "-purpose", purpose, *trust), tuple(some)) for (purpose, trust), some in asked.items()
        ]
        chains = {
            (fingerprint, purpose): refusals
            for (purpose, _), answers in zip(asked, stage.ask(batches), strict=True)
            for fingerprint, refusals in answers.items()
        }
        unusual = [
            (one, purpose, name)
            for one in certificates
            for purpose, names in questions(one)
            if not chains[one.fingerprint, purpose]
            for name in names
            if not _USUAL.fullmatch(name)
        ]
        singles = [
            Question((*ALWAYS, "-purpose", purpose, *_as_name(name), *options.of(one)), (one,))
            for one, purpose, name in unusual[:MOST_UNUSUAL]
        ]
        answered = {
            (one.fingerprint, purpose, name): next(iter(answer.values()))
            for (one, purpose, name), answer in zip(unusual, stage.ask(singles), strict=False)
        }
    left = len(unusual) - MOST_UNUSUAL
    notes = (f"{left} names of an unusual form were not checked: at most {MOST_UNUSUAL} are",) if left > 0 else ()
    checks = {one.fingerprint: tuple(_checks(one, chains, answered)) for one in certificates}
    return Verdicts(checks, issuers, (*issuers.notes, *notes))


def questions(certificate: Certificate) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each purpose that it claims, in openssl's names, with the names to be valid for.

    An authority is no end of a connection, unless it says so: `openssl req -x509` makes self-signed servers like that.
    """
    names = asked_names(certificate)
    ends = [name for usage, name in ((SERVER, "sslserver"), (CLIENT, "sslclient")) if usage in certificate.purposes]
    if certificate.is_authority:
        yield "any", ()
        ends = ends if names else []
    elif not ends:
        ends = ["any"] if certificate.purposes else ["sslserver", "sslclient"]
    for purpose in ends:
        yield purpose, names


def asked_names(certificate: Certificate) -> tuple[str, ...]:
    """The names of the kinds that openssl can check, if a client could ask for them (RFC 1034 section 3.1: 253)."""
    return tuple(
        name
        for name in certificate.names
        if name.partition(":")[0] in _WORDS and re.fullmatch(r"(?:DNS|email):[!-~ ]{1,253}|IP:[0-9a-f.:]+", name)
    )


def _as_name(name: str) -> tuple[str, str]:
    kind, _, value = name.partition(":")
    return _WORDS[kind], value.replace("*", "wildcard", 1) if kind == "DNS" else value


def _checks(
    certificate: Certificate,
    chains: Mapping[tuple[str, str], tuple[Refusal, ...]],
    answered: Mapping[tuple[str, str, str], tuple[Refusal, ...]],
) -> Iterator[Check]:
    for purpose, names in questions(certificate):
        chain = next(map(str, chains[certificate.fingerprint, purpose]), "")
        for name in names or ("",):
            error = next(map(str, answered.get((certificate.fingerprint, purpose, name), ())), "")
            if error and "*" in name and name.startswith("DNS:"):
                error = f"the wildcard is not accepted there: {error}"
            yield Check(purpose, name, chain or error)


class _Options:
    """What each certificate is verified with: its anchors, the other authorities, and the lists of its issuer."""

    def __init__(self, inspection: Inspection, issuers: Issuers, stage: Stage) -> None:
        self._stage, self._issuers = stage, issuers
        every = [found.certificate for found in inspection.certificates]
        signers = {above.certificate.fingerprint for above in issuers.of.values() if above}
        able = [one for one in every if one.is_authority or one.fingerprint in signers]
        self._own = [one for one in every if self._is_root(one)]
        self._anchors = [one for one in able if self._is_root(one)]
        self._others = [one for one in able if not self._is_root(one)]
        self._names = Counter(one.folded_subject or one.subject for one in self._own)
        self._lists = {crl.folded_issuer or crl.issuer for crl in inspection.crls}
        self._crls = stage.file_option("-CRLfile", "crls.pem", [crl.pem for crl in inspection.crls])
        self._themselves = stage.file_option("-CAfile", "self-signed.pem", [one.pem for one in self._own])
        self._trust: dict[frozenset[str], tuple[str, ...]] = {}

    def _is_root(self, certificate: Certificate) -> bool:
        return certificate.is_self_issued and self._issuers.of[certificate.fingerprint] is None

    def of(self, certificate: Certificate) -> tuple[str, ...]:
        if self._is_root(certificate):  # of two of one name openssl would take the other, and refuse this one
            alone = self._names[certificate.folded_subject or certificate.subject] > 1
            return ("-CAfile", f"{certificate.fingerprint}.pem") if alone else self._themselves
        left_out = self._issuers.left_out(certificate.fingerprint)
        if left_out not in self._trust:
            number = len(self._trust)
            parts = (("-CAfile", "anchors", self._anchors), ("-untrusted", "others", self._others))
            self._trust[left_out] = tuple(
                word
                for option, name, some in parts
                for word in self._stage.file_option(
                    option, f"{name}-{number}.pem", [one.pem for one in some if one.fingerprint not in left_out]
                )
            )
        # Only where its issuer's list is here: for a missing one openssl refuses everything.
        listed = (certificate.folded_issuer or certificate.issuer) in self._lists
        return (*self._trust[left_out], *(("-crl_check", *self._crls) if listed else ()))
