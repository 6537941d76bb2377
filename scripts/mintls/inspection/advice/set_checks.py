"""Advice that needs the whole set: serials used twice, the order of a bundle, keys that others can read (pure)."""

from collections import Counter
from collections.abc import Iterator

from mintls.inspection.advice.certificate_checks import advise_certificate
from mintls.inspection.inventory import CertificateEntry, Inventory
from mintls.x509.certificate import Certificate


def advise(inventory: Inventory) -> dict[str, tuple[str, ...]]:
    """Sentences about each certificate, by its fingerprint."""
    serials = Counter((entry.certificate.issuer, entry.certificate.serial) for entry in inventory.certificates)
    orders = _bundle_orders(inventory)
    return {
        entry.fingerprint: (
            *advise_certificate(entry.certificate),
            *_serial(entry.certificate, serials),
            *_permissions(entry),
            *orders.get(entry.fingerprint, ()),
        )
        for entry in inventory.certificates
    }


def _serial(certificate: Certificate, serials: Counter[tuple[str, str]]) -> Iterator[str]:
    if serials[certificate.issuer, certificate.serial] > 1:
        yield f"serial {certificate.serial} was used twice by its issuer: NSS rejects the second (RFC 5280 4.1.2.2)"


def _permissions(entry: CertificateEntry) -> Iterator[str]:
    for key in entry.keys:
        if key.mode and key.mode & 0o077:
            yield f"{key.path.name} can be read by others (mode {key.mode:04o}): chmod 600"


def _bundle_orders(inventory: Inventory) -> dict[str, list[str]]:
    """About the leaf of each file, and of each server's reply, that contains one leaf and issuers in a wrong order.

    RFC 5246 section 7.4.2: the sender's certificate first, each following one certifies the one before it; RFC 8446
    section 4.4.2 keeps the first rule. A file without a leaf, or with several, is a trust store: its order is free.
    """
    certificates = {entry.fingerprint: entry.certificate for entry in inventory.certificates}
    advice: dict[str, list[str]] = {}
    for bundle in inventory.bundles:
        chain = [certificates[fingerprint] for fingerprint in dict.fromkeys(bundle.fingerprints)]
        leaves = [one for one in chain if not one.is_authority]
        if len(leaves) != 1 or not any(one.may_have_signed(leaves[0]) for one in chain):
            continue
        place = chain.index(leaves[0]) + 1
        if place > 1:
            problem = f"this certificate must come first, then its issuers; it is number {place}"
        elif any(_is_misplaced(one, chain) for one in chain):
            problem = "each certificate must be followed by its issuer"
        else:
            continue
        advice.setdefault(leaves[0].fingerprint, []).append(
            f"order of {bundle.path.name}: {problem} (RFC 5246 7.4.2, RFC 8446 4.4.2)"
        )
    return advice


def _is_misplaced(one: Certificate, chain: list[Certificate]) -> bool:
    """Whether its issuer is in the file, but does not follow it."""
    issuers = [place for place, other in enumerate(chain) if other is not one and other.may_have_signed(one)]
    return not one.is_self_issued and bool(issuers) and chain.index(one) + 1 not in issuers
