"""Odd moments: a set is minted again while it is read, a reader leaves, a signal, a full disk, much is asked."""

import json
import os
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from mintls.errors import ProfileError
from mintls.handshake.listen.client_command import ClientCommand, masked
from mintls.https import load_credentials
from mintls.inspection.files import read_inventory
from mintls.openssl.binary import Openssl
from mintls.profile.load import read_profile

import pytest
from conftest import PROFILES, Run, mint_profile
from deadline import slow
from fault_injection import times
from processes import SCRIPTS, Running, until

pytestmark = pytest.mark.torture
Property = Callable[[str, object], None]
Start = Callable[..., Running]
DEV = PROFILES / "dev.yaml"
EC = "defaults: {key: ec:P-256}\nauthorities: {ca: {subject: {CN: CA}}}\n"
BOTH = EC + 'servers: {server: {subject: {CN: s}, san: ["DNS:s"]}}\nclients: {client: {subject: {CN: c}}}\n'


# ---- 9: read while it is minted again


@contextmanager
def minted_again_and_again(profile: Path, directory: Path) -> Iterator[list[int]]:
    """The exit statuses so far."""
    ended, done = threading.Event(), [0]
    command = [sys.executable, str(SCRIPTS / "generate.py"), str(profile), "-o", str(directory), "-q"]

    def mint() -> None:
        while not ended.is_set():
            done.append(subprocess.run([*command, "--force", "--rotate-keys"], check=False).returncode)

    thread = threading.Thread(target=mint)
    thread.start()
    try:
        yield done
    finally:
        ended.set()
        thread.join()


def test_our_readers_see_one_set(tmp_path: Path, openssl: Openssl, record_property: Property) -> None:
    """Each certificate with its own key, whenever it is read."""
    (tmp_path / "p.yaml").write_text(BOTH)
    directory, reads = mint_profile(tmp_path / "p.yaml", tmp_path / "set"), 0
    with minted_again_and_again(tmp_path / "p.yaml", directory) as runs:
        while len(runs) < times(60, 3):
            load_credentials(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), directory, "server")
            load_credentials(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), directory, "client")
            reads += 2
            if reads % 200 == 0:
                found = {one.name: one for one in read_inventory([directory], openssl).certificates}
                assert sorted(found) == ["ca.crt", "client.crt", "server.crt"]
                assert [len(one.keys) for one in found.values()] == [1, 1, 1]
    assert set(runs) == {0}
    record_property("reads beside a set that is minted again", reads)


# ---- 10: streams


REPORTS = ("--json", "r.json", "--junit", "r.xml", "--html", "r.html")
SAID = {
    "verify.py": (["{set}"], 0),
    "verify.py, invalid": (["{bad}"], 1),
    "generate.py": ([DEV, "-o", "{set}"], 0),
    "generate.py --check": ([DEV, "-o", "{set}", "--check", "--force"], 1),
    "handshake_check.py": (["{set}", "--only", "good", "--tls", "1.3", *REPORTS], 0),
}


@pytest.mark.parametrize("script", SAID)
@pytest.mark.parametrize("stream", ["| true", ">&-", ">&- 2>&-", "2>&-", "2>/dev/full", "> /dev/full"])
def test_a_stream_that_cannot_be_written(script: str, stream: str, dev: Path, stranger: Path, tmp_path: Path) -> None:
    """The status is the run's own; only an output that is lost, with its reader still there, could not be run."""
    words, status = SAID[script]
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "server.crt").write_bytes((dev / "server.crt").read_bytes())
    argv = [str(word).format(set=dev, bad=bad) for word in words]
    command = (
        f'{sys.executable} {SCRIPTS / script.split()[0].rstrip(",")} "$@" {stream}; echo "${{PIPESTATUS[0]}}" > status'
    )
    done = subprocess.run(["bash", "-c", command, "-", *argv], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert int((tmp_path / "status").read_text()) == (3 if stream == "> /dev/full" else status), done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    if script == "handshake_check.py":
        assert json.loads((tmp_path / "r.json").read_text())["version"] == 2
        assert (tmp_path / "r.xml").read_text().rstrip().endswith("</testsuites>")
        assert (tmp_path / "r.html").read_text().rstrip().endswith("</html>")


def test_a_report_is_whole_or_the_old_one(dev: Path, tmp_path: Path) -> None:
    """A limit of file sizes in the place of a full disk."""
    (tmp_path / "r.html").write_text("the old one")
    (tmp_path / "r.html").chmod(0o640)
    words = [dev, "--only", "good", "--tls", "1.3", "--html", "r.html"]
    command = [sys.executable, str(SCRIPTS / "handshake_check.py"), *map(str, words)]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, 12_000))

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, preexec_fn=limit, timeout=60)
    assert (done.returncode, done.stderr) == (3, "r.html: File too large; name a file that can be written\n")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("r.html", "the old one")]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60).returncode == 0
    assert (tmp_path / "r.html").stat().st_size > 12_000
    assert (tmp_path / "r.html").stat().st_mode & 0o777 == 0o640


