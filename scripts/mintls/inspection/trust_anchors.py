"""The trust anchors: those that the user names, or the self-signed CAs in the files; and the chains up to them."""

import os
import re
from collections import Counter, defaultdict
from pathlib import Path

from mintls.errors import MintlsError
from mintls.inspection.files import read_inventory
from mintls.inspection.inventory import CertificateEntry, Inventory, Server
from mintls.inspection.issuers import Issuers
from mintls.inspection.openssl_verify import VerifyDirectory
from mintls.openssl.binary import Openssl
from mintls.x509.certificate import Certificate

from msgspec import Struct

SYSTEM = "system"
MOST_NAMED = 5  # anchors that are named in the sentence about them


class Trust(Struct, frozen=True):
    """Anchors, or the options of verify(1) for the system's store; `source` is what the user wrote."""

    source: str
    anchors: tuple[Certificate, ...] = ()
    store: tuple[str, ...] = ()


class Chain(Struct, frozen=True):
    """A certificate and its issuers, by their names; whether it ends with a trust anchor."""

    names: tuple[str, ...]
    is_trusted: bool


def read_trust(source: str, openssl: Openssl) -> Trust:
    """The certificates of a file or directory, or for `system` the store that this openssl was built for.

    SSL_CERT_FILE and SSL_CERT_DIR name a different store (openssl-env(7)). Raises MintlsError if there is none.
    """
    if source != SYSTEM:
        inventory = read_inventory([Path(source)], openssl)
        return Trust(source, tuple(one.certificate for one in inventory.certificates))
    match = re.search('"(.*)"', openssl.run(["version", "-d"]).stdout)
    folder = Path(match[1] if match else "/etc/ssl")
    file = os.environ.get("SSL_CERT_FILE") or str(folder / "cert.pem")
    directory = os.environ.get("SSL_CERT_DIR") or str(folder / "certs")
    store = (
        *(("-CAfile", file) if Path(file).is_file() else ()),
        *(("-CApath", directory) if Path(directory).is_dir() else ()),
    )
    if not store:
        raise MintlsError(f"this openssl has no trust store in {folder}; name a file: --trust FILE")
    return Trust(SYSTEM, (), store)


