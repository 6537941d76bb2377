"""The fields of a profile whose value is one of a fixed set of words."""

from typing import Literal

Role = Literal["authority", "server", "client", "peer", "responder"]
KeyAlgorithm = Literal[
    "rsa:2048", "rsa:3072", "rsa:4096", "ec:P-256", "ec:P-384", "ec:P-521", "ed25519", "ed448",
    "ml-dsa-44", "ml-dsa-65", "ml-dsa-87", "rsa-pss:2048", "rsa-pss:3072", "rsa-pss:4096", "rsa:1024",
]  # fmt: skip
KeyMode = Literal["0400", "0440", "0444", "0600", "0640", "0644", "0660"]
Digest = Literal["sha256", "sha384", "sha512", "sha1"]
KeyUsage = Literal[
    "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
    "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly",
]  # fmt: skip
AuthorityKeyIdentifier = Literal[
    "keyid", "keyid:always", "keyid,issuer", "keyid,issuer:always", "keyid:always,issuer",
    "keyid:always,issuer:always", "issuer", "issuer:always", "none",
]  # fmt: skip
RevocationReason = Literal[
    "unspecified", "keyCompromise", "CACompromise", "affiliationChanged", "superseded", "cessationOfOperation",
    "certificateHold",
]  # fmt: skip
Made = Literal[
    "chain", "ca-bundle", "combined", "crl-bundle", "der", "key-der", "key-traditional", "pkcs12", "truststore",
    "kubernetes", "kubernetes-ca", "ocsp-index",
]  # fmt: skip
# A deliberately bad certificate names what is wrong with it. The first ones change what is made; the others only
# permit what a rule would forbid, so that they cannot be created by accident.
Defect = Literal[
    "bad_signature", "bad_body", "stolen_key", "self_signed", "ca_false", "wrong_issuer_key", "stale_crl",
    "version_1", "zero_serial", "long_serial", "mismatched_algorithm",
    "weak_key", "weak_digest", "no_san", "leaf_issuer", "no_key_cert_sign", "past_path_length",
    "outside_name_constraints", "wrong_purpose",
]  # fmt: skip
NetscapeCertType = Literal["client", "server", "email", "objsign", "sslCA", "emailCA", "objCA"]
# Of these at most one: a sound certificate is changed afterwards, or changed and signed again.
CHANGED = ("bad_signature", "bad_body")
RESIGNED = ("version_1", "mismatched_algorithm")
