"""What a server is asked, and what its answer says."""

from mintls.errors import UsageError
from mintls.handshake.connect.probe import ENOUGH, Answer, read_probe

import pytest


def test_http_asks_for_the_page_of_the_name() -> None:
    probe = read_probe("http:/a%20b?c=d", "server.test:4443")
    head, *fields = probe.sent.decode().split("\r\n")
    assert head == "GET /a%20b?c=d HTTP/1.1"
    assert "Host: server.test:4443" in fields
    assert "Connection: close" in fields
    assert fields[-2:] == ["", ""]
    assert read_probe("http", "h").sent.startswith(b"GET / HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("received", "answer"),
    [
        (b"HTTP/1.1 200 OK\r\nServer: x\r\n", Answer(200, b"H")),
        (b"HTTP/1.0 495 \r\n", Answer(495, b"H")),
        (b"HTTP/2 400\r\n", Answer(400, b"H")),
        (b"HTTP/1.1 20\r\n", Answer(None, b"H")),
        (b"220 mail ESMTP\r\n", Answer(None, b"2")),
        (b"", None),
    ],
)
def test_an_answer_is_its_status_or_its_first_byte(received: bytes, answer: Answer | None) -> None:
    assert read_probe("http", "h").answer(received) == answer


def test_an_answer_is_shown_without_what_steers_a_terminal() -> None:
    assert str(Answer(403, b"H")) == "HTTP 403"
    assert str(Answer(None, b"\x1b")) == r"an answer that begins with '\1B'"


def test_when_an_answer_is_complete() -> None:
    line, octets = read_probe("line:NOOP", "h"), read_probe("hex:00FF0a", "h")
    assert line.sent == b"NOOP\r\n"
    assert octets.sent == b"\x00\xff\n"
    assert not line.is_complete(b"250")
    assert line.is_complete(b"250 OK\r\n")
    assert line.is_complete(b"x" * ENOUGH)
    assert octets.is_complete(b"R")
    assert not octets.is_complete(b"")
    assert octets.answer(b"HTTP/1.1 200 OK\r\n") == Answer(None, b"H")
    assert read_probe("none", "h").sent == b""


@pytest.mark.parametrize("text", ["", "ftp", "http:x", "http:/a b", "http:/\u00e9", "hex:0", "line:a\nb", "none:1"])
def test_what_is_no_probe_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="--probe"):
        read_probe(text, "h")
