"""The same certificates with fewer processes: a Plan for people -> a Plan for machines (pure).

Where nothing stands between them, genrsa or genpkey, req and x509 are folded into one `req -x509` (openssl 3, req(1)),
which makes the key, and signs the certificate with another's key. What --dry-run prints stays the plain workflow;
a test holds the two kinds of set against each other.
"""

from mintls.plan import Issue, Plan
from mintls.steps import Step

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
    key = issue.steps[0] if first else None
    return structs.replace(issue, steps=(_folded(key, request, certificate), *issue.steps[first + 2 :]))


def _folded(key: Step | None, request: Step, certificate: Step) -> Step:
    said = certificate.argv
    own_key = request.argv[request.argv.index("-key") + 1]
    signer = said[said.index("-CA") : said.index("-CA") + 4] if "-CA" in said else ()
    with_key = (*new_key(key.argv), "-noenc", "-keyout", own_key) if key else ("-key", own_key)
    config = request.argv[request.argv.index("-config") + 1]
    rest = said[said.index("-set_serial") : said.index("-extfile")] + said[said.index("-extensions") :]
    argv = ("req", "-x509", "-batch", "-config", config, *with_key, *signer, *rest)
    needs = (config, *(() if key else (own_key,)), *signer[1::2])
    also = (own_key,) if key else ()
    return Step(certificate.title, argv, needs, certificate.makes, also=also)


def new_key(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The options of req(1) for the key that a genrsa or genpkey command makes."""
    if argv[0] == "genrsa":
        return ("-newkey", f"rsa:{argv[-1]}")
    parameters = argv[3 : argv.index("-out")]
    return ("-newkey", argv[2].lower(), *parameters)
