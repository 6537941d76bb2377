"""PKCS#12 files: a key with its certificates, and a truststore for Java (openssl-pkcs12(1), RFC 7292)."""

from collections.abc import Iterator, Sequence

from mintls.plan.commands import Step, passin
from mintls.profile.fields import Files, Pkcs12, Secret
from mintls.profile.model import Entry

# What macOS and Java before 8u301 can read; it needs no legacy provider.
# Given although OpenSSL 3 does the same by default: 1.1.1 and LibreSSL would encrypt the certificates with RC2-40.
MODERN = ("-keypbe", "AES-256-CBC", "-certpbe", "AES-256-CBC", "-macalg", "sha256")
LEGACY = ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1")


def pkcs12_steps(files: Files, entry: Entry, above: Sequence[Entry]) -> Iterator[Step]:
    """The key, the certificate and its issuers, the root too: what a person imports into a browser."""
    own, name = files.of(entry.name), entry.name
    issuers = tuple(files.of(other.name)["certificate"] for other in above)
    more = ("-certfile", f"{name}+issuers.pem") if issuers else ()
    if issuers:
        yield Step(f"{name}: its issuers", issuers, issuers, f"{name}+issuers.pem", program="cat")
    argv = (
        "pkcs12", "-export", "-inkey", own["key"], *passin(entry), "-in", own["certificate"], *more,
        *_options(entry.settings.pkcs12, name), "-out", own["pkcs12"],
    )  # fmt: skip
    yield Step(f"{name}: PKCS#12", argv, (own["key"], own["certificate"], *more[1:]), own["pkcs12"])


def truststore_steps(files: Files, entry: Entry, above: Sequence[Entry]) -> Iterator[Step]:
    """The root alone, marked as trusted in the way in which Java looks for it (openssl 3.2)."""
    own, name = files.of(entry.name), entry.name
    root = files.of(above[-1].name)["certificate"] if above else own["certificate"]
    argv = (
        "pkcs12", "-export", "-nokeys", "-in", root, "-jdktrust", "anyExtendedKeyUsage",
        *_options(entry.settings.pkcs12, name), "-out", own["truststore"],
    )  # fmt: skip
    yield Step(f"{name}: truststore", argv, (root,), own["truststore"])


def _options(settings: Pkcs12, name: str) -> tuple[str, ...]:
    assert settings.password  # a rule asks for it
    alias = ("-name", settings.alias or name)
    return (
        *alias,
        "-passout",
        _first_line(settings.password),
        *(LEGACY if settings.compatibility == "legacy" else MODERN),
    )


def _first_line(password: Secret) -> str:
    """Of a file that -passin and -passout name in the same words openssl reads two lines, so here it is DIR/./NAME."""
    folder, slash, name = password.words.rpartition("/")
    return password.words if password.env else f"{folder}{slash}./{name}" if slash else password.words
