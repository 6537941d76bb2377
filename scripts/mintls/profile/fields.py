"""The profile language: every field, its type, its default and what it means, declared once.

From these Structs come the conversion (profile.py), the JSON Schema for editors (schema.py) and the reference.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal

from mintls.profile.names import GeneralName, Subject, Subtree
from mintls.profile.scalars import (
    Comment,
    ExtensionName,
    FilePattern,
    KeyIdentifier,
    Moment,
    Oid,
    Purpose,
    RawExtension,
    Serial,
    Span,
    Text,
    Uri,
    Variable,
)

from msgspec import Meta, Struct, field

Role = Literal["authority", "server", "client", "peer"]
KeyAlgorithm = Literal[
    "rsa:2048", "rsa:3072", "rsa:4096", "ec:P-256", "ec:P-384", "ec:P-521", "ed25519", "ed448",
    "ml-dsa-44", "ml-dsa-65", "ml-dsa-87", "rsa:1024",
]  # fmt: skip
Digest = Literal["sha256", "sha384", "sha512", "sha1"]
KeyUsage = Literal[
    "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
    "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly",
]  # fmt: skip
AuthorityKeyIdentifier = Literal[
    "keyid", "keyid:always", "keyid,issuer", "keyid,issuer:always", "keyid:always,issuer",
    "keyid:always,issuer:always", "issuer", "issuer:always", "none",
]  # fmt: skip
RevocationReason = Literal[
    "unspecified", "keyCompromise", "CACompromise", "affiliationChanged", "superseded", "cessationOfOperation",
    "certificateHold",
]  # fmt: skip
Made = Literal["chain", "der", "pkcs12", "truststore", "kubernetes"]
# A deliberately bad certificate names what is wrong with it. The first ones change what is made; the others only
# permit what a rule would forbid, so that nobody makes them by accident.
Defect = Literal[
    "bad_signature", "bad_body", "stolen_key", "self_signed", "ca_false", "wrong_issuer_key", "stale_crl",
    "weak_key", "weak_digest", "no_san", "leaf_issuer", "no_key_cert_sign", "past_path_length",
    "outside_name_constraints", "wrong_purpose",
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

    chain: Annotated[FilePattern, Meta(description="The output chain: PEM, leaf first.")] = field(
        default_factory=lambda: FilePattern("{name}.chain.crt")
    )
    crl: Annotated[FilePattern, Meta(description="An authority's CRL, PEM.")] = field(
        default_factory=lambda: FilePattern("{name}.crl")
    )
    der: Annotated[FilePattern, Meta(description="The output der.")] = field(
        default_factory=lambda: FilePattern("{name}.der")
    )
    pkcs12: Annotated[FilePattern, Meta(description="The output pkcs12.")] = field(
        default_factory=lambda: FilePattern("{name}.p12")
    )
    truststore: Annotated[FilePattern, Meta(description="The output truststore, PKCS#12.")] = field(
        default_factory=lambda: FilePattern("{name}.truststore.p12")
    )
    kubernetes: Annotated[FilePattern, Meta(description="The output kubernetes, YAML.")] = field(
        default_factory=lambda: FilePattern("{name}.secret.yaml")
    )

    @cache  # noqa: B019  one a run; it is asked often
    def of(self, name: str) -> Mapping[str, str]:
        """Every file that minting an entry can make, by what it holds; not all of them are made or kept."""
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


class Secret(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a passphrase is: an environment variable, or the first line of a file. It never stands in a profile."""

    env: Annotated[Variable | None, Meta(description="The name of an environment variable.")] = None
    file: Annotated[str | None, Meta(description="A file, relative to the profile.")] = None

    @property
    def words(self) -> str:
        """As openssl's -passin and -passout take it (openssl-passphrase-options(1))."""
        return f"env:{self.env}" if self.env else f"file:{self.file}"


