"""What words of other tools are called here: the first guess for a word that is not known (pure)."""

import re
from collections.abc import Iterable, Mapping

from mintls.errors import not_known

# Of openssl, cfssl, step, mkcert, certyaml, cert-manager, Terraform and RFC 5280, without case and separators
FIELDS = {
    "subjectaltname": "san", "subjectaltnames": "san", "subjectalternativename": "san", "altnames": "san",
    "subjectalternativenames": "san", "sans": "san", "altname": "san", "dnsnames": "san", "hosts": "san", "dns": "san",
    "ip": "san", "ips": "san", "ipaddresses": "san", "hostnames": "san", "domains": "san", "uris": "san",
    "validity": "days", "validdays": "days", "validitydays": "days", "expires": "days or not_after", "expiry": "days",
    "validitydurationdays": "days", "ttl": "lifetime", "duration": "lifetime", "expireafter": "lifetime",
    "notafter": "not_after", "notbefore": "not_before", "enddate": "not_after", "startdate": "not_before",
    "keysize": "key: rsa:2048", "bits": "key: rsa:2048", "keytype": "key", "algorithm": "key", "keyalgorithm": "key",
    "privatekey": "key", "curve": "key: ec:P-256", "hash": "digest", "md": "digest", "signaturealgorithm": "digest",
    "cn": "subject: {CN: ...}", "commonname": "subject: {CN: ...}", "name": "subject: {CN: ...}",
    "organization": "subject: {O: ...}", "o": "subject: {O: ...}", "ou": "subject: {OU: ...}",
    "country": "subject: {C: ...}", "c": "subject: {C: ...}", "dn": "subject", "eku": "extended_key_usage",
    "extkeyusage": "extended_key_usage", "keyusages": "key_usage", "usages": "extended_key_usage",
    "pathlen": "path_length", "pathlenconstraint": "path_length", "maxpathlen": "path_length", "ca": "issuer",
    "signer": "issuer", "signedby": "issuer", "parent": "issuer", "password": "passphrase", "serialnumber": "serial",
    "mode": "key_mode", "filemode": "key_mode", "permissions": "key_mode", "group": "key_group", "owner": "key_group",
    "p12": "pkcs12", "pfx": "pkcs12", "replicas": "count", "number": "count",
}  # fmt: skip
ATTRIBUTES = {
    "organization": "O", "organizationname": "O", "org": "O", "organizationalunit": "OU", "unit": "OU",
    "organizationalunitname": "OU", "commonname": "CN", "name": "CN", "country": "C", "countryname": "C",
    "state": "ST", "province": "ST", "stateorprovincename": "ST", "s": "ST", "locality": "L", "localityname": "L",
    "city": "L", "email": "emailAddress", "e": "emailAddress", "mail": "emailAddress", "domaincomponent": "DC",
    "userid": "UID", "surname": "SN", "givenname": "GN", "streetaddress": "street", "zip": "postalCode",
}  # fmt: skip
KEYS = {
    "rsa": "rsa:2048", "rsa2048": "rsa:2048", "rsa3072": "rsa:3072", "rsa4096": "rsa:4096", "2048": "rsa:2048",
    "3072": "rsa:3072", "4096": "rsa:4096", "ec": "ec:P-256", "ecdsa": "ec:P-256", "ecc": "ec:P-256",
    "ecp256": "ec:P-256", "p256": "ec:P-256", "prime256v1": "ec:P-256", "secp256r1": "ec:P-256",
    "ecdsap256": "ec:P-256",
    "p384": "ec:P-384", "secp384r1": "ec:P-384", "ecp384": "ec:P-384", "p521": "ec:P-521", "secp521r1": "ec:P-521",
    "ecp521": "ec:P-521", "eddsa": "ed25519", "mldsa": "ml-dsa-65", "mldsa44": "ml-dsa-44", "mldsa65": "ml-dsa-65",
    "mldsa87": "ml-dsa-87", "rsapss": "rsa-pss:2048", "rsassapss": "rsa-pss:2048", "pss": "rsa-pss:2048",
    "rsapss2048": "rsa-pss:2048", "rsapss3072": "rsa-pss:3072", "rsapss4096": "rsa-pss:4096",
}  # fmt: skip
SECTIONS = {
    "ca": "authorities", "cas": "authorities", "authority": "authorities", "root": "authorities",
    "roots": "authorities", "issuers": "authorities", "intermediates": "authorities", "server": "servers",
    "client": "clients", "peer": "peers", "certs": "servers or clients", "certificates": "servers or clients",
    "default": "defaults", "leaves": "servers or clients",
}  # fmt: skip
KINDS = {
    "ip address": "IP", "ipaddress": "IP", "host": "DNS", "dnsname": "DNS", "uri": "URI", "url": "URI",
    "rfc822name": "email", "mail": "email", "upn": "otherName",
}  # fmt: skip


def unknown(word: str, known: Iterable[str], synonyms: Mapping[str, str]) -> str:
    """The message about a word that is not known: what it is called here, else a guess."""
    if meant := synonym(word, synonyms):
        return f"{word!r} is not known; did you mean {meant}?"
    return not_known(word, known)


def synonym(word: str, synonyms: Mapping[str, str]) -> str | None:
    """What it is called here, without regard to case and separators."""
    return synonyms.get(re.sub("[-_ :]", "", word).lower())
