"""Whether the private key in an EC key file has its full length.

RFC 5915 section 3 fixes how many bytes it has, with leading zeros. LibreSSL 3.3 leaves them out, of half of the P-521
keys, and strict readers refuse such a file.
"""

from base64 import b64decode

LENGTHS = {"P-256": 32, "P-384": 48, "P-521": 66}  # bytes, by curve
_VERSION_1_OCTETS = bytes([0x02, 1, 1, 0x04])  # ECPrivateKey: INTEGER 1, then the OCTET STRING's tag


def has_full_length(pem: str, length: int) -> bool:
    """Whether the private key in this PKCS#8 text has so many bytes; also True for a text that is none."""
    try:
        der = b64decode(pem.partition("-----BEGIN PRIVATE KEY-----")[2].partition("-----END")[0])
    except ValueError:
        return True  # what reads it next will tell
    at = der.find(_VERSION_1_OCTETS)
    return at < 0 or der[at + len(_VERSION_1_OCTETS) :][:1] == bytes([length])
