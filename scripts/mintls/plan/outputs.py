"""The outputs by their names in a profile, and the plain ones among them: chain and der."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from mintls.plan.commands import Step
from mintls.plan.kubernetes import kubernetes_steps
from mintls.plan.pkcs12 import pkcs12_steps, truststore_steps
from mintls.profile.fields import Files
from mintls.profile.model import Entry

Export = Callable[[Files, Entry, Sequence[Entry]], Iterator[Step]]
SECRET = ("pkcs12", "kubernetes")  # these hold the private key


def chain_steps(files: Files, entry: Entry, above: Sequence[Entry]) -> Iterator[Step]:
    """What an end sends: its certificate and the authorities between, not the root (RFC 8446 4.4.2)."""
    own = files.of(entry.name)
    links = (own["certificate"], *(files.of(other.name)["certificate"] for other in above[:-1]))
    yield Step(f"{entry.name}: chain", links, links, own["chain"], program="cat")


def der_steps(files: Files, entry: Entry, above: Sequence[Entry]) -> Iterator[Step]:
    own = files.of(entry.name)
    argv = ("x509", "-in", own["certificate"], "-outform", "DER", "-out", own["der"])
    yield Step(f"{entry.name}: DER", argv, (own["certificate"],), own["der"])


EXPORTS: Mapping[str, Export] = {
    "chain": chain_steps,
    "der": der_steps,
    "pkcs12": pkcs12_steps,
    "truststore": truststore_steps,
    "kubernetes": kubernetes_steps,
}


def export_steps(files: Files, entry: Entry, above: Sequence[Entry]) -> list[Step]:
    """The steps of every output that an entry asks for."""
    return [step for output in entry.outputs for step in EXPORTS[output](files, entry, above)]
