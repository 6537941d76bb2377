"""The outputs by their names in a profile, and those that are not in modules of their own (pure)."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from mintls.plan.commands import passin
from mintls.plan.kubernetes import kubernetes_ca_steps, kubernetes_steps
from mintls.plan.pkcs12 import first_line, pkcs12_steps, truststore_steps
from mintls.plan.step import Step
from mintls.profile.file_names import FileNames
from mintls.profile.model import Entry

Export = Callable[[FileNames, Entry, Sequence[Entry]], Iterator[Step]]
SECRET = ("pkcs12", "kubernetes", "combined", "key-der", "key-traditional")  # these contain the private key


def chain_steps(files: FileNames, entry: Entry, issuers: Sequence[Entry]) -> Iterator[Step]:
    """What a peer sends: its certificate and the intermediates, without the root (RFC 8446 4.4.2)."""
    entry_files = files.of(entry.name)
    links = (entry_files["certificate"], *(files.of(other.name)["certificate"] for other in issuers[:-1]))
    yield Step(f"{entry.name}: chain", links, links, entry_files["chain"], program="cat")


def der_steps(files: FileNames, entry: Entry, issuers: Sequence[Entry]) -> Iterator[Step]:
    entry_files = files.of(entry.name)
    argv = ("x509", "-in", entry_files["certificate"], "-outform", "DER", "-out", entry_files["der"])
    yield Step(f"{entry.name}: DER", argv, (entry_files["certificate"],), entry_files["der"])


def ca_bundle_steps(files: FileNames, entry: Entry, issuers: Sequence[Entry]) -> Iterator[Step]:
    """Every issuer, the root last: what a peer trusts, or verifies with (`-CAfile`)."""
    links = tuple(files.of(other.name)["certificate"] for other in issuers or (entry,))
    yield Step(f"{entry.name}: CA bundle", links, links, files.of(entry.name)["ca-bundle"], program="cat")


def combined_steps(files: FileNames, entry: Entry, issuers: Sequence[Entry]) -> Iterator[Step]:
    """Leaf, intermediates and key in one file, as HAProxy's crt, MongoDB's certificateKeyFile and curl's --cert."""
    entry_files = files.of(entry.name)
    intermediates = (files.of(other.name)["certificate"] for other in issuers[:-1])
    parts = (entry_files["certificate"], *intermediates, entry_files["key"])
    yield Step(f"{entry.name}: combined", parts, parts, entry_files["combined"], program="cat")


def key_der_steps(files: FileNames, entry: Entry, issuers: Sequence[Entry]) -> Iterator[Step]:
    """PKCS#8 in DER, encrypted if the key is (pkcs8(1); pkey(1) of 1.1.1 writes PKCS#1)."""
    entry_files, passphrase = files.of(entry.name), entry.settings.passphrase
    how = ("-v2", "aes-256-cbc", "-passout", first_line(passphrase)) if passphrase else ("-nocrypt",)
    argv = (
        "pkcs8", "-topk8", "-in", entry_files["key"], *passin(passphrase), *how, "-outform", "DER",
        "-out", entry_files["key-der"],
    )  # fmt: skip
    yield Step(f"{entry.name}: key in DER", argv, (entry_files["key"],), entry_files["key-der"])


def key_traditional_steps(files: FileNames, entry: Entry, issuers: Sequence[Entry]) -> Iterator[Step]:
    """PKCS#1 or SEC 1, for programs that do not read PKCS#8; encrypted if the key is (pkey(1))."""
    entry_files, passphrase = files.of(entry.name), entry.settings.passphrase
    how = ("-aes-256-cbc", "-passout", first_line(passphrase)) if passphrase else ()
    out = entry_files["key-traditional"]
    argv = ("pkey", "-in", entry_files["key"], *passin(passphrase), "-traditional", *how, "-out", out)
    yield Step(f"{entry.name}: traditional key", argv, (entry_files["key"],), out)


def crl_bundle_step(files: FileNames, entry: Entry, issuers: Sequence[Entry]) -> Step:
    """The CRLs of all issuers, for -crl_check_all; it comes after the CRLs, and so is not among the exports."""
    lists = tuple(files.of(other.name)["crl"] for other in issuers or (entry,))
    return Step(f"{entry.name}: CRL bundle", lists, lists, files.of(entry.name)["crl-bundle"], program="cat")


EXPORTS: Mapping[str, Export] = {
    "chain": chain_steps,
    "ca-bundle": ca_bundle_steps,
    "combined": combined_steps,
    "der": der_steps,
    "key-der": key_der_steps,
    "key-traditional": key_traditional_steps,
    "pkcs12": pkcs12_steps,
    "truststore": truststore_steps,
    "kubernetes": kubernetes_steps,
    "kubernetes-ca": kubernetes_ca_steps,
}


def export_steps(files: FileNames, entry: Entry, issuers: Sequence[Entry]) -> list[Step]:
    """The steps for the outputs of an entry."""
    return [step for output in entry.outputs if output in EXPORTS for step in EXPORTS[output](files, entry, issuers)]