class TrustAnchors:
    """What each certificate is verified with: anchors, other CAs, and the CRLs of its issuer."""

    def __init__(self, inventory: Inventory, issuers: Issuers, directory: VerifyDirectory, trust: Trust | None) -> None:
        self._directory, self._issuers, self._given = directory, issuers, trust
        self._names = {one.fingerprint: one.name for one in inventory.certificates}
        every = [entry.certificate for entry in inventory.certificates]
        signers = {issuer.fingerprint for issuer in issuers.of.values() if issuer}
        cas = [one for one in every if one.is_authority or one.fingerprint in signers]
        self._self_signed = [one for one in every if self._is_root(one)]
        in_files = _in_files(inventory)
        self._anchors = (
            list(trust.anchors) if trust else [one for one in cas if self._is_root(one) and one.fingerprint in in_files]
        )
        fingerprints = self._anchor_fingerprints = {one.fingerprint for one in self._anchors}
        self._others = [one for one in cas if one.fingerprint not in fingerprints]
        self._by_subject = defaultdict(list)
        for anchor in self._anchors:
            self._by_subject[anchor.folded_subject].append(anchor)
        self.description = _description(trust, inventory, fingerprints)
        self._subjects = Counter(one.folded_subject for one in self._self_signed)
        self._lists = {crl.folded_issuer for crl in inventory.crls}
        self._crls = directory.file_option("-CRLfile", "crls.pem", [crl.pem for crl in inventory.crls])
        self._themselves = directory.file_option("-CAfile", "self-signed.pem", [one.pem for one in self._self_signed])
        self._store = trust.store if trust else ()
        self._chosen: dict[frozenset[str], tuple[str, ...]] = {}

    def _is_root(self, certificate: Certificate) -> bool:
        return certificate.is_self_issued and self._issuers.of[certificate.fingerprint] is None

    def options(self, certificate: Certificate) -> tuple[str, ...]:
        """The options of verify(1) for it."""
        if not self._given and self._is_root(certificate):
            # of two with the same subject openssl would use the other one, and reject this one
            alone = self._subjects[certificate.folded_subject] > 1
            return ("-CAfile", f"{certificate.fingerprint}.pem") if alone else self._themselves
        left_out = self._issuers.left_out(certificate.fingerprint)
        if left_out not in self._chosen:
            number = len(self._chosen)
            parts = (("-CAfile", "anchors", self._anchors), ("-untrusted", "others", self._others))
            self._chosen[left_out] = tuple(
                word
                for option, name, some in parts
                for word in self._directory.file_option(
                    option, f"{name}-{number}.pem", [one.pem for one in some if one.fingerprint not in left_out]
                )
            )
        # Only if its issuer's CRL is here: without one openssl rejects everything.
        listed = certificate.folded_issuer in self._lists
        return (*self._store, *self._chosen[left_out], *(("-crl_check", *self._crls) if listed else ()))

    def client_options(self, server: Server, file: str) -> tuple[str, ...]:
        """The options for a client that has the anchors and what the server sends, and nothing else."""
        anchors = self._directory.file_option("-CAfile", "anchors.pem", [one.pem for one in self._anchors])
        untrusted = self._directory.file_option("-untrusted", file, [one.pem for one in server.sent[1:]])
        return (*self._store, *anchors, *untrusted)

    def missing(self, server: Server) -> str:
        """Which certificate the server should send as well: the rest of a sentence, or ""."""
        leaf, *others = server.sent
        chain = [leaf]
        while not self._anchor_of(chain[-1]):
            issuer = next((one for one in others if one not in chain and one.may_have_signed(chain[-1])), None)
            if issuer is None:
                return (
                    f"; {server.address} does not send the certificate of {chain[-1].issuer}, and it is not a trust "
                    "anchor: append it to the server's certificate file, or name the root with --trust"
                )
            chain.append(issuer)
        return ""

    def chain(self, certificate: Certificate) -> Chain:
        """The chain up to the nearest anchor, as openssl builds it: trusted certificates first."""
        chain = {certificate.fingerprint: self._name(certificate)}
        own = not self._given and self._is_root(certificate)
        while not own and certificate.fingerprint not in self._anchor_fingerprints:
            issuer = self._anchor_of(certificate) or _certificate(self._issuers.of.get(certificate.fingerprint))
            if issuer is None or issuer.fingerprint in chain:
                names = (*chain.values(), "the system's trust store") if self._store else tuple(chain.values())
                return Chain(names, bool(self._store))
            certificate = issuer
            chain[certificate.fingerprint] = self._name(certificate)
        return Chain(tuple(chain.values()), True)

    def _anchor_of(self, certificate: Certificate) -> Certificate | None:
        impostors = self._issuers.impostors.get(certificate.fingerprint, ())
        for anchor in self._by_subject.get(certificate.folded_issuer, ()):
            if anchor.may_have_signed(certificate) and anchor.fingerprint not in impostors:
                return anchor
        return None

    def _name(self, certificate: Certificate) -> str:
        return self._names.get(certificate.fingerprint, certificate.subject)


def _certificate(entry: CertificateEntry | None) -> Certificate | None:
    return entry.certificate if entry else None


def _in_files(inventory: Inventory) -> set[str]:
    """The fingerprints of what is in a file: what a server alone sends is never an anchor."""
    addresses = {server.address for server in inventory.servers}
    return {one.fingerprint for one in inventory.certificates if any(str(path) not in addresses for path in one.files)}


def _description(trust: Trust | None, inventory: Inventory, anchors: set[str]) -> str:
    """Which anchors are used and why, in a sentence."""
    if trust and trust.store:
        return f"the system's store: {' '.join(trust.store)}"
    if trust:
        return f"the {len(anchors)} certificate{'s' * (len(anchors) != 1)} of {trust.source}, and no other"
    names = [entry.name for entry in inventory.certificates if entry.fingerprint in anchors]
    listed = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
    own = f"the self-signed CAs in the files: {listed}" if names else "nothing, as the files contain no self-signed CA"
    return f"{own}; --trust FILE or --trust system chooses others"
