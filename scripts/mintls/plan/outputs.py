"""The outputs by their names in a profile, and the plain ones among them: chain and der."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from mintls.plan.kubernetes import kubernetes_steps
from mintls.plan.pkcs12 import pkcs12_steps, truststore_steps
from mintls.plan.step import Step
from mintls.profile.file_names import Files
from mintls.profile.model import Entry

Export = Callable[[Files, Entry, Sequence[Entry]], Iterator[Step]]
SECRET = ("pkcs12", "kubernetes")  # these contain the private key


def chain_steps(files: Files, entry: Entry, issuers: Sequence[Entry]) -> Iterator[Step]:
    """What a peer sends: its certificate and the intermediates, without the root (RFC 8446 4.4.2)."""
    entry_files = files.of(entry.name)
    links = (entry_files["certificate"], *(files.of(other.name)["certificate"] for other in issuers[:-1]))
    yield Step(f"{entry.name}: chain", links, links, entry_files["chain"], program="cat")


def der_steps(files: Files, entry: Entry, issuers: Sequence[Entry]) -> Iterator[Step]:
    entry_files = files.of(entry.name)
    argv = ("x509", "-in", entry_files["certificate"], "-outform", "DER", "-out", entry_files["der"])
    yield Step(f"{entry.name}: DER", argv, (entry_files["certificate"],), entry_files["der"])


EXPORTS: Mapping[str, Export] = {
    "chain": chain_steps,
    "der": der_steps,
    "pkcs12": pkcs12_steps,
    "truststore": truststore_steps,
    "kubernetes": kubernetes_steps,
}


def export_steps(files: Files, entry: Entry, issuers: Sequence[Entry]) -> list[Step]:
    """The steps for the outputs of an entry."""
    return [step for output in entry.outputs for step in EXPORTS[output](files, entry, issuers)]
