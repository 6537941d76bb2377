"""Runs the rows against our own pair: s_server and s_client, each in turn the verifier that is tested."""

import base64
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from mintls.handshake.case import Row, Verifier
from mintls.handshake.endpoints import HOST, Conversation, End, converse
from mintls.handshake.result import Result, weigh
from mintls.handshake.verdict import Evidence, judge
from mintls.openssl import Openssl

# The presenter may offer anything, also what is weak; the verifier has to refuse that by itself.
PRESENTER, VERIFIER = ("-cipher", "DEFAULT@SECLEVEL=0"), ("-cipher", "DEFAULT@SECLEVEL=2")
PROTOCOL = {"1.0": "-tls1", "1.1": "-tls1_1", "1.2": "-tls1_2", "1.3": "-tls1_3"}
# A client that also offered 1.3 would name its versions (RFC 8446 section 4.2.1), and an old server refuse it.
OLDEST = {Verifier.SERVER: ("-min_protocol", "TLSv1.2"), Verifier.CLIENT: ("-tls1_2",)}
NAME = "localhost"


class Pair:
    """Our own s_server and s_client with the credentials NAME.crt, NAME.key and NAME.crl of a directory."""

    def __init__(self, openssl: Openssl, credentials: Path, timeout: float) -> None:
        self._openssl = openssl
        self._credentials = credentials
        self._timeout = timeout

    def run(self, rows: Iterable[Row], workers: int, done: Callable[[Result], None]) -> tuple[Result, ...]:
        """Every row's result, in the order of the rows; the controls of the end run when all else is over.
        `done` is called for each as it is there, with its controls not yet weighed.

        Raises MintlsError when openssl cannot be started.
        """
        rows = tuple(rows)
        last = tuple(row for row in rows if row.case.id == "good-again")
        first = tuple(row for row in rows if row not in last)
        results: dict[str, Result] = {}
        with ThreadPoolExecutor(workers) as pool:
            try:
                for group in (first, last):
                    for result in pool.map(self.connect, group):
                        results[result.row.id] = result
                        done(result)
            except BaseException:
                self._openssl.stop()
                pool.shutdown(cancel_futures=True)
                raise
        return weigh(results[row.id] for row in rows)

    def connect(self, row: Row) -> Result:
        """One row: one server, one client, one connection."""
        with TemporaryDirectory(prefix="mintls-") as name:
            directory = Path(name)
            shown = self._shown(row, directory)
            judging = self._judging(row)
            if row.verifier is Verifier.SERVER:
                seen = converse(self._openssl, judging, shown, directory, self._timeout)
            else:
                seen = converse(self._openssl, shown, judging, directory, self._timeout)
        size = _certificate_size(shown.certificate) if shown.certificate else 0
        evidence = _evidence(row.verifier, seen)
        return Result(row, judge(row.case.expectation(row.version, size), evidence), evidence)

    def _shown(self, row: Row, directory: Path) -> End:
        case = row.case
        name = case.credential(row.verifier)
        sent = case.sent_chain(row.verifier)
        chain = directory / "chain.crt"
        if sent:
            chain.write_bytes(b"".join(self._file(f"{issuer}.crt").read_bytes() for issuer in sent))
        # The client checks the server's name also when the server is the one that is tested.
        checks = () if row.verifier is Verifier.CLIENT else ("-verify_hostname", NAME)
        return End(
            anchors=self._file("ca.crt"),
            certificate=self._file(f"{name}.crt") if name else None,
            key=self._file(f"{name}.key") if name else None,
            chain=chain if sent else None,
            options=(PROTOCOL[row.version], *(case.offers or PRESENTER), *checks),
        )

    def _judging(self, row: Row) -> End:
        case = row.case
        role = row.verifier.value
        protocol = OLDEST[row.verifier] if case.at_hello else (PROTOCOL[row.version],)
        checks = case.checks
        if case.crl:
            checks += ("-CRL", str(self._file(f"{case.crl}.crl")))
        if row.verifier is Verifier.CLIENT:
            checks += ("-verify_ip", HOST) if case.address else ("-verify_hostname", NAME)
        return End(
            anchors=self._file("ca.crt"),
            certificate=self._file(f"{role}.crt"),
            key=self._file(f"{role}.key"),
            options=(*protocol, *VERIFIER, *checks),
        )

    def _file(self, name: str) -> Path:
        return self._credentials / name


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


def _certificate_size(path: Path) -> int:
    """Bytes in DER of the first certificate of a PEM file (RFC 7468 section 5)."""
    block = re.search(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", path.read_bytes(), re.DOTALL)
    return len(base64.b64decode(block[1])) if block else 0
