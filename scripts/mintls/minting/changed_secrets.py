"""Finds kept keys and PKCS#12 files that do not open with their passphrase any more: the secret has changed."""

from collections.abc import Sequence
from concurrent import futures
from pathlib import Path

from mintls.errors import OutputError
from mintls.minting import preflight
from mintls.openssl.binary import Openssl
from mintls.plan.pkcs12 import SEALED
from mintls.plan.renewal import Decision
from mintls.plan.selection import Selection
from mintls.profile.file_names import FileNames
from mintls.profile.passwords import Secret

from msgspec import structs


def with_changed_secrets(
    decisions: Sequence[Decision],
    files: FileNames,
    directory: Path,
    selection: Selection,
    openssl: Openssl,
) -> tuple[Decision, ...]:
    """The decisions, and what must be reissued because its passphrase changed.

    A secret that is not available here is not tried. Raises OutputError for the key of a CA, which is never replaced.
    """

    def tried(decision: Decision) -> Decision:
        entry, own = decision.entry, files.of(decision.entry.name)
        if not decision.exists or decision.signs or not selection.covers(entry):
            return decision
        secret, key = entry.settings.passphrase, directory / own["key"]
        ours = not (entry.settings.csr or entry.existing) and key.is_file()
        if secret and ours and not preflight.missing_secret(secret) and not _opens(openssl, "pkey", key, secret):
            why = f"{own['key']} does not open with its passphrase"
            if entry.is_authority:
                raise OutputError(f"{directory}: {why}; set the one it was created with")
            return structs.replace(decision, work="key and certificate", why=why)
        password = entry.settings.pkcs12.password
        for output in entry.outputs:
            if output in SEALED and password and decision.work is None and not preflight.missing_secret(password):
                path = directory / own[output]
                if path.is_file() and not _opens(openssl, "pkcs12", path, password):
                    return structs.replace(decision, work="outputs", why=f"{path.name} does not open with its password")
        return decision

    if not any(one.entry.settings.passphrase or one.entry.settings.pkcs12.password for one in decisions):
        return tuple(decisions)
    with futures.ThreadPoolExecutor(openssl.jobs) as pool:
        return tuple(pool.map(tried, decisions))


def _opens(openssl: Openssl, command: str, path: Path, secret: Secret) -> bool:
    return not openssl.ask((command, "-in", str(path), "-passin", secret.words, "-noout")).status
