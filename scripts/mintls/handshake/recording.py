"""A row's connection through a relay, written to a pcapng file with its secrets embedded (--pcap).

The secrets come from our own peer: -keylogfile of openssl-s_server(1) and openssl-s_client(1).
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mintls.errors import MintlsError, OutputError
from mintls.handshake.cases.case import Row
from mintls.handshake.wire.relay import Relay
from mintls.handshake.wire.relayed_connection import Opening
from mintls.openssl.binary import Openssl

LOOPBACK = "127.0.0.1"
KEY_LOG = "keys.log"
WARNING = "the files in {} contain the secrets of their TLS connections: anyone who has them can decrypt the traffic"


class Recordings:
    """A directory with a file for each row.

    Raises MintlsError when the openssl cannot write the secrets, OutputError when the directory cannot be made.
    """

    def __init__(self, directory: Path, openssl: Openssl) -> None:
        if not openssl.can("s_server", "-keylogfile"):
            raise MintlsError(f"{openssl.binary} has no -keylogfile, which --pcap needs: set OPENSSL to 1.1.1 or newer")
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{directory}: {error.strerror}; name a directory that can be written") from None
        self._directory = directory

    def file(self, row: Row) -> Path:
        """E.g. DIR/server-1.3-expired.pcapng."""
        return self._directory / f"{row.id.replace('/', '-')}.pcapng"


def key_log_option(pcapng: Path | None, directory: Path) -> tuple[str, ...]:
    """The option of the peer whose secrets are written. Its file is created here with mode 0600: openssl would create
    it with the mode that the umask allows.
    """
    if pcapng is None:
        return ()
    path = directory / KEY_LOG
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return ("-keylogfile", str(path))


@contextmanager
def recorded(
    pcapng: Path | None,
    directory: Path,
    port: int,
    timeout: float,
    *,
    host: str = LOOPBACK,
    listen: tuple[str, int] = (LOOPBACK, 0),
    opening: Opening | None = None,
) -> Iterator[int]:
    """The port to connect to instead of `port` of `host`; the same one if no file is written. `timeout`: seconds.

    The file is written when the context is left, after both peers have finished. Raises OutputError
    when it cannot be written, MintlsError when the relay cannot listen.
    """
    if pcapng is None and opening is None:
        yield port
        return
    relay = Relay(port, target_host=host, listen=listen, seconds=timeout, opening=opening)
    with ExitStack() as stack:
        try:
            stack.enter_context(relay)
        except OSError as error:
            raise MintlsError(f"{listen[0]}:{listen[1]}: {error.strerror}; choose another port, or 0") from None
        yield relay.port
    if pcapng:
        relay.write_pcapng(pcapng, (directory / KEY_LOG).read_text(encoding="ascii"))
