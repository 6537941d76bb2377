"""The name of a signature's algorithm, as openssl prints it (pure). RFC 4055, 5758, 8410, 9881."""

from mintls.x509.der import SEQUENCE, Element, children, read_oid

_NAMES = {
    "1.2.840.113549.1.1.2": "md2WithRSAEncryption", "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption", "1.3.14.3.2.29": "sha1WithRSA",
    "1.2.840.113549.1.1.10": "rsassaPss", "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption", "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.113549.1.1.14": "sha224WithRSAEncryption", "1.2.840.113549.1.1.3": "md4WithRSAEncryption",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1", "1.2.840.10045.4.3.1": "ecdsa-with-SHA224",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256", "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512", "1.2.840.10040.4.3": "dsaWithSHA1",
    "2.16.840.1.101.3.4.3.1": "dsa_with_SHA224", "2.16.840.1.101.3.4.3.2": "dsa_with_SHA256",
    "2.16.840.1.101.3.4.3.3": "dsa_with_SHA384", "2.16.840.1.101.3.4.3.4": "dsa_with_SHA512",
    **{f"2.16.840.1.101.3.4.3.{9 + i}": f"ecdsa_with_SHA3-{n}" for i, n in enumerate((224, 256, 384, 512))},
    **{f"2.16.840.1.101.3.4.3.{13 + i}": f"RSA-SHA3-{n}" for i, n in enumerate((224, 256, 384, 512))},
    "2.16.840.1.101.3.4.3.17": "ML-DSA-44", "2.16.840.1.101.3.4.3.18": "ML-DSA-65",
    "2.16.840.1.101.3.4.3.19": "ML-DSA-87", "1.3.101.112": "ED25519", "1.3.101.113": "ED448",
}  # fmt: skip
_PSS = "1.2.840.113549.1.1.10"
_DIGESTS = {
    "1.3.14.3.2.26": "sha1", "2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512", "2.16.840.1.101.3.4.2.4": "sha224",
}  # fmt: skip


def signature_name(algorithm: Element) -> str:
    """An algorithm without a name is its OID; RSA-PSS includes the digest of its parameters (RFC 4055 3.1)."""
    kind, *parameters = children(algorithm, SEQUENCE)
    oid = read_oid(kind)
    return f"rsassaPss, {_pss_digest(parameters)}" if oid == _PSS else _NAMES.get(oid, oid)


def _pss_digest(parameters: list[Element]) -> str:
    for part in children(parameters[0], SEQUENCE) if parameters else []:
        if part.tag == 0xA0:
            oid = read_oid(children(children(part)[0], SEQUENCE)[0])
            return _DIGESTS.get(oid, oid)
    return "sha1"
