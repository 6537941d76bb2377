"""What a server is asked once the handshake is over, and what its reply means (pure)."""

from collections.abc import Callable
from enum import StrEnum

from mintls.escape import printable

from msgspec import Struct
from msgspec.structs import replace

NO_SUCH_HOST = "mintls.invalid"  # a name that no server has (RFC 6761 section 6.4)
LONGER = 65536  # bytes of a reply in which a text of the user is looked for
QUOTED = 60  # characters of a reply that reports quote


class Reply(StrEnum):
    """What a reply says about the client."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCLEAR = (
        "unclear"  # a different protocol, an error that is not about the client, or a protocol without known replies
    )


class Answer(Struct, frozen=True):
    """A reply, read: its meaning, and the text by which reports quote it, such as `HTTP 200`."""

    reply: Reply
    text: str

    def __str__(self) -> str:
        return self.text


def has_line(received: bytes) -> bool:
    """Whether a first line is complete."""
    return b"\n" in received


def always(received: bytes) -> bool:
    """For an exchange after which the dialogue goes on, whatever the reply is."""
    return True


class Exchange(Struct, frozen=True):
    """One question and when its reply is complete. Nothing to send: the server speaks first.

    After a reply that does not `proceed` the dialogue is over, and this reply is the answer.
    """

    sent: bytes
    is_complete: Callable[[bytes], bool] = has_line
    proceeds: Callable[[bytes], bool] = always


class Probe(Struct, frozen=True):
    """A dialogue; without exchanges nothing is sent, and the fate of the connection is all that can be observed.

    `compares`: the protocol is not known, so that only a reply equal to that for the valid certificate has a meaning.
    `has_content`: a different answer that accepts means different content, as with statuses of HTTP.
    """

    protocol: str
    exchanges: tuple[Exchange, ...]
    read: Callable[[bytes], Answer]
    compares: bool = False
    has_content: bool = False

    def answer(self, received: bytes) -> Answer | None:
        """What a reply means; None when there was none."""
        return self.read(received) if received else None


def quoted(received: bytes) -> str:
    """The first line of a reply in quotation marks, cut and made safe for a terminal."""
    line = received.split(b"\n", 1)[0].rstrip(b"\r").decode("latin-1")
    return f"'{printable(line[:QUOTED])}{'...' if len(line) > QUOTED else ''}'"


def unclear(received: bytes) -> Answer:
    """The answer of a server that speaks a different protocol."""
    return Answer(Reply.UNCLEAR, quoted(received))


def decided_by(probe: Probe, accepted_if: str, refused_if: str) -> Probe:
    """The probe, where a text in the reply decides (`--accepted-if`, `--refused-if`); both empty: the probe itself."""
    if not (accepted_if or refused_if) or not probe.exchanges:
        return probe
    accepted, refused = accepted_if.encode(), refused_if.encode()

    def has(text: bytes, received: bytes) -> bool:
        return bool(text) and text in received

    def read(received: bytes) -> Answer:
        if has(accepted, received):
            return Answer(Reply.ACCEPTED, f"{quoted(received)} with '{printable(accepted_if)}'")
        if has(refused, received):
            return Answer(Reply.REFUSED, f"{quoted(received)} with '{printable(refused_if)}'")
        if accepted and refused:
            return Answer(Reply.UNCLEAR, f"{quoted(received)} with neither text")
        missing = printable(accepted_if or refused_if)
        return Answer(Reply.REFUSED if accepted else Reply.ACCEPTED, f"{quoted(received)} without '{missing}'")

    def is_complete(received: bytes) -> bool:
        return len(received) >= LONGER or has(accepted, received) or has(refused, received)

    *others, last = probe.exchanges
    exchanges = (*others, replace(last, is_complete=is_complete))
    return replace(probe, exchanges=exchanges, read=read, compares=False, has_content=False)
