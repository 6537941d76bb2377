"""What is believed: the anchors that the user names, or the self-signed authorities of the set itself."""

import os
import re
from collections import Counter
from pathlib import Path

from mintls.errors import MintlsError
from mintls.inspection.files import Inspection, inspect
from mintls.inspection.issuers import Issuers
from mintls.inspection.openssl_verify import Stage
from mintls.openssl.binary import Openssl
from mintls.x509.certificate import Certificate

from msgspec import Struct

SYSTEM = "system"
MOST_NAMED = 5  # anchors of the set, in the sentence about them


class Trust(Struct, frozen=True):
    """Anchors, and the options of verify(1) that name a store of the system; `source` is what the user wrote."""

    source: str
    anchors: tuple[Certificate, ...] = ()
    store: tuple[str, ...] = ()


def read_trust(source: str, openssl: Openssl, workers: int) -> Trust:
    """The certificates of a file or directory, or for `system` the store that this openssl was built for.

    SSL_CERT_FILE and SSL_CERT_DIR name another store, as openssl-env(7) says. Raises MintlsError when there is none.
    """
    if source != SYSTEM:
        found = inspect([Path(source)], openssl, workers)
        return Trust(source, tuple(one.certificate for one in found.certificates))
    match = re.search('"(.*)"', openssl.run(["version", "-d"]).stdout)
    folder = Path(match[1] if match else "/etc/ssl")
    file = os.environ.get("SSL_CERT_FILE") or str(folder / "cert.pem")
    directory = os.environ.get("SSL_CERT_DIR") or str(folder / "certs")
    store = (
        *(("-CAfile", file) if Path(file).is_file() else ()),
        *(("-CApath", directory) if Path(directory).is_dir() else ()),
    )
    if not store:
        raise MintlsError(f"this openssl has no store of anchors in {folder}; name a file: --trust FILE")
    return Trust(SYSTEM, (), store)


class TrustOptions:
    """What each certificate is verified with: its anchors, the other authorities, and the lists of its issuer."""

    def __init__(self, inspection: Inspection, issuers: Issuers, stage: Stage, trust: Trust | None) -> None:
        self._stage, self._issuers, self._given = stage, issuers, trust
        every = [found.certificate for found in inspection.certificates]
        signers = {above.certificate.fingerprint for above in issuers.of.values() if above}
        able = [one for one in every if one.is_authority or one.fingerprint in signers]
        self._own = [one for one in every if self._is_root(one)]
        self._anchors = list(trust.anchors) if trust else [one for one in able if self._is_root(one)]
        self.said = _said(trust, inspection, {one.fingerprint for one in self._anchors})
        fingerprints = {one.fingerprint for one in self._anchors}
        self._others = [one for one in able if one.fingerprint not in fingerprints]
        self._names = Counter(one.folded_subject or one.subject for one in self._own)
        self._lists = {crl.folded_issuer or crl.issuer for crl in inspection.crls}
        self._crls = stage.file_option("-CRLfile", "crls.pem", [crl.pem for crl in inspection.crls])
        self._themselves = stage.file_option("-CAfile", "self-signed.pem", [one.pem for one in self._own])
        self._chosen: dict[frozenset[str], tuple[str, ...]] = {}

    def _is_root(self, certificate: Certificate) -> bool:
        return certificate.is_self_issued and self._issuers.of[certificate.fingerprint] is None

    def of(self, certificate: Certificate) -> tuple[str, ...]:
        """The options of verify(1) for it."""
        if self._is_root(certificate) and not self._given:
            # of two of one name openssl would take the other, and refuse this one
            alone = self._names[certificate.folded_subject or certificate.subject] > 1
            return ("-CAfile", f"{certificate.fingerprint}.pem") if alone else self._themselves
        left_out = self._issuers.left_out(certificate.fingerprint)
        if left_out not in self._chosen:
            number = len(self._chosen)
            parts = (("-CAfile", "anchors", self._anchors), ("-untrusted", "others", self._others))
            self._chosen[left_out] = tuple(
                word
                for option, name, some in parts
                for word in self._stage.file_option(
                    option, f"{name}-{number}.pem", [one.pem for one in some if one.fingerprint not in left_out]
                )
            )
        # Only where its issuer's list is here: for a missing one openssl refuses everything.
        listed = (certificate.folded_issuer or certificate.issuer) in self._lists
        store = self._given.store if self._given else ()
        return (*store, *self._chosen[left_out], *(("-crl_check", *self._crls) if listed else ()))


def _said(trust: Trust | None, inspection: Inspection, anchors: set[str]) -> str:
    """Which anchors are believed and why, in a sentence."""
    if trust and trust.store:
        return f"the store of the system: {' '.join(trust.store)}"
    if trust:
        return f"the {len(anchors)} certificate{'s' * (len(anchors) != 1)} of {trust.source}, and no other"
    names = [found.name for found in inspection.certificates if found.certificate.fingerprint in anchors]
    listed = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
    own = f"the self-signed CAs among what was read: {listed}" if names else "no self-signed CA was read"
    return f"{own}; --trust FILE names others"
