"""The fields `passphrase` and `pkcs12`: where secrets come from, and how PKCS#12 files are encrypted."""

from typing import Annotated, Literal

from mintls.profile.field_docs import about
from mintls.profile.scalars import Text, Variable

from msgspec import Struct


class Secret(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Source of a passphrase: an environment variable, or the first line of a file. It is never in a profile."""

    env: Annotated[Variable | None, about("Name of an environment variable.", "KEYPASS", required="this or file")] = (
        None
    )
    file: Annotated[
        str | None,
        about(
            "Path of a file, relative to the profile. Its first line is the passphrase.",
            "pass.txt",
            required="this or env",
        ),
    ] = None

    empty: Annotated[bool, about("An empty password, only for PKCS#12.", True, required="this, env or file")] = False

    @property
    def words(self) -> str:
        """As openssl's -passin and -passout take it (openssl-passphrase-options(1))."""
        if self.empty:
            return "pass:"
        return f"env:{self.env}" if self.env else f"file:{self.file}"


class Pkcs12(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the outputs pkcs12 and truststore."""

    password: Annotated[
        Secret | None, about("Password of the PKCS#12 file.", {"env": "P12PASS"}, required="for pkcs12 and truststore")
    ] = None
    alias: Annotated[
        Text | None, about("Friendly name of the entry in the file. Default: the name of the certificate.", "web")
    ] = None
    compatibility: Annotated[
        Literal["modern", "legacy"],
        about("modern: AES-256 and SHA-256. legacy: 3DES and SHA-1, for macOS and old Java.", "legacy"),
    ] = "modern"
