"""Whether each certificate of a set serves its purpose and its names: `openssl verify`, strict, own anchors alone."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mintls.certificate import Certificate
from mintls.inspection import Found, Inspection
from mintls.openssl import Openssl

from msgspec import Struct

_HOST = re.compile(r"\w([\w.-]*\w)?", re.ASCII)  # OpenSSL 4.0 refuses to look for any other, without a word
SERVER, CLIENT = "TLS Web Server Authentication", "TLS Web Client Authentication"


class Check(Struct, frozen=True):
    """One question to openssl verify: for which purpose, as which name, and its answer ("" when it holds)."""

    purpose: str
    name: str
    refusal: str


def verify_set(inspection: Inspection, openssl: Openssl, workers: int) -> dict[str, tuple[Check, ...]]:
    """The checks of each certificate, by its fingerprint."""
    certificates = [found.certificate for found in inspection.certificates]
    with tempfile.TemporaryDirectory(prefix="mintls-") as scratch, ThreadPoolExecutor(workers) as pool:
        stage = Path(scratch)
        for certificate in certificates:
            (stage / f"{certificate.fingerprint}.pem").write_text(certificate.pem, encoding="utf-8")
        anchors = [other for other in certificates if other.is_self_issued and other.is_authority]
        trust = [
            *_file_option("-CAfile", stage / "anchors.pem", [anchor.pem for anchor in anchors]),
            *_file_option("-untrusted", stage / "others.pem", [c.pem for c in certificates if c not in anchors]),
        ]
        crls = _file_option("-CRLfile", stage / "crls.pem", [crl.pem for crl in inspection.crls])
        questions = [
            (certificate, purpose, name)
            for certificate in certificates
            for purpose in purposes(certificate)
            for name in asked_names(certificate)
        ]
        listed = {crl.issuer for crl in inspection.crls}

        def answer(question: tuple[Certificate, str, str]) -> Check:
            certificate = question[0]
            if certificate in anchors:  # of two roots with one name openssl would take the other, and refuse this one
                return _ask(openssl, stage, ["-CAfile", f"{certificate.fingerprint}.pem"], *question)
            return _ask(openssl, stage, [*trust, *_listed(certificate, listed, crls)], *question)

        answers = pool.map(answer, questions)
        checks: dict[str, list[Check]] = {}
        for (certificate, *_), check in zip(questions, answers, strict=True):
            checks.setdefault(certificate.fingerprint, []).append(check)
    return {fingerprint: tuple(some) for fingerprint, some in checks.items()}


def purposes(certificate: Certificate) -> tuple[str, ...]:
    """What it claims to be for, in openssl's names; an authority is no end of a connection."""
    if certificate.is_authority:
        return ("any",)
    of_ends = [name for usage, name in ((SERVER, "sslserver"), (CLIENT, "sslclient")) if usage in certificate.purposes]
    return tuple(of_ends) or (("any",) if certificate.purposes else ("sslserver", "sslclient"))


def asked_names(certificate: Certificate) -> list[str]:
    """The names that openssl can check, with a host in the place of a wildcard; "" for none."""
    names = [
        name.replace("*", "wildcard", 1) for name in certificate.names if name.startswith(("DNS:", "IP:", "email:"))
    ]
    names = [name for name in names if not name.startswith("DNS:") or _HOST.fullmatch(name.removeprefix("DNS:"))]
    return names if names and not certificate.is_authority else [""]


def _ask(openssl: Openssl, stage: Path, trust: list[str], certificate: Certificate, purpose: str, name: str) -> Check:
    kind, _, value = name.partition(":")
    words = {"DNS": "-verify_hostname", "IP": "-verify_ip", "email": "-verify_email"}
    as_name = (words[kind], value) if name else ()
    question = ("-x509_strict", "-check_ss_sig", "-purpose", purpose, *as_name)
    argv = ("verify", *question, *trust, f"{certificate.fingerprint}.pem")
    result = openssl.ask(argv, cwd=stage)
    holds = result.status == 0 and result.stdout.rstrip().endswith(": OK")
    return Check(
        purpose, name, "" if holds else next(_refusals(result.stdout + result.stderr), "openssl gave no reason")
    )


def _refusals(said: str) -> Iterator[str]:
    for line in said.splitlines():
        if line.startswith("error ") and " lookup:" in line:
            number, _, reason = line.removeprefix("error ").partition(" at ")
            yield f"{reason.partition(':')[2].strip()} (error {number} at {reason.partition(':')[0]})"


def _listed(certificate: Certificate, listed: set[str], crls: list[str]) -> list[str]:
    """Ask the lists only where its issuer's is here: for a missing one openssl refuses everything."""
    return ["-crl_check", *crls] if certificate.issuer in listed and not certificate.is_self_issued else []


def _file_option(option: str, path: Path, blocks: Sequence[str]) -> list[str]:
    """openssl fails on an empty file, and needs none: no store of the system stands behind it (openssl.py)."""
    path.write_text("".join(blocks), encoding="utf-8")
    return [option, path.name] if blocks else []


def issuers(inspection: Inspection) -> dict[str, Found | None]:
    """The issuer of each certificate by its fingerprint: None for a root, and for one whose issuer is not here."""
    authorities = [found for found in inspection.certificates if found.certificate.is_authority]
    return {
        found.certificate.fingerprint: next(
            (
                other
                for other in [*authorities, *inspection.certificates]
                if other.certificate is not found.certificate
                and not found.certificate.is_self_issued
                and other.certificate.may_have_signed(found.certificate)
            ),
            None,
        )
        for found in inspection.certificates
    }
