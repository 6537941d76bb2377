"""The alerts of TLS by name and number, and which of them judge a certificate (pure).

RFC 8446 section 6, with those that only RFC 5246 section 7.2 and RFC 6066 section 9 still name.
"""

from enum import IntEnum


class AlertNumber(IntEnum):
    """An AlertDescription."""

    CLOSE_NOTIFY = 0
    UNEXPECTED_MESSAGE = 10
    BAD_RECORD_MAC = 20
    DECRYPTION_FAILED = 21
    RECORD_OVERFLOW = 22
    DECOMPRESSION_FAILURE = 30
    HANDSHAKE_FAILURE = 40
    NO_CERTIFICATE = 41
    BAD_CERTIFICATE = 42
    UNSUPPORTED_CERTIFICATE = 43
    CERTIFICATE_REVOKED = 44
    CERTIFICATE_EXPIRED = 45
    CERTIFICATE_UNKNOWN = 46
    ILLEGAL_PARAMETER = 47
    UNKNOWN_CA = 48
    ACCESS_DENIED = 49
    DECODE_ERROR = 50
    DECRYPT_ERROR = 51
    EXPORT_RESTRICTION = 60
    PROTOCOL_VERSION = 70
    INSUFFICIENT_SECURITY = 71
    INTERNAL_ERROR = 80
    INAPPROPRIATE_FALLBACK = 86
    USER_CANCELED = 90
    NO_RENEGOTIATION = 100
    MISSING_EXTENSION = 109
    UNSUPPORTED_EXTENSION = 110
    CERTIFICATE_UNOBTAINABLE = 111
    UNRECOGNIZED_NAME = 112
    BAD_CERTIFICATE_STATUS_RESPONSE = 113
    BAD_CERTIFICATE_HASH_VALUE = 114
    UNKNOWN_PSK_IDENTITY = 115
    CERTIFICATE_REQUIRED = 116
    NO_APPLICATION_PROTOCOL = 120


ALERTS: dict[int, str] = {alert.value: alert.name.lower() for alert in AlertNumber}

_A = AlertNumber
# About a certificate (RFC 8446 section 6.2). GnuTLS sends decode_error if none was sent in TLS 1.2, and
# internal_error over key usage.
CERTIFICATE_ALERTS = frozenset({
    _A.HANDSHAKE_FAILURE, _A.NO_CERTIFICATE, _A.BAD_CERTIFICATE, _A.UNSUPPORTED_CERTIFICATE, _A.CERTIFICATE_REVOKED,
    _A.CERTIFICATE_EXPIRED, _A.CERTIFICATE_UNKNOWN, _A.UNKNOWN_CA, _A.ACCESS_DENIED, _A.DECODE_ERROR,
    _A.DECRYPT_ERROR, _A.INSUFFICIENT_SECURITY, _A.INTERNAL_ERROR, _A.CERTIFICATE_REQUIRED,
})  # fmt: skip
# Where a hello is to be rejected, also those about its version, its ciphers and its name.
HELLO_ALERTS = CERTIFICATE_ALERTS | {
    _A.ILLEGAL_PARAMETER, _A.PROTOCOL_VERSION, _A.INAPPROPRIATE_FALLBACK, _A.UNRECOGNIZED_NAME,
}  # fmt: skip
# By which a client rejects a server's certificate: every alert but those about a fault of its own.
CLIENT_REFUSALS = tuple(
    alert
    for alert in AlertNumber
    if alert not in (_A.CLOSE_NOTIFY, _A.INTERNAL_ERROR, _A.USER_CANCELED, _A.NO_RENEGOTIATION)
)
