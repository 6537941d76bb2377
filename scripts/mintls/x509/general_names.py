"""GeneralNames in DER -> one KIND:value for each name, whatever characters it contains (pure).

RFC 5280 section 4.2.1.6. The kinds are written as in profiles. In text for people a name is quoted if it contains
characters that separate names.
"""

import ipaddress
import re

from mintls.x509.der import SEQUENCE, Element, children, dotted, read, read_oid, read_text
from mintls.x509.distinguished_name import name_text

_IN_TEXT = {0x81: "email", 0x82: "DNS", 0x86: "URI"}
_OTHER_NAME, _DIRECTORY, _ADDRESS, _REGISTERED = 0xA0, 0xA4, 0x87, 0x88
_WORDS = {0x0C: "UTF8", 0x16: "IA5", 0x13: "PRINTABLE"}


def general_names(sequence: Element) -> tuple[str, ...]:
    """Raises ValueError if it is not GeneralNames."""
    return tuple(map(general_name, children(sequence)))


def general_name(element: Element) -> str:
    r"""One as KIND:value. It is read as UTF-8; an octet that is not valid UTF-8 becomes \xNN."""
    if kind := _IN_TEXT.get(element.tag):
        return f"{kind}:{element.content.decode(errors='backslashreplace')}"
    if element.tag == _ADDRESS:
        return f"IP:{_address(element.content)}"
    if element.tag == _REGISTERED:
        return f"RID:{dotted(element.content)}"
    if element.tag == _DIRECTORY:
        return f"DirName:{name_text(read(element.source, element.begin, element.end))}"
    if element.tag == _OTHER_NAME:
        kind_of, explicit = children(element)
        value = read(explicit.source, explicit.begin, explicit.end)
        text = read_text(value) if value.tag in _WORDS else None
        text_or_hex = f"#{value.encoded.hex().upper()}" if text is None else f"{_WORDS[value.tag]}:{text}"
        return f"otherName:{read_oid(kind_of)};{text_or_hex}"
    return f"other:#{element.encoded.hex().upper()}"  # x400Address, ediPartyName: unused in practice


def quoted_name(name: str) -> str:
    """For a list in a line of text: quoted if it contains a comma, a space or a quote."""
    return '"' + re.sub(r'(["\\])', r"\\\1", name) + '"' if re.search(r'[,"\s]', name) else name


def uris(sequence: Element) -> tuple[str, ...]:
    """The URIs among GeneralNames."""
    return tuple(name[4:] for name in general_names(sequence) if name.startswith("URI:"))


def distribution_points(extension: Element) -> tuple[str, ...]:
    """The URIs of cRLDistributionPoints (RFC 5280 section 4.2.1.13)."""
    return tuple(
        uri
        for point in children(extension, SEQUENCE)
        for part in children(point, SEQUENCE)
        if part.tag == 0xA0
        for full in children(part)
        if full.tag == 0xA0
        for uri in uris(full)
    )


def access(extension: Element, method: str) -> tuple[str, ...]:
    """The URIs of authorityInfoAccess for a method (RFC 5280 section 4.2.2.1)."""
    pairs = (children(one, SEQUENCE) for one in children(extension, SEQUENCE))
    return tuple(general_name(where)[4:] for kind, where in pairs if read_oid(kind) == method and where.tag == 0x86)


def _address(octets: bytes) -> str:
    try:
        return str(ipaddress.ip_address(octets))
    except ValueError:
        return f"#{octets.hex().upper()}"
