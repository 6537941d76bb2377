"""Whether each certificate is valid for its purposes and names: `openssl verify -x509_strict`, given anchors only.

By default the anchors are the self-signed CAs in the files; a self-signed certificate is verified against itself.
openssl is asked about chain and purpose, for many certificates at once. A name in the usual form needs no further
question: the certificate is valid for it, since equal names match (RFC 9525 section 6.3). Unusual names are asked about
one by one. For a live server only what it sends may complete the chain.
"""

import ipaddress
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from mintls.inspection.inventory import Inventory, Server
from mintls.inspection.issuers import Issuers, find_issuers
from mintls.inspection.openssl_verify import Question, Rejection, VerifyDirectory
from mintls.inspection.trust_anchors import Chain, Trust, TrustAnchors
from mintls.openssl.binary import Openssl
from mintls.x509.certificate import Certificate
from mintls.x509.extension_values import CLIENT, SERVER

from msgspec import Struct

Purpose = Literal["server", "client", "any"]
OPENSSL_PURPOSES: Mapping[Purpose, str] = {"server": "sslserver", "client": "sslclient", "any": "any"}
ALWAYS = ("-x509_strict", "-check_ss_sig")
MOST_UNUSUAL = 200  # names that are asked about one by one
_MISSING_ISSUER = (2, 20, 21)  # X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT..., x509_vfy.h
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_USUAL = re.compile(rf"DNS:(?:{_HOST}|\*\.[A-Za-z0-9-]+\.{_HOST})|IP:[0-9A-Fa-f.:]+|email:[A-Za-z0-9._+-]+@{_HOST}")
_OPTIONS = {"DNS": "-verify_hostname", "IP": "-verify_ip", "email": "-verify_email"}


class Check(Struct, frozen=True):
    """One question and its answer: valid for this purpose, as this name ("": not asked)? error is "" if it is valid.

    server is HOST:PORT if only what that server sends was allowed to complete the chain.
    """

    purpose: Purpose
    name: str
    error: str
    server: str = ""


class Wanted(Struct, frozen=True):
    """What the user asks about instead of what each certificate claims; nothing by default.

    name is KIND:value; at is the time to verify for, in seconds since 1970.
    """

    trust: Trust | None = None
    name: str = ""
    purpose: Purpose | None = None
    at: int | None = None


class Verdicts(Struct, frozen=True):
    """The checks and the chain of each certificate by its fingerprint, who issued it, the anchors, and what was
    left out.
    """

    checks: Mapping[str, tuple[Check, ...]]
    issuers: Issuers
    notes: tuple[str, ...] = ()
    trusted: str = ""
    chains: Mapping[str, Chain] = {}


Claim = tuple[Purpose, tuple[str, ...]]  # a purpose, with the names to be valid for
Answers = Mapping[tuple[str, str], tuple[Rejection, ...]]  # by fingerprint and purpose


def verify_inventory(inventory: Inventory, openssl: Openssl, wanted: Wanted | None = None) -> Verdicts:
    """Find the issuers, and check every certificate."""
    wanted = wanted or Wanted()
    with tempfile.TemporaryDirectory(prefix="mintls-") as scratch:
        directory = VerifyDirectory(openssl, Path(scratch))
        certificates = [entry.certificate for entry in inventory.certificates]
        directory.add(certificates)
        issuers = find_issuers(inventory.certificates, directory)
        trust = TrustAnchors(inventory, issuers, directory, wanted.trust)
        verifier = _Verifier(directory, trust, wanted)
        claims = {one.fingerprint: tuple(claimed(one, wanted)) for one in certificates}
        chains = verifier.chains(certificates, claims)
        names, notes = verifier.names(certificates, claims, chains)
        servers = verifier.servers(inventory.servers)
    checks = {
        one.fingerprint: (*_checks(one, claims[one.fingerprint], chains, names), *servers.get(one.fingerprint, ()))
        for one in certificates
    }
    return Verdicts(
        checks,
        issuers,
        (*issuers.notes, *notes),
        trust.description,
        {one.fingerprint: trust.chain(one) for one in certificates},
    )


