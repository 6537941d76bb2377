"""The CA and leaves of a set, used in place of the catalogue's own, so that invalid certificates are issued under them.

A foreign peer must be tested with certificates of the CA that it trusts. Without that CA's key, only the cases that
need it not can be created: from a valid leaf and the CA's certificate.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import cast, get_args

from mintls.errors import OutputError
from mintls.handshake.cases.case import Case, Obstacle, Row, Settings
from mintls.handshake.cases.catalogue import DEFAULTS, GOOD
from mintls.handshake.cases.document import document
from mintls.handshake.cases.obstacles import version_obstacle
from mintls.handshake.credentials import mint
from mintls.handshake.imposters import spoil, subject_of, write_manifest
from mintls.input_file import is_readable, read_input
from mintls.manifest import Record
from mintls.minting.records import standing_record
from mintls.openssl.binary import Openssl
from mintls.plan.defects import FORGEABLE
from mintls.profile.choices import KeyAlgorithm, Role
from mintls.profile.file_names import Files
from mintls.x509.certificate import Certificate, read_certificate

from msgspec import Struct, structs


class Credential(Struct, frozen=True):
    """A certificate in PEM and its private key; None if it is not available, or encrypted."""

    certificate: Path
    key: Path | None = None


class Adopted(Struct, frozen=True, kw_only=True):
    """The existing certificates, and their entries in the catalogue's profile: see case.document."""

    defaults: Settings
    good: Mapping[str, Mapping[str, Settings]]
    standing: tuple[str, ...]
    ca_key: bool
    path_length: int | None
    named: bool  # a profile can express the CA's subject
    leaf_key_identifiers: bool  # every existing leaf has one

    def obstacle(self, case: Case) -> Obstacle | None:
        """Why the case cannot be created under this CA; None when it can."""
        if not self.ca_key and case.needs_ca_key:
            return Obstacle("names, dates and purposes", "the set has no unencrypted private key of the CA")
        if self.path_length == 0 and _needs_intermediate(case):
            return Obstacle("intermediates", "the CA allows none: path_length 0")
        if not self.named and any(settings.get("subject") == "{ca}" for settings in case.authorities.values()):
            return Obstacle("a CA of the same name", "a profile cannot express the CA's subject")
        spoil_key = "stolen_key" in case.spoiled and not self.ca_key
        if spoil_key and not all(self._key(verifier.presents).startswith(FORGEABLE) for verifier in case.verifiers):
            return Obstacle("stolen certificates", "the valid certificate's key is neither RSA nor EC on a NIST curve")
        return None

    def version_obstacle(self, row: Row) -> Obstacle | None:
        """Why the version of TLS does not allow the key of the valid leaf; None when it does."""
        return None if self.ca_key else version_obstacle(row.version, self._key(row.verifier.presents))

    def mint(self, cases: Iterable[Case], now: datetime, directory: Path, openssl: Openssl, workers: int) -> None:
        """Mint what the cases present. Each must have no obstacle, and only verifiers that are tested."""
        cases = tuple(cases)
        derived = [case for case in cases if not self.ca_key and case.spoiled]
        plain = [self._named(case) for case in cases if case not in derived]
        mint(document(self.defaults, self.good, plain, now), directory, openssl, workers, self.standing)
        for case in derived:
            for verifier in case.verifiers:
                spoil(case, verifier, self._key(verifier.presents), directory, openssl)

    def _key(self, role: str) -> KeyAlgorithm:
        return cast(KeyAlgorithm, self.good[f"{role}s"][role]["key"])

    def _named(self, case: Case) -> Case:
        """A leaf without key identifier cannot be referenced by one in what it signs; openssl would not sign."""
        if not case.leaf or case.leaf.get("issuer") != "{role}" or self.leaf_key_identifiers:
            return case
        return structs.replace(case, leaf={**case.leaf, "authority_key_identifier": "none"})


def adopt(
    ca: Credential,
    leaves: Mapping[Role, Credential],
    directory: Path,
    openssl: Openssl,
    server_name: str = "localhost",
) -> Adopted:
    """Link the CA as `ca` and the leaves (`server`, `client`) into a new private directory.

    Raises OutputError when the CA certificate is not one, or has a key algorithm that profiles do not know.
    """
    directory.mkdir()
    root = _read(ca.certificate)
    if not root.is_authority:
        raise OutputError(f"{ca.certificate} is not a CA certificate; name the one that the peer trusts")
    usable = ca.key if ca.key and is_plain(ca.key) else None
    subject = subject_of(root)
    records, good = [], {section: dict(entries) for section, entries in GOOD.items()}
    good["authorities"]["ca"] = {
        "subject": subject or {"CN": "the adopted CA"},
        "subject_key_identifier": root.key_identifier or "none",
        "key": _key(root, ca.certificate),
        # A strict verifier may reject this CA. The handshake's controls find that out; minting must not stop for it.
        "defects": ["no_key_cert_sign"],
    }
    server = good["servers"]["server"]
    good["servers"]["server"] = {**server, "san": [f"DNS:{server_name}", "IP:127.0.0.1"]}
    if not usable:
        del good["authorities"]["issuing"]
    records.append(_record("ca", "authority", Credential(ca.certificate, usable), root, directory))
    read = {role: _read(leaf.certificate) for role, leaf in leaves.items()}
    for role, leaf in leaves.items():
        certificate = read[role]
        good[f"{role}s"][role] = {**good[f"{role}s"][role], "key": _key(certificate, leaf.certificate)}
        records.append(_record(role, role, leaf, certificate, directory))
    write_manifest(records, directory, openssl)
    return Adopted(
        defaults=DEFAULTS if root.key_identifier else {**DEFAULTS, "authority_key_identifier": "none"},
        good=good,
        standing=tuple(record.name for record in records) + (() if usable else ("server", "client")),
        ca_key=usable is not None,
        path_length=root.path_length,
        named=bool(subject),
        leaf_key_identifiers=all(certificate.key_identifier for certificate in read.values()),
    )


def _needs_intermediate(case: Case) -> bool:
    """Whether it presents a certificate signed by a CA below the root."""
    below = {name for name, settings in case.authorities.items() if "issuer" in settings} | {"issuing"}
    return (case.leaf or {}).get("issuer") in below


def _read(path: Path) -> Certificate:
    try:
        return read_certificate(read_input(path).data.decode(errors="replace"))
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}; name a certificate in PEM") from None
    except ValueError as error:
        raise OutputError(f"{path}: {error}; name a certificate in PEM") from None


def is_plain(key: Path) -> bool:
    """Whether the file exists and is not encrypted: RFC 7468 section 11, and `Proc-Type: 4,ENCRYPTED` of RFC 1421."""
    return is_readable(key) and b"ENCRYPTED" not in read_input(key).data


def _key(certificate: Certificate, path: Path) -> KeyAlgorithm:
    """The key as in a profile: only the family matters for an existing one."""
    if certificate.key in get_args(KeyAlgorithm):
        return cast(KeyAlgorithm, certificate.key)
    families: dict[str, KeyAlgorithm] = {"rsa": "rsa:4096", "ec": "ec:P-256"}
    family = families.get(certificate.key.partition(":")[0])
    if family is None:
        raise OutputError(f"{path} has a key of algorithm {certificate.key}, which mintls does not support")
    return family


def _record(name: str, role: Role, credential: Credential, certificate: Certificate, directory: Path) -> Record:
    own = Files().of(name)
    for what, path in (("certificate", credential.certificate), ("key", credential.key)):
        if path:
            (directory / own[what]).symlink_to(path.resolve())
    return standing_record(name, role, None if role == "authority" else "ca", certificate, directory)
