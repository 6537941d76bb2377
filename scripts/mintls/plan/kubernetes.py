"""A Secret of type kubernetes.io/tls with tls.crt (leaf first, no root), tls.key and ca.crt, as cert-manager makes it.

https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets
"""

from collections.abc import Iterator, Sequence

from mintls.plan.step import Step
from mintls.profile.file_names import FileNames
from mintls.profile.model import Entry


def kubernetes_steps(files: FileNames, entry: Entry, issuers: Sequence[Entry]) -> Iterator[Step]:
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
        f"{_head('Secret', name, entry)}type: kubernetes.io/tls\ndata:\n"
        "  tls.crt: $certificates\n  tls.key: $key\n  ca.crt: $root\n"
        "END"
    )
    needs = tuple(dict.fromkeys((*links, entry_files["key"], root)))
    yield Step(f"{name}: Kubernetes Secret", (script,), needs, entry_files["kubernetes"], program="sh")


def kubernetes_ca_steps(files: FileNames, entry: Entry, issuers: Sequence[Entry]) -> Iterator[Step]:
    """A ConfigMap with the trust anchor alone, for pods that only verify."""
    out = files.of(entry.name)["kubernetes-ca"]
    root = files.of(issuers[-1].name)["certificate"] if issuers else files.of(entry.name)["certificate"]
    name = f"{entry.name}-ca"
    head = f"{_head('ConfigMap', name, entry)}data:\n  ca.crt: |\n"
    indented = f'while IFS= read -r line; do echo "    $line"; done < {root}'
    script = f"root=$({indented})\ncat > {out} <<END\n{head}$root\nEND"
    yield Step(f"{entry.name}: Kubernetes ConfigMap", (script,), (root,), out, program="sh")


def _head(kind: str, name: str, entry: Entry) -> str:
    """Names and labels need no escaping (profile/kubernetes.py); labels are quoted, or 1 would be a number."""
    settings = entry.settings.kubernetes
    lines = ["apiVersion: v1", f"kind: {kind}", "metadata:", f"  name: {name}"]
    if settings.namespace:
        lines.append(f"  namespace: {settings.namespace}")
    if settings.labels:
        lines += ["  labels:", *(f'    {key}: "{value}"' for key, value in settings.labels.items())]
    return "".join(f"{line}\n" for line in lines)
