"""Merges the actions of a Plan, to issue the same certificates with fewer processes (pure).

If nothing is needed in between, Key, Request and Certificate become one `req -x509` (openssl 3, req(1)), which creates
the key, and signs the certificate with the issuer's key. An RSA key takes longer than all else, so it remains a process
of its own, which need not wait for the issuer's key. What --dry-run prints is not merged; a test compares the two kinds
of set.
"""

from mintls.plan.commands import Certificate, Key, Request, key_options
from mintls.plan.openssl_config import EXTENSIONS
from mintls.plan.plan import Issue, Plan
from mintls.plan.step import Config, Step

from msgspec import Struct, structs

EXPLICIT_NONE = ("KeyIdentifier = none\n",)


class KeyAndCertificate(Struct, frozen=True):
    """`req -x509`: a certificate, and its key if there is one to create."""

    key: Key | None
    request: Request
    certificate: Certificate

    @property
    def makes(self) -> str:
        return self.certificate.makes

    def step(self) -> Step:
        new, request, certificate = self.key, self.request, self.certificate
        with_key: tuple[str, ...] = ("-key", request.key)
        if new:
            algorithm, options = key_options(new.algorithm)
            with_key = ("-newkey", algorithm.lower(), *options, "-noenc", "-keyout", new.makes)
        signer = certificate.signer if certificate.signer.certificate else None
        argv = (
            "req", "-x509", "-batch", "-config", request.config, *request.subject, *with_key,
            *(signer.options if signer else ()), *certificate.options,
            "-extensions", EXTENSIONS, "-out", certificate.makes,
        )  # fmt: skip
        needs = (request.config, *(() if new else (request.key,)), *(signer.files if signer else ()))
        also = (new.makes,) if new else ()
        return Step(f"{certificate.name}: certificate", argv, needs, certificate.makes, also=also)


def compact(plan: Plan) -> Plan:
    """Every issue in as few processes as possible."""
    return structs.replace(plan, issues=tuple(map(_compact_issue, plan.issues)))


def without_explicit_none(plan: Plan) -> Plan:
    """The plan for openssl before 3, which adds no key identifiers of its own and does not know the value none."""

    def edited(config: Config) -> Config:
        lines = (line for line in config.text.splitlines(keepends=True) if not line.endswith(EXPLICIT_NONE))
        return structs.replace(config, text="".join(lines))

    issues = (structs.replace(issue, configs=tuple(map(edited, issue.configs))) for issue in plan.issues)
    return structs.replace(plan, issues=tuple(issues))


def _compact_issue(issue: Issue) -> Issue:
    """A passphrase, a request that is kept or not ours, exact dates and defects need the separate commands."""
    settings, kept = issue.entry.settings, {output.name for output in issue.outputs}
    key: Key | None = None
    match issue.actions:
        case (Key() as key, Request() as request, Certificate() as certificate, *others):
            pass
        case (Request() as request, Certificate() as certificate, *others):
            pass
        case _:
            return issue
    plain = not (settings.passphrase or settings.csr or settings.defects or certificate.signer.passphrase)
    if not plain or request.makes in kept:
        return issue
    apart = (key,) if key and key.algorithm.startswith("rsa") else ()
    merged = KeyAndCertificate(None if apart else key, request, certificate)
    return structs.replace(issue, actions=(*apart, merged, *others))
