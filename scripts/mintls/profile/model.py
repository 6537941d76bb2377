"""A parsed profile: its entries, each with role, issuer, settings, and the usages of its role."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from mintls.profile.ca_fields import Existing
from mintls.profile.choices import Made, Role
from mintls.profile.fields import Authority, Leaf
from mintls.profile.file_names import FileNames

from msgspec import Struct

if TYPE_CHECKING:
    from mintls.x509.certificate import Certificate  # which few runs read

MAX_ISSUERS = 100  # openssl-verification-options(1): as -verify_depth


class Entry(Struct, frozen=True, kw_only=True):
    """One certificate of a profile: its name, its role, its issuer's name (None: a root), its settings."""

    name: str
    role: Role
    issuer: str | None
    settings: Authority | Leaf
    where: str  # FILE:LINE: PATH, for a complaint that comes later
    index: int | None = None  # its number in a fleet
    request: str = ""  # the SHA-256 of the signing request that it certifies
    public_key: str = ""  # of that request, PEM
    certificate: "Certificate | None" = None  # of an existing CA
    vouches: bool = True  # what it signs is verified before it is published; not for a CA with faults of its own

    @property
    def is_authority(self) -> bool:
        return self.role == "authority"

    @property
    def existing(self) -> Existing | None:
        """The files of a CA that exists already."""
        return self.settings.existing if isinstance(self.settings, Authority) else None

    @property
    def cross_signs(self) -> str | None:
        """The name of the CA that this certificate, a cross certificate, certifies once more."""
        return self.settings.cross_signs if isinstance(self.settings, Authority) else None

    @property
    def owns_key(self) -> bool:
        """Whether its private key is a file of its own in the set."""
        return not (self.settings.csr or self.existing or self.cross_signs)

    @property
    def key_owner(self) -> str:
        """The name of the entry that has its key, and of a CA the CRL: a cross certificate has those of another CA."""
        return self.cross_signs or self.name

    @property
    def key_access(self) -> tuple[int, str]:
        """Mode and group ("": the user's) of the files with its private key."""
        return int(self.settings.key_mode, 8), self.settings.key_group or ""

    @property
    def outputs(self) -> tuple[Made, ...]:
        """Outputs in addition to the certificate. A root has no chain, because no peer sends it."""
        return tuple(output for output in self.settings.outputs if self.issuer is not None or output != "chain")

    @property
    def key_usage(self) -> tuple[str, ...]:
        """RFC 5280 4.2.1.3; an RSA key may also receive a session key, which TLS 1.2 with RSA key exchange needs."""
        if self.settings.key_usage is not None:
            return self.settings.key_usage
        if self.is_authority:
            return ("keyCertSign", "cRLSign")
        return (
            ("digitalSignature", "keyEncipherment") if self.settings.key.startswith("rsa:") else ("digitalSignature",)
        )

    @property
    def extended_key_usage(self) -> tuple[str, ...]:
        if self.settings.extended_key_usage is not None:
            return self.settings.extended_key_usage
        return {
            "authority": (),
            "server": ("serverAuth",),
            "client": ("clientAuth",),
            "peer": ("serverAuth", "clientAuth"),
            "responder": ("OCSPSigning",),
        }[self.role]


class Profile(Struct, frozen=True, kw_only=True, dict=True):
    """A parsed profile: entries, issuers first, and warnings with file:line."""

    name: str
    files: FileNames
    entries: tuple[Entry, ...]
    warnings: tuple[str, ...] = ()

    @cached_property
    def named(self) -> Mapping[str, Entry]:
        """The entries by name."""
        return {entry.name: entry for entry in self.entries}

    def signer(self, entry: Entry) -> Entry | None:
        """The CA whose key signs it, which has the CRL for it."""
        issuer = self.named.get(entry.issuer or "")
        return self.named.get(issuer.key_owner) if issuer else None

    def issuing_names(self, authority: Entry) -> frozenset[str]:
        """The name of a CA and those of its cross certificates: the issuers whose key it has."""
        return frozenset({authority.name, *(one.name for one in self.entries if one.cross_signs == authority.name)})

    def ancestors(self, entry: Entry) -> list[Entry]:
        """The issuer, its issuer, and so on to the root; stops at a loop, or after MAX_ISSUERS."""
        chain: dict[str, Entry] = {}
        while (issuer := self.named.get(entry.issuer or "")) and issuer.name not in chain and len(chain) < MAX_ISSUERS:
            chain[issuer.name] = entry = issuer
        return list(chain.values())
