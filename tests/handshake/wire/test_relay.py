"""The relay between real ends, and the decrypted handshakes that tshark finds in what it wrote."""

import os
import re
import socket
import stat
import struct
import subprocess
import threading
from contextlib import contextmanager, suppress

from mintls.errors import OutputError
from mintls.handshake.openssl_end import plain_certificates
from mintls.handshake.wire import relayed_connection
from mintls.handshake.wire.pcapng import Flag
from mintls.handshake.wire.relay import CONNECTIONS, Relay
from mintls.openssl.binary import Openssl

import pytest
from deadline import patient
from peers import need
from processes import until

pytestmark = pytest.mark.slow

WARNED = {"PATH": "/usr/sbin:/usr/bin:/bin", "LC_ALL": "C"}


@pytest.fixture
def shaken(start, tmp_path):
    """Mutual TLS by s_server and s_client through a relay; gives the relay, key log and answer."""

    def shake(dev, who, version):
        key_log = tmp_path / f"keys-{version}"
        server = start(
            *("openssl", "s_server", "-accept", "127.0.0.1:0", "-naccept", "1", version, "-rev"),
            *("-cert", dev / "server.crt", "-key", dev / "server.key", "-CAfile", dev / "ca.crt"),
            *("-Verify", "5", "-verify_return_error", "-keylogfile", key_log),
        )
        accept = until(lambda: re.search(r"ACCEPT \S+:(\d+)\n", server.stdout), "ACCEPT")
        with Relay(int(accept[1])) as relay:
            words = [
                *(
                    "openssl",
                    "s_client",
                    "-connect",
                    f"127.0.0.1:{relay.port}",
                    version,
                    "-quiet",
                    "-ign_eof",
                    *plain_certificates(Openssl()),
                ),
                *("-cert", who / "client.crt", "-key", who / "client.key", "-CAfile", dev / "ca.crt"),
                *("-verify_return_error", "-verify_hostname", "localhost"),
            ]
            ended = subprocess.run(words, input=b"ping\nCLOSE\n", capture_output=True, timeout=patient(20))
        return relay, key_log.read_text(), ended.stdout

    return shake


@pytest.fixture
def seen(tmp_path):
    """Handshake types and alerts of a file as tshark decrypts them, by port: {"443": ([2, 8], [])}."""

    def read(path):
        fields = ("tcp.srcport", "tls.handshake.type", "tls.alert_message.desc")
        ended = subprocess.run(
            [need("tshark"), "-n", "-r", path, "-Y", "tls", "-T", "fields"]
            + [word for field in fields for word in ("-e", field)],
            check=True,
            capture_output=True,
            text=True,
            timeout=patient(60),
            env={**WARNED, "HOME": str(tmp_path)},
        )
        found: dict[str, tuple[list[int], list[int]]] = {"client": ([], []), "server": ([], [])}
        for line in ended.stdout.splitlines():
            port, *columns = line.split("\t")
            for kept, column in zip(found["server" if port == "443" else "client"], columns, strict=True):
                kept += [int(number) for number in column.split(",") if number]
        return found

    return read


def test_tls13_is_shown_decrypted(shaken, seen, dev, tmp_path):
    """RFC 8446 section 4: 1 and 2 the hellos, 8 EncryptedExtensions, 13 CertificateRequest, 11 Certificate,
    15 CertificateVerify, 20 Finished, 4 a ticket; alert 0 is close_notify.
    """
    relay, key_log, answer = shaken(dev, dev, "-tls1_3")
    assert answer == b"gnip\n"
    relay.write_pcapng(tmp_path / "with.pcapng", key_log)
    found = seen(tmp_path / "with.pcapng")
    assert found["client"] == ([1, 11, 15, 20], [0])
    assert [kind for kind in found["server"][0] if kind != 4] == [2, 8, 13, 11, 15, 20]
    relay.write_pcapng(tmp_path / "without.pcapng", "")
    without = seen(tmp_path / "without.pcapng")
    assert without == {"client": ([1], []), "server": ([2], [])}


def test_tls12_is_shown_decrypted(shaken, seen, dev, tmp_path):
    """RFC 5246 section 7.4: 12 and 16 the key exchanges, 14 ServerHelloDone; 20 is what was encrypted."""
    relay, key_log, answer = shaken(dev, dev, "-tls1_2")
    assert answer == b"gnip\n"
    relay.write_pcapng(tmp_path / "with.pcapng", key_log)
    found = seen(tmp_path / "with.pcapng")
    assert found["client"] == ([1, 11, 16, 15, 20], [0])
    assert found["server"][0] == [2, 11, 12, 13, 14, 4, 20]
    relay.write_pcapng(tmp_path / "without.pcapng", "")
    assert 20 not in seen(tmp_path / "without.pcapng")["client"][0]


