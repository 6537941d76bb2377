"""Minted sets for other people's tests: a pytest plugin with one session fixture, `mint`.

In a conftest.py, with this repository's scripts/ on the path (pytest's `pythonpath` setting):

    pytest_plugins = ["mintls.pytest_plugin"]

and in a test: `certs = mint()`, then `certs.ca`, `certs["server"].certificate`, `certs["client"].key`; and for one more
certificate `mint.server("a.example", lifetime="1h")`. README.md has an example. Only this module needs pytest.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from mintls.errors import MintlsError, UsageError, not_known
from mintls.minting.mint import mint as mint_profile
from mintls.minting.snapshot import read_manifest
from mintls.openssl.binary import Openssl
from mintls.profile.load import build_profile, load_profile, read_profile
from mintls.profile.model import Profile
from mintls.profile.starter import name_of

import pytest
from msgspec import Struct

DEV = Path(__file__).resolve().parent.parent.parent / "profiles" / "dev.yaml"
__all__ = ["Mint", "Minted", "MintedSet", "mint"]


class Minted(Struct, frozen=True):
    """The files of one certificate, by content: `certificate`, `key`, `chain`, `pkcs12` ..."""

    files: Mapping[str, Path]

    @property
    def certificate(self) -> Path:
        """The certificate."""
        return self.files["certificate"]

    @property
    def chain(self) -> Path:
        """What a peer sends: the certificate, followed by its intermediates if `outputs` has chain."""
        return self.files.get("chain", self.certificate)

    @property
    def key(self) -> Path:
        """Its private key."""
        return self.files["key"]


class MintedSet(Struct, frozen=True):
    """A set: its directory, its root (the first, if there are several), and each certificate by its profile's name."""

    directory: Path
    ca: Path
    certificates: Mapping[str, Minted]

    def __getitem__(self, name: str) -> Minted:
        """Raises KeyError, with a guess, when the profile names no such certificate."""
        if name not in self.certificates:
            raise KeyError(not_known(name, self.certificates))
        return self.certificates[name]


class Mint:
    """Mints sets, each once per run, and single certificates. The workers of pytest-xdist share the sets.

    `mint()`, `mint("profiles/dev.yaml")`, `mint(PATH)` or `mint(YAML)` is a set of that profile, by default dev.yaml.
    `mint.server("a.example", lifetime="1h")` is a new certificate below the CA of `mint()`; the names go into san, and
    keywords are fields of a profile. `client` and `peer` likewise.
    """

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory
        base = factory.getbasetemp()
        self._shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
        self._minted: dict[str, MintedSet] = {}

    def __call__(self, profile: str | Path = DEV) -> MintedSet:
        try:
            data, parsed = _read(profile)
            digest = hashlib.sha256(data).hexdigest()[:16]
            if digest not in self._minted:
                self._minted[digest] = _mint(parsed, self._shared / f"mintls-{digest}")
            return self._minted[digest]
        except MintlsError as error:
            pytest.fail(str(error), pytrace=False)

    def server(self, *names: str, **fields: object) -> Minted:
        """A new server certificate for these host names and addresses."""
        return self._one("servers", names, fields)

    def client(self, *names: str, **fields: object) -> Minted:
        """A new client certificate; without names its CN is client."""
        return self._one("clients", names, fields)

    def peer(self, *names: str, **fields: object) -> Minted:
        """A new certificate that is server and client in one."""
        return self._one("peers", names, fields)

    def _one(self, section: str, names: Sequence[str], fields: Mapping[str, object]) -> Minted:
        signer = self()
        name = section.removesuffix("s")
        files = {"certificate": str(signer.ca), "key": str(signer["ca"].key)}
        own: dict[str, object] = {"key": "ec:P-256"}
        try:
            own |= {"san": [str(name_of(one)) for one in names]} if names else {"subject": {"CN": name}}
            document = {"authorities": {"ca": {"existing": files}}, section: {name: {**own, **fields}}}
            profile = build_profile(document, "mint", name)
            return _mint(profile, self._factory.mktemp(f"mintls-{name}"))[name]
        except (MintlsError, ValueError) as error:
            pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def mint(tmp_path_factory: pytest.TempPathFactory) -> Mint:
    """Mints sets and single certificates: see Mint."""
    return Mint(tmp_path_factory)


def _read(profile: str | Path) -> tuple[bytes, Profile]:
    """Text with several lines, or with a colon and a space, is YAML; anything else is a path."""
    if isinstance(profile, str) and ("\n" in profile or ": " in profile):
        return profile.encode(), read_profile(profile.encode(), "the profile's text", "profile")
    path = Path(profile)
    return path.resolve().as_posix().encode(), load_profile(path)


def _mint(profile: Profile, directory: Path) -> MintedSet:
    """An existing set is kept; waits for a process that is minting it."""
    mint_profile(profile, directory, Openssl(jobs=os.cpu_count() or 1), lambda title, done, total: None)
    manifest = read_manifest(directory)
    certificates = manifest.certificates if manifest else ()
    roots = [record for record in certificates if record.issuer is None and record.role == "authority"]
    if not roots:
        raise UsageError("the profile has no root CA")
    return MintedSet(
        directory=directory,
        ca=directory / roots[0].files["certificate"],
        certificates={
            record.name: Minted({what: directory / name for what, name in record.files.items()})
            for record in certificates
        },
    )
