"""The profile as cert-manager.io/v1 Issuers and Certificates: for a cluster (pure).

Fields: https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.CertificateSpec
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from mintls.profile.fields import Authority
from mintls.profile.model import Entry, Profile

from msgspec import structs

Manifest = dict[str, Any]

_SUBJECT = {
    "O": "organizations", "OU": "organizationalUnits", "C": "countries", "L": "localities", "ST": "provinces",
    "street": "streetAddresses", "postalCode": "postalCodes",
}  # fmt: skip
_NAMES = {"DNS": "dnsNames", "IP": "ipAddresses", "URI": "uris", "email": "emailAddresses"}
_SUBTREES = {"DNS": "dnsDomains", "IP": "ipRanges", "email": "emailAddresses", "URI": "uriDomains"}
_USAGES = {
    "digitalSignature": "digital signature", "nonRepudiation": "content commitment",
    "keyEncipherment": "key encipherment", "dataEncipherment": "data encipherment", "keyAgreement": "key agreement",
    "keyCertSign": "cert sign", "cRLSign": "crl sign", "encipherOnly": "encipher only", "decipherOnly": "decipher only",
    "serverAuth": "server auth", "clientAuth": "client auth", "codeSigning": "code signing",
    "emailProtection": "email protection", "timeStamping": "timestamping", "OCSPSigning": "ocsp signing",
    "anyExtendedKeyUsage": "any",
}  # fmt: skip
_ALGORITHMS = {"rsa": "RSA", "ec": "ECDSA", "ed25519": "Ed25519"}
_UNSAID = (
    "serial", "netscape", "extensions", "certificate_policies", "crl_distribution_points", "ocsp", "not_before",
    "not_after", "backdate", "ca_issuers", "must_staple", "csr", "defects", "revoked", "passphrase", "crl",
    "path_length",
)  # fmt: skip


def manifests(profile: Profile) -> tuple[Manifest, ...]:
    """The objects to apply, issuers first."""
    signers = {entry.name: profile.signer(entry) for entry in profile.entries if not entry.cross_signs}
    signed = (
        structs.replace(profile.named[name], issuer=signer.name if signer else None) for name, signer in signers.items()
    )
    return tuple(manifest for entry in signed for manifest in _of_entry(entry))


def left_out(profile: Profile) -> tuple[str, ...]:
    """What cert-manager cannot express: messages, each with file and line."""
    return tuple(f"{entry.where}: {sentence}" for entry in profile.entries for sentence in _left_out(entry))


def _of_entry(entry: Entry) -> Iterator[Manifest]:
    if entry.issuer is None:
        yield _manifest("Issuer", f"{_name(entry.name)}-self-signed", {"selfSigned": {}})
    yield _manifest("Certificate", _name(entry.name), _spec(entry))
    if entry.is_authority:
        yield _manifest("Issuer", _name(entry.name), {"ca": {"secretName": _secret(entry)}})


def _spec(entry: Entry) -> Manifest:
    settings = entry.settings
    algorithm, _, parameter = settings.key.partition(":")
    common_name = [value for name, value in settings.subject if name == "CN"]
    usages = [_USAGES[usage] for usage in (*entry.key_usage, *entry.extended_key_usage) if usage in _USAGES]
    issuer = _name(entry.issuer) if entry.issuer else f"{_name(entry.name)}-self-signed"
    size = {"size": int(parameter.removeprefix("P-"))} if parameter else {}
    spec: Manifest = {
        "secretName": _secret(entry),
        "isCA": entry.is_authority or None,
        "commonName": common_name[0] if common_name else None,
        "subject": _subject(entry),
        **{field: [n.value for n in settings.san if n.kind == kind] for kind, field in _NAMES.items()},
        "otherNames": [_other_name(name.value) for name in settings.san if name.kind == "otherName"],
        "duration": _duration(settings.life),
        "usages": usages,
        "privateKey": {"algorithm": _ALGORITHMS.get(algorithm, "RSA"), **size, "encoding": "PKCS8"},
        "nameConstraints": _constraints(entry),
        "keystores": _keystores(entry) if "pkcs12" in entry.outputs else None,
        "issuerRef": {"name": issuer, "kind": "Issuer", "group": "cert-manager.io"},
    }
    return {field: value for field, value in spec.items() if value}


def _duration(life: timedelta) -> str:
    seconds = max(3600, int(life.total_seconds()))
    return f"{seconds // 3600}h{seconds // 60 % 60}m{seconds % 60}s"


def _subject(entry: Entry) -> Manifest:
    subject: Manifest = {}
    for name, value in entry.settings.subject:
        if name in _SUBJECT:
            subject.setdefault(_SUBJECT[name], []).append(value)
        elif name == "serialNumber":
            subject["serialNumber"] = value
    return subject


def _constraints(entry: Entry) -> Manifest | None:
    constraints = entry.settings.name_constraints if isinstance(entry.settings, Authority) else None
    if constraints is None:
        return None
    both: Manifest = {"critical": True}
    for how, subtrees in (("permitted", constraints.permitted), ("excluded", constraints.excluded)):
        for subtree in subtrees:
            both.setdefault(how, {}).setdefault(_SUBTREES[subtree.kind], []).append(subtree.value)
    return both


def _keystores(entry: Entry) -> Manifest:
    """The password is read from a Secret that the user creates: NAME-pkcs12, key password."""
    profile = {"modern": "Modern2023", "legacy": "LegacyDES"}[entry.settings.pkcs12.compatibility]
    reference = {"name": f"{_name(entry.name)}-pkcs12", "key": "password"}
    return {"pkcs12": {"create": True, "profile": profile, "passwordSecretRef": reference}}


def _other_name(value: str) -> Manifest:
    oid, _, text = value.partition(";")
    return {"oid": oid, "utf8Value": text.partition(":")[2]}


def _left_out(entry: Entry) -> Iterator[str]:
    settings = entry.settings
    if entry.cross_signs:
        yield "cert-manager has no cross certificates"
        return
    if entry.role == "responder":
        yield "cert-manager has no extension OCSP No Check"
    for field in _UNSAID:
        if getattr(settings, field, None) not in (None, (), {}, False):
            yield f"cert-manager has no {field}"
    if settings.life < timedelta(hours=1):
        yield "cert-manager has no lifetime below 1h; 1h is used instead"
    if settings.key.partition(":")[0] not in _ALGORITHMS:
        yield f"cert-manager has no {settings.key} keys; RSA is used instead"
    for name, _ in settings.subject:
        if name not in (*_SUBJECT, "CN", "serialNumber"):
            yield f"cert-manager has no {name} in a subject"
    for general_name in settings.san:
        if general_name.kind == "RID":
            yield f"cert-manager has no {general_name}"
    for usage in entry.extended_key_usage:
        if usage not in _USAGES:
            yield f"cert-manager has no usage {usage}"


def _manifest(kind: str, name: str, spec: Manifest) -> Manifest:
    return {"apiVersion": "cert-manager.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def _name(name: str) -> str:
    """RFC 1123 allows lowercase letters, digits, hyphens and dots."""
    return name.lower().replace("_", "-")


def _secret(entry: Entry) -> str:
    return f"{_name(entry.name)}-tls"
