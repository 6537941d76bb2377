"""The profile language: every field, its type, its default and what it means, declared once.

From these Structs come the conversion (profile.py), the JSON Schema for editors (schema.py) and the reference.
"""

from typing import Annotated, Literal

from mintls.grammar import Comment, FilePattern, Purpose, Serial
from mintls.names import GeneralName, Subject

from msgspec import Meta, Struct, field

Role = Literal["authority", "server", "client", "peer"]
KeyAlgorithm = Literal[
    "rsa:2048", "rsa:3072", "rsa:4096", "ec:P-256", "ec:P-384", "ec:P-521", "ed25519", "ed448",
]  # fmt: skip
Digest = Literal["sha256", "sha384", "sha512"]
KeyUsage = Literal[
    "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
    "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly",
]  # fmt: skip
AuthorityKeyIdentifier = Literal[
    "keyid", "keyid:always", "keyid,issuer", "keyid,issuer:always", "keyid:always,issuer",
    "keyid:always,issuer:always", "issuer", "issuer:always", "none",
]  # fmt: skip
NetscapeCertType = Literal["client", "server", "email", "objsign", "sslCA", "emailCA", "objCA"]


class Files(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the files of an entry are called."""

    certificate: Annotated[FilePattern, Meta(description="The certificate, PEM.")] = field(
        default_factory=lambda: FilePattern("{name}.crt")
    )
    key: Annotated[FilePattern, Meta(description="The private key, PEM, mode 0600.")] = field(
        default_factory=lambda: FilePattern("{name}.key")
    )
    request: Annotated[
        FilePattern | None,
        Meta(description="The signing request, PEM; kept only when a pattern names it. A root has none."),
    ] = None

    def of(self, name: str) -> dict[str, str]:
        """The files that minting an entry makes, by what they hold; requests and configs need not be kept."""
        return {
            "certificate": self.certificate.replace("{name}", name),
            "key": self.key.replace("{name}", name),
            "request": (self.request or "{name}.csr").replace("{name}", name),
            "config": f"{name}.cnf",
        }


class Netscape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The historic Netscape extensions, which old recipes still carry."""

    cert_type: Annotated[tuple[NetscapeCertType, ...], Meta(description="nsCertType.")] = ()
    comment: Annotated[Comment | None, Meta(description="nsComment, ASCII.")] = None


class Defaults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every entry starts from: mappings merge over it, anything else replaces it."""

    subject: Annotated[Subject, Meta(description="The distinguished name.")] = field(default_factory=Subject)
    key: Annotated[KeyAlgorithm, Meta(description="The key's algorithm and size or curve.")] = "rsa:2048"
    digest: Annotated[
        Digest, Meta(description="What is hashed with when this entry's key signs (not Ed25519, Ed448).")
    ] = "sha256"
    days: Annotated[int, Meta(ge=1, le=36525, description="Validity in days from the moment of issue.")] = 365
    issuer: Annotated[
        str | None,
        Meta(
            description="The authority that signs; need not be said when there is one. Authorities do not take it "
            "from the defaults: one without is a root."
        ),
    ] = None
    authority_key_identifier: Annotated[
        AuthorityKeyIdentifier,
        Meta(description="How the issuer's key is named (x509v3_config(5)); a root has none."),
    ] = "keyid"
    netscape: Annotated[Netscape | None, Meta(description="Historic Netscape extensions.")] = None


class Certificate(Defaults, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every certificate can say."""

    san: Annotated[tuple[GeneralName, ...], Meta(description="Alternative names, as KIND:value.")] = ()
    key_usage: Annotated[
        tuple[KeyUsage, ...] | None,
        Meta(description="By default what the role needs: see the README's table of roles."),
    ] = None
    extended_key_usage: Annotated[
        tuple[Purpose, ...] | None,
        Meta(description="By default serverAuth for servers, clientAuth for clients, both for peers; [] for none."),
    ] = None
    serial: Annotated[Serial | None, Meta(description="By default 159 random bits, unique below its issuer.")] = None


class Authority(Certificate, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate that signs others."""

    days: Annotated[int, Meta(ge=1, le=36525, description="Validity in days from the moment of issue.")] = 3650
    path_length: Annotated[
        Annotated[int, Meta(ge=0, le=100)] | None,
        Meta(description="How many authorities may stand between it and a leaf."),
    ] = None


class Leaf(Certificate, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate of a server, a client, or a peer that is both."""


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A profile as it is written."""

    version: Annotated[Literal[1], Meta(description="The version of this language.")] = 1
    defaults: Annotated[Defaults, Meta(description="What every entry starts from.")] = field(default_factory=Defaults)
    files: Annotated[Files, Meta(description="What the files are called.")] = field(default_factory=Files)
    authorities: Annotated[dict[str, Authority], Meta(description="Certificate authorities, by name.")] = field(
        default_factory=dict
    )
    servers: Annotated[dict[str, Leaf], Meta(description="TLS servers, by name.")] = field(default_factory=dict)
    clients: Annotated[dict[str, Leaf], Meta(description="TLS clients, by name.")] = field(default_factory=dict)
    peers: Annotated[dict[str, Leaf], Meta(description="TLS server and client in one, by name.")] = field(
        default_factory=dict
    )


class Entry(Struct, frozen=True, kw_only=True):
    """One certificate of a profile: its name, its role, its issuer's name (None: a root), its settings."""

    name: str
    role: Role
    issuer: str | None
    settings: Authority | Leaf
    where: str  # FILE:LINE: PATH, for a complaint that comes later

    @property
    def is_authority(self) -> bool:
        return self.role == "authority"

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
    """A profile that has been read: its entries stand issuers first, its warnings are sentences with file:line."""

    name: str
    files: Files
    entries: tuple[Entry, ...]
    warnings: tuple[str, ...] = ()
