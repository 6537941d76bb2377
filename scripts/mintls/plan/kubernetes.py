"""A Secret of type kubernetes.io/tls with tls.crt (leaf first, no root), tls.key and ca.crt, as cert-manager makes it.

https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets
"""

from collections.abc import Iterator, Sequence

from mintls.plan.step import Step
from mintls.profile.file_names import Files
from mintls.profile.model import Entry


def kubernetes_steps(files: Files, entry: Entry, issuers: Sequence[Entry]) -> Iterator[Step]:
    """A script, because base64 is openssl's and the rest is text."""
    entry_files, name = files.of(entry.name), entry.name
    links = (entry_files["certificate"], *(files.of(other.name)["certificate"] for other in issuers[:-1]))
    root = files.of(issuers[-1].name)["certificate"] if issuers else entry_files["certificate"]
    base64 = '"$OPENSSL" base64 -A'
    # assigned first, because a failure within the text would be ignored
    script = (
        f"certificates=$(cat {' '.join(links)} | {base64})\n"
        f"key=$({base64} -in {entry_files['key']})\n"
        f"root=$({base64} -in {root})\n"
        f"cat > {entry_files['kubernetes']} <<END\n"
        f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\ntype: kubernetes.io/tls\ndata:\n"
        "  tls.crt: $certificates\n  tls.key: $key\n  ca.crt: $root\n"
        "END"
    )
    needs = tuple(dict.fromkeys((*links, entry_files["key"], root)))
    yield Step(f"{name}: Kubernetes Secret", (script,), needs, entry_files["kubernetes"], program="sh")
