"""What a server said is told in one line, made safe, wherever it did not just accept."""

from mintls.handshake.verdict import Evidence, Kind
from mintls.report.server_words import LONGEST, server_words
from mintls.report.text import table

import pytest
from msgspec.structs import replace
from sample_runs import result, run_of

NGINX = (
    b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 237\r\n\r\n<html>\r\n<head><title>400 No required "
    b"SSL certificate was sent</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n"
)


@pytest.mark.parametrize(
    ("received", "words"),
    [
        (NGINX, "HTTP/1.1 400 Bad Request: 400 No required SSL certificate was sent"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "HTTP/1.1 403 Forbidden"),
        (b"HTTP/1.1 403 Forbidden\r\nX: y", "HTTP/1.1 403 Forbidden"),
        (b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nno access\r\n0\r\n", "HTTP/1.1 403 No: no access"),
        (b"250-one\r\n554 5.7.1 Access denied\r\n", "554 5.7.1 Access denied"),
        (b"\x15\x03\x03\0\2", ""),
        (b"", ""),
        (b"x" * 5000, "x" * LONGEST + "..."),
    ],
)
def test_the_words_of_a_reply(received: bytes, words: str) -> None:
    assert server_words(Evidence(verifier_is_server=True, answer=received)) == words
    assert server_words(Evidence(verifier_is_server=True, received=received)) == words


def test_it_is_quick_with_a_page_of_nothing_but_brackets() -> None:
    assert len(server_words(Evidence(verifier_is_server=True, answer=b"HTTP/1.1 400 x\r\n\r\n" + b"<" * 60_000))) < 200


def test_where_it_is_shown() -> None:
    refused = result("expired", Kind.REFUSED, "by the service: HTTP 400")
    said = replace(refused, evidence=replace(refused.evidence, answer=NGINX + b"\x1b[31m"))
    line = "server: HTTP/1.1 400 Bad Request: 400 No required SSL certificate was sent"
    assert line in table(run_of(said), verbose=True)
    assert "server:" not in table(run_of(said))
    failed = result("good", Kind.REFUSED, "HTTP 400")
    said = replace(failed, evidence=replace(failed.evidence, answer=NGINX))
    assert f"    {line}" in table(run_of(said))
    accepted = result("good", Kind.ACCEPTED, "HTTP 200")
    said = replace(accepted, evidence=replace(accepted.evidence, answer=b"HTTP/1.1 200 OK\r\n\r\nhello"))
    assert "server:" not in table(run_of(said), verbose=True)
