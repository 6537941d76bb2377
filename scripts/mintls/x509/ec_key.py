"""Whether the private key in an EC key file has its full length.

RFC 5915 section 3 fixes how many bytes it has, with leading zeros. LibreSSL 3.3 leaves them out, of half of the P-521
keys, and strict readers refuse such a file.
"""

from base64 import b64decode
from pathlib import Path

from mintls.openssl.binary import Openssl
from mintls.plan.commands import Step

LENGTHS = {"P-256": 32, "P-384": 48, "P-521": 66}  # bytes, by curve
_VERSION_1_OCTETS = bytes([0x02, 1, 1, 0x04])  # ECPrivateKey: INTEGER 1, then the OCTET STRING's tag
_CURVE, _CIPHER, _PASS = "ec_paramgen_curve:", "-aes-256-cbc", "-pass"


def is_whole_key(step: Step, openssl: Openssl, stage: Path) -> bool:
    """Whether the key that the step made has its full length; True when it made no EC key.

    Raises OpensslError when openssl cannot read what it wrote.
    """
    argv = step.argv
    curve = next((word.removeprefix(_CURVE) for word in argv if word.startswith(_CURVE)), "")
    if argv[0] != "genpkey" or curve not in LENGTHS:
        return True
    if _CIPHER in argv:
        passin = ("-passin", argv[argv.index(_PASS) + 1])
        pem = openssl.run(("pkey", "-in", step.makes, *passin), cwd=stage).stdout
    elif not (stage / step.makes).is_file():
        return True  # what needs it will tell
    else:
        pem = (stage / step.makes).read_text(encoding="ascii", errors="replace")
    return has_full_length(pem, LENGTHS[curve])


def has_full_length(pem: str, length: int) -> bool:
    """Whether the private key in this PKCS#8 text has so many bytes; also True for a text that is none."""
    try:
        der = b64decode(pem.partition("-----BEGIN PRIVATE KEY-----")[2].partition("-----END")[0])
    except ValueError:
        return True  # what reads it next will tell
    at = der.find(_VERSION_1_OCTETS)
    return at < 0 or der[at + len(_VERSION_1_OCTETS) :][:1] == bytes([length])
