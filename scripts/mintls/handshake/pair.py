"""Runs the rows with our own s_server and s_client, each in turn the verifier under test."""

import re
from base64 import b64decode
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from mintls.handshake.cases.case import Row, Verifier
from mintls.handshake.openssl_end import Conversation, End, converse
from mintls.handshake.recording import Recordings
from mintls.handshake.result import Result, not_tried, weigh
from mintls.handshake.schedule import Done, try_rows
from mintls.handshake.verdict import Evidence, judge
from mintls.openssl.binary import Openssl

ANCHORS = "anchors.crt"
# The presenter may offer anything, also weak algorithms; the verifier must reject them by itself.
PRESENTER, VERIFIER = ("-cipher", "DEFAULT@SECLEVEL=0"), ("-cipher", "DEFAULT@SECLEVEL=2")
PROTOCOL = {"1.0": "-tls1", "1.1": "-tls1_1", "1.2": "-tls1_2", "1.3": "-tls1_3"}
# A client that also offered 1.3 would list its versions (RFC 8446 section 4.2.1), and an old server would reject it.
OLDEST = {Verifier.SERVER: ("-min_protocol", "TLSv1.2"), Verifier.CLIENT: ("-tls1_2",)}


class Pair:
    """Our own s_server and s_client with the files NAME.crt, NAME.key, NAME.crl and anchors.crt of a directory.

    `timeout`: seconds that one connection may take. `recordings`: where to write the connections, if anywhere.
    """

    def __init__(
        self, openssl: Openssl, credentials: Path, timeout: float, recordings: Recordings | None = None
    ) -> None:
        self._openssl = openssl
        self._credentials = credentials
        self._timeout = timeout
        self._recordings = recordings

    def run(self, rows: Iterable[Row], done: Done) -> tuple[Result, ...]:
        """The result of each row, in the order of the rows; `done` is called with each as soon as it is known.

        Where `good` did not finish, the rest of its verifier and version is not tried: each row would only wait
        as long again.

        Raises MintlsError when openssl cannot be started.
        """
        return weigh(try_rows(self._openssl, rows, self._openssl.jobs, self.connect, not_tried, done))

    def connect(self, row: Row) -> Result:
        """One row: one server, one client, one connection."""
        with TemporaryDirectory(prefix="mintls-") as name:
            directory = Path(name)
            # The client checks the server's name also where the server is under test.
            checks = name_check("localhost") if row.verifier is Verifier.SERVER else ()
            shown = presenter(self._credentials, row, directory, checks)
            judging = self._verifier(row)
            ends = (judging, shown) if row.verifier is Verifier.SERVER else (shown, judging)
            pcapng = self._recordings.file(row) if self._recordings else None
            seen = _evidence(row.verifier, converse(self._openssl, *ends, directory, self._timeout, pcapng))
        size = certificate_size(shown.certificate) if shown.certificate else 0
        return Result(row, judge(row.case.expectation(row.version, size), seen), seen)

    def _verifier(self, row: Row) -> End:
        case = row.case
        protocol = OLDEST[row.verifier] if case.at_hello else (PROTOCOL[row.version],)
        crl = ("-CRL", str(self._file(f"{case.crl}.crl"))) if case.crl else ()
        name = name_check(case.name) if row.verifier is Verifier.CLIENT else ()
        return End(
            anchors=self._file(ANCHORS),
            certificate=self._file(f"{row.verifier}.crt"),
            key=self._file(f"{row.verifier}.key"),
            options=(*protocol, *VERIFIER, *case.checks, *crl, *name),
        )

    def _file(self, name: str) -> Path:
        return self._credentials / name


def presenter(credentials: Path, row: Row, directory: Path, options: tuple[str, ...]) -> End:
    """The peer that presents the credential of the row's case, from a directory of them; `directory` is private."""
    case = row.case
    name, links = case.credential(row.verifier), directory / "chain.crt"
    sent = b"".join((credentials / f"{issuer}.crt").read_bytes() for issuer in case.sent_chain(row.verifier))
    links.write_bytes(sent)
    return End(
        anchors=credentials / ANCHORS,
        certificate=credentials / f"{name}.crt" if name else None,
        key=credentials / f"{name}.key" if name else None,
        chain=links if sent else None,
        options=(PROTOCOL[row.version], *(case.offers or PRESENTER), *options),
    )


def name_check(name: str) -> tuple[str, str]:
    """An address literal in -verify_hostname would be looked for among the DNS names: openssl-verify(1)."""
    try:
        ip_address(name)
    except ValueError:
        return "-verify_hostname", name
    return "-verify_ip", name


def _evidence(verifier: Verifier, seen: Conversation) -> Evidence:
    is_server = verifier is Verifier.SERVER
    return Evidence(
        verifier_is_server=is_server,
        presenter=seen.client if is_server else seen.server,
        verifier=seen.server if is_server else seen.client,
        answered=seen.answered,
        timed_out=seen.timed_out,
        trouble=seen.trouble,
        commands=seen.commands,
        milliseconds=seen.milliseconds,
    )


def certificate_size(path: Path) -> int:
    """Bytes in DER of the first certificate of a PEM file (RFC 7468 section 5)."""
    block = re.search(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", path.read_bytes(), re.DOTALL)
    return len(b64decode(block[1])) if block else 0
