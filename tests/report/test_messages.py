"""The messages of recorded handshakes, with the steps of mTLS in the order of RFC 8446 and RFC 5246."""

import re

from mintls.handshake.cases.case import Case, Row, Verifier
from mintls.handshake.result import Result
from mintls.handshake.verdict import Evidence, Kind, Verdict
from mintls.handshake.wire.transcript import Transcript
from mintls.report.messages import sequence

import pytest
from recorded import recorded

CASE = Case(id="good", title="", reference="", hint="")


def drawn(transcript: Transcript, verifier: Verifier) -> list[tuple[str, str, str, str]]:
    """Each line's arrow, message, length in bytes and step."""
    evidence = Evidence(verifier_is_server=verifier is Verifier.SERVER, presenter=transcript)
    text = sequence(Result(Row(CASE, verifier, "1.3"), Verdict(Kind.ACCEPTED, "a\nb"), evidence))
    first, *lines = text.splitlines()
    assert first == f"{verifier}/1.3/good: accepted, a\\0Ab"
    pattern = r"  client (-->|<--) server  (\w+(?: \w+)*) +(\d+) B(?:  (\d .*))?"
    matches = [re.fullmatch(pattern, line) for line in lines]
    assert all(matches), text
    return [match.groups(default="") for match in matches if match]  # type: ignore[misc]


CLIENT = {
    "ClientHello": "client offers versions and ciphers",
    "Certificate": "client presents its certificate",
    "CertificateVerify": "client proves possession of its key",
    "Finished": "client confirms the handshake",
}
SERVER = {
    "ServerHello": "server chooses version and cipher",
    "CertificateRequest": "server requests a client certificate",
    "Certificate": "server presents its certificate",
    "CertificateVerify": "server proves possession of its key",
    "Finished": "server confirms the handshake",
}
# openssl does not report a ChangeCipherSpec that it has received.
NEW = [
    ("-->", "ClientHello", 1), ("<--", "ServerHello", 2), ("<--", "EncryptedExtensions", 0),
    ("<--", "CertificateRequest", 3), ("<--", "Certificate", 4), ("<--", "CertificateVerify", 5),
    ("<--", "Finished", 6), ("-->", "ChangeCipherSpec", 0), ("-->", "Certificate", 7),
    ("-->", "CertificateVerify", 8), ("-->", "Finished", 9),
]  # fmt: skip
OLD = [
    ("-->", "ClientHello", 1), ("<--", "ServerHello", 2), ("<--", "Certificate", 3), ("<--", "ServerKeyExchange", 0),
    ("<--", "CertificateRequest", 4), ("<--", "ServerHelloDone", 0), ("-->", "Certificate", 5),
    ("-->", "ClientKeyExchange", 0), ("-->", "CertificateVerify", 6), ("-->", "ChangeCipherSpec", 0),
    ("-->", "Finished", 7), ("<--", "NewSessionTicket", 0), ("<--", "Finished", 8),
]  # fmt: skip


@pytest.mark.parametrize(("name", "messages"), [("server-1.3-good", NEW), ("server-1.2-good", OLD)])
def test_the_steps_of_a_good_handshake(name: str, messages: list[tuple[str, str, int]]) -> None:
    server, client = recorded(name)
    lines = drawn(client, Verifier.SERVER)
    steps = {"-->": CLIENT, "<--": SERVER}
    assert [(arrow, message, step) for arrow, message, _, step in lines[: len(messages)]] == [
        (arrow, message, f"{number} {steps[arrow][message]}" if number else "") for arrow, message, number in messages
    ]
    assert not any(step for *_, step in lines[len(messages) :])
    certificates = [length for _, message, length, _ in lines if message == "Certificate"]
    assert certificates[-1] == str(0x35F if "1.2" in name else 0x364)
    other = [line for line in drawn(server, Verifier.CLIENT) if line[3]]
    assert sorted(line[:2] for line in other) == sorted(line[:2] for line in lines if line[3]), "from the other peer"


def test_a_client_that_presents_none_and_an_alert() -> None:
    lines = drawn(recorded("server-1.3-none")[1], Verifier.SERVER)
    assert ("-->", "Certificate", "8", "7 client presents no certificate") in lines
    assert "CertificateVerify" not in [message for arrow, message, *_ in lines if arrow == "-->"]
    assert ("-->", "Finished", "52", "8 client confirms the handshake") in lines, "numbered without a gap"
    assert lines[-1] == ("<--", "Alert fatal certificate_required", "2", "")


def test_what_the_verifier_did_not_read_is_marked() -> None:
    server, client = recorded("server-1.3-none")
    evidence = Evidence(verifier_is_server=True, presenter=client, verifier=server)
    lines = sequence(Result(Row(CASE, Verifier.SERVER, "1.3"), Verdict(Kind.REFUSED, "why"), evidence)).splitlines()
    unread = [line.split()[3] for line in lines if line.endswith("sent, but the server had already closed")]
    assert unread == ["Finished", "ApplicationData"]
    server, client = recorded("server-1.3-good")
    evidence = Evidence(verifier_is_server=True, presenter=client, verifier=server)
    text = sequence(Result(Row(CASE, Verifier.SERVER, "1.3"), Verdict(Kind.ACCEPTED, "why"), evidence))
    assert "had already closed" not in text


def test_no_message_at_all() -> None:
    evidence = Evidence(verifier_is_server=True)
    text = sequence(Result(Row(CASE, Verifier.SERVER, "1.2"), Verdict(Kind.INCONCLUSIVE, "why"), evidence))
    assert text == "server/1.2/good: inconclusive, why\n  no messages\n"
