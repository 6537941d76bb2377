"""The fields of an entry of a profile: type, default and meaning, declared once.

convert.py, json_schema.py and reference.py are driven by these Structs.
"""

from datetime import timedelta
from typing import Annotated

from mintls.profile.ca_fields import Crl, Existing, NameConstraints
from mintls.profile.choices import (
    AuthorityKeyIdentifier,
    Defect,
    Digest,
    KeyAlgorithm,
    KeyMode,
    KeyUsage,
    Made,
    NetscapeCertType,
    RevocationReason,
)
from mintls.profile.field_docs import about
from mintls.profile.file_names import OwnFiles
from mintls.profile.kubernetes import Kubernetes
from mintls.profile.names import GeneralName, Subject
from mintls.profile.passwords import Pkcs12, Secret
from mintls.profile.scalars import (
    Comment,
    ExtensionName,
    GroupName,
    KeyIdentifier,
    Oid,
    Purpose,
    RawExtension,
    Serial,
    Uri,
)
from mintls.profile.times import Moment, Span

from msgspec import Meta, Struct, field


class Netscape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The historic Netscape extensions, found in old recipes."""

    cert_type: Annotated[tuple[NetscapeCertType, ...], about("nsCertType.", ["server"])] = ()
    comment: Annotated[Comment | None, about("nsComment (ASCII).", "test only")] = None


class Defaults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Defaults for all entries: mappings merge over them, anything else replaces them."""

    subject: Annotated[
        Subject,
        about(
            "Distinguished name: attributes in order. A list gives an attribute more than once. Default with `san`: "
            "the name of the entry as CN, or empty if all names are URIs. {} is an empty subject.",
            {"C": "DE", "O": "Example", "CN": "localhost"},
            required="without san, and for CAs",
        ),
    ] = field(default_factory=Subject)
    key: Annotated[KeyAlgorithm, about("Key algorithm with size or curve.", "ec:P-256")] = "rsa:2048"
    digest: Annotated[
        Digest, about("Hash for signatures by this key. Ed25519, Ed448 and ML-DSA take none.", "sha384")
    ] = "sha256"
    days: Annotated[
        int,
        about("Validity in days from the time of issue. CAs do not inherit it from `defaults`.", 90, ge=1, le=36525),
    ] = 365
    lifetime: Annotated[
        Span | None,
        about(
            "Exact length of validity, instead of `days`: a number and s, m, h, d or w. CAs do not inherit it.", "90s"
        ),
    ] = None
    not_before: Annotated[
        Moment | None,
        about(
            "Start of validity: RFC 3339, a date, or relative to the time of issue. Default: the time of issue.",
            "2026-01-01",
        ),
    ] = None
    not_after: Annotated[
        Moment | None,
        about("End of validity, in the same forms. Default: `days` or `lifetime` after the start.", "-1d"),
    ] = None
    backdate: Annotated[
        Span | None, about("Starts validity this long before the time of issue, for peers whose clocks are slow.", "1h")
    ] = None
    issuer: Annotated[
        str | None,
        about(
            "Name of the CA that signs. Optional with a single CA. A CA without `issuer` is a root; "
            "CAs do not inherit it from `defaults`.",
            "issuing",
            required="with several CAs",
        ),
    ] = None
    authority_key_identifier: Annotated[
        AuthorityKeyIdentifier,
        about("Form of the authority key identifier (x509v3_config(5)). A root has none.", "keyid,issuer"),
    ] = "keyid"
    netscape: Annotated[Netscape | None, about("Historic Netscape extensions.", {"comment": "test only"})] = None
    crl_distribution_points: Annotated[
        tuple[Uri, ...], about("URLs of the issuer's CRL.", ["http://crl.example.org/ca.crl"])
    ] = ()
    ocsp: Annotated[tuple[Uri, ...], about("URLs of the issuer's OCSP responder.", ["http://ocsp.example.org"])] = ()
    ca_issuers: Annotated[
        tuple[Uri, ...],
        about(
            "URLs of the issuer's certificate (AIA), for servers that do not send it.",
            ["http://pki.example.org/ca.der"],
        ),
    ] = ()
    must_staple: Annotated[
        bool, about("Requires a stapled OCSP response (TLS feature status_request, RFC 7633).", True)
    ] = False
    certificate_policies: Annotated[tuple[Oid, ...], about("Certificate policies, as OIDs.", ["2.23.140.1.2.1"])] = ()
    outputs: Annotated[
        tuple[Made, ...],
        about(
            "Files created in addition to certificate and key. chain: the certificate and its "
            "issuers, without the root. ca-bundle: the issuers, up to the root. combined: chain and key in one file "
            "(HAProxy, MongoDB, curl). crl-bundle: the CRLs of all issuers. der: the certificate in DER. "
            "key-der: the key in DER (PKCS#8). key-traditional: the key in PKCS#1 or SEC 1. pkcs12: key and chain. "
            "truststore: the root, for Java; with openssl before 3.2 use keytool -importcert. "
            "kubernetes: a Secret of type kubernetes.io/tls. kubernetes-ca: a ConfigMap with the root. "
            "ocsp-index: of a CA, the index of its certificates for `openssl ocsp`.",
            ["chain", "pkcs12"],
        ),
    ] = ()
    passphrase: Annotated[Secret | None, about("Encrypts the private key (PKCS#8).", {"env": "KEYPASS"})] = None
    key_mode: Annotated[
        KeyMode,
        about(
            "Mode of the files with the private key. With 0640 its group can read it, with 0644 every user. CAs do not "
            "inherit it.",
            "0640",
        ),
    ] = "0600"
    key_group: Annotated[
        GroupName | None,
        about(
            "Group of these files, by name or number: that of a container's user. CAs do not inherit it.", "postgres"
        ),
    ] = None
    kubernetes: Annotated[
        Kubernetes, about("Options of the outputs kubernetes and kubernetes-ca.", {"namespace": "shop"})
    ] = field(default_factory=Kubernetes)
    pkcs12: Annotated[
        Pkcs12, about("Options of the outputs pkcs12 and truststore.", {"password": {"env": "P12PASS"}})
    ] = field(default_factory=Pkcs12)

    @property
    def life(self) -> timedelta:
        """The length of validity without exact dates."""
        return self.lifetime.span if self.lifetime else timedelta(self.days)