class _Verifier:
    """The questions to openssl, all of them strict and for the wanted time."""

    def __init__(self, directory: VerifyDirectory, trust: TrustAnchors, wanted: Wanted) -> None:
        self._directory, self._trust, self._wanted = directory, trust, wanted
        self._always = (*ALWAYS, *(() if wanted.at is None else ("-attime", str(wanted.at))))

    def _question(self, purpose: Purpose, options: tuple[str, ...], some: Sequence[Certificate]) -> Question:
        return Question((*self._always, "-purpose", OPENSSL_PURPOSES[purpose], *options), tuple(some))

    def chains(self, certificates: Sequence[Certificate], claims: Mapping[str, tuple[Claim, ...]]) -> Answers:
        """About chain and purpose, and about the one name that the user gave."""
        groups: dict[tuple[Purpose, tuple[str, ...]], list[Certificate]] = defaultdict(list)
        for one in certificates:
            options = self._trust.options(one)
            for purpose, names in claims[one.fingerprint]:
                as_name = _as_name(self._wanted.name) if names and self._wanted.name else ()
                groups[purpose, (*as_name, *options)].append(one)
        questions = [self._question(purpose, options, some) for (purpose, options), some in groups.items()]
        return {
            (fingerprint, purpose): rejections
            for (purpose, _), answers in zip(groups, self._directory.ask(questions), strict=True)
            for fingerprint, rejections in answers.items()
        }

    def names(
        self, certificates: Sequence[Certificate], claims: Mapping[str, tuple[Claim, ...]], chains: Answers
    ) -> tuple[Mapping[tuple[str, str, str], tuple[Rejection, ...]], tuple[str, ...]]:
        """About each unusual name of a certificate whose chain is valid, and a note about those that were too many."""
        unusual = [
            (one, purpose, name)
            for one in certificates
            for purpose, names in claims[one.fingerprint]
            if names and not chains[one.fingerprint, purpose]
            for name in names
            if name != self._wanted.name and not _USUAL.fullmatch(name)
        ]
        questions = [
            self._question(purpose, (*_as_name(name), *self._trust.options(one)), [one])
            for one, purpose, name in unusual[:MOST_UNUSUAL]
        ]
        answers: dict[tuple[str, str, str], tuple[Rejection, ...]] = {
            (one.fingerprint, purpose, name): next(iter(answer.values()))
            for (one, purpose, name), answer in zip(unusual, self._directory.ask(questions), strict=False)
        }
        left = len(unusual) - MOST_UNUSUAL
        note = f"{left} names in an unusual form were not checked; the limit is {MOST_UNUSUAL}"
        return answers, (note,) if left > 0 else ()

    def servers(self, servers: Sequence[Server]) -> Mapping[str, list[Check]]:
        """About what each server sends: a client has its root, and nothing else."""
        questions, names = [], []
        for number, server in enumerate(servers):
            name = self._wanted.name or kinded(server.name)
            options = (*_as_name(name), *self._trust.client_options(server, f"sent-{number}.pem"))
            questions.append(self._question("server", options, server.sent[:1]))
            names.append(name)
        checks = defaultdict(list)
        for server, name, answers in zip(servers, names, self._directory.ask(questions), strict=True):
            ((fingerprint, rejections),) = answers.items()
            error = next(map(str, rejections), "")
            if any(rejection.number in _MISSING_ISSUER for rejection in rejections):
                error += self._trust.missing(server)
            checks[fingerprint].append(Check("server", name, error, server.address))
        return checks


def claimed(certificate: Certificate, wanted: Wanted) -> Iterator[Claim]:
    """Each purpose that it claims, with the names to be valid for.

    A CA is not a TLS peer unless it says so: `openssl req -x509` makes self-signed servers like that.
    """
    names = (wanted.name,) if wanted.name else names_to_check(certificate)
    purposes: list[Purpose] = []
    purposes += ["server"] if SERVER in certificate.purposes else []
    purposes += ["client"] if CLIENT in certificate.purposes else []
    if certificate.is_authority:
        yield "any", ()
        purposes = purposes if names_to_check(certificate) else []
    elif not purposes:
        purposes = ["any"] if certificate.purposes else ["server", "client"]
    for purpose in [wanted.purpose] if wanted.purpose and purposes else purposes:
        yield purpose, names


def names_to_check(certificate: Certificate) -> tuple[str, ...]:
    """The names that openssl can check and a client could ask for (RFC 1034 section 3.1: at most 253 characters).

    OpenSSL 4.0 rejects DNS names that begin or end with a dot or hyphen without a reason.
    """
    return tuple(
        name
        for name in certificate.names
        if re.fullmatch(r"DNS:[\w*](?:[\w*.-]{,251}[\w*])?|email:[!-~ ]{1,253}|IP:[0-9a-f.:]+", name, re.ASCII)
    )


def kinded(name: str) -> str:
    """A name with its kind, which its form shows."""
    try:
        return f"IP:{ipaddress.ip_address(name.strip('[]').partition('%')[0])}"
    except ValueError:
        return f"{'email' if '@' in name else 'DNS'}:{name}" if name else ""


def _as_name(name: str) -> tuple[str, str]:
    kind, _, value = name.partition(":")
    return _OPTIONS[kind], value.replace("*", "wildcard", 1) if kind == "DNS" else value


def _checks(
    certificate: Certificate,
    claims: tuple[Claim, ...],
    chains: Answers,
    unusual: Mapping[tuple[str, str, str], tuple[Rejection, ...]],
) -> Iterator[Check]:
    for purpose, names in claims:
        chain = next(map(str, chains[certificate.fingerprint, purpose]), "")
        for name in names or ("",):
            error = next(map(str, unusual.get((certificate.fingerprint, purpose, name), ())), "")
            if error and "*" in name and name.startswith("DNS:"):
                error = f"wildcard not accepted here: {error}"
            yield Check(purpose, name, chain or error)
