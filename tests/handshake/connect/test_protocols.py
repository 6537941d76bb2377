"""How each protocol asks, and what its replies mean, on replies written out after the specifications."""

from mintls.handshake.connect.probe import Probe, Reply
from mintls.handshake.connect.protocols.h2 import PREFACE, frame, frames
from mintls.handshake.connect.protocols.protocol import Request
from mintls.handshake.connect.protocols.registry import PROTOCOLS, named

import pytest
from hypothesis import given
from hypothesis import strategies as st

HEADERS, END = 1, 4


def probe(text: str, **request: object) -> Probe:
    protocol, value = named(text)
    assert protocol
    return protocol.probe(Request(value=value, **request))  # type: ignore[arg-type]


def response(block: bytes, flags: int = END) -> bytes:
    return frame(4, 0, 0) + frame(HEADERS, flags, 1, block)


def error(message: str) -> bytes:
    """PostgreSQL's ErrorResponse."""
    fields = b"SFATAL\0C28000\0M" + message.encode() + b"\0\0"
    return b"E" + (4 + len(fields)).to_bytes(4, "big") + fields


@pytest.mark.parametrize(
    ("protocol", "received", "reply"),
    [
        ("smtp", b"250 2.1.5 Ok\r\n", Reply.ACCEPTED),
        ("smtp", b"554 5.7.1 <postmaster>: Recipient address rejected: Access denied\r\n", Reply.REFUSED),
        ("smtp", b"450 4.7.1 try later\r\n", Reply.REFUSED),
        ("smtp", b"* OK IMAP4rev1\r\n", Reply.UNCLEAR),
        ("imap", b"+ \r\n", Reply.ACCEPTED),
        ("imap", b"a NO Client didn't present valid SSL certificate\r\n", Reply.REFUSED),
        ("imap", b"* BYE no\r\n", Reply.REFUSED),
        ("imap", b"a BAD unknown command\r\n", Reply.UNCLEAR),
        ("pop3", b"+ \r\n", Reply.ACCEPTED),
        ("pop3", b"-ERR Client didn't present valid SSL certificate\r\n", Reply.REFUSED),
        ("pop3", b"-ERR Unknown command.\r\n", Reply.UNCLEAR),
        ("postgres", b"R\0\0\0\x08\0\0\0\0", Reply.ACCEPTED),
        ("postgres", b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0", Reply.ACCEPTED),
        ("postgres", error('role "x" does not exist'), Reply.ACCEPTED),
        ("postgres", error('database "postgres" does not exist'), Reply.ACCEPTED),
        ("postgres", error("connection requires a valid client certificate"), Reply.REFUSED),
        ("postgres", error('certificate authentication failed for user "x"'), Reply.REFUSED),
        ("postgres", error('no pg_hba.conf entry for host "::1", no encryption'), Reply.REFUSED),
        ("postgres", error('"trust" authentication failed for user "x"'), Reply.REFUSED),
        ("postgres", error('password authentication failed for user "x"'), Reply.UNCLEAR),
        ("postgres", error("the database system is starting up"), Reply.UNCLEAR),
        ("mysql", b"\x07\0\0\x03\0\0\0\x02\0\0\0", Reply.ACCEPTED),
        ("mysql", b"\x1c\0\0\x03\xff\x15\x04#28000Access denied for", Reply.REFUSED),
        ("mysql", b"\x1c\0\0\x03\xff\x13\x04#08S01Bad handshake", Reply.UNCLEAR),
        ("mysql", b"\x2c\0\0\x03\xfemysql_native_password\0", Reply.UNCLEAR),
        ("redis", b"+PONG\r\n", Reply.ACCEPTED),
        ("redis", b"-NOAUTH Authentication required.\r\n", Reply.UNCLEAR),
        ("mqtt", b"\x20\x02\0\0", Reply.ACCEPTED),
        ("mqtt", b"\x20\x02\0\x04", Reply.REFUSED),
        ("mqtt", b"\x20\x02\0\x05", Reply.REFUSED),
        ("mqtt", b"\x20\x02\0\x01", Reply.UNCLEAR),
        ("mqtt", b"HTTP", Reply.UNCLEAR),
        ("amqp", b"\x01\0\0\0\0\x01\xdc\0\x0a\0\x0a\0\x09", Reply.ACCEPTED),
        ("amqp", b"AMQP\0\0\x09\x01", Reply.UNCLEAR),
        ("ldap", bytes.fromhex("3007 020101 6402 0400 3000"), Reply.ACCEPTED),
        ("ldap", bytes.fromhex("300c 020101 6507 0a0100 0400 0400"), Reply.ACCEPTED),
        ("ldap", bytes.fromhex("300c 020101 6507 0a0135 0400 0400"), Reply.REFUSED),
        ("ldap", bytes.fromhex("300c 020101 6507 0a0101 0400 0400"), Reply.UNCLEAR),
        ("nats", b"PONG\r\n", Reply.ACCEPTED),
        ("nats", b"-ERR 'Authorization Violation'\r\n", Reply.REFUSED),
        ("h2", response(b"\x88"), Reply.ACCEPTED),
        ("h2", response(b"\x8d"), Reply.ACCEPTED),  # 404
        ("h2", response(b"\x8c"), Reply.REFUSED),  # 400
        ("h2", response(b"\x48\x03403"), Reply.REFUSED),
        ("h2", response(b"\x08\x03421"), Reply.REFUSED),
        ("h2", response(b"\x48\x82\x64\x02"), Reply.ACCEPTED),  # 302, Huffman-coded: RFC 7541 appendix C.6.1
        ("h2", response(b"\x20\x48\x82\x68\x01"), Reply.REFUSED),  # 401 after a new size of the table
        ("h2", response(b"\x02\x88\0\0", flags=END | 8), Reply.ACCEPTED),  # padded
        ("h2", frame(7, 0, 0, bytes(4) + (13).to_bytes(4, "big")), Reply.UNCLEAR),
        ("h2", b"HTTP/1.1 400 Bad Request\r\n\r\n", Reply.UNCLEAR),
        ("grpc", response(b"\x88\x00\x0bgrpc-status\x0212"), Reply.ACCEPTED),
        ("grpc", response(b"\x88\x00\x0bgrpc-status\x0216"), Reply.REFUSED),
        ("grpc", response(b"\x88\x00\x0bgrpc-status\x017"), Reply.REFUSED),
        ("grpc", response(b"\x88\x40\x88\x9a\xca\xc8\xb2\x12\x34\xda\x8f\x82\x0b\x9f"), Reply.REFUSED),
        ("grpc", response(b"\x48\x03403"), Reply.REFUSED),
        ("grpc", response(b"\x8d"), Reply.UNCLEAR),
        ("grpc", b"HTTP/1.1 403 Forbidden\r\n\r\n", Reply.UNCLEAR),
    ],
)
def test_what_a_reply_means(protocol: str, received: bytes, reply: Reply) -> None:
    answer = probe(protocol).answer(received)
    assert answer
    assert answer.reply is reply, answer


def test_a_refused_dialogue_goes_no_further() -> None:
    """A reply that rejects is the answer, also before the last question."""
    for name in ("smtp", "imap", "pop3"):
        greeting = probe(name).exchanges[0]
        assert greeting.sent == b"", "the server speaks first"
        assert greeting.is_complete(b"554 no\r\n")
        assert not greeting.proceeds(b"554 no\r\n")
        assert probe(name, greeted=True).exchanges[0].sent, "and before TLS with STARTTLS"
    mail = probe("smtp").exchanges[2]
    assert mail.proceeds(b"250 Ok\r\n")
    assert not mail.proceeds(b"530 5.7.0 no\r\n")
    assert not probe("smtp").exchanges[1].is_complete(b"250-PIPELINING\r\n")
    assert probe("smtp").exchanges[1].is_complete(b"250-PIPELINING\r\n250 SIZE\r\n")


def test_the_user_is_the_one_of_the_certificate_unless_it_is_named() -> None:
    for name in ("postgres", "mysql"):
        assert b"alice\0" in probe(name, user="alice").exchanges[0].sent
        assert b"bob\0" in probe(f"{name}:bob", user="alice").exchanges[0].sent


def test_what_is_sent_is_well_formed() -> None:
    startup = probe("postgres", user="a").exchanges[0].sent
    assert int.from_bytes(startup[:4], "big") == len(startup)
    login = probe("mysql", user="a").exchanges[0].sent
    assert int.from_bytes(login[:3], "little") == len(login) - 4
    search = probe("ldap").exchanges[0].sent
    assert search[1] == len(search) - 2
    connect = probe("mqtt").exchanges[0].sent
    assert connect[1] == len(connect) - 2
    for name in ("h2", "grpc"):
        sent = probe(name, authority="server.test").exchanges[0].sent
        assert sent.startswith(PREFACE)
        rest = sent[len(PREFACE) :]
        assert sum(9 + len(payload) for _, _, payload in frames(rest)) == len(rest)
        assert b":authority\x0bserver.test" in rest


@given(st.sampled_from([*PROTOCOLS]), st.binary(max_size=300))
def test_no_reply_is_too_odd(name: str, received: bytes) -> None:
    value = {"line": "x", "hex": "00"}.get(name, "")
    asked = PROTOCOLS[name].probe(Request(value=value))
    answer = asked.answer(received)
    assert (answer is None) is (not received)
    for exchange in asked.exchanges:
        exchange.is_complete(received)
        exchange.proceeds(received)


@given(st.sampled_from(["h2", "grpc"]), st.binary(max_size=100), st.integers(0, 255))
def test_no_block_of_headers_is_too_odd(name: str, block: bytes, flags: int) -> None:
    assert probe(name).answer(response(block, flags))