class Pkcs12(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the outputs pkcs12 and truststore are made."""

    password: Annotated[Secret | None, Meta(description="The password of the file.")] = None
    alias: Annotated[Text | None, Meta(description="The name of what is in it; by default the entry's.")] = None
    compatibility: Annotated[
        Literal["modern", "legacy"], Meta(description="legacy for macOS and old Java: 3DES and SHA-1.")
    ] = "modern"


class Netscape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The historic Netscape extensions, which old recipes still carry."""

    cert_type: Annotated[tuple[NetscapeCertType, ...], Meta(description="nsCertType.")] = ()
    comment: Annotated[Comment | None, Meta(description="nsComment, ASCII.")] = None


class NameConstraints(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which names an authority may certify (RFC 5280 4.2.1.10)."""

    permitted: Annotated[tuple[Subtree, ...], Meta(description="Names of these kinds must lie in one of these.")] = ()
    excluded: Annotated[tuple[Subtree, ...], Meta(description="No name may lie in one of these.")] = ()


class Crl(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate revocation list, made even when nothing is revoked."""

    days: Annotated[int, Meta(ge=1, le=36525, description="How long it may be used before the next one.")] = 30


class Defaults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every entry starts from: mappings merge over it, anything else replaces it."""

    subject: Annotated[Subject, Meta(description="The distinguished name.")] = field(default_factory=Subject)
    key: Annotated[KeyAlgorithm, Meta(description="The key's algorithm and size or curve.")] = "rsa:2048"
    digest: Annotated[
        Digest, Meta(description="What is hashed with when this entry's key signs (not Ed25519, Ed448).")
    ] = "sha256"
    days: Annotated[int, Meta(ge=1, le=36525, description="Validity in days from the moment of issue.")] = 365
    not_before: Annotated[Moment | None, Meta(description="When it begins, RFC 3339; by default at once.")] = None
    not_after: Annotated[Moment | None, Meta(description="When it ends, RFC 3339; by default by days.")] = None
    backdate: Annotated[
        Span | None, Meta(description="How long before the moment of issue it begins, for clocks that are late.")
    ] = None
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
    crl_distribution_points: Annotated[tuple[Uri, ...], Meta(description="Where the issuer's CRL is.")] = ()
    ocsp: Annotated[tuple[Uri, ...], Meta(description="Where the issuer's OCSP responder is.")] = ()
    certificate_policies: Annotated[tuple[Oid, ...], Meta(description="Policies it was issued under.")] = ()
    outputs: Annotated[
        tuple[Made, ...],
        Meta(
            description="What is made beside certificate and key. chain: the certificate and its issuers without the "
            "root; der; pkcs12; truststore: the root for Java; kubernetes: a Secret of type kubernetes.io/tls."
        ),
    ] = ()
    passphrase: Annotated[Secret | None, Meta(description="Encrypts the private key (PKCS#8).")] = None
    pkcs12: Annotated[Pkcs12, Meta(description="How pkcs12 and truststore are made.")] = field(default_factory=Pkcs12)


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
    subject_key_identifier: Annotated[
        KeyIdentifier, Meta(description="hash of its key, none, or its own hexadecimal.")
    ] = field(default_factory=lambda: KeyIdentifier("hash"))
    extensions: Annotated[
        dict[ExtensionName, RawExtension],
        Meta(description="Any other extension in openssl's words, as in 1.2.3.4: critical,DER:0500. Replaces ours."),
    ] = field(default_factory=dict)
    revoked: Annotated[RevocationReason | None, Meta(description="Why its issuer's CRL lists it.")] = None
    csr: Annotated[
        str | None,
        Meta(description="A signing request to certify, relative to the profile. Only its public key is taken over."),
    ] = None
    defects: Annotated[
        tuple[Defect, ...], Meta(description="What is deliberately wrong with it: to test those who must refuse it.")
    ] = ()


class Authority(Certificate, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate that signs others."""

    days: Annotated[int, Meta(ge=1, le=36525, description="Validity in days from the moment of issue.")] = 3650
    path_length: Annotated[
        Annotated[int, Meta(ge=0, le=100)] | None,
        Meta(description="How many authorities may stand between it and a leaf."),
    ] = None
    name_constraints: Annotated[NameConstraints | None, Meta(description="Which names it may certify.")] = None
    crl: Annotated[Crl | None, Meta(description="Make a CRL for what it signs.")] = None


class Leaf(Certificate, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate of a server, a client, or a peer that is both."""

    count: Annotated[
        Annotated[int, Meta(ge=1, le=100000)] | None,
        Meta(description="A fleet of so many: {index}, or {index:04d}, in subject and san is 1, 2 ..."),
    ] = None


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
