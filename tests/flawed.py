"""Certificates that openssl accepts, each with one flaw of the table of advice and no other; and their sound twins."""

from ipaddress import ip_address
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from foreign import CLIENT, SERVER, Made, altered, dsa_key, make, rsa_key

HOST = "a.example"
LOCAL = [x509.DNSName(HOST), x509.DNSName("*.a.example")]
CA = make("CA", authority=True)
ROOT_CONSTRAINTS = x509.NameConstraints([x509.DNSName("example")], None)


class Flawed(NamedTuple):
    """A certificate, its CA, a part of the advice, and what it is asked for: purpose and name."""

    made: Made
    advice: str
    purpose: str = "server"
    name: str = HOST
    ca: Made = CA
    about_ca: bool = False  # the advice is about the CA


def server(**more: Any) -> Made:
    return make(**{"common_name": HOST, "signer": CA, "purposes": SERVER, "san": LOCAL, **more})


def named(*names: str) -> Made:
    return server(san=[*LOCAL, *(x509.DNSName._init_without_validation(name) for name in names)])


def serial(content: str) -> Made:
    encoded = bytes.fromhex(content)
    return altered(server(), CA, lambda parts: [parts[0], bytes([2, len(encoded)]) + encoded, *parts[2:]])


def version_1() -> Made:
    """Without version and extensions."""
    return altered(server(), CA, lambda parts: parts[1:7])


def with_sha1(made: Made, signer: Made) -> Made:
    algorithm = bytes.fromhex("300906072A8648CE3D0401")
    return altered(made, signer, lambda parts: [*parts[:2], algorithm, *parts[3:]], algorithm, "sha1")


SHA384_ALGORITHM = bytes.fromhex("300A06082A8648CE3D040303")
UNUSUAL_ROOT = make("Any", authority=True, more=[(x509.ExtendedKeyUsage([Eku.SERVER_AUTH]), False)])
CONSTRAINING_ROOT = make("Constraining", authority=True, more=[(ROOT_CONSTRAINTS, False)])
MODERN_ROOT = make("Old", authority=True)
SHA1_ROOT = with_sha1(MODERN_ROOT, MODERN_ROOT)
NO_USAGE_ROOT = make("R", authority=True, without=[x509.KeyUsage])
FLAWED = {
    "address in a DNS name": Flawed(named("127.0.0.1"), "is an IP address in a DNS name", name="127.0.0.1"),
    "address of version 6 in a DNS name": Flawed(named("::1"), "is an IP address in a DNS name", name="::1"),
    "leading dot": Flawed(named(".b.example"), "a wildcard is a whole", name="x.b.example"),
    "trailing dot": Flawed(named("b.example."), "not a host name", name="b.example."),
    "underscore": Flawed(named("a_b.example"), "not a host name", name="a_b.example"),
    "partial wildcard": Flawed(named("f*.b.example"), "a wildcard is a whole", name="foo.b.example"),
    "empty name": Flawed(named(""), "empty DNS name"),
    "space in a name": Flawed(named("a b"), "not a host name"),
    "CN beside the names": Flawed(server(common_name="b.example"), "CN b.example is not in", name="b.example"),
    "server without names": Flawed(server(san=[]), "server without a DNS or IP name"),
    "client without names": Flawed(make("c", CA, purposes=CLIENT), "no subjectAltName", "client", ""),
    "825 days": Flawed(server(days=(-1, 826)), "valid for 827 days"),
    "DSA": Flawed(server(key=dsa_key()), "dsa:2048: TLS 1.3"),
    "P-192": Flawed(server(key=ec.generate_private_key(ec.SECP192R1())), "ec:prime192v1"),
    "secp256k1": Flawed(server(key=ec.generate_private_key(ec.SECP256K1())), "ec:secp256k1"),
    "small RSA": Flawed(server(key=rsa_key(1024)), "rsa:1024 is weak"),
    "odd RSA": Flawed(server(key=rsa_key(2050)), "rsa:2050: the size is not a multiple of 8"),
    "any purpose": Flawed(server(purposes=[Eku.ANY_EXTENDED_KEY_USAGE]), "anyExtendedKeyUsage without serverAuth"),
    "critical purpose": Flawed(server(more=[(x509.ExtendedKeyUsage(SERVER), True)]), "extendedKeyUsage is critical"),
    "constraints on a leaf": Flawed(server(more=[(ROOT_CONSTRAINTS, True)]), "nameConstraints in a certificate that"),
    "serial zero": Flawed(serial("00"), "serial 00 is not positive"),
    "negative serial": Flawed(serial("FF"), "serial -01 is not positive"),
    "long serial": Flawed(serial("7F" + "00" * 20), "serial longer than 20 octets"),
    "critical SAN": Flawed(
        server(more=[(x509.SubjectAlternativeName(LOCAL), True)]), "subjectAltName is critical beside"
    ),
    "SHA-1": Flawed(with_sha1(server(), CA), "signed with ecdsa-with-SHA1: Go"),
    "root with a purpose": Flawed(
        server(signer=UNUSUAL_ROOT), "root with extendedKeyUsage", ca=UNUSUAL_ROOT, about_ca=True
    ),
    "root with constraints": Flawed(
        server(signer=CONSTRAINING_ROOT), "nameConstraints is not critical", ca=CONSTRAINING_ROOT, about_ca=True
    ),
    "SHA-1 root": Flawed(server(signer=SHA1_ROOT), "root signed with ecdsa-with-SHA1", ca=SHA1_ROOT, about_ca=True),
    "self-signed": Flawed(SELF := make(HOST, purposes=SERVER, san=LOCAL), "self-signed and not a CA", ca=SELF),
}
# rejected by openssl as well
REJECTED = {
    "no subject": Flawed(server(common_name=""), "no subject, and subjectAltName is not critical"),
    "two algorithms": Flawed(
        altered(server(), CA, outer=SHA384_ALGORITHM), "but the signed part names ecdsa-with-SHA256"
    ),
    "CA without keyCertSign": Flawed(
        server(signer=NO_USAGE_ROOT), "CA without keyUsage keyCertSign", ca=NO_USAGE_ROOT, about_ca=True
    ),
}
SOUND = {
    "server": Flawed(server(), ""),
    "address": Flawed(server(san=[x509.IPAddress(ip_address("::1"))], common_name="x"), "", name="::1"),
    "client": Flawed(make("c", CA, purposes=CLIENT, san=LOCAL), "", "client"),
    "peer": Flawed(server(purposes=SERVER + CLIENT), "", "client"),
    "client of any length": Flawed(make("c", CA, purposes=CLIENT, san=LOCAL, days=(0, 2000)), "", "client"),
    "RSA": Flawed(server(key=rsa_key(2048)), ""),
    "P-384": Flawed(server(key=ec.generate_private_key(ec.SECP384R1())), ""),
    "critical SAN without a subject": Flawed(
        server(common_name="", more=[(x509.SubjectAlternativeName(LOCAL), True)]), ""
    ),
    "serial of 20 octets": Flawed(serial("7F" + "00" * 19), ""),
    "code signing for long": Flawed(
        make("a", CA, purposes=[Eku.CODE_SIGNING], san=LOCAL, days=(0, 2000)), "", "any", ""
    ),
}
