"""What a server is asked, and what its reply means."""

from mintls.errors import UsageError
from mintls.handshake.connect.probe import LONGER, Answer, Probe, Reply, quoted
from mintls.handshake.connect.protocols.protocol import Request
from mintls.handshake.connect.protocols.registry import AUTO, PROTOCOLS, named, usual
from mintls.handshake.connect.question import Question

import pytest


def probe(text: str, **request: object) -> Probe:
    protocol, value = named(text)
    assert protocol
    return protocol.probe(Request(value=value, **request))  # type: ignore[arg-type]


def test_http_asks_for_the_page_of_the_name() -> None:
    asked = probe("http:/a%20b?c=d", authority="server.test:4443", headers=("X-A: b",)).exchanges[0].sent
    head, *fields = asked.decode().split("\r\n")
    assert head == "GET /a%20b?c=d HTTP/1.1"
    assert {"Host: server.test:4443", "X-A: b", "Connection: close"} <= set(fields)
    assert fields[-2:] == ["", ""]
    assert probe("http").exchanges[0].sent.startswith(b"GET / HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("received", "answer"),
    [
        (b"HTTP/1.1 200 OK\r\nServer: x\r\n", Answer(Reply.ACCEPTED, "HTTP 200")),
        (b"HTTP/1.0 495 \r\n", Answer(Reply.REFUSED, "HTTP 495")),
        (b"HTTP/2 400\r\n", Answer(Reply.REFUSED, "HTTP 400")),
        (b"HTTP/1.1 20\r\n", Answer(Reply.UNCLEAR, "'HTTP/1.1 20'")),
        (b"220 mail ESMTP\r\nmore", Answer(Reply.UNCLEAR, "'220 mail ESMTP'")),
        (b"", None),
    ],
)
def test_an_answer_of_http_is_its_status(received: bytes, answer: Answer | None) -> None:
    assert probe("http").answer(received) == answer


def test_an_answer_is_shown_without_what_steers_a_terminal() -> None:
    assert quoted(b"\x1b[2J" + b"x" * 100) == r"'\1B[2J" + "x" * 56 + "...'"


def test_when_an_answer_is_complete() -> None:
    line, octets = probe("line:NOOP").exchanges[0], probe("hex:00FF0a").exchanges[0]
    assert line.sent == b"NOOP\r\n"
    assert octets.sent == b"\x00\xff\n"
    assert not line.is_complete(b"250")
    assert line.is_complete(b"250 OK\r\n")
    assert octets.is_complete(b"R")
    assert not octets.is_complete(b"")
    assert probe("none").exchanges == ()


def test_a_text_of_the_user_is_looked_for_in_more_than_a_line() -> None:
    question = Question(protocol=PROTOCOLS["http"], request=Request(), accepted_if="welcome")
    exchange = question.probe().exchanges[0]
    assert not exchange.is_complete(b"HTTP/1.1 200 OK\r\n\r\n")
    assert exchange.is_complete(b"HTTP/1.1 200 OK\r\n\r\nwelcome")
    assert exchange.is_complete(b"x" * LONGER)
    assert LONGER > 4096


@pytest.mark.parametrize("text", ["", "ftp", "http:x", "http:/a b", "http:/\u00e9", "hex:0", "hex:", "line:a\nb",
                                  "none:1", "auto:x", "smtp:a b", "grpc:x"])  # fmt: skip
def test_what_is_not_a_probe_is_reported(text: str) -> None:
    with pytest.raises(UsageError, match="--probe"):
        probe(text)


def test_a_protocol_is_known_by_its_port_or_starttls() -> None:
    assert named(AUTO) == (None, "")
    for port, starttls, name, upgrade in (
        (443, "", "http", ""), (25, "", "smtp", "smtp"), (465, "", "smtp", ""), (5432, "", "postgres", "postgres"),
        (10025, "smtp", "smtp", "smtp"), (8883, "", "mqtt", ""), (50051, "", "grpc", ""),
    ):  # fmt: skip
        protocol, found = usual(port, starttls)
        assert protocol
        assert (protocol.name, found) == (name, upgrade)
    assert usual(12345, "") == (None, "")
    assert usual(12345, "xmpp") == (None, "xmpp")