class Certificate(Defaults, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of every certificate."""

    files: Annotated[
        OwnFiles | None,
        about("File names of this entry alone.", {"certificate": "cert.pem", "key": "key.pem"}),
    ] = None
    san: Annotated[
        tuple[GeneralName, ...],
        about(
            "Subject alternative names, as KIND:value.", ["DNS:localhost", "IP:127.0.0.1"], required="servers and peers"
        ),
    ] = ()
    key_usage: Annotated[
        tuple[KeyUsage, ...] | None,
        about("Key usage. Default: by role, see Roles.", ["digitalSignature"]),
    ] = None
    extended_key_usage: Annotated[
        tuple[Purpose, ...] | None,
        about(
            "Extended key usage, as names or OIDs. Default: by role, see Roles. [] leaves the extension out.",
            ["serverAuth", "clientAuth"],
        ),
    ] = None
    serial: Annotated[Serial | None, about("Serial number. Default: 159 random bits, unique per issuer.", "0x01")] = (
        None
    )
    subject_key_identifier: Annotated[
        KeyIdentifier, about("hash (of the public key), none, or hexadecimal digits.", "none")
    ] = field(default_factory=lambda: KeyIdentifier("hash"))
    extensions: Annotated[
        dict[ExtensionName, RawExtension],
        about(
            "Any other extension in openssl syntax, by OID or name. Replaces the one that mintls would write.",
            {"1.2.3.4": "critical,DER:0500"},
        ),
    ] = field(default_factory=dict)
    revoked: Annotated[
        RevocationReason | None, about("Lists the certificate in its issuer's CRL, for this reason.", "keyCompromise")
    ] = None
    csr: Annotated[
        str | None,
        about(
            "Path of a signing request to certify, relative to the profile. Only its public key is used.", "device.csr"
        ),
    ] = None
    defects: Annotated[
        tuple[Defect, ...],
        about("What is deliberately wrong with the certificate, to test peers that must reject it.", ["bad_signature"]),
    ] = ()


class Authority(Certificate, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate that signs others."""

    days: Annotated[int, about("Validity in days from the time of issue.", 3650, ge=1, le=36525)] = 3650
    path_length: Annotated[
        Annotated[int, Meta(ge=0, le=100)] | None,
        about("Maximum number of CAs between this one and a leaf (pathLenConstraint).", 0),
    ] = None
    name_constraints: Annotated[
        NameConstraints | None,
        about("Names that this CA may certify (RFC 5280 section 4.2.1.10).", {"permitted": ["DNS:example.org"]}),
    ] = None
    crl: Annotated[Crl | None, about("Creates a CRL for the certificates of this CA.", {"days": 7})] = None
    existing: Annotated[
        Existing | None,
        about(
            "Signs with a CA that exists already, such as mkcert's. It is never renewed, and its files never change.",
            {"certificate": "rootCA.pem", "key": "rootCA-key.pem"},
        ),
    ] = None
    cross_signs: Annotated[
        str | None,
        about(
            "Name of another CA: this is a second certificate for its subject and key, signed by `issuer`, "
            "for a rollover. `issuer: THIS` on a leaf puts it into the chain.",
            "new-root",
        ),
    ] = None


class Leaf(Certificate, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate of a server, a client, a peer that is both, or an OCSP responder."""

    count: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)] | None,
        about("Number of certificates to create. {index} or {index:04d} in subject and san becomes 1, 2 ...", 50),
    ] = None
