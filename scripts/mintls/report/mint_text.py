"""What generate.py did as text, and what to do next (pure)."""

from mintls.escape import printable
from mintls.minting.check import Outcome
from mintls.profile.model import Profile


def next_step(profile: Profile, directory: str) -> str:
    """Which files go where, in one line; empty for a profile without a leaf."""
    leaves = [entry for entry in profile.entries if not entry.is_authority and entry.settings.csr is None]
    leaf = next((entry for entry in leaves if entry.role in ("server", "peer")), next(iter(leaves), None))
    if leaf is None or not (issuers := profile.ancestors(leaf)):
        return ""
    files, anchor = profile.files.of(leaf.name), profile.files.of(issuers[-1].name)["certificate"]
    sent = files["chain" if "chain" in leaf.outputs else "certificate"]
    paths = [printable(f"{directory}/{name}") for name in (sent, files["key"], anchor)]
    stack = "curl" if leaf.role == "client" else "nginx"
    return (
        f"next: give the {leaf.role} {paths[0]} and {paths[1]}, trusting {paths[2]}; "
        f"configure.py {stack} {printable(directory)} prints how, and how to prove it"
    )


def as_lines(directory: str, outcome: Outcome, due: str) -> list[str]:
    """A line for each entry and CRL, and a summary; `due` is the word for work with --check."""
    reported = [decision for decision in outcome.decisions if decision.what != "skipped"]
    lines = [
        f"{(decision.work and due) or decision.what:<9} {decision.entry.name}: {decision.why}" for decision in reported
    ]
    lines += [f"{due or 'listed':<9} {crl.file}: {len(crl.record.revoked)} revoked" for crl in outcome.crls]
    for orphan in outcome.orphans:
        files = ", ".join(orphan.files) or "no files"
        if outcome.pruned:
            lines.append(f"{'orphan' if due else 'removed':<9} {orphan.name}: {files}")
        else:
            lines.append(f"orphan    {orphan.name}: not in the profile; --prune removes {files}")
    for shard in outcome.missing:
        share = f"{shard.number}/{shard.of}"
        lines.append(f"missing   share {share}: copy its files into {directory}, or run this with --shard {share}")
    worked = sum(bool(decision.work) for decision in reported) + (len(outcome.crls) if due else 0)
    return [*lines, f"{directory}: {worked} {due or 'issued'}, {len(reported)} in all"]
