"""The manifest's records of the certificates and CRLs that a run issued."""

import base64
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from mintls.errors import VerificationError
from mintls.manifest import Manifest, Record
from mintls.minting.publication import sha256_of
from mintls.plan.digests import export_digest, settings_digest, signer_digest
from mintls.plan.ocsp_index import index_text, lines_of
from mintls.plan.plan import Issue, Plan, access_word
from mintls.profile.choices import Role
from mintls.profile.file_names import FileNames, Files
from mintls.profile.model import Profile
from mintls.x509.certificate import Certificate, read_certificate
from mintls.x509.pem import pem_blocks

from msgspec import structs


def records(plan: Plan, profile: Profile, existing: Manifest | None, stage: Path) -> list[Record]:
    """A record for each certificate and CRL issued. Raises VerificationError for a file that is not a certificate."""
    files = profile.files
    old = dict(existing.named) if existing else {}
    new: dict[str, Record] = {}
    for issue in plan.issues:
        name = issue.entry.name
        if issue.serial:
            new[name] = _record(issue, files, stage, old.get(name))
        else:
            own = files.of(name)
            made = (output for output in issue.entry.outputs if output != "ocsp-index")  # which comes last
            new[name] = _with_files(old[name], {output: own[output] for output in made}, stage)
            if issue.entry.owns_key:
                new[name] = structs.replace(new[name], access=access_word(issue.entry))
    for crl in plan.crls:
        name = crl.entry.name
        record = structs.replace(new[name] if name in new else old[name], crl=crl.record)
        new[name] = _with_files(record, {"crl": crl.file}, stage)
    every = {**old, **new}
    for index in plan.indexes:
        name, file = index.entry.name, stage / index.file
        lines = lines_of(every.values(), profile.issuing_names(index.entry))
        crl_record = every[name].crl
        before = file.read_text(encoding="utf-8") if index.exists else ""
        file.write_text(index_text(lines, crl_record.revoked if crl_record else (), before), encoding="utf-8")
        new[name] = _with_files(new[name], {"ocsp-index": index.file}, stage)
    for issue in plan.issues:
        entry = issue.entry
        signer = signer_digest(entry, every) if issue.serial else new[entry.name].signer
        exported = export_digest(entry, profile, every)
        new[entry.name] = structs.replace(new[entry.name], signer=signer, exported=exported)
    return list(new.values())


def _with_files(record: Record, made: Mapping[str, str], stage: Path) -> Record:
    digests = {name: sha256_of(stage / name) for name in made.values()}
    return structs.replace(record, files={**record.files, **made}, sha256={**record.sha256, **digests})


def _record(issue: Issue, files: FileNames, stage: Path, old: Record | None) -> Record:
    """Revocations and the digests of all files ever written are carried over."""
    entry, own = issue.entry, files.of(issue.entry.name)
    no_key = entry.settings.csr or entry.existing
    published = {output.name for output in issue.outputs} | (set() if no_key else {own["key"]})
    kept = {what: name for what, name in own.items() if name in published}
    digests = {name: sha256_of(path) for name in kept.values() if os.path.exists(path := f"{stage}/{name}")}
    try:
        made = read_certificate((stage / own["certificate"]).read_text(encoding="ascii"))
    except ValueError as error:
        raise VerificationError(f"openssl wrote no certificate into {own['certificate']}: {error}") from None
    spki = next(pem_blocks(made.public_key.encode())).der or b""
    return Record(
        name=entry.name,
        role=entry.role,
        issuer=entry.issuer,
        subject=made.subject if entry.existing else str(entry.settings.subject),
        san=tuple(map(str, entry.settings.san)),
        key=entry.settings.key,
        serial=issue.serial.removeprefix("0x"),
        fingerprint=made.fingerprint,
        x5t_s256=base64.urlsafe_b64encode(bytes.fromhex(made.fingerprint)).decode().rstrip("="),
        pin_sha256=base64.b64encode(hashlib.sha256(spki).digest()).decode(),
        not_before=made.not_before,
        not_after=made.not_after,
        settings=settings_digest(entry),
        files=kept,
        sha256={**(old.sha256 if old else {}), **digests},
        access=access_word(entry) if entry.owns_key else "",
        encrypted=entry.settings.passphrase is not None and not entry.existing,
        passphrase=entry.settings.passphrase.words if entry.settings.passphrase and not entry.existing else "",
        crl=old.crl if old else None,
    )


def standing_record(name: str, role: Role, issuer: str | None, certificate: Certificate, directory: Path) -> Record:
    """A record of NAME.crt, and NAME.key if it exists, that were created elsewhere."""
    own = Files().of(name)
    files = {what: own[what] for what in ("certificate", "key") if (directory / own[what]).exists()}
    return Record(
        name=name,
        role=role,
        issuer=issuer,
        subject=certificate.subject,
        san=certificate.names,
        key=certificate.key,
        serial=certificate.serial,
        fingerprint=certificate.fingerprint,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        settings="",
        files=files,
        sha256={file: sha256_of(directory / file) for file in files.values()},
    )
