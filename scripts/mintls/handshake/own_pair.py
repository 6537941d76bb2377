"""The check of the own pair: the catalogue and a set's certificates, between s_server and s_client."""

from mintls.handshake.cases.case import Obstacle, Row, cases_of
from mintls.handshake.cases.catalogue import CATALOGUE, VALID
from mintls.handshake.cases.obstacles import divide, in_order, maker_obstacle, version_obstacle
from mintls.handshake.cases.profile import profile_of
from mintls.handshake.check import Checked, Session
from mintls.handshake.credentials import copy_set, keys_of, lay_out, mint, set_cases
from mintls.handshake.pair import Pair
from mintls.handshake.result import Subject
from mintls.handshake.set_under_test import set_under_test


class PairCheck:
    """Both peers are ours; `path` names the set whose certificates must also be accepted."""

    def __init__(self, path: str) -> None:
        self._path = path

    def run(self, session: Session) -> Checked:
        """Each row in turn with the server and the client as the verifier."""
        source = set_under_test(self._path, session.scratch / "set", session.openssl)
        copy, directory = session.scratch / "copy", session.scratch / "catalogue"
        manifest = copy_set(source.directory, copy)
        rows = session.choose((*CATALOGUE, *set_cases(manifest, source.directory)))
        unmakeable, keys = maker_obstacle(session.openssl), keys_of(manifest.certificates)

        def obstacle(row: Row) -> Obstacle | None:
            return unmakeable(row) or version_obstacle(row.version, keys.get(row.case.presents, ""))

        tried, skipped = divide(rows, obstacle)
        mint(profile_of(VALID, cases_of(tried), session.now), directory, session.openssl)
        lay_out(manifest.certificates, copy, directory)
        pair = Pair(session.openssl, directory, session.timeout, session.recordings)
        results = pair.run(tried, session.progress(len(tried)))
        return Checked(Subject.PAIR, source.name, in_order(rows, (*results, *skipped)))
