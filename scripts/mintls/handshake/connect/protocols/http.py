"""HTTP/1.1: a GET request, whose status decides (RFC 9112)."""

import re

from mintls.errors import UsageError
from mintls.handshake.connect.probe import Answer, Exchange, Probe, Reply, unclear
from mintls.handshake.connect.protocols.protocol import Protocol, Request

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})\b")  # RFC 9112 section 4


def path_of(request: Request) -> str:
    """The path to request. Raises UsageError."""
    path = request.value or "/"
    if not path.startswith("/") or " " in path or not path.isascii():
        raise UsageError(f"--probe http:{path}: write a path such as /private/, with its spaces as %20")
    return path


def by_status(status: int, request: Request) -> Answer:
    """The answer with that status."""
    return Answer(Reply.REFUSED if status in request.refused_status else Reply.ACCEPTED, f"HTTP {status}")


def _probe(request: Request) -> Probe:
    """A request of RFC 9112 section 3 that closes the connection afterwards."""
    lines = (
        f"GET {path_of(request)} HTTP/1.1",
        f"Host: {request.authority}",
        "User-Agent: mintls",
        "Accept: */*",
        *request.headers,
        "Connection: close",
        "",
    )

    def read(received: bytes) -> Answer:
        status = _STATUS.match(received)
        return by_status(int(status[1]), request) if status else unclear(received)

    return Probe("http", (Exchange("".join(f"{line}\r\n" for line in lines).encode()),), read, has_content=True)


HTTP = Protocol(
    name="http",
    about="GET / or http:PATH; the status decides (--refused-status)",
    probe=_probe,
    ports=(443, 8443, 4443),
    has_host=True,
)
