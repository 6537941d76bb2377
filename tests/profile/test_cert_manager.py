"""--export cert-manager: the manifests beside the documented fields of cert-manager.io/v1.

https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.CertificateSpec
"""

from pathlib import Path
from typing import Any

from mintls.profile.cert_manager import left_out, manifests
from mintls.profile.load import read_profile

import jsonschema
import pytest
import yaml
from conftest import PROFILES, Run

TEXT = """\
defaults: {key: "ec:P-256", subject: {C: NO, O: Org}}
authorities:
  root: {subject: {CN: Root}, key: "rsa:4096", days: 100}
  sub:
    subject: {CN: Sub}
    issuer: root
    name_constraints:
      {permitted: ["DNS:example.org", "IP:10.0.0.0/8"], excluded: ["email:bad@example.org", "URI:.evil.org"]}
    crl: {}
servers:
  Web_1:
    subject:
      {OU: [One, Two], CN: web.example.org, serialNumber: "7", L: Oslo, ST: Viken, street: Gate 1, postalCode: "0150"}
    san: ["DNS:web.example.org", "IP:10.0.0.1", "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:ann@example.org"]
    issuer: sub
    days: 10
    outputs: [pkcs12]
    pkcs12: {password: {env: X}, compatibility: legacy}
clients:
  api: {subject: {CN: api}, issuer: sub, key: ed25519, count: 2}
  odd: {subject: {CN: odd, title: Dr}, issuer: root, key: ed448, serial: 7, ocsp: ["http://ocsp.example.org"],
        san: ["RID:1.2.3", "email:a@example.org", "URI:spiffe://a/b"], extended_key_usage: [clientAuth, 1.2.3.4],
        not_after: "2060-01-01T00:00:00Z"}
"""


def listing(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of, "minItems": 1}


def closed(**fields: Any) -> dict[str, Any]:
    """An object of these fields alone, those whose name ends with _ required."""
    names = {name.rstrip("_"): value for name, value in fields.items()}
    required = [name.rstrip("_") for name in fields if name.endswith("_")]
    return {"type": "object", "properties": names, "required": required, "additionalProperties": False}


