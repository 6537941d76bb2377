"""One connection between our own s_server and s_client: starts both, and returns what they reported.

See openssl-s_server(1) and openssl-s_client(1). The server reverses each line (`-rev`), so that what
the client reads back has been through the tunnel both ways. It is given port 0, is ready when it prints
`ACCEPT HOST:PORT`, and takes one connection. Messages and errors go to files, because a process whose pipe is not
read blocks. No process outlives its context.
"""

import os
import re
import selectors
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from mintls.handshake.recording import key_log_option, recorded
from mintls.handshake.wire.transcript import Transcript, parse
from mintls.openssl.binary import Openssl

from msgspec import Struct

HOST = "127.0.0.1"
SENT, ANSWER = b"ping\nCLOSE\n", b"gnip"  # CLOSE on a line of its own ends `-rev`
READ = 4 << 20  # bytes of output that are read of each peer
LONGEST = 400  # characters of an error message
_READY = re.compile(rb"^ACCEPT \S+:(\d+)\r?$", re.MULTILINE)


class End(Struct, frozen=True):
    """The files and options of one peer. `chain`: a PEM file of what it sends after its certificate."""

    anchors: Path
    certificate: Path | None = None
    key: Path | None = None
    chain: Path | None = None
    options: tuple[str, ...] = ()
    enforces: bool = True  # ends the handshake when the other peer's certificate does not verify

    def argv(self) -> tuple[str, ...]:
        """The options of openssl for them."""
        files = {"-cert": self.certificate, "-key": self.key, "-cert_chain": self.chain, "-CAfile": self.anchors}
        files["-chainCAfile"] = self.certificate  # else it would send what it finds of its chain in -CAfile
        named = tuple(word for option, file in files.items() if file for word in (option, str(file)))
        return (*named, *(("-verify_return_error",) if self.enforces else ()), *self.options)


class Conversation(Struct, frozen=True, kw_only=True):
    """What the two peers reported."""

    server: Transcript = Transcript()
    client: Transcript = Transcript()
    answered: bool = False
    timed_out: bool = False
    trouble: str = ""
    commands: tuple[tuple[str, ...], ...] = ()
    milliseconds: float = 0.0


def converse(
    openssl: Openssl, server: End, client: End, directory: Path, timeout: float, pcapng: Path | None = None
) -> Conversation:
    """Connect the two peers for at most `timeout` seconds; their logs go to `directory`, which is private.
    `pcapng`: where to write what passed between them, if anywhere.

    Raises MintlsError when openssl cannot be started.
    """
    start = time.monotonic()
    deadline = start + timeout
    listen = ("s_server", "-accept", f"{HOST}:0", "-naccept", "1", *server.argv(), "-Verify", "5", "-rev")
    listen += key_log_option(pcapng, directory)
    one, other = directory / "server", directory / "client"
    with started(openssl, listen, one) as (process, first):
        port = ready_port(process, deadline)
        if port is None:
            late = time.monotonic() >= deadline
            return Conversation(
                trouble=why_not("s_server did not start to listen", one), timed_out=late, commands=(first,)
            )
        with recorded(pcapng, directory, port, timeout) as connect_port:
            command = ("s_client", "-connect", f"{HOST}:{connect_port}", *client.argv(), "-quiet", "-ign_eof")
            with started(openssl, command, other) as (caller, second):
                answer, in_time = _finish(caller, SENT, deadline)
            transcript = transcript_of(other)
            if in_time and not transcript.messages:  # the server would wait for it forever
                return Conversation(trouble=why_not("s_client did not connect", other), commands=(first, second))
            _, ended = _finish(process, None, deadline)
    return Conversation(
        server=transcript_of(one),
        client=transcript,
        answered=ANSWER in answer.split(b"\n"),
        timed_out=not (in_time and ended),
        commands=(first, second),
        milliseconds=(time.monotonic() - start) * 1000,
    )


def plain_certificates(openssl: Openssl) -> tuple[str, ...]:
    """The options that turn off the compression of certificates (RFC 8879), where this openssl has it."""
    return ("-no_tx_cert_comp", "-no_rx_cert_comp") if openssl.can("s_client", "-no_tx_cert_comp") else ()


@contextmanager
def started(
    openssl: Openssl, argv: tuple[str, ...], log: Path
) -> Iterator[tuple["subprocess.Popen[bytes]", tuple[str, ...]]]:
    """A process whose messages go to LOG.msg and whose errors go to LOG.err; with its whole command."""
    argv = (*argv, *plain_certificates(openssl), "-msg", "-msgfile", str(log.with_suffix(".msg")))
    with ExitStack() as stack:
        stderr: BinaryIO = stack.enter_context(log.with_suffix(".err").open("wb"))
        pipe = subprocess.PIPE
        stdin = pipe if argv[0] == "s_client" else subprocess.DEVNULL
        process = stack.enter_context(openssl.spawn(argv, stdin=stdin, stdout=pipe, stderr=stderr))
        yield process, (openssl.binary, *argv)


def ready_port(process: "subprocess.Popen[bytes]", deadline: float) -> int | None:
    """The port that the server reports; None when it ended or printed nothing in time."""
    assert process.stdout
    output = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            chunk = os.read(process.stdout.fileno(), 4096)
            if not chunk:
                return None
            output += chunk
            if ready := _READY.search(output):
                return int(ready[1])
    return None


def _finish(process: "subprocess.Popen[bytes]", stdin: bytes | None, deadline: float) -> tuple[bytes, bool]:
    """Its output until it ends, up to a bound, and whether it ended in time."""
    assert process.stdout
    if process.stdin:
        with suppress(BrokenPipeError), process.stdin as stream:
            stream.write(stdin or b"")
    output = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0 and selector.select(left):
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                return bytes(output), _ends(process, deadline)
            output += chunk[: READ - len(output)]
    return bytes(output), False


def _ends(process: "subprocess.Popen[bytes]", deadline: float) -> bool:
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def transcript_of(log: Path) -> Transcript:
    """What the peer with this log has reported so far."""
    return parse(_read(log.with_suffix(".msg")), _read(log.with_suffix(".err")))


def why_not(sentence: str, log: Path) -> str:
    """The sentence with the first error of the peer that it is about."""
    lines = (line.strip() for line in _read(log.with_suffix(".err")).split("\n"))
    complaint = next((line for line in lines if line and not line.startswith("verify depth is")), "")
    return f"{sentence}: {complaint[:LONGEST]}" if complaint else sentence


def _read(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as log:
        return log.read(READ).decode(errors="backslashreplace")