@pytest.mark.parametrize(("version", "hidden"), [("-tls1_3", True), ("-tls1_2", False)])
def test_the_alert_of_a_refusal_is_shown(shaken, seen, dev, rogue, tmp_path, version, hidden):
    """A client certificate of a CA that is not known: 48 unknown_ca, RFC 8446 section 6."""
    relay, key_log, answer = shaken(dev, rogue, version)
    assert answer == b""
    relay.write_pcapng(tmp_path / "with.pcapng", key_log)
    found = seen(tmp_path / "with.pcapng")
    assert 11 in found["client"][0]
    assert found["server"][1] == [48]
    relay.write_pcapng(tmp_path / "without.pcapng", "")
    assert (seen(tmp_path / "without.pcapng")["server"][1] == []) is hidden


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_the_file_is_the_owners_alone(tmp_path, umask):
    """Whatever stood there, and through no symbolic link."""
    victim, path = tmp_path / "victim", tmp_path / "file.pcapng"
    victim.write_text("untouched")
    victim.chmod(0o644)
    path.symlink_to(victim)
    before = os.umask(umask)
    try:
        Relay(1).write_pcapng(path, "secret")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600
    assert victim.read_text() == "untouched"
    assert sorted(tmp_path.iterdir()) == [path, victim]


def test_a_path_that_cannot_be_written(tmp_path):
    with pytest.raises(OutputError, match="cannot be written: No such file or directory"):
        Relay(1).write_pcapng(tmp_path / "absent" / "file", "")
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        Relay(1).write_pcapng(tmp_path / "taken", "")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@contextmanager
def listening(answer):
    """A server whose every connection is handled by `answer(socket)` in a thread; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads = []

    def run():
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            one.settimeout(patient(10))
            threads.append(threading.Thread(target=handle, args=(one,)))
            threads[-1].start()

    def handle(one):
        with one, suppress(OSError):
            answer(one)

    acceptor = threading.Thread(target=run)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (acceptor, *threads):
            thread.join()


def echo(one):
    while data := one.recv(65536):
        one.sendall(data)


def dial(relay):
    return socket.create_connection(("127.0.0.1", relay.port), 10)


def read_all(one):
    return b"".join(iter(lambda: one.recv(65536), b""))


def said(conversation, from_client):
    return b"".join(event.data for event in conversation.events if event.from_client is from_client)


def ends(conversation):
    return [(event.from_client, event.end) for event in conversation.events if event.end]


def reset(one):
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    one.close()


def test_half_closing_is_carried():
    """The client has ended its direction; the server's answer still comes, then its end."""

    def turn(one):
        one.sendall(read_all(one)[::-1])

    with listening(turn) as port, Relay(port) as relay, dial(relay) as client:
        client.sendall(b"ping")
        client.shutdown(socket.SHUT_WR)
        assert read_all(client) == b"gnip"
    (conversation,) = relay.conversations()
    assert (said(conversation, True), said(conversation, False)) == (b"ping", b"gnip")
    assert ends(conversation) == [(True, Flag.FIN), (False, Flag.FIN)]


def test_leaving_waits_for_the_last_bytes():
    """The client has said everything, and the server is still thinking."""
    thought = threading.Event()

    def turn(one):
        said = read_all(one)
        assert thought.wait(patient(10))
        one.sendall(said[::-1])

    with listening(turn) as port:
        with Relay(port) as relay:
            client = dial(relay)
            client.sendall(b"ping")
            client.shutdown(socket.SHUT_WR)
            until(lambda: ends(relay.conversations()[0]) if relay.conversations() else (), "the client's FIN")
            threading.Timer(0.1, thought.set).start()
        with client:
            assert read_all(client) == b"gnip"
    assert ends(relay.conversations()[0]) == [(True, Flag.FIN), (False, Flag.FIN)]


def test_a_servers_last_word_and_reset_arrive():
    """It answers and resets with unread bytes waiting, as a TLS server that refuses does."""

    def refuse(one):
        one.recv(1)
        one.sendall(b"alert")
        reset(one)

    with listening(refuse) as port, Relay(port) as relay, dial(relay) as client:
        client.sendall(b"x" * 1000)
        assert client.recv(5) == b"alert"
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    (conversation,) = relay.conversations()
    assert said(conversation, False) == b"alert"
    assert ends(conversation) == [(False, Flag.RST)]


