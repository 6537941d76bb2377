"""HOST:PORT -> the certificates that the server sends, by `openssl s_client`."""

import ipaddress
import os
import re
from collections.abc import Iterator

from mintls.errors import OpensslError
from mintls.inspection.file_formats import Ignored, Unreadable, parse_file
from mintls.inspection.inventory import Server
from mintls.openssl.binary import Openssl
from mintls.x509.certificate import Certificate

from msgspec import Struct

TIMEOUT = 15.0  # seconds, for the whole connection
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.%\w]+\]|[^/:\s\[\]-][^/:\s\[\]]*):([0-9]{1,5})", re.ASCII)
_CHAIN = re.compile(r"^Certificate chain\n(.*?)^---$", re.M | re.S)
_ERRNO = re.compile(r"(?:connect:errno=|BIO_connect:.*errno=|errno = )([0-9]+)")


class ServerOptions(Struct, frozen=True):
    """--starttls and --sni, "" where they are not given."""

    starttls: str = ""
    sni: str = ""


def is_address(text: str) -> bool:
    """Whether it is HOST:PORT. A file of that name takes precedence; that is for the caller to check."""
    match = _ADDRESS.fullmatch(text)
    return bool(match and 0 < int(match[2]) < 65536)


def read_server(address: str, options: ServerOptions, openssl: Openssl) -> Server | Unreadable:
    """Connect and read what the server sends, whatever it is. Nothing is sent after the handshake.

    A server that requires a client certificate has sent its own before it rejects the client.
    """
    host = address.rpartition(":")[0].strip("[]")
    name = options.sni or host
    argv = (
        "s_client",
        "-connect",
        address,
        "-showcerts",
        *_server_name(name, openssl),
        *_starttls(options, name),
    )
    old = ("-cipher", "DEFAULT:@SECLEVEL=0") if openssl.version().startswith("OpenSSL") else ()  # weak ones as well
    try:
        result = openssl.ask((*argv, *old), timeout=TIMEOUT)
    except OpensslError:
        return Unreadable(f" did not complete a TLS handshake within {TIMEOUT:g} s{_advice(options)}")
    chain = _CHAIN.search(result.stdout)
    materials = list(parse_file(chain[1].encode())) if chain else []
    for one in materials:
        if isinstance(one, Unreadable | Ignored):
            return Unreadable(f" sent a certificate that cannot be read{one.reason.removeprefix(': cannot read this')}")
    sent = tuple(one for one in materials if isinstance(one, Certificate))
    return Server(address, name, sent) if sent else Unreadable(_reason(result.stderr, options))


def _server_name(name: str, openssl: Openssl) -> tuple[str, ...]:
    """SNI is for DNS names (RFC 6066 section 3)."""
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return ("-servername", name)
    return ("-noservername",) if openssl.can("s_client", "-noservername") else ()


def _starttls(options: ServerOptions, name: str) -> Iterator[str]:
    if options.starttls:
        yield from ("-starttls", options.starttls)
        if options.starttls.startswith("xmpp"):
            yield from ("-xmpphost", name)


def _reason(stderr: str, options: ServerOptions) -> str:
    if "BIO_lookup" in stderr or "getaddrinfo" in stderr:
        return ": unknown host name"
    if number := _ERRNO.search(stderr):
        return f": {os.strerror(int(number[1]))}"
    return f" sent no certificate{_advice(options)}"


def _advice(options: ServerOptions) -> str:
    if options.starttls:
        return f"; does it speak {options.starttls}?"
    return "; if TLS begins within another protocol, name it: --starttls smtp"
