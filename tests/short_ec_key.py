"""Rewrites a PKCS#8 file, or standard input, as LibreSSL 3.3.6 writes EC keys: the private half without leading zeros.

RFC 5915 section 3 wants them, and strict readers refuse the key.
"""

import re
import sys
from base64 import b64decode, encodebytes
from pathlib import Path

VERSION_0, VERSION_1 = b"\x02\x01\x00", b"\x02\x01\x01"
PEM = re.compile("(?<=-----BEGIN PRIVATE KEY-----\n).*?(?=-----END)", re.DOTALL)


def der(tag: int, content: bytes) -> bytes:
    length = len(content)
    size = [length] if length < 128 else [0x81, length] if length < 256 else [0x82, *divmod(length, 256)]
    return bytes([tag, *size]) + content


def short(base64: "re.Match[str]") -> str:
    key = b64decode(base64[0])
    at = key.find(VERSION_1 + b"\x04") + 5
    if at < 5:
        return base64[0]
    size = key[at - 1]
    ec_private_key = der(0x30, VERSION_1 + der(4, key[at : at + size].lstrip(b"\0")) + key[at + size :])
    algorithm = key[key.index(VERSION_0) + 3 :]
    algorithm = algorithm[: algorithm[1] + 2]
    return encodebytes(der(0x30, VERSION_0 + algorithm + der(4, ec_private_key))).decode()


if __name__ == "__main__":
    if sys.argv[1:]:
        Path(sys.argv[1]).write_text(PEM.sub(short, Path(sys.argv[1]).read_text()))
    else:
        sys.stdout.write(PEM.sub(short, sys.stdin.read()))
