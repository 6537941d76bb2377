"""PKCS#12 files: a key with its certificates, and a truststore for Java (openssl-pkcs12(1), RFC 7292)."""

from collections.abc import Iterator, Sequence

from mintls.plan.commands import passin
from mintls.plan.step import Step
from mintls.profile.file_names import FileNames
from mintls.profile.model import Entry
from mintls.profile.passwords import Pkcs12, Secret

SEALED = ("pkcs12", "truststore")  # the outputs that have a password
# What macOS and Java before 8u301 can read; it needs no legacy provider.
# Given although OpenSSL 3 does the same by default: 1.1.1 and LibreSSL would encrypt the certificates with RC2-40.
MODERN = ("-keypbe", "AES-256-CBC", "-certpbe", "AES-256-CBC", "-macalg", "sha256")
LEGACY = ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1")


def pkcs12_steps(files: FileNames, entry: Entry, issuers: Sequence[Entry]) -> Iterator[Step]:
    """The key, the certificate and its issuers, the root too: for import into a browser."""
    entry_files, name = files.of(entry.name), entry.name
    certificates = tuple(files.of(other.name)["certificate"] for other in issuers)
    more = ("-certfile", f"{name}+issuers.pem") if certificates else ()
    if certificates:
        yield Step(f"{name}: issuers", certificates, certificates, f"{name}+issuers.pem", program="cat")
    argv = (
        "pkcs12", "-export", "-inkey", entry_files["key"], *passin(entry.settings.passphrase),
        "-in", entry_files["certificate"], *more,
        *_options(entry.settings.pkcs12, name), "-out", entry_files["pkcs12"],
    )  # fmt: skip
    yield Step(
        f"{name}: PKCS#12", argv, (entry_files["key"], entry_files["certificate"], *more[1:]), entry_files["pkcs12"]
    )


def truststore_steps(files: FileNames, entry: Entry, issuers: Sequence[Entry]) -> Iterator[Step]:
    """The root, marked as trusted as Java expects it (openssl 3.2)."""
    entry_files, name = files.of(entry.name), entry.name
    root = files.of(issuers[-1].name)["certificate"] if issuers else entry_files["certificate"]
    argv = (
        "pkcs12", "-export", "-nokeys", "-in", root, "-jdktrust", "anyExtendedKeyUsage",
        *_options(entry.settings.pkcs12, name), "-out", entry_files["truststore"],
    )  # fmt: skip
    yield Step(f"{name}: truststore", argv, (root,), entry_files["truststore"])


def _options(settings: Pkcs12, name: str) -> tuple[str, ...]:
    assert settings.password  # required by a rule
    alias = ("-name", settings.alias or name)
    return (
        *alias,
        "-passout",
        first_line(settings.password),
        *(LEGACY if settings.compatibility == "legacy" else MODERN),
    )


def first_line(password: Secret) -> str:
    """openssl reads two lines of a file that -passin and -passout name identically, so here it is DIR/./NAME."""
    folder, slash, name = password.words.rpartition("/")
    return password.words if password.env or password.empty else f"{folder}{slash}./{name}" if slash else password.words
