"""Every certificate of pyca/cryptography's own vectors, beside what pyca reads in it."""

import warnings
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

from mintls.errors import UsageError
from mintls.inspection.files import read_inventory
from mintls.openssl.binary import Openssl
from mintls.x509.certificate import LABELS, Certificate, parse_certificate
from mintls.x509.distinguished_name import ATTRIBUTES
from mintls.x509.pem import pem_blocks

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.utils import CryptographyDeprecationWarning
from peers import need_module

vectors = need_module("cryptography_vectors")
FOLDER = Path(vectors.__file__).parent / "x509"
NAMES = {x509.ObjectIdentifier(oid): name for oid, name in ATTRIBUTES.items()}
KINDS = {x509.DNSName: "DNS", x509.RFC822Name: "email", x509.UniformResourceIdentifier: "URI"}
CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp192r1": "prime192v1"}


def certificates() -> Iterator[tuple[Path, bytes]]:
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path.suffix in (".pem", ".crt", ".der", ".cer"):
            data = path.read_bytes()
            blocks = [block.der for block in pem_blocks(data) if block.label in LABELS]
            yield from ((path, der) for der in blocks if der)
            if not blocks and data[:1] == b"0":
                yield path, data


def theirs(der: bytes) -> x509.Certificate | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return x509.load_der_x509_certificate(der)
        except (ValueError, x509.InvalidVersion):
            return None


def field(read: Any) -> Any:
    """What pyca says, or nothing where it refuses to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        try:
            return read()
        except (ValueError, TypeError, KeyError, NotImplementedError, AttributeError, x509.InvalidVersion,
                x509.DuplicateExtension, x509.UnsupportedGeneralNameType, x509.ExtensionNotFound):  # fmt: skip
            return None
        except Exception as error:
            if type(error).__name__ != "UnsupportedAlgorithm":
                raise
            return None


def key(public: Any) -> str | None:
    if isinstance(public, rsa.RSAPublicKey):
        return f"{public.key_size}"
    if isinstance(public, dsa.DSAPublicKey):
        return f"dsa:{public.key_size}"
    if isinstance(public, ec.EllipticCurvePublicKey):
        return f"ec:{CURVES.get(public.curve.name, public.curve.name)}".replace("ec:brainpool", "ec:brainpool")
    kind = type(public).__name__.removesuffix("PublicKey").removeprefix("_")
    return kind.lower()


def san(certificate: x509.Certificate) -> list[str]:
    said = []
    for name in certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value:
        if type(name) in KINDS:
            said.append(f"{KINDS[type(name)]}:{name.value}")
        elif isinstance(name, x509.IPAddress):
            assert not isinstance(name.value, IPv4Network | IPv6Network)
            said.append(f"IP:{name.value}")
        elif isinstance(name, x509.RegisteredID):
            said.append(f"RID:{name.value.dotted_string}")
        else:
            said.append("")
    return said


def text_of(name: x509.Name) -> str:
    """As openssl prints it where it knows every attribute, which is what is compared; backwards within an RDN, too."""
    every = [attribute for rdn in name.rdns for attribute in rdn]
    if any(one.oid not in NAMES for one in every):
        raise KeyError  # openssl shows its value in hexadecimal
    return ",".join(
        "+".join(one.rfc4514_string({one.oid: NAMES[one.oid]}) for one in reversed(list(rdn)))
        for rdn in reversed(name.rdns)
    )


def agrees(path: Path, ours: Certificate, other: x509.Certificate) -> list[str]:
    """The fields that differ."""
    differing = []
    for what in ("subject", "issuer"):
        name = field(lambda what=what: text_of(getattr(other, what)))
        if name is not None and "=#" not in name and getattr(ours, what) != name:
            differing.append(f"{what}: {getattr(ours, what)} instead of {name}")
    if int(ours.serial, 16) != field(lambda: other.serial_number):
        differing.append("serial")
    for what in ("not_before", "not_after"):
        moment = field(lambda what=what: getattr(other, f"not_valid_{what[4:]}_utc"))
        if moment and getattr(ours, what) != moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z":
            differing.append(f"{what}: {getattr(ours, what)} instead of {moment}")
    if bytes.fromhex(ours.fingerprint) != other.fingerprint(hashes.SHA256()):
        differing.append("fingerprint")
    names = field(lambda: san(other))
    if names is not None:
        same = len(names) == len(ours.names) and all(b in ("", a) for a, b in zip(ours.names, names, strict=True))
        differing += [] if same else [f"names: {ours.names} instead of {names}"]
    public = field(other.public_key)
    wanted = key(public) if public else None
    if wanted and "explicit" not in ours.key and not ours.key.replace("-", "").endswith(wanted.replace("-", "")):
        differing.append(f"key: {ours.key} instead of {wanted}")
    constraints = field(lambda: other.extensions.get_extension_for_class(x509.BasicConstraints).value)
    if constraints and (ours.is_authority, ours.path_length) != (constraints.ca, constraints.path_length):
        differing.append("basicConstraints")
    return differing


def test_everything_that_pyca_reads_is_read_alike(record_property: Any) -> None:
    compared = 0
    wrong = {}
    for path, der in certificates():
        other = theirs(der)
        try:
            ours = parse_certificate(der)
        except ValueError as error:
            if other is not None and field(lambda other=other: (other.subject, other.not_valid_before_utc)):
                wrong[path.name] = [f"not read: {error}"]
            continue
        if other is not None:
            compared += 1
            if differing := agrees(path, ours, other):
                wrong[path.name] = differing
    assert compared > 400
    assert wrong == {}
    record_property("certificates compared with pyca", compared)


FOLDERS = [FOLDER, *sorted(path for path in FOLDER.rglob("*") if path.is_dir())]


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_folder_of_them_gives_sentences_and_no_queue_of_openssl(folder: Path, openssl: Openssl) -> None:
    try:
        said = read_inventory([folder], openssl)
    except UsageError as error:
        lines = str(error).splitlines()
    else:
        lines = [*said.unreadable, *said.notes]
    assert all(line.isprintable() and ":error:" not in line and "routines" not in line for line in lines)
