"""Cross certificates: CA certificates for the subject and key of another CA of the profile, for a rollover (pure).

Both certificates of that CA verify what it signs: a peer takes the one whose issuer it trusts (RFC 4949, RFC 5280 3.2).
"""

from collections.abc import Iterator, Sequence

from mintls.profile.fields import Authority
from mintls.profile.file_names import FileNames, OwnFiles
from mintls.profile.issuers import Finding, path
from mintls.profile.model import Entry, Profile

from msgspec import structs

HOLD_KEY = {"pkcs12", "kubernetes", "combined", "key-der", "key-traditional"}  # outputs that contain the private key
# What a cross certificate has from the CA that it certifies: peers must be able to exchange one for the other
SAME = ("subject", "key", "digest", "passphrase", "subject_key_identifier")
# Without a value of its own, it has these from there too
DEFAULT = ("key_usage", "extended_key_usage", "path_length", "name_constraints")
NOT_ITS_OWN = (*SAME, "existing", "csr", "crl", "key_mode", "key_group")  # fields that it cannot have
SHARED = ("key", "crl")  # files that it has in common with that CA


def with_cross_certificates(entries: Sequence[Entry]) -> list[Entry]:
    """The entries, the cross certificates with subject, key and constraints of the CAs that they certify."""
    named = {entry.name: entry for entry in entries}

    def filled(entry: Entry) -> Entry:
        target = named.get(entry.cross_signs) if entry.cross_signs else None
        if target is None or not isinstance(target.settings, Authority):
            return entry
        same = {field: getattr(target.settings, field) for field in SAME}
        default = {f: getattr(target.settings, f) for f in DEFAULT if getattr(entry.settings, f) is None}
        return structs.replace(entry, settings=structs.replace(entry.settings, **same, **default))

    return list(map(filled, entries))


def with_shared_files(files: FileNames, entries: Sequence[Entry]) -> FileNames:
    """The file names, in which a cross certificate has key and CRL of the CA that it certifies."""
    own: dict[str, OwnFiles] = dict(files.own)
    for entry in entries:
        if target := entry.cross_signs:
            shared = {what: files.of(target)[what] for what in SHARED}
            own[entry.name] = structs.replace(own.get(entry.name, OwnFiles()), **shared)
    return FileNames(files.patterns, own)


def cross_mistakes(entry: Entry, profile: Profile) -> Iterator[Finding]:
    """A cross certificate that cannot be issued, or would be of no use."""
    name, here = entry.cross_signs, path(entry, "cross_signs")
    if name is None:
        return
    named = profile.named
    target = named.get(name)
    if name == entry.name:
        yield here, "names itself; write the CA whose subject and key this certificate is for"
    elif target is None or not target.is_authority:
        choice = ", ".join(other.name for other in named.values() if other.is_authority and not other.cross_signs)
        yield here, f"there is no CA {name!r}; write one of {choice}"
    elif target.cross_signs:
        yield here, f"{name} is a cross certificate; write {target.cross_signs}, whose key it has"
    elif target.existing:
        yield here, f"the key of {name} is not in the set, because it is an existing CA; name a CA that mintls creates"
    elif target.settings.csr:
        yield here, f"the key of {name} belongs to the owner of its csr; write the same csr here instead"
    elif entry in profile.ancestors(target):
        yield here, f"{name} is below this certificate, so neither can be first; choose a different issuer for {name}"
    elif entry.issuer is None:
        yield path(entry, "issuer"), f"is missing; write the CA that signs the key of {name}"
    elif name == entry.issuer:
        yield path(entry, "issuer"), f"{name} cannot cross-sign itself; write the other CA"
    if with_key := sorted(HOLD_KEY.intersection(entry.outputs)):
        yield path(entry, "outputs"), f"the key is that of {name}; write {', '.join(with_key)} there"
    for what in SHARED:
        if entry.settings.files and getattr(entry.settings.files, what):
            yield path(entry, "files"), f"the {what} is that of {name}; name it there"