# ---- 11: signals

SIGNALS = [signal.SIGHUP, signal.SIGTERM, signal.SIGINT]
WAITING = {
    "handshake_check.py --listen": ["{set}", "--listen", ":", "--only", "good", "--tls", "1.3", "--timeout", "60"],
    "handshake_check.py": ["{set}", "--only", "good", "--timeout", "60"],
    "generate.py": [DEV, "-o", "{new}"],
    "verify.py": ["{set}"],
    "https_server.py": ["{set}", "--port", "0"],
}


def processes_with(word: str) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = (process / "environ").read_bytes()
        except OSError:
            continue
        if word.encode() in said and process.name != str(os.getpid()):
            found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc to find processes in")
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("script", WAITING)
def test_a_signal_leaves_nothing_behind(
    script: str, number: signal.Signals, dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Start
) -> None:
    """Neither a process nor a temporary directory; it ends within a few seconds."""
    temporary, fake, called = tmp_path / "tmp", tmp_path / "bin", tmp_path / "called"
    temporary.mkdir()
    fake.mkdir()
    lasting = "verify" if script == "verify.py" else "genpkey" if script == "generate.py" else "s_client"
    lines = f'case "$1" in {lasting}) : > {called}; sleep 600;; esac\n' if "--listen" not in script else ""
    real = subprocess.run(["sh", "-c", "command -v openssl"], capture_output=True, text=True, check=True).stdout.strip()
    (fake / "openssl").write_text(f'#!/bin/sh\n{lines}exec {real} "$@"\n')
    (fake / "openssl").chmod(0o755)
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("OPENSSL", str(fake / "openssl"))
    words = [str(word).format(set=dev, new=tmp_path / "new") for word in WAITING[script]]
    running = start(sys.executable, SCRIPTS / script.split()[0], *words)
    if "--listen" in script:
        running.says("connect to https")
    elif script == "https_server.py":
        running.first_line()
    else:
        until(called.exists, "the call that lasts")
    assert processes_with(str(temporary))
    begun = time.monotonic()
    status = running.end(number)
    assert time.monotonic() - begun < slow(5)
    expected = 130 if number == signal.SIGINT else 0 if script == "https_server.py" else 128 + number
    assert status == expected, running.stderr
    assert "Traceback" not in running.stderr
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "new").exists()
    assert processes_with(str(temporary)) == []


def test_nohup_is_heeded(dev: Path, start: Start) -> None:
    running = start("nohup", sys.executable, SCRIPTS / "https_server.py", dev, "--port", "0")
    running.first_line()
    running.process.send_signal(signal.SIGHUP)
    port = int(running.first_line().rpartition(":")[2])
    socket.create_connection(("127.0.0.1", port), 10).close()
    assert running.end() == 0


