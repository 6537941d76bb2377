"""A SubjectPublicKeyInfo or private key in DER -> the kind and size of the key, and the public key (pure).

RFC 5280 section 4.1.2.7 (SubjectPublicKeyInfo), RFC 3279 and 5480 (RSA, DSA, EC), RFC 8410 (Ed25519 ...), RFC 9881
(ML-DSA); private keys: RFC 5958 (PKCS#8), 8017 A.1.2 (PKCS#1), 5915 (EC).
"""

from mintls.x509.der import (
    BIT_STRING,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    Element,
    children,
    encode,
    read,
    read_bits,
    read_integer,
    read_oid,
)  # fmt: skip
from mintls.x509.pem import as_pem

RSA, RSA_PSS, EC, DSA = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10", "1.2.840.10045.2.1", "1.2.840.10040.4.1"
_RSA_ALGORITHM = bytes.fromhex("300D06092A864886F70D0101010500")
_KINDS = {
    "1.3.101.110": "x25519", "1.3.101.111": "x448", "1.3.101.112": "ed25519", "1.3.101.113": "ed448",
    **{f"2.16.840.1.101.3.4.3.{17 + index}": f"ml-dsa-{size}" for index, size in enumerate((44, 65, 87))},
    **{f"2.16.840.1.101.3.4.4.{1 + index}": f"ml-kem-{size}" for index, size in enumerate((512, 768, 1024))},
    **{
        f"2.16.840.1.101.3.4.3.{20 + index}": f"slh-dsa-{name}"
        for index, name in enumerate(f"{h}-{n}{s}" for h in ("sha2", "shake") for n in (128, 192, 256) for s in "sf")
    },
    "1.2.643.7.1.1.1.1": "gost2012_256", "1.2.643.7.1.1.1.2": "gost2012_512", "1.2.643.2.2.19": "gost2001",
}  # fmt: skip
# RFC 5480 section 2.1.1.1 and RFC 5639; those that profiles know by NIST's name, the others by openssl's.
_CURVES = {
    "1.2.840.10045.3.1.7": "P-256", "1.3.132.0.34": "P-384", "1.3.132.0.35": "P-521",
    "1.2.840.10045.3.1.1": "prime192v1", "1.2.840.10045.3.1.2": "prime192v2", "1.2.840.10045.3.1.3": "prime192v3",
    "1.2.840.10045.3.1.4": "prime239v1", "1.3.132.0.33": "secp224r1", "1.3.132.0.10": "secp256k1",
    "1.3.132.0.32": "secp224k1", "1.3.132.0.31": "secp192k1", "1.3.132.0.8": "secp160r1", "1.3.132.0.9": "secp160k1",
    "1.3.132.0.30": "secp160r2", "1.3.132.0.6": "secp112r1", "1.3.132.0.28": "secp128r1",
    "1.3.132.0.1": "sect163k1", "1.3.132.0.15": "sect163r2", "1.3.132.0.26": "sect233k1", "1.3.132.0.27": "sect233r1",
    "1.3.132.0.16": "sect283k1", "1.3.132.0.17": "sect283r1", "1.3.132.0.36": "sect409k1", "1.3.132.0.37": "sect409r1",
    "1.3.132.0.38": "sect571k1", "1.3.132.0.39": "sect571r1",
    **{
        f"1.3.36.3.3.2.8.1.1.{1 + index}": f"brainpoolP{bits}{form}1"
        for index, (bits, form) in enumerate((b, f) for b in (160, 192, 224, 256, 320, 384, 512) for f in "rt")
    },
}  # fmt: skip


def key_kind(key: Element) -> str:
    """The key of a SubjectPublicKeyInfo, written as in profiles; one without a name as its OID."""
    algorithm, bits = children(key, SEQUENCE)
    oid, *parameters = children(algorithm, SEQUENCE)
    kind = read_oid(oid)
    if kind in (RSA, RSA_PSS):
        modulus = children(read(read_bits(bits)), SEQUENCE)[0]
        return f"{'rsa' if kind == RSA else 'rsa-pss'}:{_size(modulus)}"
    if kind == DSA:
        return f"dsa:{_size(children(parameters[0], SEQUENCE)[0])}" if parameters else "dsa"
    if kind == EC:
        return f"ec:{_curve(parameters[0])}" if parameters else "ec"
    return _KINDS.get(kind, kind)


def _size(number: Element) -> int:
    return abs(read_integer(number)).bit_length()


def _curve(parameters: Element) -> str:
    if parameters.tag == OID:
        oid = read_oid(parameters)
        return _CURVES.get(oid, oid)
    if parameters.tag == SEQUENCE:  # ECParameters: version, field, curve, base point, order
        return f"explicit-{_size(children(parameters)[4])}"
    return "implicit"


def public_half(kind: str, der: bytes) -> str | None:
    """The public key in a private key, as PEM; None if it would take a computation or a passphrase.

    `kind` is the label of the PEM block; "" tries all of them.
    """
    try:
        parts = children(read(der), SEQUENCE)
        if kind in ("PRIVATE KEY", "") and len(parts) > 2 and parts[1].tag == SEQUENCE:
            oid = read_oid(children(parts[1])[0])
            inner = read(parts[2].content)
            if oid in (RSA, RSA_PSS):
                return _pem(parts[1].encoded, _rsa(children(inner, SEQUENCE)))
            point = _point(children(inner, SEQUENCE)) if oid == EC else None
            return _pem(parts[1].encoded, point) if point else None
        if kind in ("RSA PRIVATE KEY", "") and len(parts) >= 9 and all(part.tag == INTEGER for part in parts):
            return _pem(_RSA_ALGORITHM, _rsa(parts))
        if kind in ("EC PRIVATE KEY", "") and len(parts) > 2 and parts[1].tag == OCTET_STRING and parts[2].tag == 0xA0:
            curve = read(der, parts[2].begin, parts[2].end).encoded
            algorithm = encode(SEQUENCE, bytes.fromhex("06072A8648CE3D0201") + curve)
            point = _point(parts)
            return _pem(algorithm, point) if point else None
    except (ValueError, IndexError):
        pass
    return None


def _rsa(parts: list[Element]) -> bytes:
    return encode(SEQUENCE, parts[1].encoded + parts[2].encoded)


def _point(parts: list[Element]) -> bytes | None:
    """The optional public key of an ECPrivateKey."""
    for part in parts:
        if part.tag == 0xA1:
            return read_bits(read(part.source, part.begin, part.end))
    return None


def _pem(algorithm: bytes, key: bytes) -> str:
    return as_pem("PUBLIC KEY", encode(SEQUENCE, algorithm + encode(BIT_STRING, b"\0" + key)))
