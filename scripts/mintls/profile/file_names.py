"""The field `files`: names of the files of an entry."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated

from mintls.profile.field_docs import about
from mintls.profile.scalars import FileName, FilePattern

from msgspec import Struct, field


class Files(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """File names of an entry."""

    certificate: Annotated[FilePattern, about("The certificate (PEM).", "{name}-cert.pem")] = field(
        default_factory=lambda: FilePattern("{name}.crt")
    )
    key: Annotated[FilePattern, about("The private key (PEM; mode 0600 without `key_mode`).", "{name}-key.pem")] = (
        field(default_factory=lambda: FilePattern("{name}.key"))
    )
    request: Annotated[
        FilePattern | None,
        about("The signing request (PEM). Kept only if this pattern is given. A root has none.", "{name}.csr"),
    ] = None

    chain: Annotated[FilePattern, about("The output `chain` (PEM, leaf first).", "{name}-fullchain.pem")] = field(
        default_factory=lambda: FilePattern("{name}.chain.crt")
    )
    crl: Annotated[FilePattern, about("The CRL of a CA (PEM).", "{name}.crl.pem")] = field(
        default_factory=lambda: FilePattern("{name}.crl")
    )
    der: Annotated[FilePattern, about("The output `der`.", "{name}.der")] = field(
        default_factory=lambda: FilePattern("{name}.der")
    )
    pkcs12: Annotated[FilePattern, about("The output `pkcs12`.", "{name}.pfx")] = field(
        default_factory=lambda: FilePattern("{name}.p12")
    )
    truststore: Annotated[FilePattern, about("The output `truststore` (PKCS#12).", "{name}-trust.p12")] = field(
        default_factory=lambda: FilePattern("{name}.truststore.p12")
    )
    kubernetes: Annotated[FilePattern, about("The output `kubernetes` (YAML).", "{name}-tls.yaml")] = field(
        default_factory=lambda: FilePattern("{name}.secret.yaml")
    )
    ca_bundle: Annotated[FilePattern, about("The output `ca-bundle`.", "{name}-ca.pem")] = field(
        default_factory=lambda: FilePattern("{name}.ca-bundle.pem")
    )
    combined: Annotated[FilePattern, about("The output `combined`.", "{name}.pem")] = field(
        default_factory=lambda: FilePattern("{name}.combined.pem")
    )
    crl_bundle: Annotated[FilePattern, about("The output `crl-bundle`.", "{name}-crls.pem")] = field(
        default_factory=lambda: FilePattern("{name}.crl-bundle.pem")
    )
    key_der: Annotated[FilePattern, about("The output `key-der`.", "{name}.pk8")] = field(
        default_factory=lambda: FilePattern("{name}.key.der")
    )
    key_traditional: Annotated[FilePattern, about("The output `key-traditional`.", "{name}-rsa.key")] = field(
        default_factory=lambda: FilePattern("{name}.traditional.key")
    )
    kubernetes_ca: Annotated[FilePattern, about("The output `kubernetes-ca`.", "{name}-ca.yaml")] = field(
        default_factory=lambda: FilePattern("{name}.ca.yaml")
    )
    ocsp_index: Annotated[FilePattern, about("The output `ocsp-index`.", "{name}-index.txt")] = field(
        default_factory=lambda: FilePattern("{name}.index.txt")
    )

    def patterns(self) -> dict[str, str]:
        """Name patterns of all files that an entry can have, by content; not all of them are created or kept."""
        own: dict[str, str | None] = {name.replace("_", "-"): getattr(self, name) for name in self.__struct_fields__}
        return {**{what: pattern or "{name}.csr" for what, pattern in own.items()}, "config": "{name}.cnf"}

    def of(self, name: str) -> Mapping[str, str]:
        """The file names of an entry without names of its own."""
        return _Named(_patterns(self), name)


class _Named(Mapping[str, str]):
    """Patterns for a name; only what is asked for is made, since a fleet has a million names."""

    __slots__ = ("name", "patterns")

    def __init__(self, patterns: Mapping[str, str], name: str) -> None:
        self.patterns, self.name = patterns, name

    def __getitem__(self, what: str) -> str:
        return self.patterns[what].replace("{name}", self.name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.patterns)

    def __len__(self) -> int:
        return len(self.patterns)


@cache
def _patterns(files: Files) -> Mapping[str, str]:
    return files.patterns()


class OwnFiles(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """File names of one entry; what is not given is named as in `files` of the profile."""

    certificate: Annotated[FileName | None, about("Name of the file `certificate`.", "cert.pem")] = None
    key: Annotated[FileName | None, about("Name of the file `key`.", "key.pem")] = None
    request: Annotated[FileName | None, about("Name of the file `request`.", "web.csr")] = None
    chain: Annotated[FileName | None, about("Name of the file `chain`.", "fullchain.pem")] = None
    ca_bundle: Annotated[FileName | None, about("Name of the file `ca-bundle`.", "{name}-ca-bundle")] = field(
        default=None
    )
    combined: Annotated[FileName | None, about("Name of the file `combined`.", "{name}-combined")] = None
    crl: Annotated[FileName | None, about("Name of the file `crl`.", "ca.crl.pem")] = None
    crl_bundle: Annotated[FileName | None, about("Name of the file `crl-bundle`.", "{name}-crl-bundle")] = field(
        default=None
    )
    der: Annotated[FileName | None, about("Name of the file `der`.", "{name}-der")] = None
    key_der: Annotated[FileName | None, about("Name of the file `key-der`.", "{name}-key-der")] = field(default=None)
    key_traditional: Annotated[
        FileName | None, about("Name of the file `key-traditional`.", "{name}-key-traditional")
    ] = None
    pkcs12: Annotated[FileName | None, about("Name of the file `pkcs12`.", "{name}-pkcs12")] = None
    truststore: Annotated[FileName | None, about("Name of the file `truststore`.", "{name}-truststore")] = None
    kubernetes: Annotated[FileName | None, about("Name of the file `kubernetes`.", "{name}-kubernetes")] = None
    kubernetes_ca: Annotated[FileName | None, about("Name of the file `kubernetes-ca`.", "{name}-kubernetes-ca")] = (
        field(default=None)
    )
    ocsp_index: Annotated[FileName | None, about("Name of the file `ocsp-index`.", "index.txt")] = None

    def of(self, name: str) -> dict[str, str]:
        """The names that are given, by content."""
        given = {field.replace("_", "-"): getattr(self, field) for field in self.__struct_fields__}
        return {what: pattern.replace("{name}", name) for what, pattern in given.items() if pattern}


class FileNames(Struct, frozen=True, dict=True):
    """The file names of all entries: patterns, and for some entries their own."""

    patterns: Files = field(default_factory=Files)
    own: Mapping[str, OwnFiles] = field(default_factory=dict)

    def of(self, name: str) -> Mapping[str, str]:
        """The file names of an entry, by content; not all of them are created or kept."""
        names = self.patterns.of(name)
        return {**names, **self.own[name].of(name)} if name in self.own else names

    def keeps_request(self, name: str) -> bool:
        """Whether its signing request is published."""
        return bool(self.patterns.request or (name in self.own and self.own[name].request))
