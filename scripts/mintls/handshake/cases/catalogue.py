"""The catalogue of handshake cases, in the order in which they are tried, and the valid set that they vary (pure).

Verify errors are the X509_V_ERR_ numbers of openssl-verify(1), alerts those of RFC 8446 section 6, both as
OpenSSL gives them. A case has two verify errors where OpenSSL 1.1.1 and 3 number the same fault differently.
"""

from collections.abc import Mapping

from mintls.handshake.cases.algorithms import KEYS_AND_DIGESTS, VERSIONS_AND_CIPHERS
from mintls.handshake.cases.case import Case, Settings
from mintls.handshake.cases.controls import AFTER, BEFORE
from mintls.handshake.cases.dates_and_purposes import DATES_AND_PURPOSES, STRICT_PURPOSES
from mintls.handshake.cases.encoding import ENCODING
from mintls.handshake.cases.intermediates import INTERMEDIATES
from mintls.handshake.cases.names import NAMES
from mintls.handshake.cases.paths import PATHS
from mintls.handshake.cases.revocation import REVOCATION
from mintls.handshake.cases.trust import TRUST

KEY_ID = "6D696E746C732068616E647368616B6520726F6F"  # of the good root; another can claim it as well
VALID: Mapping[str, Mapping[str, Settings]] = {
    "authorities": {
        "ca": {"subject": {"CN": "mintls handshake root"}, "subject_key_identifier": KEY_ID, "crl": {"days": 30}},
        "issuing": {"subject": {"CN": "mintls handshake issuing"}, "issuer": "ca"},
    },
    "servers": {
        "server": {"subject": {"CN": "localhost"}, "san": ["DNS:localhost", "IP:127.0.0.1"], "issuer": "ca"},
    },
    "clients": {
        "client": {"subject": {"CN": "client"}, "san": ["DNS:client.localhost"], "issuer": "ca"},
    },
}

CATALOGUE: tuple[Case, ...] = (
    *BEFORE,
    *TRUST,
    *DATES_AND_PURPOSES,
    *INTERMEDIATES,
    *REVOCATION,
    *KEYS_AND_DIGESTS,
    *NAMES,
    *PATHS,
    *ENCODING,
    *STRICT_PURPOSES,
    *VERSIONS_AND_CIPHERS,
    *AFTER,
)
