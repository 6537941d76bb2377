"""The credentials that are presented to a foreign server: the user's own, and imitations of them minted here.

The user's files are entries of the minted set that already exist. Two roots with the name of the user's CA, and damaged
copies of the user's leaf, are made from those certificates, so that each name is the same byte for byte.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from mintls.errors import ProfileError
from mintls.handshake.cases.case import Case, Settings, Verifier
from mintls.handshake.cases.catalogue import DEFAULTS, GOOD
from mintls.handshake.cases.document import document
from mintls.handshake.connect.cases import CA_ISSUERS, LEAF_ISSUERS, LIKE_THE_CA, minted
from mintls.handshake.connect.client_files import ClientFiles
from mintls.handshake.credentials import mint
from mintls.handshake.imposters import spoil, subject_of, write_manifest
from mintls.handshake.pair import ANCHORS
from mintls.manifest import Record
from mintls.minting.records import standing_record
from mintls.openssl.binary import Openssl
from mintls.plan.commands import key_command
from mintls.profile.choices import KeyAlgorithm
from mintls.profile.load import build_profile
from mintls.x509.certificate import Certificate, read_certificate

from msgspec.structs import replace

EXISTING = ("ca", "client", *LIKE_THE_CA)
_AUTHORITY = """[ ca ]
basicConstraints = critical,CA:TRUE
subjectKeyIdentifier = hash
keyUsage = critical,keyCertSign,cRLSign
"""


def imitate(
    held: ClientFiles, cases: Iterable[Case], directory: Path, openssl: Openssl, workers: int, now: datetime
) -> None:
    """Copy or link the user's credentials and mint all others that the cases present.

    Raises OpensslError when openssl cannot make one.
    """
    cases = tuple(cases)
    directory.mkdir(mode=0o700)
    _lay_out(held, directory)
    _double(held.authority, directory, openssl)
    records = [
        standing_record("ca", "authority", None, held.authority, directory),
        *(_like_the_ca(name, directory) for name in LIKE_THE_CA),
        standing_record("client", "client", None, held.good.leaf, directory),
    ]
    write_manifest(records, directory, openssl)
    names = names_of(held.good.leaf)
    alike = [_like_the_user(case, held, names) for case in minted(cases)]
    text = document(DEFAULTS, _good(held, names), alike, now)
    mint(text, directory, openssl, workers, EXISTING)
    for case in cases:
        if case.spoiled:
            spoil(case, Verifier.SERVER, cast(KeyAlgorithm, held.good.leaf.key), directory, openssl)


def _lay_out(held: ClientFiles, directory: Path) -> None:
    """The user's files; keys are linked, never copied."""
    credentials = {"client": held.good, **{f"bad-{name}": bad for name, bad in held.bad.items()}}
    for name, credential in credentials.items():
        (directory / f"{name}.crt").write_text(credential.leaf.pem)
        (directory / f"{name}.key").symlink_to(credential.key)
        (directory / f"{name}-chain.crt").write_text(credential.issuers)
    (directory / f"{LEAF_ISSUERS}.crt").write_text(held.good.issuers)
    (directory / f"{CA_ISSUERS}.crt").write_text(held.authority_issuers)
    (directory / ANCHORS).symlink_to(held.anchors)
    (directory / "ca.crt").write_text(held.authority.pem)
    if held.authority_key:
        (directory / "ca.key").symlink_to(held.authority_key)


def _double(authority: Certificate, directory: Path, openssl: Openssl) -> None:
    """Two roots with the name of the CA, byte for byte; `double` has its key identifier too.

    openssl-x509(1) -signkey replaces the key of a certificate and signs it with the new one.
    """
    (directory / "authority.cnf").write_text(_AUTHORITY)
    other = ("-clrext", "-extfile", "authority.cnf", "-extensions", "ca")
    for name, options in zip(LIKE_THE_CA, (other, ()), strict=True):
        openssl.run(key_command("ec:P-256", f"{name}.key"), cwd=directory)
        argv = ("x509", "-in", "ca.crt", "-signkey", f"{name}.key", "-sha256", "-days", "90", *options)
        openssl.run((*argv, "-out", f"{name}.crt"), cwd=directory)


def _like_the_ca(name: str, directory: Path) -> Record:
    certificate = read_certificate((directory / f"{name}.crt").read_text())
    return standing_record(name, "authority", None, certificate, directory)


def _like_the_user(case: Case, held: ClientFiles, names: Settings) -> Case:
    """The case with the user's names in its leaf, so that names do not affect the verdict."""
    authorities = {name: {**_issuer_id(settings, held), **settings} for name, settings in case.authorities.items()}
    leaf = case.leaf
    if leaf is not None:
        itself = leaf.get("issuer") == "{role}"  # with the name of its issuer it would look self-signed
        leaf = {**({} if itself else names), **_issuer_id({"issuer": "ca", **leaf}, held), **leaf}
    return replace(case, authorities=authorities, leaf=leaf)


def _issuer_id(settings: Settings, held: ClientFiles) -> Settings:
    """An issuer without a key identifier cannot be referred to by one."""
    issuer = {"ca": held.authority, LIKE_THE_CA[1]: held.authority, "{role}": held.good.leaf}.get(
        str(settings.get("issuer"))
    )
    return {"authority_key_identifier": "none"} if issuer and not issuer.key_identifier else {}


def _good(held: ClientFiles, names: Settings) -> Mapping[str, Mapping[str, Settings]]:
    """The entries that exist, as far as their settings matter for what they sign."""
    # With a defect, what they sign is not verified strictly: an old CA would fail that.
    existing: Settings = {"subject": {"CN": "already exists"}, "defects": ["weak_digest"]}
    authorities: dict[str, Settings] = dict.fromkeys(LIKE_THE_CA, existing)
    authorities["ca"] = {**existing, **_key(held.authority)}
    if held.authority_key and held.depth != 0:
        issuing = GOOD["authorities"]["issuing"]
        authorities["issuing"] = {**issuing, **_issuer_id(issuing, held)}
    issuer = (
        "ca" if held.authority_key else LIKE_THE_CA[0]
    )  # a CA whose key is available; a self-signed leaf needs none
    client = {"issuer": issuer, **_key(held.good.leaf), **names}
    return {"authorities": authorities, "servers": {}, "clients": {"client": client}}


def _key(certificate: Certificate) -> Settings:
    """The kinds of key that sign without a digest must be declared; all others sign alike."""
    return {"key": certificate.key} if certificate.key.startswith(("ed", "ml")) else {}


def names_of(certificate: Certificate) -> Settings:
    """The subject and SAN of a certificate in profile syntax, as far as a profile can express them."""
    subject = subject_of(certificate) or {"CN": ["client"]}
    for settings in ({"subject": subject, "san": certificate.names}, {"subject": subject}):
        probe = document(DEFAULTS, {**GOOD, "clients": {"client": {**settings, "issuer": "ca"}}}, (), datetime.now(UTC))
        try:
            build_profile(probe, "the certificate", "certificate")
        except ProfileError:
            continue
        return settings
    return {"subject": {"CN": "client"}}
