"""When a certificate is valid, read from its DER (pure).

The one thing that is not asked of openssl, which would take as long to print the certificates of a fleet as to verify
them: RFC 5280 section 4.1 fixes where the two dates stand, and X.690 section 8.1 how to come there.
"""

from datetime import datetime

from mintls.grammar import rfc3339

SEQUENCE, VERSION, UTC_TIME, GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18


def read_validity(der: bytes) -> tuple[str, str]:
    """notBefore and notAfter, RFC 3339 in UTC. Raises ValueError when the bytes are no certificate."""
    try:
        at = _enter(der, _enter(der, 0))  # Certificate, TBSCertificate
        for _ in range(4 if der[at] == VERSION else 3):  # version, which may be left out, serial, signature, issuer
            at = _end(der, at)
        begin = _enter(der, at)
        return _date(der, begin), _date(der, _end(der, begin))
    except IndexError:
        raise ValueError("it is cut off") from None


def _enter(der: bytes, at: int) -> int:
    """Where the first element in a SEQUENCE begins."""
    if der[at] != SEQUENCE:
        raise ValueError("it is no certificate")
    return _content(der, at)[0]


def _end(der: bytes, at: int) -> int:
    """Where the element ends that begins here."""
    begin, length = _content(der, at)
    return begin + length


def _content(der: bytes, at: int) -> tuple[int, int]:
    """Where the content begins of the element that begins here, and how many bytes it has."""
    length = der[at + 1]
    if length < 0x80:
        return at + 2, length
    begin = at + 2 + (length & 0x7F)
    return begin, int.from_bytes(der[at + 2 : begin], "big")


def _date(der: bytes, at: int) -> str:
    """RFC 5280 section 4.1.2.5: always with seconds and in UTC; two digits are a year from 1950 to 2049."""
    text = der[_content(der, at)[0] : _end(der, at)].decode("ascii")
    if der[at] == UTC_TIME:
        text = ("19" if text >= "50" else "20") + text
    if der[at] not in (UTC_TIME, GENERALIZED_TIME) or len(text) != len("20261231235959Z") or text[-1] != "Z":
        raise ValueError("it has no dates")
    return rfc3339(datetime.fromisoformat(f"{text[:8]}T{text[8:]}"))


def size_of(der: bytes) -> int:
    """How many bytes its first element has, with what says so. Raises IndexError when it is cut off."""
    return _end(der, 0)
