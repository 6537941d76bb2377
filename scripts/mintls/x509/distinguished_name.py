"""A distinguished name in DER -> its text as RFC 4514 writes it, and a form for comparisons (pure).

The last attribute comes first. Attributes have the names of `openssl x509 -nameopt RFC2253`; one without a name is
written as its OID and its value in hexadecimal (section 2.4), as openssl does.
"""

import re

from mintls.x509.der import SEQUENCE, SET, UTF8_STRING, Element, children, dotted, encode, read_text

ATTRIBUTES = {
    "2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
    "2.5.4.9": "street", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.13": "description",
    "2.5.4.15": "businessCategory", "2.5.4.16": "postalAddress", "2.5.4.17": "postalCode", "2.5.4.18": "postOfficeBox",
    "2.5.4.20": "telephoneNumber", "2.5.4.41": "name", "2.5.4.42": "GN", "2.5.4.43": "initials",
    "2.5.4.44": "generationQualifier", "2.5.4.45": "x500UniqueIdentifier", "2.5.4.46": "dnQualifier",
    "2.5.4.51": "houseIdentifier", "2.5.4.65": "pseudonym", "2.5.4.72": "role", "2.5.4.97": "organizationIdentifier",
    "2.5.4.98": "c3", "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.3": "mail",
    "0.9.2342.19200300.100.1.25": "DC", "1.2.840.113549.1.9.1": "emailAddress",
    "1.2.840.113549.1.9.2": "unstructuredName", "1.2.840.113549.1.9.8": "unstructuredAddress",
    "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL", "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST",
    "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC", "1.2.643.3.131.1.1": "INN", "1.2.643.100.1": "OGRN",
    "1.2.643.100.3": "SNILS", "1.2.643.100.5": "OGRNIP",
}  # fmt: skip
_SPECIAL = re.compile(r'[,+"\\<>;\x00-\x1f\x7f]')
_SPACES = re.compile(r"[ \t\n\v\f\r]+")
_FOLDED = (0x0C, 0x13, 0x14, 0x16, 0x1A, 0x1C, 0x1E)  # the types that openssl compares without case and spacing


def name_text(name: Element) -> str:
    """A Name as RFC 4514 text. Raises ValueError if it is not a Name."""
    return ",".join(
        "+".join(_attribute(*children(one, SEQUENCE)) for one in reversed(children(rdn, SET)))
        for rdn in reversed(children(name, SEQUENCE))
    )


def folded(name: Element) -> bytes:
    """Equal for Names that openssl considers equal: without ASCII case and extra spaces (RFC 5280 section 7.1)."""
    return b"".join(
        b"\0\0".join(sorted(_folded(*children(one, SEQUENCE)) for one in children(rdn, SET))) + b"\0\1\0"
        for rdn in children(name, SEQUENCE)
    )


def _attribute(kind: Element, value: Element) -> str:
    oid = dotted(kind.content)
    text = read_text(value)
    if oid not in ATTRIBUTES or text is None:
        return f"{ATTRIBUTES.get(oid, oid)}=#{value.encoded.hex().upper()}"
    return attribute_text(ATTRIBUTES[oid], text)


def attribute_text(name: str, value: str) -> str:
    """One attribute, with special characters escaped (RFC 4514 section 2.4); `name` may be a dotted OID."""
    if name[0].isdigit():
        return f"{name}=#{encode(UTF8_STRING, value.encode()).hex().upper()}"
    escaped = _SPECIAL.sub(lambda match: _escape(match[0]), value)
    if escaped.startswith((" ", "#")):
        escaped = "\\" + escaped
    if value.endswith(" ") and len(value) > 1:
        escaped = escaped[:-1] + "\\ "
    return f"{name}={escaped}"


def _escape(character: str) -> str:
    return f"\\{character}" if character.isprintable() else f"\\{ord(character):02X}"


def _folded(kind: Element, value: Element) -> bytes:
    text = read_text(value) if value.tag in _FOLDED else None
    if text is None:
        return kind.content + b"\0" + value.encoded
    small = _SPACES.sub(" ", text).strip(" ").encode(errors="surrogatepass").lower()  # of bytes: ASCII alone
    return kind.content + b"\0=" + small
