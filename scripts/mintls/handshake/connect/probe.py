"""What a server is asked once the handshake is over, and what its answer says (pure)."""

import re
from collections.abc import Callable

from mintls.errors import UsageError, not_known
from mintls.escape import printable

from msgspec import Struct

NOBODY = "mintls.invalid"  # a name that no server has (RFC 6761 section 6.4)
ENOUGH = 4096  # bytes of an answer, when no line ends in them
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})\b")  # RFC 9112 section 4


class Answer(Struct, frozen=True):
    """What counts of an answer: its HTTP status, or else its first byte."""

    status: int | None
    first: bytes

    def __str__(self) -> str:
        if self.status is not None:
            return f"HTTP {self.status}"
        return f"an answer that begins with '{printable(self.first.decode('latin-1'))}'"


class Probe(Struct, frozen=True):
    """What is sent; empty: nothing is, and the end of the handshake is all that can be seen."""

    sent: bytes
    lines: bool  # the answer has come with the end of its first line

    def is_complete(self, received: bytes) -> bool:
        """Whether so much of the answer is there as counts."""
        return len(received) >= ENOUGH or (b"\n" in received if self.lines else bool(received))

    def answer(self, received: bytes) -> Answer | None:
        """What an answer says; None when there was none."""
        status = _STATUS.match(received) if self.lines else None
        return Answer(int(status[1]) if status else None, received[:1]) if received else None


def read_probe(text: str, authority: str) -> Probe:
    """Read `http[:PATH]`, `none`, `line:TEXT` or `hex:BYTES`. `authority` is the server as HTTP's Host names it.

    Raises UsageError.
    """
    kind, _, value = text.partition(":")
    if kind not in _KINDS:
        raise UsageError(f"--probe {text}: {not_known(kind, _KINDS)}")
    if any(not character.isprintable() for character in value):
        raise UsageError(f"--probe {kind}: what is sent is one line of printable characters; use hex:BYTES for others")
    return _KINDS[kind](value, authority)


def _http(path: str, authority: str) -> Probe:
    """A request of RFC 9112 section 3 that asks to close the connection afterwards."""
    path = path or "/"
    if not path.startswith("/") or " " in path or not path.isascii():
        raise UsageError(f"--probe http:{path}: write a path such as /private/, with its spaces as %20")
    lines = (f"GET {path} HTTP/1.1", f"Host: {authority}", "User-Agent: mintls", "Accept: */*", "Connection: close")
    return Probe("".join(f"{line}\r\n" for line in (*lines, "")).encode(), True)


def _none(value: str, authority: str) -> Probe:
    if value:
        raise UsageError("--probe none: nothing follows it; to send something, write line:TEXT or hex:BYTES")
    return Probe(b"", False)


def _line(value: str, authority: str) -> Probe:
    return Probe(f"{value}\r\n".encode(), True)


def _hex(value: str, authority: str) -> Probe:
    try:
        sent = bytes.fromhex(value)
    except ValueError:
        raise UsageError(f"--probe hex:{value}: write pairs of hexadecimal digits, such as hex:00ff") from None
    if not sent:
        raise UsageError("--probe hex: write the bytes to send after it, or --probe none")
    return Probe(sent, False)


_KINDS: dict[str, Callable[[str, str], Probe]] = {"http": _http, "none": _none, "line": _line, "hex": _hex}
