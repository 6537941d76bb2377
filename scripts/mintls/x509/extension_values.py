"""The values of the extensions that say what a certificate is for (pure). RFC 5280 section 4.2.

Usages have the names that openssl prints.
"""

from mintls.x509.der import BOOLEAN, INTEGER, SEQUENCE, Element, children, read_bits, read_integer, read_oid

NAMES = {
    "2.5.29.9": "subjectDirectoryAttributes", "2.5.29.14": "subjectKeyIdentifier", "2.5.29.15": "keyUsage",
    "2.5.29.16": "privateKeyUsagePeriod", "2.5.29.17": "subjectAltName", "2.5.29.18": "issuerAltName",
    "2.5.29.19": "basicConstraints", "2.5.29.30": "nameConstraints", "2.5.29.31": "crlDistributionPoints",
    "2.5.29.32": "certificatePolicies", "2.5.29.33": "policyMappings", "2.5.29.35": "authorityKeyIdentifier",
    "2.5.29.36": "policyConstraints", "2.5.29.37": "extendedKeyUsage", "2.5.29.46": "freshestCRL",
    "2.5.29.54": "inhibitAnyPolicy", "1.3.6.1.5.5.7.1.1": "authorityInfoAccess",
    "1.3.6.1.5.5.7.1.11": "subjectInfoAccess", "1.3.6.1.5.5.7.1.24": "tlsfeature",
    "1.3.6.1.4.1.11129.2.4.2": "ct_precert_scts", "1.3.6.1.4.1.11129.2.4.3": "ct_precert_poison",
    "2.16.840.1.113730.1.1": "nsCertType", "2.16.840.1.113730.1.13": "nsComment",
}  # fmt: skip
KEY_USAGES = (
    "Digital Signature", "Non Repudiation", "Key Encipherment", "Data Encipherment", "Key Agreement",
    "Certificate Sign", "CRL Sign", "Encipher Only", "Decipher Only",
)  # fmt: skip
SERVER, CLIENT = "TLS Web Server Authentication", "TLS Web Client Authentication"
ANY = "Any Extended Key Usage"
_PURPOSES = {
    "2.5.29.37.0": ANY, "1.3.6.1.5.5.7.3.1": SERVER, "1.3.6.1.5.5.7.3.2": CLIENT, "1.3.6.1.5.5.7.3.3": "Code Signing",
    "1.3.6.1.5.5.7.3.4": "E-mail Protection", "1.3.6.1.5.5.7.3.5": "IPSec End System",
    "1.3.6.1.5.5.7.3.6": "IPSec Tunnel", "1.3.6.1.5.5.7.3.7": "IPSec User", "1.3.6.1.5.5.7.3.8": "Time Stamping",
    "1.3.6.1.5.5.7.3.9": "OCSP Signing", "1.3.6.1.5.5.7.3.17": "ipsec Internet Key Exchange",
    "1.3.6.1.5.5.7.3.21": "SSH Client", "1.3.6.1.5.5.7.3.22": "SSH Server",
    "1.3.6.1.4.1.311.2.1.21": "Microsoft Individual Code Signing",
    "1.3.6.1.4.1.311.2.1.22": "Microsoft Commercial Code Signing",
    "1.3.6.1.4.1.311.10.3.1": "Microsoft Trust List Signing",
    "1.3.6.1.4.1.311.10.3.4": "Microsoft Encrypted File System", "1.3.6.1.4.1.311.20.2.2": "Microsoft Smartcard Login",
    "2.16.840.1.113730.4.1": "Netscape Server Gated Crypto", "1.3.6.1.4.1.311.10.3.3": "Microsoft Server Gated Crypto",
    "1.3.6.1.5.2.3.4": "PKINIT Client Auth", "1.3.6.1.5.2.3.5": "Signing KDC Response",
}  # fmt: skip


def key_usage(value: Element) -> tuple[str, ...]:
    """The bits that are set; the first bit is the highest (X.680 section 22)."""
    octets = read_bits(value)
    bits = "".join(f"{octet:08b}" for octet in octets[:2])
    return tuple(usage for usage, bit in zip(KEY_USAGES, bits, strict=False) if bit == "1")


def extended_key_usage(value: Element) -> tuple[str, ...]:
    """A purpose for which openssl has no name is its OID."""
    return tuple(_PURPOSES.get(oid, oid) for oid in map(read_oid, children(value, SEQUENCE)))


def basic_constraints(value: Element) -> tuple[bool, int | None]:
    """Whether it is a CA, and how many CAs it allows below it."""
    parts = children(value, SEQUENCE)
    authority = any(part.tag == BOOLEAN and part.content != b"\0" for part in parts)
    lengths = [read_integer(part) for part in parts if part.tag == INTEGER]
    return authority, lengths[0] if lengths else None


def authority_key_identifier(value: Element) -> str:
    """The identifier in hexadecimal; "" if the issuer is named in the other way (section 4.2.1.1)."""
    return next((part.content.hex().upper() for part in children(value, SEQUENCE) if part.tag == 0x80), "")
