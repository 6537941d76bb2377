"""Certificates that somebody gave, named as in the catalogue, and invalid ones minted beside them.

A foreign peer trusts a CA of its own. What it must reject is signed with that CA's key, if there is one; the rest is
derived from the valid leaf, and from two roots with the name of the CA, byte for byte.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from shutil import copy
from typing import Any, cast

from mintls.handshake.cases.case import LIKE_THE_CA, Case, Obstacle, Row, Settings, Verifier
from mintls.handshake.cases.catalogue import VALID
from mintls.handshake.cases.obstacles import version_obstacle
from mintls.handshake.cases.profile import DEFAULTS, PROFILE, profile_of
from mintls.handshake.credentials import mint
from mintls.manifest import MANIFEST, Manifest, encode_manifest
from mintls.minting.execute import run_step
from mintls.minting.records import standing_record
from mintls.openssl.binary import Openssl
from mintls.plan.commands import key_command
from mintls.plan.defects import FORGEABLE, defect_steps
from mintls.profile.choices import Defect, KeyAlgorithm
from mintls.profile.fields import Leaf
from mintls.profile.file_names import Files
from mintls.profile.model import Entry
from mintls.x509.certificate import Certificate, read_certificate

from msgspec import Struct
from msgspec.structs import replace

_AUTHORITY = """[ ca ]
basicConstraints = critical,CA:TRUE
subjectKeyIdentifier = hash
keyUsage = critical,keyCertSign,cRLSign
"""


class Credential(Struct, frozen=True):
    """A certificate and its private key; None if it is not available, or encrypted."""

    certificate: Certificate
    key: Path | None = None


class GivenCredentials:
    """A CA and leaves (`server`, `client`) of it, in a new private directory; keys are linked, never copied."""

    def __init__(self, ca: Credential, leaves: Mapping[str, Credential], directory: Path, openssl: Openssl) -> None:
        self._directory, self._openssl = directory, openssl
        self._ca, self._leaves = ca, leaves
        directory.mkdir(0o700)
        for name, credential in {"ca": ca, **leaves}.items():
            (directory / f"{name}.crt").write_text(credential.certificate.pem)
            if credential.key:
                (directory / f"{name}.key").symlink_to(credential.key.resolve())
        self._certificates = {"ca": ca.certificate, **{name: leaf.certificate for name, leaf in leaves.items()}}

    @property
    def ca_key(self) -> bool:
        """Whether the CA can sign."""
        return self._ca.key is not None

    def obstacle(self, case: Case) -> Obstacle | None:
        """Why the case cannot be created under this CA; None when it can."""
        if not self.ca_key and case.needs_ca_key:
            return Obstacle("names, dates and purposes", "the set has no unencrypted private key of the CA")
        if self._ca.certificate.path_length == 0 and case.needs_intermediate:
            return Obstacle("intermediates", "the CA allows none: path_length 0")
        spoil_key = "stolen_key" in case.spoiled and not self.ca_key
        if spoil_key and not all(self._key(verifier.presents).startswith(FORGEABLE) for verifier in case.verifiers):
            return Obstacle("stolen certificates", "the valid certificate's key is neither RSA nor EC on a NIST curve")
        return None

    def version_obstacle(self, row: Row) -> Obstacle | None:
        """Why the version of TLS does not allow the key of the valid leaf; None when it does."""
        given = row.verifier.presents in self._leaves
        return version_obstacle(row.version, self._key(row.verifier.presents)) if given else None

    def mint(self, cases: Iterable[Case], valid: Mapping[str, Mapping[str, Settings]], now: datetime) -> None:
        """Mint what the cases present. Each must have no obstacle, and only verifiers that are tested.

        `valid`: the settings of a valid server and client, by section of the profile, from which the cases differ.
        Raises OpensslError when openssl cannot make one.
        """
        cases = tuple(cases)
        derived = [case for case in cases if case.spoiled and all(v.presents in self._leaves for v in case.verifiers)]
        plain = [_without_doubles(case) for case in cases if case not in derived]
        if any((case.leaf or {}).get("issuer") in LIKE_THE_CA for case in plain):
            self._certificates |= self._double()
        profile = profile_of({"authorities": self._authorities(), **valid}, plain, now)
        profile = replace(profile, entries=tuple(map(self._entry, profile.entries)))
        self._write_manifest()
        unsigned = () if self.ca_key else ("server", "client")
        mint(profile, self._directory, self._openssl, (*self._certificates, *unsigned))
        for case in derived:
            for verifier in case.verifiers:
                _spoil(case, verifier, self._key(verifier.presents), self._directory, self._openssl)

    def _double(self) -> dict[str, Certificate]:
        """Two roots with the name of the CA; `double` has its key identifier too.

        openssl-x509(1) -signkey replaces the key of a certificate and signs it with the new one.
        """
        (self._directory / "authority.cnf").write_text(_AUTHORITY)
        other = ("-clrext", "-extfile", "authority.cnf", "-extensions", "ca")
        doubles = {}
        for name, options in zip(LIKE_THE_CA, (other, ()), strict=True):
            self._openssl.run(key_command("ec:P-256", f"{name}.key"), cwd=self._directory)
            argv = ("x509", "-in", "ca.crt", "-signkey", f"{name}.key", "-sha256", "-days", "90", *options)
            self._openssl.run((*argv, "-out", f"{name}.crt"), cwd=self._directory)
            doubles[name] = read_certificate((self._directory / f"{name}.crt").read_text())
        return doubles

    def _authorities(self) -> dict[str, Settings]:
        """The entries of the CAs: of those that exist, _entry has what matters."""
        authorities: dict[str, Settings] = {
            name: {"subject": {"CN": name}} for name in self._certificates if name not in self._leaves
        }
        if self.ca_key and self._ca.certificate.path_length != 0:
            authorities["issuing"] = VALID["authorities"]["issuing"]
        return authorities

    def _entry(self, entry: Entry) -> Entry:
        """One that exists gets its certificate; one below it refers to it by a key identifier only if it has one."""
        if given := self._certificates.get(entry.name):
            # an old CA would fail a strict verifier, which the handshakes find out: minting must not stop for it
            settings = replace(entry.settings, key=cast(Any, given.key))
            return replace(entry, settings=settings, certificate=given, vouches=False)
        issuer = self._certificates.get(entry.issuer or "")
        if issuer and not issuer.key_identifier:
            return replace(entry, settings=replace(entry.settings, authority_key_identifier="none"))
        return entry

    def _write_manifest(self) -> None:
        """List the certificates that exist, so that they are not minted."""
        records = [
            standing_record(name, "client" if name == "client" else "server", "ca", one, self._directory)
            if name in self._leaves
            else standing_record(name, "authority", None, one, self._directory)
            for name, one in self._certificates.items()
        ]
        manifest = Manifest(profile=PROFILE, openssl=self._openssl.version(), certificates=tuple(records))
        (self._directory / MANIFEST).write_bytes(encode_manifest(manifest))

    def _key(self, role: str) -> KeyAlgorithm:
        leaf = self._leaves.get(role)
        return cast(KeyAlgorithm, leaf.certificate.key if leaf else DEFAULTS["key"])


def _without_doubles(case: Case) -> Case:
    """The roots with the name of the CA exist: see _double."""
    others = {name: settings for name, settings in case.authorities.items() if name not in LIKE_THE_CA}
    return replace(case, authorities=others)


def _spoil(case: Case, verifier: Verifier, key: KeyAlgorithm, directory: Path, openssl: Openssl) -> None:
    """Derive what the case presents from the given leaf, whose key is `key`. Raises OpensslError."""
    role, name, defects = verifier.presents, case.credential(verifier), cast(tuple[Defect, ...], case.spoiled)
    own, good = Files().of(name), Files().of(role)
    entry = Entry(name=name, role=role, issuer="ca", settings=Leaf(key=key, defects=defects), where="")
    if "stolen_key" in defects:
        copy(directory / good["certificate"], directory / own["certificate"])
    else:
        (directory / own["key"]).symlink_to(good["key"])
    for step in defect_steps(entry, good["certificate"], own):
        run_step(step, openssl, directory)
