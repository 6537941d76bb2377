"""Merges the steps of a Plan, to issue the same certificates with fewer processes (pure).

If nothing is needed in between, genpkey, req and x509 are folded into one `req -x509` (openssl 3, req(1)), which
makes the key, and signs the certificate with another's key. An RSA key takes longer than all else, so its genpkey
stays apart: it need not wait until the issuer's key is there. What --dry-run prints stays the plain workflow; a test
holds the two kinds of set against each other.
"""

from mintls.plan.commands import Step
from mintls.plan.plan import Issue, Plan

from msgspec import structs


def compact(plan: Plan) -> Plan:
    """Every issue in as few processes as it can be made."""
    return structs.replace(plan, issues=tuple(map(_compact_issue, plan.issues)))


def _compact_issue(issue: Issue) -> Issue:
    """A passphrase, a request that is kept or belongs to another, dates and defects need the separate commands."""
    settings, kept = issue.entry.settings, {output.name for output in issue.outputs}
    commands = [step.argv[0] for step in issue.steps[:3]]
    plain = not (settings.passphrase or settings.csr or settings.defects)
    first = commands.index("req") if "req" in commands else len(commands)
    if not plain or commands[first : first + 2] != ["req", "x509"]:
        return issue
    request, certificate = issue.steps[first : first + 2]
    if request.makes in kept or "-passin" in certificate.argv:
        return issue
    apart = issue.steps[:1] if issue.steps[0].argv[:3] == ("genpkey", "-algorithm", "RSA") else ()
    key = issue.steps[0] if first and not apart else None
    return structs.replace(issue, steps=(*apart, _folded(key, request, certificate), *issue.steps[first + 2 :]))


def _folded(key: Step | None, request: Step, certificate: Step) -> Step:
    said = certificate.argv
    own_key = request.argv[request.argv.index("-key") + 1]
    signer = said[said.index("-CA") : said.index("-CA") + 4] if "-CA" in said else ()
    with_key = (*_new_key(key.argv), "-noenc", "-keyout", own_key) if key else ("-key", own_key)
    config = request.argv[request.argv.index("-config") + 1]
    rest = said[said.index("-set_serial") : said.index("-extfile")] + said[said.index("-extensions") :]
    argv = ("req", "-x509", "-batch", "-config", config, *with_key, *signer, *rest)
    needs = (config, *(() if key else (own_key,)), *signer[1::2])
    also = (own_key,) if key else ()
    return Step(certificate.title, argv, needs, certificate.makes, also=also)


def _new_key(genpkey: tuple[str, ...]) -> tuple[str, ...]:
    """The options of req(1) for the key that `genpkey -algorithm KIND [-pkeyopt ...] -out FILE` makes."""
    return ("-newkey", genpkey[2].lower(), *genpkey[3 : genpkey.index("-out")])