# ---- 12: secrets in the client's command


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("curl -s -u me:secret https://{host}:{port}/", "curl -s -u *** https://{host}:{port}/"),
        ("curl -ume:secret --cert {cert} https://{host}:{port}/", "curl -u*** --cert {cert} https://{host}:{port}/"),
        ("curl --pass=secret https://me:secret@{host}:{port}/", "curl --pass=*** https://***@{host}:{port}/"),
        ("curl https://{host}:{port}/?token=secret", "curl https://{host}:{port}/?***"),
        ("curl -H 'Authorization: secret' {host}:{port}", "curl -H *** {host}:{port}"),
        ("curl -H 'Host: {host} secret' {host}:{port}", "curl -H *** {host}:{port}"),
        ("sh -c 'curl -u me:secret {host}:{port}'", "sh -c curl -u *** {host}:{port}"),
        ("openssl s_client -connect {host}:{port} -pass pass:secret", "openssl *** -connect {host}:{port} -pass ***"),
    ],
)
def test_what_of_a_command_is_shown(line: str, shown: str) -> None:
    words = ClientCommand(line)._words
    assert " ".join(masked(words)) == shown


def test_no_secret_of_a_command_is_in_a_report(dev: Path, tmp_path: Path, run: Run) -> None:
    command = "curl -s -u me:Sehr-Geheim-1 --cacert {ca} --cert {cert} --key {key} https://{host}:{port}/"
    reports = [tmp_path / name for name in ("r.json", "r.xml", "r.html")]
    words = [word for pair in zip(("--json", "--junit", "--html"), reports, strict=True) for word in pair]
    done = run("handshake_check.py", dev, "--listen", ":", "--client-cmd", command, "--only", "expired", *words)
    assert "Sehr-Geheim-1" not in done.stdout + done.stderr
    for report in reports:
        assert "Sehr-Geheim-1" not in report.read_text()
    assert "***" in reports[0].read_text()


# ---- 13: ends of the calendar, names that are no text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("backdate: 9999999w", "is longer than 25550 days; write at most 25550d"),
        ("not_before: 9998-12-01T00:00:00Z", "plus 3650 days is after the year 9998"),
    ],
)
def test_ends_of_the_calendar(text: str, sentence: str) -> None:
    profile = f"authorities: {{ca: {{subject: {{CN: CA}}, {text}}}}}"
    with pytest.raises(ProfileError, match=sentence):
        read_profile(profile.encode(), "p", "p")


def test_the_last_length_of_time_that_is_taken(tmp_path: Path, mint_text: Callable[[str], Path], run: Run) -> None:
    mint_text("defaults: {key: ec:P-256}\nauthorities: {ca: {subject: {CN: CA}, backdate: 25550d, days: 36525}}\n")
    done = run("generate.py", DEV, "--check", "--renew-within", "9999999w")
    assert (done.returncode, "is longer than 25550 days" in done.stderr) == (2, True)


@pytest.mark.parametrize("name", [b"x\xff.yaml", b"...yaml", b"a\nb.yaml"])
def test_a_profile_with_a_name_that_is_none(name: bytes, tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), name)
    with open(path, "wb") as file:
        file.write(EC.encode())
    command = [sys.executable, str(SCRIPTS / "generate.py"), path]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.endswith("rename the file to printable UTF-8, such as dev.yaml\n")
    assert os.listdir(tmp_path.as_posix().encode()) == [name]


def test_a_name_of_our_own(mint_text: Callable[[str], Path]) -> None:
    text = 'files: {certificate: "{name}"}\ndefaults: {key: ec:P-256}\nauthorities: {commit: {subject: {CN: CA}}}\n'
    assert sorted(path.name for path in mint_text(text).iterdir()) == ["commit", "commit.key", "manifest.json"]