TEXTS, NAME = listing({"type": "string"}), {"type": "string", "pattern": r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"}
SUBTREES = closed(dnsDomains=TEXTS, ipRanges=TEXTS, emailAddresses=TEXTS, uriDomains=TEXTS)
USAGES = [
    "signing", "digital signature", "content commitment", "key encipherment", "key agreement", "data encipherment",
    "cert sign", "crl sign", "encipher only", "decipher only", "any", "server auth", "client auth", "code signing",
    "email protection", "s/mime", "ipsec end system", "ipsec tunnel", "ipsec user", "timestamping", "ocsp signing",
    "microsoft sgc", "netscape sgc",
]  # fmt: skip
CERTIFICATE = closed(
    secretName_=NAME,
    issuerRef_=closed(name_=NAME, kind={"enum": ["Issuer", "ClusterIssuer"]}, group={"const": "cert-manager.io"}),
    isCA={"type": "boolean"},
    commonName={"type": "string", "maxLength": 64},
    subject=closed(
        organizations=TEXTS, organizationalUnits=TEXTS, countries=TEXTS, localities=TEXTS, provinces=TEXTS,
        streetAddresses=TEXTS, postalCodes=TEXTS, serialNumber={"type": "string"},
    ),
    dnsNames=TEXTS, ipAddresses=TEXTS, uris=TEXTS, emailAddresses=TEXTS,
    otherNames=listing(closed(oid_={"type": "string", "pattern": r"^[0-9.]+$"}, utf8Value_={"type": "string"})),
    duration={"type": "string", "pattern": "^[0-9]+h0m0s$"},
    usages=listing({"enum": USAGES}),
    privateKey=closed(
        algorithm={"enum": ["RSA", "ECDSA", "Ed25519"]}, encoding={"enum": ["PKCS1", "PKCS8"]},
        size={"enum": [2048, 3072, 4096, 8192, 256, 384, 521]},
    ),
    keystores=closed(
        pkcs12=closed(
            create_={"const": True}, profile={"enum": ["LegacyRC2", "LegacyDES", "Modern2023"]},
            passwordSecretRef_=closed(name_=NAME, key={"type": "string"}),
        )
    ),
    nameConstraints=closed(critical={"type": "boolean"}, permitted=SUBTREES, excluded=SUBTREES),
)  # fmt: skip
ISSUER = {"oneOf": [closed(selfSigned_={"const": {}}), closed(ca_=closed(secretName_=NAME))]}


def manifest(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return closed(apiVersion_={"const": "cert-manager.io/v1"}, kind_={"const": kind}, metadata_=closed(name_=NAME),
                  spec_=spec)  # fmt: skip


SCHEMA = {"oneOf": [manifest("Certificate", CERTIFICATE), manifest("Issuer", ISSUER)]}


def export(run: Run, profile: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The objects, and what was told as left out."""
    done = run("generate.py", profile, "--export", "cert-manager")
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("left out: ")]
    return list(yaml.safe_load_all(done.stdout)), told


@pytest.fixture
def exported(tmp_path: Path, run: Run) -> tuple[dict[tuple[str, str], dict[str, Any]], list[str]]:
    (tmp_path / "p.yaml").write_text(TEXT)
    objects, told = export(run, tmp_path / "p.yaml")
    assert [path.name for path in tmp_path.iterdir()] == ["p.yaml"]
    named = {(one["kind"], one["metadata"]["name"]): one["spec"] for one in objects}
    assert len(named) == len(objects)
    return named, told


@pytest.mark.parametrize("name", ["dev", "classic", "step-by-step", "showcase"])
def test_every_profile_fits_the_documented_schema(name: str, run: Run) -> None:
    objects, _ = export(run, PROFILES / f"{name}.yaml")
    for one in objects:
        jsonschema.validate(one, SCHEMA)
    assert len(objects) >= 5


def test_who_issues_whom(exported: tuple[dict[tuple[str, str], dict[str, Any]], list[str]]) -> None:
    """A root by an Issuer of its own, the others by the Issuer that holds their authority's Secret."""
    named, _ = exported
    for one in named:
        jsonschema.validate({"apiVersion": "cert-manager.io/v1", "kind": one[0], "metadata": {"name": one[1]},
                             "spec": named[one]}, SCHEMA)  # fmt: skip
    assert list(named) == [
        ("Issuer", "root-self-signed"), ("Certificate", "root"), ("Issuer", "root"), ("Certificate", "sub"),
        ("Issuer", "sub"), ("Certificate", "odd"), ("Certificate", "web-1"), ("Certificate", "api-1"),
        ("Certificate", "api-2"),
    ]  # fmt: skip
    certificates = {name: spec for (kind, name), spec in named.items() if kind == "Certificate"}
    issuers = {name: spec for (kind, name), spec in named.items() if kind == "Issuer"}
    for name, issuer in (("root", "root-self-signed"), ("sub", "root"), ("web-1", "sub"), ("odd", "root")):
        assert certificates[name]["issuerRef"]["name"] == issuer
    assert issuers["root-self-signed"] == {"selfSigned": {}}
    assert issuers["sub"] == {"ca": {"secretName": certificates["sub"]["secretName"]}}
    assert [certificates[name].get("isCA") for name in ("root", "sub", "web-1")] == [True, True, None]


def test_every_field(exported: tuple[dict[tuple[str, str], dict[str, Any]], list[str]]) -> None:
    named, _ = exported
    assert named["Certificate", "web-1"] == {
        "secretName": "web-1-tls",
        "commonName": "web.example.org",
        "subject": {
            "countries": ["NO"], "organizations": ["Org"], "organizationalUnits": ["One", "Two"],
            "localities": ["Oslo"], "provinces": ["Viken"], "streetAddresses": ["Gate 1"], "postalCodes": ["0150"],
            "serialNumber": "7",
        },
        "dnsNames": ["web.example.org"],
        "ipAddresses": ["10.0.0.1"],
        "otherNames": [{"oid": "1.3.6.1.4.1.311.20.2.3", "utf8Value": "ann@example.org"}],
        "duration": "240h0m0s",
        "usages": ["digital signature", "server auth"],
        "privateKey": {"algorithm": "ECDSA", "size": 256, "encoding": "PKCS8"},
        "keystores": {
            "pkcs12": {
                "create": True, "profile": "LegacyDES",
                "passwordSecretRef": {"name": "web-1-pkcs12", "key": "password"},
            },
        },
        "issuerRef": {"name": "sub", "kind": "Issuer", "group": "cert-manager.io"},
    }  # fmt: skip
    assert named["Certificate", "sub"]["nameConstraints"] == {
        "critical": True,
        "permitted": {"dnsDomains": ["example.org"], "ipRanges": ["10.0.0.0/8"]},
        "excluded": {"emailAddresses": ["bad@example.org"], "uriDomains": [".evil.org"]},
    }
    assert named["Certificate", "root"]["privateKey"] == {"algorithm": "RSA", "size": 4096, "encoding": "PKCS8"}
    assert named["Certificate", "root"]["duration"] == "2400h0m0s"
    assert named["Certificate", "root"]["usages"] == ["cert sign", "crl sign"]
    assert named["Certificate", "api-1"]["privateKey"] == {"algorithm": "Ed25519", "encoding": "PKCS8"}
    odd = named["Certificate", "odd"]
    assert (odd["uris"], odd["emailAddresses"], "dnsNames" in odd) == (["spiffe://a/b"], ["a@example.org"], False)


def test_what_cert_manager_cannot_say_is_told(
    exported: tuple[dict[tuple[str, str], dict[str, Any]], list[str]],
) -> None:
    _, told = exported
    said = {(line.partition(": clients.")[2] or line.partition(": authorities.")[2]) for line in told}
    assert said == {
        "sub: cert-manager has no crl",
        *(f"odd: cert-manager has no {what}" for what in (
            "serial", "ocsp", "not_after", "ed448 keys; RSA is used instead", "title in a subject", "RID:1.2.3",
            "usage 1.2.3.4",
        )),
    }  # fmt: skip


def test_a_lifetime_that_cert_manager_refuses() -> None:
    """Its webhook requires at least an hour."""
    text = "authorities: {ca: {subject: {CN: ca}}}\nclients: {c: {subject: {CN: c}, lifetime: %s}}"
    for lifetime, duration, sentences in (("90s", "1h0m0s", 1), ("90m", "1h30m0s", 0)):
        profile = read_profile((text % lifetime).encode(), "p", "p")
        (leaf,) = [one for one in manifests(profile) if one["metadata"]["name"] == "c"]
        assert leaf["spec"]["duration"] == duration
        assert len([one for one in left_out(profile) if "1h is used instead" in one]) == sentences


def test_a_cross_certificate_is_left_out_and_its_leaves_keep_their_ca() -> None:
    profile = read_profile(
        b"authorities:\n  old: {subject: {CN: Old}}\n  new: {subject: {CN: New}}\n"
        b"  cross: {cross_signs: new, issuer: old}\nclients: {c: {subject: {CN: c}, issuer: cross}}\n"
        b"responders: {ocsp: {issuer: old}}\n",
        "p", "p",
    )  # fmt: skip
    found = {one["metadata"]["name"]: one for one in manifests(profile) if one["kind"] == "Certificate"}
    assert set(found) == {"old", "new", "c", "ocsp"}
    assert found["c"]["spec"]["issuerRef"]["name"] == "new"
    assert found["ocsp"]["spec"]["usages"] == ["digital signature", "key encipherment", "ocsp signing"]
    assert set(left_out(profile)) == {
        "p:4: authorities.cross: cert-manager has no cross certificates",
        "p:6: responders.ocsp: cert-manager has no extension OCSP No Check",
    }
