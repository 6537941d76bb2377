"""A CRL's DER -> its issuer and dates (pure). RFC 5280 section 5.1."""

from mintls.profile.scalars import rfc3339
from mintls.x509.der import GENERALIZED_TIME, SEQUENCE, UTC_TIME, children, read, read_time
from mintls.x509.distinguished_name import folded, name_text
from mintls.x509.pem import as_pem

from msgspec import Struct


class RevocationList(Struct, frozen=True, kw_only=True):
    """A CRL in PEM, its issuer as RFC 4514 text and as openssl compares it, and its dates (RFC 3339)."""

    pem: str
    issuer: str
    folded_issuer: bytes = b""
    this_update: str = ""
    next_update: str = ""


def parse_revocation_list(der: bytes) -> RevocationList:
    """Raises ValueError with the reason if the bytes do not begin with a CRL."""
    try:
        whole = read(der)
        body, _, _ = children(whole, SEQUENCE)
        _, issuer, this_update, *rest = children(body, SEQUENCE)[1 if der[body.begin] == 0x02 else 0 :]
        following = rest[0] if rest and rest[0].tag in (UTC_TIME, GENERALIZED_TIME) else None
        return RevocationList(
            pem=as_pem("X509 CRL", whole.encoded),
            issuer=name_text(issuer),
            folded_issuer=folded(issuer),
            this_update=rfc3339(read_time(this_update)),
            next_update=rfc3339(read_time(following)) if following else "",
        )
    except (IndexError, TypeError):
        raise ValueError("it does not have the structure of a CRL") from None
