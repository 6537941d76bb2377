"""Who signed which certificate of a set.

The name of the issuer and the key identifier decide (RFC 5280 section 4.2.1.1); where several certificates of
different keys fit, only that one is the issuer whose key the signature verifies with.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from mintls.inspection.key_matching import Found
from mintls.inspection.openssl_verify import Question, Stage
from mintls.x509.certificate import Certificate

from msgspec import Struct

MOST_PAIRS = 20_000  # signatures that are checked to tell issuers of one name apart
_NOT_SIGNED = {
    2,
    7,
    18,
    19,
    20,
    21,
}  # no issuer found, or a signature that does not verify: X509_V_ERR_... of x509_vfy.h


class Issuers(Struct, frozen=True):
    """The issuer of each certificate by its fingerprint: None for a root, and for one whose issuer is not here.

    impostors are those that have an issuer's name but not its key, by the fingerprint of what they did not sign.
    """

    of: Mapping[str, Found | None]
    impostors: Mapping[str, frozenset[str]]
    notes: tuple[str, ...] = ()

    def above(self, fingerprint: str) -> list[str]:
        """The fingerprints of its issuers, the nearest first; each once, whatever the set holds."""
        line: dict[str, None] = {}
        while (issuer := self.of.get(fingerprint)) and issuer.certificate.fingerprint not in line:
            fingerprint = issuer.certificate.fingerprint
            line[fingerprint] = None
        return list(line)

    def left_out(self, fingerprint: str) -> frozenset[str]:
        """The impostors of its whole chain, which openssl must not be given: it would try no other."""
        line = self.above(fingerprint)
        return frozenset[str]().union(*(self.impostors.get(one, frozenset()) for one in (fingerprint, *line))) - {*line}


def find_issuers(certificates: Sequence[Found], stage: Stage) -> Issuers:
    """A self-signed issuer goes before one that others signed, and an authority before what is none."""
    named: dict[bytes, list[Found]] = defaultdict(list)
    order = sorted(certificates, key=lambda one: (not one.certificate.is_authority, not one.certificate.is_self_issued))
    for found in order:
        named[_subject(found.certificate)].append(found)
    candidates = {one.certificate.fingerprint: _candidates(one, named) for one in certificates}
    unclear = {fingerprint: some for fingerprint, some in candidates.items() if len({_key(one) for one in some}) > 1}
    pairs = sum(len({_key(one) for one in some}) for some in unclear.values())
    notes: tuple[str, ...] = ()
    if pairs > MOST_PAIRS:
        notes = (f"{len(unclear)} certificates have several possible issuers of one name: their signatures were not "
                 "compared, the first one is shown",)  # fmt: skip
        unclear = {}
    signed = _signed(unclear, {one.certificate.fingerprint: one for one in certificates}, stage)
    issuers: dict[str, Found | None] = {}
    impostors: dict[str, frozenset[str]] = {}
    for fingerprint, some in candidates.items():
        true = [one for one in some if (fingerprint, _key(one)) in signed] if fingerprint in unclear else some
        if true and len(true) < len(some):
            impostors[fingerprint] = frozenset(one.certificate.fingerprint for one in some if one not in true)
        first = next(iter(true or some), None)
        issuers[fingerprint] = None if first and first.certificate.fingerprint == fingerprint else first
    return Issuers(issuers, impostors, notes)


def _candidates(found: Found, named: Mapping[bytes, list[Found]]) -> list[Found]:
    """Itself first where it names itself; another one of its name may have signed it all the same."""
    certificate = found.certificate
    if certificate.is_self_issued and certificate.issuer_key_identifier:
        return [found]
    others = [
        one
        for one in named.get(certificate.folded_issuer or certificate.issuer.encode(), ())
        if one is not found and one.certificate.may_have_signed(certificate)
    ]
    return [found, *others] if certificate.is_self_issued else others


def _signed(unclear: Mapping[str, list[Found]], every: Mapping[str, Found], stage: Stage) -> set[tuple[str, str]]:
    """The pairs of a certificate and the public key that its signature verifies with."""
    asked: dict[str, tuple[Found, list[Certificate]]] = {}
    for fingerprint, some in unclear.items():
        for key in {_key(one): one for one in some}:
            signer = next(one for one in some if _key(one) == key)
            asked.setdefault(key, (signer, []))[1].append(every[fingerprint].certificate)
    always = ("-partial_chain", "-no_check_time", "-check_ss_sig")
    questions = [
        Question((*always, "-CAfile", f"{signer.certificate.fingerprint}.pem"), tuple(some))
        for signer, some in asked.values()
    ]
    return {
        (fingerprint, key)
        for key, answers in zip(asked, stage.ask(questions), strict=True)
        for fingerprint, refusals in answers.items()
        if not any(refusal.number in _NOT_SIGNED or not refusal.number for refusal in refusals)
    }


def _key(found: Found) -> str:
    return found.certificate.public_key


def _subject(certificate: Certificate) -> bytes:
    return certificate.folded_subject or certificate.subject.encode()
