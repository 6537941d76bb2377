"""The kinds of mistake that a case can find; each stack has a sentence on how to fix those that it can make (pure)."""

from enum import StrEnum


class Mistake(StrEnum):
    """What is set wrong in a verifier, whatever program it is."""

    NONE = ""
    TRUST = "the CA is not trusted"
    DEPTH = "a chain with intermediates is not accepted"
    ANCHOR_ALONE = "an intermediate is trusted like a root"
    REQUIRE = "no certificate is required"
    VERIFY = "the certificate is not verified"
    OWN_AUTHORITY = "other CAs are trusted too"
    PROOF = "possession of the key or the signature is not verified"
    CHAIN = "the rules of a chain are not verified"
    TIME = "dates are not verified"
    PURPOSE = "the purpose is not verified"
    DEMAND_PURPOSE = "a certificate without a purpose is accepted"
    DEMAND_LEAF = "a CA certificate is accepted as a leaf"
    REVOCATION = "revocation is not checked"
    STRENGTH = "weak keys or digests are accepted"
    NAME = "the name is not verified"
    NAMES_IN_SAN = "a name outside the SAN is accepted"
    NEW_VERSIONS = "old versions of TLS are accepted"
    REAL_CIPHERS = "ciphers without encryption or authentication are accepted"
    IDENTITY = "the server's own certificate or chain is wrong"
    EVERY_NAME = "some names require no certificate"
    SHORT_SESSIONS = "sessions outlive the certificate"
    SESSIONS_APART = "a session of one name opens another"
    SAME_HOST = "the Host may differ from the name of the connection"
    OWN_HEADERS = "headers of the client are believed"
    TLS_ONLY = "the port also accepts plain text"
    CA_NAMES = "the names of CAs that are sent are wrong"


OF_REQUIREMENT = (Mistake.REQUIRE, Mistake.EVERY_NAME)
OF_TRUST = (Mistake.TRUST, Mistake.OWN_AUTHORITY, Mistake.ANCHOR_ALONE)
OF_VERIFICATION = (Mistake.VERIFY, Mistake.PROOF, Mistake.CHAIN, Mistake.TIME, Mistake.PURPOSE, Mistake.DEPTH)
OF_NAME = (Mistake.NAME, Mistake.NAMES_IN_SAN)
