"""A Secret of type kubernetes.io/tls with tls.crt (leaf first, no root), tls.key and ca.crt, as cert-manager makes it.

https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets
"""

from collections.abc import Iterator, Sequence

from mintls.plan.commands import Step
from mintls.profile.fields import Files
from mintls.profile.model import Entry


def kubernetes_steps(files: Files, entry: Entry, above: Sequence[Entry]) -> Iterator[Step]:
    """A script, because base64 is openssl's and the rest is text."""
    own, name = files.of(entry.name), entry.name
    links = (own["certificate"], *(files.of(other.name)["certificate"] for other in above[:-1]))
    root = files.of(above[-1].name)["certificate"] if above else own["certificate"]
    base64 = '"$OPENSSL" base64 -A'
    # assigned first, because in the text itself a failure would leave a field empty and pass
    script = (
        f"certificates=$(cat {' '.join(links)} | {base64})\n"
        f"key=$({base64} -in {own['key']})\n"
        f"root=$({base64} -in {root})\n"
        f"cat > {own['kubernetes']} <<END\n"
        f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\ntype: kubernetes.io/tls\ndata:\n"
        "  tls.crt: $certificates\n  tls.key: $key\n  ca.crt: $root\n"
        "END"
    )
    needs = tuple(dict.fromkeys((*links, own["key"], root)))
    yield Step(f"{name}: Kubernetes Secret", (script,), needs, own["kubernetes"], program="sh")
