"""The handshake as people see it: recorded ones, with the five steps where RFC 8446 and RFC 5246 put them."""

import re

from mintls.handshake.cases.case import Case, Row, Verifier
from mintls.handshake.result import Result
from mintls.handshake.verdict import Evidence, Kind, Verdict
from mintls.handshake.wire.transcript import Transcript
from mintls.report.messages import ladder

import pytest
from recorded import recorded

CASE = Case(id="good", title="", clause="", hint="")


def drawn(transcript: Transcript, verifier: Verifier) -> list[tuple[str, str, str, str]]:
    """Each line's arrow, message, length in bytes and step."""
    evidence = Evidence(verifier_is_server=verifier is Verifier.SERVER, presenter=transcript)
    text = ladder(Result(Row(CASE, verifier, "1.3"), Verdict(Kind.ACCEPTED, "a\nb"), evidence))
    first, *lines = text.splitlines()
    assert first == f"{verifier}/1.3/good: accepted, a\\0Ab"
    found = [re.fullmatch(r"  client (-->|<--) server  (\w+(?: \w+)*) +(\d+) B(?:  (\d) .*)?", line) for line in lines]
    return [match.groups(default="") for match in found if match] if all(found) else [("", text, "", "")]  # type: ignore[misc]


# openssl does not tell of a ChangeCipherSpec that it has received.
NEW = [
    ("-->", "ClientHello", "1"), ("<--", "ServerHello", "2"),
    ("<--", "EncryptedExtensions", ""), ("<--", "CertificateRequest", "2"), ("<--", "Certificate", "2"),
    ("<--", "CertificateVerify", ""), ("<--", "Finished", "5"), ("-->", "ChangeCipherSpec", ""),
    ("-->", "Certificate", "3"), ("-->", "CertificateVerify", "4"), ("-->", "Finished", "5"),
]  # fmt: skip
OLD = [
    ("-->", "ClientHello", "1"), ("<--", "ServerHello", "2"), ("<--", "Certificate", "2"),
    ("<--", "ServerKeyExchange", ""), ("<--", "CertificateRequest", "2"), ("<--", "ServerHelloDone", ""),
    ("-->", "Certificate", "3"), ("-->", "ClientKeyExchange", ""), ("-->", "CertificateVerify", "4"),
    ("-->", "ChangeCipherSpec", ""), ("-->", "Finished", "5"), ("<--", "NewSessionTicket", ""),
    ("<--", "Finished", "5"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "messages"), [("server-1.3-good", NEW), ("server-1.2-good", OLD)])
def test_the_steps_of_a_good_handshake(name: str, messages: list[tuple[str, str, str]]) -> None:
    server, client = recorded(name)
    lines = drawn(client, Verifier.SERVER)
    assert [(arrow, message.strip(), step) for arrow, message, _, step in lines][: len(messages)] == messages
    certificates = [length for _, message, length, _ in lines if message.strip() == "Certificate"]
    assert certificates[-1] == str(0x35F if "1.2" in name else 0x364)
    seen = sorted(line[:2] for line in drawn(server, Verifier.CLIENT) if line[3])
    assert seen == sorted(line[:2] for line in lines if line[3]), "the same seen from the other end"


def test_a_client_that_shows_none_and_an_alert() -> None:
    text = "\n".join(" ".join(line) for line in drawn(recorded("server-1.3-none")[1], Verifier.SERVER))
    assert "--> Certificate 8 3" in text
    assert "CertificateVerify" not in [line.split()[1] for line in text.splitlines() if line.startswith("-->")]
    assert text.endswith("<-- Alert fatal certificate_required 2 ")


def test_no_message_at_all() -> None:
    evidence = Evidence(verifier_is_server=True)
    text = ladder(Result(Row(CASE, Verifier.SERVER, "1.2"), Verdict(Kind.INCONCLUSIVE, "why"), evidence))
    assert text == "server/1.2/good: inconclusive, why\n  no message\n"
