"""Whether the private key in an EC key file has its full length.

RFC 5915 section 3 fixes how many bytes it has, with leading zeros. LibreSSL 3.3 leaves them out, of half of the P-521
keys, and strict readers refuse such a file.
"""

import base64
from pathlib import Path

from mintls.openssl.binary import Openssl
from mintls.plan.step import Step

LENGTHS = {"P-256": 32, "P-384": 48, "P-521": 66}  # bytes, by curve
_VERSION_1_OCTETS = bytes([0x02, 1, 1, 0x04])  # ECPrivateKey: INTEGER 1, then the OCTET STRING's tag


def is_whole_key(step: Step, openssl: Openssl, stage: Path) -> bool:
    """Whether the new EC key has its full length; True for a step that creates none.

    Raises OpensslError if openssl cannot read what it wrote.
    """
    if not step.ec_key or step.ec_key.curve not in LENGTHS:
        return True
    path = stage / step.makes
    if step.ec_key.passin:
        pem = openssl.run(("pkey", "-in", step.makes, *step.ec_key.passin), cwd=stage).stdout
    elif not path.is_file():
        return True  # the step that needs it reports that
    else:
        pem = path.read_text(encoding="ascii", errors="replace")
    return has_full_length(pem, LENGTHS[step.ec_key.curve])


def has_full_length(pem: str, length: int) -> bool:
    """Whether the private key in this PKCS#8 text has so many bytes; also True for a text that is none."""
    try:
        der = base64.b64decode(pem.partition("-----BEGIN PRIVATE KEY-----")[2].partition("-----END")[0])
    except ValueError:
        return True  # the step that reads it reports that
    at = der.find(_VERSION_1_OCTETS)
    return at < 0 or der[at + len(_VERSION_1_OCTETS) :][:1] == bytes([length])
