"""Which certificate issued which.

The issuer's name and the key identifier decide (RFC 5280 section 4.2.1.1). If several certificates with different keys
fit, the issuer is the one whose key verifies the signature.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from mintls.inspection.inventory import CertificateEntry
from mintls.inspection.openssl_verify import Question, VerifyDirectory
from mintls.x509.certificate import Certificate

from msgspec import Struct

MOST_PAIRS = 20_000  # signatures that are checked to tell issuers of one name apart
# no issuer found, or a signature that does not verify: X509_V_ERR_... of x509_vfy.h
_NOT_SIGNED = {2, 7, 18, 19, 20, 21}


class Issuers(Struct, frozen=True):
    """The issuer of each certificate by its fingerprint: None for a root, and if the issuer was not read.

    impostors are certificates with an issuer's name but a different key, by the fingerprint of what they did not sign.
    """

    of: Mapping[str, CertificateEntry | None]
    impostors: Mapping[str, frozenset[str]]
    notes: tuple[str, ...] = ()

    def chain(self, fingerprint: str) -> list[str]:
        """The fingerprints of its issuers, the nearest first; each once, even in a loop."""
        chain: dict[str, None] = {}
        while (issuer := self.of.get(fingerprint)) and issuer.fingerprint not in chain:
            fingerprint = issuer.fingerprint
            chain[fingerprint] = None
        return list(chain)

    def left_out(self, fingerprint: str) -> frozenset[str]:
        """The impostors of its whole chain, which openssl must not be given: it would not try the others."""
        issuers = self.chain(fingerprint)
        impostors = (self.impostors.get(one, frozenset[str]()) for one in (fingerprint, *issuers))
        return frozenset[str]().union(*impostors) - {*issuers}


def find_issuers(certificates: Sequence[CertificateEntry], directory: VerifyDirectory) -> Issuers:
    """Self-signed issuers are preferred to cross-signed ones, and CAs to other certificates."""
    named: dict[bytes, list[CertificateEntry]] = defaultdict(list)
    order = sorted(certificates, key=lambda one: (not one.certificate.is_authority, not one.certificate.is_self_issued))
    for entry in order:
        named[entry.certificate.folded_subject].append(entry)
    candidates = {one.fingerprint: _candidates(one, named) for one in certificates}
    unclear = {fingerprint: some for fingerprint, some in candidates.items() if len({_key(one) for one in some}) > 1}
    pairs = sum(len({_key(one) for one in some}) for some in unclear.values())
    notes: tuple[str, ...] = ()
    if pairs > MOST_PAIRS:
        notes = (f"{len(unclear)} certificates have several possible issuers with the same name: signatures were not "
                 "compared, the first issuer is shown",)  # fmt: skip
        unclear = {}
    signed = _signed(unclear, {one.fingerprint: one for one in certificates}, directory)
    issuers: dict[str, CertificateEntry | None] = {}
    impostors: dict[str, frozenset[str]] = {}
    for fingerprint, some in candidates.items():
        true = [one for one in some if (fingerprint, _key(one)) in signed] if fingerprint in unclear else some
        if true and len(true) < len(some):
            impostors[fingerprint] = frozenset(one.fingerprint for one in some if one not in true)
        first = next(iter(true or some), None)
        issuers[fingerprint] = None if first and first.fingerprint == fingerprint else first
    return Issuers(issuers, impostors, notes)


def _candidates(entry: CertificateEntry, named: Mapping[bytes, list[CertificateEntry]]) -> list[CertificateEntry]:
    """Itself first if it is self-issued; a different one with its name may have signed it all the same."""
    certificate = entry.certificate
    if certificate.is_self_issued and certificate.issuer_key_identifier:
        return [entry]
    others = [
        one
        for one in named.get(certificate.folded_issuer, ())
        if one is not entry and one.certificate.may_have_signed(certificate)
    ]
    return [entry, *others] if certificate.is_self_issued else others


def _signed(
    unclear: Mapping[str, list[CertificateEntry]], every: Mapping[str, CertificateEntry], directory: VerifyDirectory
) -> set[tuple[str, str]]:
    """The pairs of a certificate and the public key that its signature verifies with."""
    asked: dict[str, tuple[CertificateEntry, list[Certificate]]] = {}
    for fingerprint, some in unclear.items():
        for key in {_key(one): one for one in some}:
            signer = next(one for one in some if _key(one) == key)
            asked.setdefault(key, (signer, []))[1].append(every[fingerprint].certificate)
    always = ("-partial_chain", "-no_check_time", "-check_ss_sig")
    questions = [
        Question((*always, "-CAfile", f"{signer.fingerprint}.pem"), tuple(some)) for signer, some in asked.values()
    ]
    return {
        (fingerprint, key)
        for key, answers in zip(asked, directory.ask(questions), strict=True)
        for fingerprint, rejections in answers.items()
        if not any(rejection.number in _NOT_SIGNED or not rejection.number for rejection in rejections)
    }


def _key(entry: CertificateEntry) -> str:
    return entry.certificate.public_key
