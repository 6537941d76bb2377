"""--pcap and --messages: what tshark decrypts in the files of a run, and who may read them."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

from mintls.errors import MintlsError, OutputError
from mintls.handshake.recording import Recordings, key_log_option, recorded
from mintls.openssl.binary import Openssl

import pytest
from conftest import Fake
from handshake_check import HandshakeCheck
from peers import clients, need
from processes import SCRIPTS, run_script

pytestmark = pytest.mark.slow

# RFC 8446 section 4 and RFC 5246 section 7.4: 1 and 2 the hellos, 8 EncryptedExtensions, 13 CertificateRequest,
# 11 Certificate, 15 CertificateVerify, 20 Finished, 4 NewSessionTicket, 12 and 16 the key exchanges, 14 ServerHelloDone
SERVER = {"1.3": [2, 8, 13, 11, 15, 20], "1.2": [2, 11, 12, 13, 14, 20]}
CLIENT = {"1.3": [1, 11, 15, 20], "1.2": [1, 11, 16, 15, 20]}


def seen(path: Path, home: Path) -> dict[str, tuple[list[int], list[int]]]:
    """Handshake types and alerts that tshark finds, by who sent them; without session tickets and close_notify."""
    fields = ("tcp.srcport", "tls.handshake.type", "tls.alert_message.desc")
    ended = subprocess.run(
        [
            need("tshark"),
            "-n",
            "-r",
            path,
            "-Y",
            "tls",
            "-T",
            "fields",
            *(w for field in fields for w in ("-e", field)),
        ],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/sbin:/usr/bin:/bin", "LC_ALL": "C", "HOME": str(home)},
    )
    found: dict[str, tuple[list[int], list[int]]] = {"client": ([], []), "server": ([], [])}
    for line in ended.stdout.splitlines():
        port, *columns = line.split("\t")
        for kept, column in zip(found["server" if port == "443" else "client"], columns, strict=True):
            kept += [int(number) for number in column.split(",") if number and number not in ("0", "4")]
    return found


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_our_own_pair_decrypted(dev: Path, tmp_path: Path, version: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = tmp_path / "new" / "pcaps"
    before = os.umask(0)
    try:
        words = (dev, "--tls", version, "--only", f"server/{version}/unknown-ca", "--messages", "--pcap", files)
        _, status = HandshakeCheck.run(["handshake_check.py", *map(str, words)], exit=False)
    finally:
        os.umask(before)
    assert status == 0
    names = {f"server-{version}-{case}.pcapng" for case in ("good", "good-again", "good-crl", "good-intermediate")}
    assert {path.name for path in files.iterdir()} == names | {f"server-{version}-unknown-ca.pcapng"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.iterdir()} == {0o600}
    good, bad = files / f"server-{version}-good.pcapng", files / f"server-{version}-unknown-ca.pcapng"
    assert seen(good, tmp_path) == {"client": (CLIENT[version], []), "server": (SERVER[version], [])}
    blind = tmp_path / "blind.pcapng"
    blind.write_bytes(without_secrets(bad.read_bytes()))
    assert (seen(blind, tmp_path)["server"][1] == []) is (version == "1.3"), "in TLS 1.2 this alert is not encrypted"
    refused = seen(bad, tmp_path)
    assert refused["client"][0][:2] == [1, 11]
    assert refused["server"][1] == [48]  # unknown_ca
    said = capsys.readouterr()
    assert (
        said.err == f"the files in {files} contain the secrets of their TLS connections: "
        "anyone who has them can decrypt the traffic\n"
    )
    shown = said.out.partition(f"server/{version}/unknown-ca: refused, ")[2].partition("\n\n")[0]
    assert shown.splitlines()[-1].split()[:6] == ["client", "<--", "server", "Alert", "fatal", "unknown_ca"]
    step = "client presents its certificate"
    assert re.search(rf"  \d {step}\n", shown)


def test_a_foreign_client_decrypted(rogue: Path, tmp_path: Path) -> None:
    words = ("--tls", "1.3", "--only", "expired", "--pcap", tmp_path / "pcaps")
    done = run_script("handshake_check.py", rogue, "--listen", ":", "--client-cmd", clients.template("curl"), *words)
    assert done.returncode == 0, done.stdout + done.stderr
    good, bad = (tmp_path / "pcaps" / f"client-1.3-{case}.pcapng" for case in ("good", "expired"))
    assert seen(good, tmp_path) == {"client": (CLIENT["1.3"], []), "server": (SERVER["1.3"], [])}
    assert seen(bad, tmp_path) == {"client": ([1], [45]), "server": (SERVER["1.3"], [])}  # certificate_expired
    blind = tmp_path / "blind.pcapng"
    blind.write_bytes(without_secrets(bad.read_bytes()))
    # this client's alert is in the clear, because it has no key to write with yet
    assert seen(blind, tmp_path) == {"client": ([1], [45]), "server": ([2], [])}


def without_secrets(capture: bytes) -> bytes:
    """The same file without its Decryption Secrets Block (type 10)."""
    kept, at = b"", 0
    while at < len(capture):
        length = int.from_bytes(capture[at + 4 : at + 8], "little")
        if capture[at : at + 4] != b"\x0a\0\0\0":
            kept += capture[at : at + length]
        at += length
    assert len(kept) < len(capture)
    return kept


@pytest.mark.parametrize("umask", [0, 0o022])
def test_the_secrets_are_the_owners_alone_before_openssl_writes_them(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        option, path = key_log_option(tmp_path / "x.pcapng", tmp_path)
    finally:
        os.umask(before)
    assert option == "-keylogfile"
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
    assert Path(path).read_bytes() == b""


def test_with_nowhere_to_write_nothing_stands_between(tmp_path: Path) -> None:
    assert key_log_option(None, tmp_path) == ()
    with recorded(None, tmp_path, 4433, 1) as port:
        assert port == 4433
    assert not list(tmp_path.iterdir())


def test_an_openssl_that_cannot_is_told_before_anything_runs(fake_openssl: Fake, tmp_path: Path) -> None:
    hide = '[ "$2" = -help ] && { $REAL "$@" 2>&1 | grep -v keylogfile; exit 0; }; exec $REAL "$@"'
    words = (sys.executable, SCRIPTS / "handshake_check.py", "--pcap", tmp_path / "p")
    done = subprocess.run(words, env=fake_openssl(hide), capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr == "openssl has no -keylogfile, which --pcap needs: set OPENSSL to 1.1.1 or newer\n"
    assert not (tmp_path / "p").exists()


def test_a_directory_that_cannot_be_made(openssl: Openssl, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/below: Not a directory; name a directory"):
        Recordings(tmp_path / "file" / "below", openssl)


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    key_log_option(tmp_path / "x", tmp_path)
    with (
        recorded(tmp_path / "x", tmp_path, 1, 1) as port,
        pytest.raises(MintlsError, match=f"127.0.0.1:{port}: Address already in use"),
        recorded(tmp_path / "y", tmp_path, 1, 1, listen=("127.0.0.1", port)),
    ):
        pass
