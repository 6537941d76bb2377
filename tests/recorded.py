"""Connections of our own pair as openssl wrote them, recorded once."""

from pathlib import Path

from mintls.handshake.wire.transcript import Transcript, parse

TRANSCRIPTS = Path(__file__).parent / "transcripts"


def recorded(name: str) -> tuple[Transcript, Transcript]:
    """The server's and the client's side of a recorded connection; the bytes of most messages are left out."""
    parts = dict(part.split("\n", 1) for part in (TRANSCRIPTS / f"{name}.txt").read_text().split("=== ")[1:])
    return parse(parts["server.msg"], parts["server.err"]), parse(parts["client.msg"], parts["client.err"])
