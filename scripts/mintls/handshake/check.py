"""What each of the three checks is given, and what it returns: the pair of our own, a server, or a client."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from mintls.handshake.cases.case import Case, Row
from mintls.handshake.recording import Recordings
from mintls.handshake.result import Result, Subject
from mintls.handshake.schedule import Done
from mintls.openssl.binary import Openssl


class Session(NamedTuple):
    """A run of handshake_check.py, whatever it checks.

    `scratch`: a private directory that is removed afterwards. `timeout`: seconds for one connection. `choose`: the
    rows that the user selected. `progress`: what is called with each result, given how many there will be.
    `announce`: prints a sentence before the first connection.
    """

    openssl: Openssl
    now: datetime
    scratch: Path
    timeout: float
    recordings: Recordings | None
    choose: Callable[[Sequence[Case]], tuple[Row, ...]]
    progress: Callable[[int], Done]
    announce: Callable[[str], None]


class Checked(NamedTuple):
    """What was checked, as the user named it, and the result of each row."""

    kind: Subject
    subject: str
    results: tuple[Result, ...]


class Check(Protocol):
    """One of the three checks."""

    def run(self, session: Session) -> Checked:
        """Try the rows. Raises MintlsError when it cannot."""
