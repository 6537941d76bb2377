"""Our own pair for real: accepted and refused, hung and dead ends, and no process left behind."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from mintls.errors import MintlsError
from mintls.handshake.openssl_end import Conversation, End, converse
from mintls.openssl.binary import Openssl

import pytest
from conftest import Fake, altered
from deadline import slow
from msgspec.structs import replace

pytestmark = pytest.mark.slow
Ends = Callable[..., tuple[End, End]]


@pytest.fixture
def ends(elliptic: Path, rogue: Path) -> Ends:
    """A server, and a client with its certificate, without one, or with one of a CA that the server does not trust."""

    def pair(client: str = "client", version: str = "-tls1_3") -> tuple[End, End]:
        anchors, named = elliptic / "ca.crt", (version, "-verify_hostname", "localhost")
        server = End(anchors, elliptic / "server.crt", elliptic / "server.key", options=(version,))
        if not client:
            return server, End(anchors, options=named)
        folder = rogue if client == "rogue" else elliptic
        return server, End(anchors, folder / "client.crt", folder / "client.key", options=named)

    return pair


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_good_pair_talks(openssl: Openssl, ends: Ends, tmp_path: Path, version: str) -> None:
    seen = converse(openssl, *ends(version=version), tmp_path, 10)
    assert seen.answered
    assert not seen.timed_out
    assert seen.server.established is True
    assert seen.client.has_data(sent=False)
    assert seen.client.length("Certificate", sent=True) < 600, "the leaf alone, without the root that it has at hand"
    assert [command[1] for command in seen.commands] == ["s_server", "s_client"]


@pytest.mark.parametrize(("client", "error", "alert"), [("", (), 116), ("rogue", (20,), 48)])
def test_a_bad_client_does_not(
    openssl: Openssl, ends: Ends, tmp_path: Path, client: str, error: tuple[int, ...], alert: int
) -> None:
    seen = converse(openssl, *ends(client), tmp_path, 10)
    assert not seen.answered
    assert not seen.timed_out
    assert seen.server.established is False
    assert seen.server.verify_errors == error
    assert (fatal := seen.client.fatal(sent=False))
    assert fatal.number == alert


@pytest.mark.parametrize("end", ["s_server", "s_client"])
def test_an_end_that_hangs_is_stopped_in_time(ends: Ends, tmp_path: Path, fake_openssl: Fake, end: str) -> None:
    pid = tmp_path / "pid"
    fake = fake_openssl(altered(end, before=f"echo $$ > {pid}; exec sleep 1000")).program
    start = time.monotonic()
    seen = converse(Openssl(str(fake)), *ends(), tmp_path, 0.5)
    assert seen.timed_out
    assert not seen.answered
    assert time.monotonic() - start < slow(5)
    assert is_gone(int(pid.read_text()))


def test_an_end_that_ignores_the_request_to_stop_is_killed(ends: Ends, tmp_path: Path, fake_openssl: Fake) -> None:
    pid = tmp_path / "pid"
    fake = fake_openssl(altered("s_server", before=f'trap "" TERM; echo $$ > {pid}; sleep 1000')).program
    assert converse(Openssl(str(fake)), *ends(), tmp_path, 0.2).timed_out
    assert is_gone(int(pid.read_text()))


def test_a_server_that_dies_says_why(ends: Ends, tmp_path: Path, fake_openssl: Fake) -> None:
    fake = fake_openssl(altered("s_server", before='echo "s_server: Unknown option: -rev" >&2; exit 1')).program
    seen = converse(Openssl(str(fake)), *ends(), tmp_path, 10)
    assert seen.trouble == "s_server did not start to listen: s_server: Unknown option: -rev"
    assert not seen.timed_out


def test_a_client_that_dies_leaves_no_server_behind(ends: Ends, tmp_path: Path, fake_openssl: Fake) -> None:
    pid = tmp_path / "pid"
    fake = fake_openssl(
        f'[ "$1" = s_client ] && exit 1; [ "$1" = s_server ] && echo $$ > {pid}; exec "$REAL" "$@"'
    ).program
    start = time.monotonic()
    seen = converse(Openssl(str(fake)), *ends(), tmp_path, 60)
    assert seen.trouble == "s_client did not connect"
    assert time.monotonic() - start < slow(30)
    assert is_gone(int(pid.read_text()))


@pytest.mark.parametrize("end", [0, 1])
def test_an_unreadable_key_is_trouble_and_no_refusal(openssl: Openssl, ends: Ends, tmp_path: Path, end: int) -> None:
    both = list(ends())
    both[end] = replace(both[end], key=tmp_path / "absent.key")
    seen = converse(openssl, *both, tmp_path, 10)
    assert str(tmp_path / "absent.key") in seen.trouble


def test_stop_ends_a_conversation_from_another_thread(ends: Ends, tmp_path: Path, fake_openssl: Fake) -> None:
    fifo, seen = tmp_path / "fifo", list[Conversation]()
    os.mkfifo(fifo)
    openssl = Openssl(str(fake_openssl(altered("s_client", before=f"echo $$ > {fifo}; exec sleep 1000")).program))
    thread = threading.Thread(target=lambda: seen.append(converse(openssl, *ends(), tmp_path, 60)))
    thread.start()
    try:
        pid = int(fifo.read_text())  # waits until the client runs
    finally:
        openssl.stop()
        thread.join(10)
    assert not thread.is_alive()
    assert not seen[0].answered
    assert is_gone(pid)
    with pytest.raises(MintlsError, match="interrupted"):
        converse(openssl, *ends(), tmp_path, 1)
