"""The credentials that are presented to a foreign server: the user's own, and invalid ones with the user's names."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from mintls.handshake.cases.case import Case, Settings
from mintls.handshake.connect.cases import CA_ISSUERS, LEAF_ISSUERS
from mintls.handshake.connect.client_files import ClientFiles
from mintls.handshake.connect.names import names_of
from mintls.handshake.given_credentials import Credential, GivenCredentials
from mintls.handshake.pair import ANCHORS
from mintls.openssl.binary import Openssl

from msgspec.structs import replace


def mint_beside(held: ClientFiles, cases: Iterable[Case], directory: Path, openssl: Openssl, now: datetime) -> None:
    """Copy or link the user's credentials and mint all others that the cases present.

    Raises OpensslError when openssl cannot make one.
    """
    client = Credential(held.good.leaf, held.good.key)
    given = GivenCredentials(Credential(held.authority, held.authority_key), {"client": client}, directory, openssl)
    _lay_out(held, directory)
    names = names_of(held.good.leaf)
    valid = {"servers": {}, "clients": {"client": {"issuer": "ca", **names}}}
    given.mint([_with_names(case, names) for case in cases], valid, now)


def _lay_out(held: ClientFiles, directory: Path) -> None:
    """The user's other files; keys are linked, never copied."""
    for name, credential in held.bad.items():
        (directory / f"bad-{name}.crt").write_text(credential.leaf.pem)
        (directory / f"bad-{name}.key").symlink_to(credential.key)
        (directory / f"bad-{name}-chain.crt").write_text(credential.issuers)
    (directory / f"{LEAF_ISSUERS}.crt").write_text(held.good.issuers)
    (directory / f"{CA_ISSUERS}.crt").write_text(held.authority_issuers)
    (directory / ANCHORS).symlink_to(held.anchors)


def _with_names(case: Case, names: Settings) -> Case:
    """The case with the user's names in its leaf, so that names do not affect the verdict."""
    # with the name of its issuer it would look self-signed
    if case.leaf is None or case.leaf.get("issuer") == "{role}":
        return case
    return replace(case, leaf={**names, **case.leaf})
