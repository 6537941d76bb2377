"""Transcripts as openssl wrote them, and the numbers that RFC 8446 gives."""

from mintls.handshake.wire.alerts import ALERTS
from mintls.handshake.wire.transcript import MOST_MESSAGES, Alert, Message, Transcript, parse

import pytest
from recorded import recorded


def names(transcript: Transcript, *, sent: bool) -> list[str]:
    return [m.name or m.content for m in transcript.messages if m.sent is sent and m.content != "ChangeCipherSpec"]


def test_tls_1_3_is_read_in_order() -> None:
    server, client = recorded("server-1.3-good")
    assert names(client, sent=True) == [
        "ClientHello", "Certificate", "CertificateVerify", "Finished", "ApplicationData", "warning close_notify",
    ]  # fmt: skip
    assert names(client, sent=False)[:6] == [
        "ServerHello", "EncryptedExtensions", "CertificateRequest", "Certificate", "CertificateVerify", "Finished",
    ]  # fmt: skip
    assert server.established is True
    assert client.established is None
    assert names(server, sent=False) == names(client, sent=True)


def test_tls_1_2_is_read_in_order() -> None:
    server, client = recorded("server-1.2-good")
    assert names(client, sent=False)[:5] == [
        "ServerHello", "Certificate", "ServerKeyExchange", "CertificateRequest", "ServerHelloDone",
    ]  # fmt: skip
    assert client.has_data(sent=True)
    assert client.has_data(sent=False)
    assert client.fatal(sent=False) is None
    assert server.length("Certificate", sent=False) == client.length("Certificate", sent=True) == 0x35F


@pytest.mark.parametrize(("version", "length"), [("1.2", 7), ("1.3", 8)])
def test_an_empty_certificate_message_has_its_length(version: str, length: int) -> None:
    assert recorded(f"server-{version}-none")[1].length("Certificate", sent=True) == length


@pytest.mark.parametrize(
    ("name", "refuser", "number", "error"),
    [
        ("server-1.2-none", "server", 40, ()),
        ("server-1.3-none", "server", 116, ()),
        ("server-1.3-unknown-ca", "server", 48, (20,)),
        ("server-1.2-stolen", "server", 51, ()),
        ("server-1.0-tls-1.0", "server", 70, ()),
        ("client-1.2-expired", "client", 45, (10,)),
        ("client-1.3-wrong-name", "client", 42, (62,)),
    ],
)
def test_both_ends_tell_of_the_same_alert(name: str, refuser: str, number: int, error: tuple[int, ...]) -> None:
    server, client = recorded(name)
    judge, other = (server, client) if refuser == "server" else (client, server)
    assert judge.fatal(sent=True) == Alert(sent=True, fatal=True, number=number)
    assert other.fatal(sent=False) == Alert(sent=False, fatal=True, number=number)
    assert judge.verify_errors == error
    assert other.verify_errors == ()
    assert server.established is False


def test_reasons_are_those_of_the_error_queue() -> None:
    assert recorded("server-1.2-stolen")[0].reasons == ("bad signature",)


def test_an_alert_that_only_stderr_tells_counts_once() -> None:
    line = (
        "40DF:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../ssl/rec.c:1601:SSL alert number 48"
    )
    listing = "<<< TLS 1.3, Alert [length 0002], fatal unknown_ca\n    02 30\n"
    expected = (Alert(sent=False, fatal=True, number=48),)
    assert parse("", line).alerts == parse(listing, line).alerts == expected
    assert parse("", "the word alert, alert 48 and SSL alert number 48 prove nothing").alerts == ()


def test_an_alert_is_known_by_its_bytes_and_not_by_its_name() -> None:
    listing = ">>> TLS 1.2, Alert [length 0002], ???\n    02 74\n>>> TLS 1.2, Alert [length 0002], fatal unknown_ca\n"
    assert [alert.number for alert in parse(listing).alerts] == [116]


def test_an_unknown_message_keeps_its_place() -> None:
    listing = "<<< TLS 1.3, Handshake [length 0010], ???\n    00\n"
    assert parse(listing).messages == (
        Message(sent=False, version="TLS 1.3", content="Handshake", name="???", length=16),
    )


@pytest.mark.parametrize("separator", ["\r", "\v", "\f", "\x1c", "\x85", "\u2028"])
def test_a_name_in_a_certificate_forges_no_line(separator: str) -> None:
    said = f"depth=0 CN = a{separator}verify error:num=10:x{separator}CONNECTION ESTABLISHED"
    assert parse("", said) == Transcript()


def test_alert_numbers_are_those_of_rfc_8446() -> None:
    # RFC 8446 section 6, `enum AlertDescription`
    named = {
        0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow",
        40: "handshake_failure", 42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked",
        45: "certificate_expired", 46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca",
        49: "access_denied", 50: "decode_error", 51: "decrypt_error", 70: "protocol_version",
        71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled",
        109: "missing_extension", 110: "unsupported_extension", 112: "unrecognized_name",
        113: "bad_certificate_status_response", 115: "unknown_psk_identity", 116: "certificate_required",
        120: "no_application_protocol",
    }  # fmt: skip
    assert named.items() <= ALERTS.items()
    assert str(Alert(sent=True, fatal=True, number=200)) == "alert 200 unassigned"


@pytest.mark.slow
def test_records_without_an_end_are_not_kept() -> None:
    """The first of them are, and an alert that comes after them."""
    record = (
        "<<< TLS 1.3, RecordHeader [length 0005]\n    17 03 03 00 12\n<<< TLS 1.3, InnerContent [length 0001]\n    17\n"
    )
    alert = "<<< TLS 1.3, Alert [length 0002], fatal unknown_ca\n    02 30\n"
    found = parse(record * 100_000 + alert)
    assert len(found.messages) == MOST_MESSAGES
    assert found.has_data(sent=False)
    assert str(found.fatal(sent=False)) == "alert 48 unknown_ca"