def test_a_last_word_arrives_although_writing_failed(monkeypatch):
    """The client writes on and on, so that the relay often meets the reset in writing, not in reading."""
    monkeypatch.setattr(relayed_connection, "KEPT_BYTES", 1 << 30)
    monkeypatch.setattr(relayed_connection, "KEPT_EVENTS", 1 << 30)

    def refuse(one):
        one.recv(1)
        one.sendall(b"alert")
        reset(one)

    def pour(client):
        with suppress(OSError):
            while True:
                client.sendall(bytes(1000))

    for _ in range(20):
        with listening(refuse) as port, Relay(port) as relay, dial(relay) as client:
            writer = threading.Thread(target=pour, args=(client,))
            writer.start()
            assert client.recv(5) == b"alert"
            writer.join()
        assert ends(relay.conversations()[0]) == [(False, Flag.RST)]


def test_a_clients_reset_arrives():
    told = threading.Event()

    def listen(one):
        try:
            read_all(one)
        except ConnectionResetError:
            told.set()

    with listening(listen) as port, Relay(port) as relay:
        client = dial(relay)
        client.sendall(b"hello")
        until(lambda: relay.conversations() and said(relay.conversations()[0], True), "the hello")
        reset(client)
        assert told.wait(patient(10))
    assert ends(relay.conversations()[0]) == [(True, Flag.RST)]


def test_a_server_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    # the reset may overtake the connecting itself
    with Relay(port) as relay, pytest.raises(ConnectionResetError), dial(relay) as client:
        client.recv(1)
    assert ends(relay.conversations()[0]) == [(False, Flag.RST)]


def test_a_server_and_a_port_of_the_callers_choice():
    """It listens where it is told, once, and dials a name."""
    with listening(echo) as port, Relay(port, target_host="localhost") as relay:
        with dial(relay) as client:
            client.sendall(b"ping")
            assert client.recv(4) == b"ping"
        with pytest.raises(OSError, match="in use"), Relay(port, listen=("127.0.0.1", relay.port)):
            pass


def test_memory_is_bounded_while_bytes_are_carried():
    """Eight MiB go through both ways at once, whole; one MiB of each direction at most is kept."""
    data = os.urandom(8 << 20)
    with listening(echo) as port, Relay(port) as relay, dial(relay) as client:

        def send():
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        assert read_all(client) == data
        sender.join()
    (conversation,) = relay.conversations()
    kept = said(conversation, True)
    assert 0 < len(kept) <= relayed_connection.KEPT_BYTES
    assert data.startswith(kept)


def test_many_small_writes_are_bounded_too(monkeypatch):
    monkeypatch.setattr(relayed_connection, "KEPT_EVENTS", 10)
    with listening(echo) as port, Relay(port) as relay, dial(relay) as client:
        for _ in range(50):
            client.sendall(b"x")
            assert client.recv(1) == b"x"
    assert len(relay.conversations()[0].events) == 10


def test_a_peer_that_reads_nothing_stalls_only_itself():
    """And leaving the relay does not wait for it."""
    with listening(echo) as port, Relay(port) as relay, dial(relay) as stalled, dial(relay) as client:
        stalled.settimeout(0.2)
        with pytest.raises(TimeoutError):
            stalled.sendall(bytes(64 << 20))
        client.sendall(b"ping")
        assert client.recv(4) == b"ping"
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""


def test_time_is_bounded():
    """A silent connection is reset when its time is up."""
    with listening(echo) as port, Relay(port, seconds=0.2) as relay:
        client = dial(relay)
        with client, pytest.raises(ConnectionResetError):
            client.recv(1)
    assert ends(relay.conversations()[0]) == []  # neither end did that


def test_more_connections_than_it_carries_are_hung_up_on():
    with listening(echo) as port, Relay(port) as relay:
        clients = [dial(relay) for _ in range(CONNECTIONS + 1)]
        try:
            for client in clients[:-1]:
                client.sendall(b"x")
                assert client.recv(1) == b"x"
            with pytest.raises(ConnectionResetError):
                clients[-1].recv(1)
        finally:
            for client in clients:
                client.close()
    assert len(relay.conversations()) == CONNECTIONS


def test_leaving_by_an_error_ends_everything():
    threads = threading.active_count()

    def fail():
        with Relay(port) as relay:
            clients.append(dial(relay))
            clients[0].sendall(b"x")
            assert clients[0].recv(1) == b"x"
            raise KeyError

    clients = []
    with listening(echo) as port:
        with pytest.raises(KeyError):
            fail()
        with clients[0], pytest.raises(ConnectionResetError):
            clients[0].recv(1)
    assert threading.active_count() == threads
