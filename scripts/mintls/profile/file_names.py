"""The field `files`: names of the files of an entry."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated

from mintls.profile.field_docs import about
from mintls.profile.scalars import FilePattern

from msgspec import Struct, field


class Files(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """File names of an entry."""

    certificate: Annotated[FilePattern, about("The certificate (PEM).", "{name}-cert.pem")] = field(
        default_factory=lambda: FilePattern("{name}.crt")
    )
    key: Annotated[FilePattern, about("The private key (PEM, mode 0600).", "{name}-key.pem")] = field(
        default_factory=lambda: FilePattern("{name}.key")
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

    @cache  # noqa: B019  one per run, called often
    def of(self, name: str) -> Mapping[str, str]:
        """Names of all files that an entry can have, by content; not all of them are created or kept."""
        patterns = {
            "certificate": self.certificate,
            "key": self.key,
            "request": self.request or "{name}.csr",
            "chain": self.chain,
            "crl": self.crl,
            "der": self.der,
            "pkcs12": self.pkcs12,
            "truststore": self.truststore,
            "kubernetes": self.kubernetes,
            "config": "{name}.cnf",
        }
        return {what: pattern.replace("{name}", name) for what, pattern in patterns.items()}
