"""Replies of protocols of text lines with a status at the beginning: SMTP, IMAP, POP3, Redis, NATS (pure)."""

import re
from collections.abc import Callable

from mintls.handshake.connect.probe import Answer, Exchange, Reply, has_line, quoted


def by_pattern(accepted: bytes, refused: bytes) -> Callable[[bytes], Answer]:
    """A function that reads a reply by the first expression that occurs in it, the one of refusals first."""
    yes, no = re.compile(accepted, re.IGNORECASE), re.compile(refused, re.IGNORECASE)

    def read(received: bytes) -> Answer:
        reply = Reply.REFUSED if no.search(received) else Reply.ACCEPTED if yes.search(received) else Reply.UNCLEAR
        return Answer(reply, quoted(received))

    return read


def ends_with(last: bytes) -> Callable[[bytes], bool]:
    """A function that finds out whether a reply has a complete line that matches."""
    line = re.compile(rb"^" + last + rb".*\n", re.MULTILINE)
    return lambda received: bool(line.search(received))


def begins_with(start: bytes) -> Callable[[bytes], bool]:
    """A function that finds out whether a reply begins so."""
    return lambda received: received.startswith(start)


def greeting(start: bytes) -> Exchange:
    """The server speaks first; a different greeting is the answer."""
    return Exchange(b"", has_line, begins_with(start))