def test_a_directory_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(EC)
    words = [tmp_path / "p.yaml", "--json", "-", "-o", os.path.join(os.fsencode(tmp_path), b"x\xff")]
    done = subprocess.run([sys.executable, SCRIPTS / "generate.py", *words], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["directory"].endswith("x\\udcff")


# ---- 14: too many at once


def test_a_server_without_descriptors_waits(dev: Path, start: Start) -> None:
    """100 silent connections with 64 descriptors: it waits for a free one, and does not spin."""
    command = f"ulimit -n 64; exec {sys.executable} {SCRIPTS / 'https_server.py'} {dev} --port 0"
    server = start("bash", "-c", command)
    port = int(server.first_line().rpartition(":")[2])
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
        descriptors = Path(f"/proc/{server.process.pid}/fd")
        until(lambda: len(list(descriptors.iterdir())) >= 64, "the last descriptor")
        before = cpu(server.process.pid)
        time.sleep(1.5)
        assert cpu(server.process.pid) - before < 0.5
    assert server.end() == 0


def cpu(pid: int) -> float:
    """Seconds that a process has computed (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# ---- 6: products of two sizes


def names(kind: str, number: int) -> str:
    return ", ".join(f'"{kind}:h{index}.example"' for index in range(number))


def addresses(number: int, net: int, suffix: str) -> str:
    return ", ".join(f'"IP:{net}.{index // 256}.{index % 256}.0{suffix}"' for index in range(number))


PRODUCTS = {
    "a fleet by its names": lambda n: (
        EC + f"clients: {{c: {{count: {n}, subject: {{CN: 'c{{index}}'}}, san: [{names('DNS', n)}]}}}}"
    ),
    "clients by the names of an alias": lambda n: (
        EC + f"clients:\n  c: {{subject: {{CN: c}}, san: &s [{names('DNS', n)}]}}\n"
        + "".join(f"  c{i}: {{subject: {{CN: c}}, san: *s}}\n" for i in range(n))
    ),
    "clients by the addresses of defaults": lambda n: (
        "defaults: {key: ec:P-256, ocsp: [" + ", ".join(f'"http://h{i}/"' for i in range(n)) + "]}\n"
        + "authorities: {ca: {subject: {CN: CA}}}\nclients:\n"
        + "".join(f"  c{i}: {{subject: {{CN: c}}}}\n" for i in range(n))
    ),
    "aliases by the keys merged": lambda n: (
        "x: &m {" + ", ".join(f"k{i}: 1" for i in range(n)) + "}\ny: {<<: [" + ", ".join(["*m"] * n) + "]}\n"
    ),
    "mappings by the keys merged": lambda n: (
        "x: &m {" + ", ".join(f"k{i}: 1" for i in range(n)) + "}\ny: [" + ", ".join(["{<<: *m}"] * n) + "]\n"
    ),
    "names by constraints": lambda n: (
        "authorities: {ca: {subject: {CN: CA}, name_constraints: {excluded: [" + addresses(n, 10, "/24")
        + f"]}}}}}}\nclients: {{c: {{subject: {{CN: c}}, san: [{addresses(n, 11, '')}]}}}}\n"
    ),
    "a chain": lambda n: (
        "authorities:\n  a0: {subject: {CN: a}}\n"
        + "".join(f"  a{i + 1}: {{subject: {{CN: b{i}}}, issuer: a{i}}}\n" for i in range(n))
    ),
    "leaves by CAs": lambda n: (
        "authorities:\n" + "".join(f"  a{i}: {{subject: {{CN: a{i}}}}}\n" for i in range(n))
        + "clients:\n" + "".join(f"  c{i}: {{subject: {{CN: c}}, issuer: a{i}}}\n" for i in range(n))
    ),
}  # fmt: skip


def seconds_to_read(text: str) -> float:
    begun = time.thread_time()
    with suppress(ProfileError):
        read_profile(text.encode(), "p", "p")
    return time.thread_time() - begun


@pytest.mark.parametrize("product", PRODUCTS)
def test_twice_the_size_takes_twice_the_time(product: str, record_property: Property) -> None:
    """Or it is said at once that it is too much: by CPU at n and at 2 n, both far beyond what anybody writes."""
    small = times(2000, 300)
    text = PRODUCTS[product]
    once = min(seconds_to_read(text(small)) for _ in range(2))
    twice = min(seconds_to_read(text(2 * small)) for _ in range(2))
    assert twice < max(3 * once, 0.5), f"{once:.2f} s, then {twice:.2f} s"
    record_property("products of two sizes", 1)
