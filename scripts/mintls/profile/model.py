"""A parsed profile: its entries, each with role, issuer, settings, and the usages of its role."""

from mintls.profile.fields import Authority, Files, Leaf, Made, Role

from msgspec import Struct


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

    @property
    def is_authority(self) -> bool:
        return self.role == "authority"

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
        return ("digitalSignature", "keyEncipherment") if self.settings.key.startswith("rsa") else ("digitalSignature",)

    @property
    def extended_key_usage(self) -> tuple[str, ...]:
        if self.settings.extended_key_usage is not None:
            return self.settings.extended_key_usage
        return {
            "authority": (),
            "server": ("serverAuth",),
            "client": ("clientAuth",),
            "peer": ("serverAuth", "clientAuth"),
        }[self.role]


class Profile(Struct, frozen=True, kw_only=True):
    """A parsed profile: entries, issuers first, and warnings with file:line."""

    name: str
    files: Files
    entries: tuple[Entry, ...]
    warnings: tuple[str, ...] = ()
