"""What every peer truly does with a good, with no and with an unknown credential: a verdict must agree."""

import os
import select
import shlex
import socket
import ssl
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import with_server_san
from deadline import patient
from peers import Address, clients, need, process, servers
from peers.visitor import DEADLINE, credential, session_of, visit

pytestmark = pytest.mark.peers

VERSIONS = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


class Seen(NamedTuple):
    """What a visitor sees in TLS 1.2 and in TLS 1.3: with no certificate, and with one of an unknown CA.

    An HTTP status, an SMTP reply, or ping reversed is an answer of the application. Words are the name of a
    fatal alert (RFC 8446, 6), or `close` when the connection ends with neither.
    """

    none: tuple[str, str]
    unknown: tuple[str, str]


OPENSSL_NONE = ("handshake_failure", "certificate_required")  # 40 and 116
OPENSSL_UNKNOWN = ("unknown_ca", "unknown_ca")  # 48
GO = ("bad_certificate", "bad_certificate")  # 42, whatever is wrong
GNUTLS_NONE = ("decode_error", "certificate_required")  # 50 for an empty Certificate message in TLS 1.2
GNUTLS_UNKNOWN = ("access_denied", "access_denied")  # 49
CLOSE = ("close", "close")
OK, BAD_REQUEST, NOOP, GNIP = ("200", "200"), ("400", "400"), ("250", "250"), ("gnip", "gnip")

SEEN = {
    "nginx on": Seen(BAD_REQUEST, BAD_REQUEST),  # the handshake never fails over a certificate
    "go RequireAndVerifyClientCert": Seen(GO, GO),
    "node rejectUnauthorized": Seen(OPENSSL_NONE, CLOSE),  # OpenSSL's alert for none; its own close for unknown
    "python CERT_REQUIRED": Seen(OPENSSL_NONE, OPENSSL_UNKNOWN),
    "s_server -www -verify_return_error": Seen(OPENSSL_NONE, OPENSSL_UNKNOWN),
    "s_server -rev -verify_return_error": Seen(OPENSSL_NONE, OPENSSL_UNKNOWN),
    "gnutls-serv --verify-client-cert": Seen(GNUTLS_NONE, GNUTLS_UNKNOWN),
    "smtp CERT_REQUIRED": Seen(OPENSSL_NONE, OPENSSL_UNKNOWN),
    "nginx optional": Seen(OK, BAD_REQUEST),
    "nginx optional_no_ca": Seen(OK, OK),
    "go RequestClientCert": Seen(OK, OK),
    "go RequireAnyClientCert": Seen(GO, OK),
    "go VerifyClientCertIfGiven": Seen(OK, GO),
    "go OnlyByName": Seen(GO, GO),  # here SNI is localhost; see test_a_server_that_asks_only_by_name
    "node rejectUnauthorized=false": Seen(OK, OK),
    "python CERT_OPTIONAL": Seen(OK, OPENSSL_UNKNOWN),  # what is sent is verified; nothing need be sent
    "python CERT_NONE": Seen(OK, OK),
    "s_server -www": Seen(OPENSSL_NONE, OK),  # -Verify asks for some certificate, and believes any
    "s_server -rev": Seen(OPENSSL_NONE, GNIP),
    "gnutls-serv": Seen(GNUTLS_NONE, OK),
    "smtp CERT_OPTIONAL": Seen(NOOP, OPENSSL_UNKNOWN),
    "smtp CERT_NONE": Seen(NOOP, NOOP),
}


