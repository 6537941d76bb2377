"""Mistakes that openssl signs without an error and no verifier accepts, found before anything is created.

Each rule is a generator of (path, sentence) over a whole profile; `mistakes` forbid, `doubts` only warn.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from mintls.profile.choices import CHANGED, RESIGNED
from mintls.profile.cross_signing import cross_mistakes
from mintls.profile.fields import Authority, Leaf
from mintls.profile.file_rules import bundle_mistakes, colliding_files, file_mistakes
from mintls.profile.issuers import Finding, path
from mintls.profile.model import MAX_ISSUERS, Entry, Profile
from mintls.profile.names import Subtree

LATEST = datetime(9998, 12, 31, tzinfo=UTC)
ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # to compare two times that are both relative
MAX_PAIRS = 200_000  # of a name and a constraint, which are compared one by one
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def mistakes(profile: Profile) -> Iterator[Finding]:
    """Findings that prevent minting."""
    if not profile.entries:
        yield (
            (),
            "contains no authorities, servers, clients or peers; see profiles/dev.yaml for an example",
        )
    pairs, reported = 0, False
    yield from colliding_files(profile)
    yield from shared_serials(profile.entries)
    for entry in profile.entries:
        if entry.index not in (None, 1):
            continue  # the first of a fleet represents all; files and serials are checked above
        if sentence := name_mistake(entry.name):
            yield path(entry), sentence
        yield from issuer_mistakes(entry, profile)
        yield from usage_mistakes(entry)
        yield from strength_mistakes(entry)
        yield from resigning_mistakes(entry, profile)
        pairs += len(entry.settings.san) * sum(len(subtrees(issuer)) for issuer in profile.ancestors(entry))
        if pairs <= MAX_PAIRS:
            yield from constraint_mistakes(entry, profile)
        elif not reported:
            reported = True
            sentence = f"with these there are over {MAX_PAIRS} pairs of a name and a name constraint to compare"
            yield path(entry, "san"), f"{sentence}; write fewer of either"
        yield from date_mistakes(entry, profile)
        yield from file_mistakes(entry)
        yield from bundle_mistakes(entry, profile)
        yield from cross_mistakes(entry, profile)
        named_elsewhere = entry.existing or entry.cross_signs
        if not entry.settings.subject and not named_elsewhere and (entry.is_authority or not entry.settings.san):
            yield path(entry, "subject"), f"is missing; write subject: {{CN: {entry.name}}}"
        if entry.role in ("server", "peer") and not entry.settings.san and "no_san" not in entry.settings.defects:
            sentence = 'every current client rejects a server without san (RFC 9525); write san: ["DNS:..."]'
            yield path(entry, "san"), sentence


def doubts(profile: Profile) -> Iterator[Finding]:
    """Findings that are only warnings."""
    for entry in profile.entries:
        issuer = profile.named.get(entry.issuer or "")
        if issuer is None or entry.index not in (None, 1):
            continue
        own, limit = entry.settings, issuer.settings
        mine, theirs = own.not_after, limit.not_after
        if mine and theirs:
            if (mine.offset is None) == (theirs.offset is None) and mine.at(ANY_TIME) > theirs.at(ANY_TIME):
                sentence = f"{mine} is later than the {theirs} of its issuer {issuer.name}"
                yield path(entry, "not_after"), f"{sentence}: it becomes invalid when {issuer.name} expires"
        elif not (mine or theirs or own.not_before or limit.not_before) and own.life > limit.life:
            field = "lifetime" if own.lifetime else "days"
            sentence = f"valid for {words(own)}, longer than its issuer {issuer.name} ({words(limit, short=True)})"
            yield path(entry, field), f"{sentence}: it becomes invalid when {issuer.name} expires"


def words(settings: Authority | Leaf, *, short: bool = False) -> str:
    """A validity for a message; `short` without the unit of days."""
    return str(settings.lifetime) if settings.lifetime else f"{settings.days}" if short else f"{settings.days} days"


def name_mistake(name: str) -> str | None:
    """A name becomes file names, so it must be safe as one everywhere."""
    if _NAME.fullmatch(name) and not name.endswith("."):
        return None
    return "is not a safe file name: write 1 to 100 letters, digits and ._-, starting with a letter or digit"


def issuer_mistakes(entry: Entry, profile: Profile) -> Iterator[Finding]:
    """RFC 5280 4.2.1.9 and 6.1.4: who may sign this entry."""
    here = path(entry, "issuer")
    if entry.issuer is None:
        if not entry.is_authority:
            authorities = _authorities(profile)
            choice = f"write one of {', '.join(authorities)}" if authorities else "add a CA under authorities"
            yield here, f"issuer is missing; {choice}"
        return
    if entry.issuer not in profile.named:
        authorities = _authorities(profile)
        choice = f"write one of {', '.join(authorities)}" if authorities else "add a CA under authorities"
        yield here, f"there is no CA {entry.issuer!r}; {choice}"
        return
    issuer, issuers = profile.named[entry.issuer], profile.ancestors(entry)
    if not issuer.is_authority and "leaf_issuer" not in entry.settings.defects:
        yield here, f"{issuer.name!r} is a {issuer.role}, and only a CA can sign"
    form = entry.settings.authority_key_identifier
    unnamed = issuer.settings.subject_key_identifier == "none" or "version_1" in issuer.settings.defects
    if unnamed and form in ("keyid", "keyid:always"):
        hint = "write issuer or none here, or give it one"
        yield path(entry, "authority_key_identifier"), f"{issuer.name} has no subject key identifier; {hint}"
    if issuer.existing and "wrong_issuer_key" in entry.settings.defects:
        yield path(entry, "defects"), f"wrong_issuer_key needs an issuer that mintls creates; {issuer.name} is existing"
    if issuer.settings.csr:
        yield here, f"the key of {issuer.name} belongs to the owner of its csr, so nothing can be signed with it here"
    if issuers[-1].issuer in profile.named:
        if entry in issuers:
            yield here, "its issuers form a loop; one of them must be a root, without issuer"
        elif len(issuers) == MAX_ISSUERS:
            yield here, f"its chain has more than {MAX_ISSUERS} issuers, the most that openssl verifies; use fewer"
        return
    if (
        entry.settings.subject
        and entry.settings.subject == issuer.settings.subject
        and entry.cross_signs != issuer.name
    ):
        yield (
            path(entry, "subject"),
            f"is the same as that of its issuer {issuer.name}; verifiers treat it as self-signed",
        )
    for below, ancestor in enumerate(issuers if entry.is_authority else (), start=1):
        limit = ancestor.settings.path_length if isinstance(ancestor.settings, Authority) else None
        if limit is not None and below > limit and "past_path_length" not in entry.settings.defects:
            sentence = f"{ancestor.name} has path_length {limit}, and this would be CA number {below} below it"
            yield here, f"{sentence}; raise it, or use an issuer closer to the root"


def _authorities(profile: Profile) -> list[str]:
    """The names to choose from, at most as many as fit into a message."""
    return list(islice((name for name, other in profile.named.items() if other.is_authority), 20))


def usage_mistakes(entry: Entry) -> Iterator[Finding]:
    """RFC 5280 4.2.1.3 and 4.2.1.12: usages that contradict the role or the key."""
    usages, rsa = entry.key_usage, entry.settings.key.startswith("rsa:")
    here = path(entry, "key_usage")
    if entry.is_authority and "keyCertSign" not in usages and "no_key_cert_sign" not in entry.settings.defects:
        yield here, "a CA needs keyCertSign to sign certificates; add it"
    if not entry.is_authority:
        for usage in {"keyCertSign", "cRLSign"}.intersection(usages):
            yield here, f"{usage} is for CAs only; remove it"
    if not rsa:
        for usage in sorted({"keyEncipherment", "dataEncipherment"}.intersection(usages)):
            yield here, f"{usage} needs an RSA key, and this one is {entry.settings.key}; remove it"
    if "keyAgreement" in usages and not entry.settings.key.startswith("ec"):
        yield (
            here,
            f"keyAgreement needs an elliptic curve key, and this one is {entry.settings.key}; remove it",
        )
    needed = {
        "server": {"serverAuth"},
        "client": {"clientAuth"},
        "peer": {"serverAuth", "clientAuth"},
        "responder": {"OCSPSigning"},
    }
    if entry.extended_key_usage and "wrong_purpose" not in entry.settings.defects:
        for purpose in sorted(needed.get(entry.role, set()).difference(entry.extended_key_usage)):
            yield (
                path(entry, "extended_key_usage"),
                f"a {entry.role} needs {purpose} here, or every verifier rejects it",
            )


def strength_mistakes(entry: Entry) -> Iterator[Finding]:
    """Keys and digests that current TLS stacks reject (RFC 9325 4.2 and 4.5)."""
    settings = entry.settings
    if settings.key == "rsa:1024" and "weak_key" not in settings.defects:
        yield (
            path(entry, "key"),
            "TLS stacks reject 1024 bits; write rsa:2048, or defects: [weak_key] to test that",
        )
    if settings.digest == "sha1" and "weak_digest" not in settings.defects:
        yield (
            path(entry, "digest"),
            "TLS stacks reject sha1; write sha256, or defects: [weak_digest] to test that",
        )
    if "stolen_key" in settings.defects and not settings.key.startswith(("rsa:", "ec")):
        yield path(entry, "defects"), f"stolen_key needs an RSA or EC key, and this one is {settings.key}"


def resigning_mistakes(entry: Entry, profile: Profile) -> Iterator[Finding]:
    """Defects that change a certificate after it was signed; two of them are made with dgst(1)."""
    defects = [defect for defect in entry.settings.defects if defect in (*CHANGED, *RESIGNED)]
    if len(defects) > 1:
        yield path(entry, "defects"), f"{' and '.join(defects)} exclude each other; write one of them"
    signer = entry if "self_signed" in entry.settings.defects else profile.named.get(entry.issuer or entry.name)
    if signer is None or not set(RESIGNED).intersection(defects):
        return
    if not signer.settings.key.startswith(("rsa:", "ec:")):
        sentence = f"{defects[0]} needs an issuer with an RSA or EC key"
        yield path(entry, "defects"), f"{sentence}, and that of {signer.name} is {signer.settings.key}"
    elif defects[0] == "mismatched_algorithm" and signer.settings.digest == "sha1":
        yield path(entry, "defects"), f"mismatched_algorithm needs an issuer that signs with SHA-2, not {signer.name}"


def constraint_mistakes(entry: Entry, profile: Profile) -> Iterator[Finding]:
    """RFC 5280 4.2.1.10: names that an issuer is not allowed to certify."""
    if "outside_name_constraints" in entry.settings.defects:
        return
    for issuer in profile.ancestors(entry):
        constraints = issuer.settings.name_constraints if isinstance(issuer.settings, Authority) else None
        for index, name in enumerate(entry.settings.san if constraints else ()):
            assert constraints
            of_kind = [subtree for subtree in constraints.permitted if subtree.kind == name.kind]
            if of_kind and not any(subtree.contains(name) for subtree in of_kind):
                permitted = ", ".join(of_kind)
                yield (
                    path(entry, "san", index),
                    f"{name} is not a name that {issuer.name} permits: {permitted}",
                )
            for subtree in constraints.excluded:
                if subtree.kind == name.kind and subtree.contains(name):
                    yield path(entry, "san", index), f"{name} lies in {subtree}, which {issuer.name} excludes"


def subtrees(authority: Entry) -> tuple[Subtree, ...]:
    """Every name constraint of a CA."""
    constraints = authority.settings.name_constraints if isinstance(authority.settings, Authority) else None
    return (*constraints.permitted, *constraints.excluded) if constraints else ()


def date_mistakes(entry: Entry, profile: Profile) -> Iterator[Finding]:
    """Dates that contradict each other, and revocations without a CRL."""
    settings = entry.settings
    begin, end = settings.not_before, settings.not_after
    comparable = begin and end and (begin.offset is None) == (end.offset is None)
    if begin and end and comparable and begin.at(ANY_TIME) >= end.at(ANY_TIME):
        yield path(entry, "not_after"), f"{end} is not after not_before; it would never be valid"
    if begin and not end and begin.offset is None and begin.moment > LATEST - timedelta(settings.days):
        yield path(entry, "not_before"), f"{begin} plus {settings.days} days is after the year 9998"
    issuer = profile.signer(entry)
    if settings.revoked and issuer and not (isinstance(issuer.settings, Authority) and issuer.settings.crl):
        yield path(entry, "revoked"), f"{issuer.name} has no CRL; write crl: {{}} there"
    if settings.revoked and entry.is_authority and entry.issuer is None:
        yield path(entry, "revoked"), "a root cannot be revoked: every peer that trusts it must remove it"


def shared_serials(entries: tuple[Entry, ...]) -> Iterator[Finding]:
    """RFC 5280 4.1.2.2: issuer and serial identify a certificate; NSS rejects a second one."""
    first: dict[tuple[str | None, str], str] = {}
    for entry in entries:
        if entry.settings.serial:
            holder = first.setdefault((entry.issuer or entry.name, entry.settings.serial), entry.name)
            if holder != entry.name:
                yield path(entry, "serial"), f"{holder} has the same serial from the same issuer; write another"
