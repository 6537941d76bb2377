"""What was read from the files and servers that the user named: certificates, keys and revocation lists, as data."""

from pathlib import Path

from mintls.x509.certificate import Certificate
from mintls.x509.revocation_list import RevocationList

from msgspec import Struct


class KeyFile(Struct, frozen=True):
    """A private key's file, its mode (None for a pipe), and its public key: None for an encrypted key that was not
    opened.
    """

    path: Path
    mode: int | None
    public_key: str | None


class CertificateEntry(Struct, frozen=True):
    """One certificate, the files that contain it, its key files, and the modes of all of these (None: a pipe).

    `place` is its position, from 1, in the first of its files when others are named after that file too, else 0.
    `mismatched` are keys in its file, or in a file of the same name, that fit no certificate there.
    """

    certificate: Certificate
    files: tuple[Path, ...]
    keys: tuple[KeyFile, ...] = ()
    modes: tuple[tuple[Path, int | None], ...] = ()
    place: int = 0
    mismatched: tuple[KeyFile, ...] = ()

    @property
    def name(self) -> str:
        """The name of its file; of several files, the one with the fewest certificates."""
        return f"{self.files[0].name}[{self.place}]" if self.place else self.files[0].name

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint


class Bundle(Struct, frozen=True):
    """A file with several certificates, by their fingerprints in the order of the file."""

    path: Path
    fingerprints: tuple[str, ...]


class Server(Struct, frozen=True):
    """A server that was connected to, and what it sent, in its order; `name` is what it was asked for by SNI or host.

    `address` is HOST:PORT as the user wrote it.
    """

    address: str
    name: str
    sent: tuple[Certificate, ...]


class Inventory(Struct, frozen=True):
    """Everything read, what could not be read and why, and notes about what was ignored."""

    certificates: tuple[CertificateEntry, ...]
    crls: tuple[RevocationList, ...]
    keys: tuple[KeyFile, ...]
    unreadable: tuple[str, ...]
    notes: tuple[str, ...] = ()
    bundles: tuple[Bundle, ...] = ()
    servers: tuple[Server, ...] = ()
