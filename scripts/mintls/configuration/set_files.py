"""The files of a set as a stack needs them, by the names of template.py; what the set lacks is an error (pure)."""

import re
from collections.abc import Mapping
from typing import Literal, get_args

from mintls.configuration.stack import Side
from mintls.configuration.template import placeholders
from mintls.errors import UsageError, not_known
from mintls.manifest import Manifest, Record
from mintls.profile.choices import Made

from msgspec import Struct

Role = Literal["server", "client"]
LOCALHOST = "localhost"
_UNSAFE = re.compile(r"[^A-Za-z0-9/._+,=~:-]")


class Place(Struct, frozen=True, kw_only=True):
    """Where a stack is set up: absolute paths of the set and of the files to write, the port, and the file with the
    key's passphrase, if it has one.
    """

    set: str
    directory: str
    port: int
    passphrase: str = ""


def chosen(manifest: Manifest, role: Role, entry: str | None, source: str) -> Record:
    """The entry for that side: the one that is named, else by name, else by role. Raises UsageError."""
    if entry is None:
        if record := manifest.end_of(role):
            return record
        raise UsageError(f"{source} has no {role} with a key; add one to the profile, below {role}s:")
    fit = {one.name: one for one in manifest.certificates if one.role in (role, "peer") and "key" in one.files}
    if entry not in fit:
        raise UsageError(f"--entry {entry}: {not_known(entry, fit)}")
    return fit[entry]


def values(manifest: Manifest, record: Record, role: Role, place: Place) -> dict[str, str]:
    """Each name of template.py with its value; a file that the set does not have is missing."""
    other = manifest.end_of("client" if role == "server" else "server")
    server, client = (record, other) if role == "server" else (other, record)
    root = manifest.root_of(other or record)
    files = {what: f"{place.set}/{name}" for what, name in record.files.items()}
    found: dict[str, str] = {
        "label": label(manifest, root),
        "ca": f"{place.set}/{root.files['certificate']}",
        "crl": _crl(other, root, place.set),
        "host": _host(server),
        "user": _common_name(client) if client else "",
        "port": str(place.port),
        "dir": place.directory,
        "passphrase": place.passphrase if record.encrypted else "",
        "unlock": place.passphrase if other and other.encrypted else "",
        **{what: files[what] for what in ("certificate", "key", "combined", "chain") if what in files},
    }
    if record.issuer == root.name or not manifest.between(record):
        found["chain"] = files["certificate"]
    return found


def label(manifest: Manifest, root: Record) -> str:
    """How a trust store names a root of the set."""
    return f"mintls-{manifest.profile}-{root.name}"


def check(name: str, side: Side, record: Record, found: Mapping[str, str], place: Place) -> None:
    """Raises UsageError for what the stack needs and the set does not have, with the line to add to the profile."""
    used = placeholders((*side.files.values(), side.start, side.prepare))
    entry = f"{_section(record)}.{record.name}"
    if missing := sorted(used - found.keys()):
        have = (what for what in record.files if what in get_args(Made))
        outputs = ", ".join(sorted({*have, *missing}))
        raise UsageError(
            f"{name} needs the output {' and '.join(missing)} of {record.name}: add `outputs: [{outputs}]` to {entry} "
            "in the profile, and mint again"
        )
    if record.encrypted and "key" in used | {"key" for _ in used & {"combined"}}:
        if "passphrase" not in used:
            raise UsageError(f"{name} cannot read an encrypted key by itself: remove `passphrase` from {entry}")
        if not place.passphrase:
            raise UsageError(f"the key of {record.name} is encrypted: --key-pass file:PATH names its passphrase")
    for path in (place.set, place.directory, place.passphrase):
        if unsafe := _UNSAFE.search(path):
            raise UsageError(
                f"{path}: not every program can read a path with {unsafe[0]!r}; use one of letters, digits and ._-"
            )


def _section(record: Record) -> str:
    return "authorities" if record.role == "authority" else f"{record.role}s"


def _crl(other: Record | None, root: Record, directory: str) -> str:
    """The CRLs with which the other side is verified: of all its issuers, or else of the only one."""
    if other and "crl-bundle" in other.files:
        return f"{directory}/{other.files['crl-bundle']}"
    if other and other.issuer == root.name and root.crl and "crl" in root.files:
        return f"{directory}/{root.files['crl']}"
    return ""


def _host(server: Record | None) -> str:
    names = [one.removeprefix("DNS:") for one in (server.san if server else ()) if one.startswith("DNS:")]
    return next((name for name in names if name == LOCALHOST), next((n for n in names if "*" not in n), LOCALHOST))


def _common_name(client: Record) -> str:
    found = re.search(r"(?:^|[,+] ?)CN=([A-Za-z0-9._@ -]+)", client.subject)
    return found[1].strip() if found else client.name