@pytest.fixture(scope="module")
def misnamed(elliptic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of the CA of `elliptic` whose server has another name."""
    return with_server_san(elliptic, tmp_path_factory.mktemp("misnamed"), '["DNS:elsewhere.test"]')


def test_what_is_seen_of_every_server_is_stated() -> None:
    assert SEEN.keys() == servers.SERVERS.keys()


@pytest.mark.parametrize("name", servers.SERVERS)
def test_server(name: str, elliptic: Path, rogue: Path, tmp_path: Path) -> None:
    answer = NOOP if name.startswith("smtp") else GNIP if "-rev" in name else OK
    with servers.SERVERS[name](elliptic, tmp_path) as address:
        assert _both(name, address, elliptic, elliptic) == answer
        assert Seen(_both(name, address, elliptic, None), _both(name, address, elliptic, rogue)) == SEEN[name]
        assert _both(name, address, elliptic, elliptic) == answer, "after refusing others it must still answer"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=DEADLINE)


def test_every_right_server_refuses_and_every_wrong_one_lets_somebody_in() -> None:
    def answered(seen: Seen) -> bool:
        return not {*seen.none, *seen.unknown}.isdisjoint({"200", "250", "gnip"})

    assert not any(answered(SEEN[name]) for name in servers.RIGHT)
    assert {name for name in servers.WRONG if not answered(SEEN[name])} == {"go OnlyByName"}


def test_a_server_that_asks_only_by_name(elliptic: Path, tmp_path: Path) -> None:
    stranger = credential(elliptic, None, ssl.TLSVersion.TLSv1_3)
    stranger.check_hostname = False
    with servers.SERVERS["go OnlyByName"](elliptic, tmp_path) as address:
        for name, seen in ((None, "200"), ("other.test", "200"), ("localhost", "bad_certificate")):
            assert visit("go", address, stranger, name) == seen


@pytest.mark.parametrize("default", ["localhost", "open.localhost"])
@pytest.mark.parametrize("version", VERSIONS)
def test_nginx_with_two_names(default: str, version: ssl.TLSVersion, elliptic: Path, tmp_path: Path) -> None:
    """The name without a certificate must not open the other: 421 says that Host and SNI differ."""
    stranger = credential(elliptic, None, version)
    stranger.check_hostname = False  # no server certificate names open.localhost
    with servers.nginx_two_names(elliptic, tmp_path, default) as address:

        def seen(sni: str | None, host: str, session: ssl.SSLSession | None = None) -> str:
            return visit("nginx", address, stranger, sni, host, session)

        assert seen("open.localhost", "open.localhost") == "200"
        assert seen("localhost", "localhost") == "400"
        assert seen(None, "localhost") == "400"
        assert seen("other.test", "localhost") == "400"
        assert seen("open.localhost", "localhost") == "421"
        session = session_of(address, stranger, "open.localhost")
        assert seen("open.localhost", "open.localhost", session) == "200"
        assert seen("open.localhost", "localhost", session) == "421"
        # In TLS 1.3 an nginx before 1.27.4 that lacks the fix of CVE-2025-23419 answers 200 here.
        assert seen("localhost", "localhost", session) in ("421", "access_denied")
        assert visit("nginx", address, credential(elliptic, elliptic, version)) == "200"


@pytest.mark.parametrize("name", clients.CLIENTS)
def test_client(name: str, elliptic: Path, rogue: Path, misnamed: Path, tmp_path: Path) -> None:
    """Each shows its certificate and reads the page; only the right ones leave an impostor unread."""
    sees = {
        "good": _run(name, elliptic, elliptic, tmp_path),
        "unknown": _run(name, rogue, elliptic, tmp_path),
        "misnamed": _run(name, misnamed, elliptic, tmp_path),
    }
    right = name in clients.RIGHT
    believes_any_name = name == "python check_hostname=False"
    assert sees == {"good": True, "unknown": not right and not believes_any_name, "misnamed": not right}


def test_a_client_command_is_one_line_with_placeholders() -> None:
    line = clients.template("python")
    words = [word.format(host="h", port=1, ca="a b", cert="c", key="k") for word in shlex.split(line)]
    assert words[2:] == ["full", "h", "1", "a b", "c", "k"]


@pytest.mark.parametrize(("required", "outcome"), [("0", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_a_program_that_is_absent(required: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINTLS_REQUIRE_PEERS", required)
    with pytest.raises(BaseException, match="needs the program no-such-peer") as ended:
        need("no-such-peer")
    assert ended.type is outcome


def test_a_server_that_ends_early_is_reported_with_its_log(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo sorry; exit 1"]
    with pytest.raises(process.NotReady, match="sorry"), process.running(command, "listening", tmp_path):
        pass


def test_the_children_of_a_server_end_with_it(tmp_path: Path) -> None:
    """The child ignores SIGTERM and outlives its parent; it holds the only writing end of a pipe."""
    reading, writing = os.pipe()
    try:
        command = ["sh", "-c", "(trap '' TERM; echo ready; exec tail -f /dev/null) & wait"]
        with process.running(command, "ready", tmp_path, fds=[writing]):
            os.close(writing)
            assert not select.select([reading], [], [], 0)[0]
        assert select.select([reading], [], [], 0)[0]
    finally:
        os.close(reading)


def _both(name: str, address: Address, elliptic: Path, shown: Path | None) -> tuple[str, str]:
    old, new = (visit(name, address, credential(elliptic, shown, version)) for version in VERSIONS)
    return old, new


def _run(name: str, certs: Path, elliptic: Path, logs: Path) -> bool:
    """Whether the client asked for the page and got it, from a server that shows `certs`, trusting `elliptic`.

    The server answers only those that show a certificate of `elliptic`.
    """
    shown = Path(tempfile.mkdtemp(dir=logs))
    for file, source in (("ca.crt", elliptic), ("server.crt", certs), ("server.key", certs)):
        (shown / file).write_bytes((source / file).read_bytes())
    with servers.python(shown, shown) as address:
        done = subprocess.run(
            clients.argv(name, address, elliptic),
            capture_output=True,
            text=True,
            timeout=patient(20),
            env=process.environment(),
        )
    asked = "GET / HTTP/1.1" in next(shown.glob("python-http-*/log")).read_text()
    read = "client verified" in done.stdout
    assert asked == read == (done.returncode == 0), (asked, done)
    return read
