"""No key and no passphrase in an argument, a log, a report or an error; no key file that others could read."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Fake, Run, modes
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from peers import need
from processes import SCRIPTS, run_alone

pytestmark = pytest.mark.torture
Property = Callable[[str, object], None]
WORDS = {"PASS_A": "Env-Wort-7791", "PASS_P12": "P12-Wort-2217"}
FROM_FILE = "Datei-Wort-5530"
PROFILE = """\
defaults: {key: ec:P-256, pkcs12: {password: {env: PASS_P12}}}
authorities:
  ca: {subject: {CN: CA}, passphrase: {file: word}, crl: {days: 30}}
servers:
  server: {subject: {CN: localhost}, san: ["DNS:localhost"], passphrase: {env: PASS_A}, outputs: [pkcs12, chain]}
clients:
  client: {subject: {CN: c}, outputs: [kubernetes, pkcs12, der], backdate: 1h}
  gone: {subject: {CN: g}, revoked: keyCompromise, key: "rsa:2048"}
"""
SECRET_FILES = (".key", ".p12", ".secret.yaml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p.yaml").write_text(PROFILE)
    (tmp_path / "word").write_text(FROM_FILE + "\n")
    return tmp_path


@pytest.fixture
def environment() -> dict[str, str]:
    return {**os.environ, **WORDS}


def secrets(directory: Path) -> set[bytes]:
    """The passphrases, and every line of base64 of every private key, as it stands in its file."""
    found = {word.encode() for word in (*WORDS.values(), FROM_FILE)}
    for path in directory.glob("*.key"):
        found |= {line for line in path.read_bytes().splitlines() if len(line) > 30 and not line.startswith(b"-----")}
    return found


def check_absent(directory: Path, *texts: str | bytes) -> None:
    told = b"\n".join(text if isinstance(text, bytes) else text.encode() for text in texts)
    assert told
    assert b"PRIVATE KEY" not in told
    assert not [secret for secret in secrets(directory) if secret in told]


class Watcher:
    """Reads the arguments of every process, again and again, while the context lasts."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._end.is_set():
            for entry in os.listdir("/proc"):
                if entry.isdigit():
                    try:
                        with open(f"/proc/{entry}/cmdline", "rb") as file:
                            self.seen.add(file.read())
                    except OSError:
                        continue

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc to read arguments from")
def test_nothing_secret_is_said(
    folder: Path, environment: dict[str, str], fake_openssl: Fake, record_property: Property
) -> None:
    directory = folder / "set"
    log = folder / "argv"
    spy = fake_openssl(f'echo "$*" >> {log}; exec "$REAL" "$@"').program
    spied = {**environment, "OPENSSL": str(spy)}
    words = (folder / "p.yaml", "-o", directory)
    with Watcher() as watcher:
        said = [
            run_alone("generate.py", folder / "p.yaml", "--dry-run", env=environment),
            run_alone("generate.py", *words, env=spied),
            run_alone("generate.py", *words, "--check", "--json", "-", env=environment),
            run_alone(
                "generate.py", *words, "--force", "--rotate-keys", "--json", "-", "--only", "client", env=environment
            ),
            run_alone("verify.py", directory, "--text", env=environment),
            run_alone("verify.py", directory, "--json", "-", env=environment),
            run_alone("generate.py", folder / "p.yaml", "--export", "cert-manager", env=environment),
        ]
    assert [done.returncode for done in said] == [0, 0, 0, 0, 1, 1, 0], said[4].stdout  # one is revoked
    openssls = [line for line in watcher.seen if b"req\0" in line or b"pkcs12\0" in line or b"verify\0" in line]
    assert len(openssls) >= 3, "the watcher saw them run"
    assert "-passin" in log.read_text()
    texts = [done.stdout + done.stderr for done in said]
    check_absent(directory, *texts, *watcher.seen, log.read_bytes(), (directory / "manifest.json").read_bytes())
    for name in ("client.crt", "server.crt", "client.der", "server.chain.crt", "ca.crl"):
        check_absent(directory, (directory / name).read_bytes())
    record_property("texts searched for secrets", len(texts) + len(watcher.seen) + 7)
    # and they are what they are meant to be
    key = load_pem_private_key((directory / "server.key").read_bytes(), WORDS["PASS_A"].encode())
    assert load_pem_private_key((directory / "ca.key").read_bytes(), FROM_FILE.encode())
    assert pkcs12.load_key_and_certificates((directory / "server.p12").read_bytes(), WORDS["PASS_P12"].encode())[0]
    assert key


def test_the_search_can_say_no(folder: Path, environment: dict[str, str], run: Run) -> None:
    assert run("generate.py", folder / "p.yaml", "-o", folder / "set", env=environment).returncode == 0
    line = (folder / "set" / "client.key").read_text().splitlines()[1]
    for text in (f"error: {line}", f"the word is {FROM_FILE}", "-----BEGIN PRIVATE KEY-----"):
        with pytest.raises(AssertionError):
            check_absent(folder / "set", text)


@pytest.mark.parametrize("fault", ["genpkey", "pkcs12", "ca", "verify", "req", "base64"])
def test_nothing_secret_is_said_of_a_failure(
    fault: str,
    folder: Path,
    environment: dict[str, str],
    run: Run,
    fake_openssl: Fake,
    record_property: Property,
) -> None:
    """An openssl that fails after it has done its work."""
    assert run("generate.py", folder / "p.yaml", "-o", folder / "good", env=environment).returncode == 0
    path = fake_openssl(
        f'case "$*" in *-help|*/dev/null*) exec $REAL "$@";; {fault}\\ *) $REAL "$@" >/dev/null; echo no >&2; exit 1;; '
        '*) exec $REAL "$@";; esac'
    )["PATH"]
    done = run("generate.py", folder / "p.yaml", "-o", folder / "set", env={**environment, "PATH": path})
    assert done.returncode == 3, done.stderr
    check_absent(folder / "good", done.stdout + done.stderr)
    assert not (folder / "set").exists()
    record_property("texts searched for secrets", 1)


@pytest.mark.parametrize("wrong", ["PASS_A", "word"])
def test_nothing_secret_is_said_of_a_wrong_passphrase(
    wrong: str, folder: Path, environment: dict[str, str], run: Run
) -> None:
    words = ("generate.py", folder / "p.yaml", "-o", folder / "set")
    assert run(*words, env=environment).returncode == 0
    if wrong == "word":
        (folder / "word").write_text("Falsch-Wort-1\n")
    else:
        environment = {**environment, wrong: "Falsch-Wort-1"}
    done = run(*words, "--force", env=environment)
    assert done.returncode != 0
    check_absent(folder / "set", done.stdout + done.stderr)
    assert "Falsch-Wort-1" not in done.stdout + done.stderr


def test_a_set_with_keys_is_proved_without_showing_them(dev: Path, tmp_path: Path, run: Run) -> None:
    report, junit, html = (tmp_path / name for name in ("r.json", "r.xml", "r.html"))
    words = ("--only", "set-*", "--only", "stolen", "--json", report, "--junit", junit, "--html", html, "--messages")
    done = run("handshake_check.py", dev, *words)
    assert done.returncode == 0
    check_absent(dev, done.stdout + done.stderr, report.read_bytes(), junit.read_bytes(), html.read_bytes())


# ---- files, as the kernel saw them

CREATED = re.compile(
    r"^\d+ +open(?:at)?\(.*O_CREAT[A-Z_|]*, 0(?P<mode>\d+)\) = \d+<(?P<path>[^>]*)>",
)
CHMOD = re.compile(r'^\d+ +f?chmod(?:at2?)?\((?:.*?, )?(?:"|\d+<)(?P<path>[^">]*)[">], 0(?P<mode>\d+)')
MADE = re.compile(
    r'^\d+ +mkdir(?:at)?\((?:(?:AT_FDCWD|\d+)<(?P<folder>[^>]*)>, )?"(?P<path>[^"]*)", 0(?P<mode>\d+)\) = 0'
)


def too_wide(trace: str, umask: int) -> tuple[list[str], int]:
    """The moments in which a secret file could be read by others, and how many secret files were made.

    Within a directory of mode 0700 nobody else comes near a file, whatever its own mode.
    """
    private, wide, made = set(), [], 0
    for line in trace.splitlines():
        if match := MADE.match(line):
            if not int(match["mode"], 8) & ~umask & 0o077:
                private.add(os.path.join(match["folder"] or "", match["path"]))
        elif match := CREATED.match(line) or CHMOD.match(line):
            path = match["path"]
            if path in private and int(match["mode"], 8) & 0o077:
                private.remove(path)
            if not path.endswith(SECRET_FILES):
                continue
            made += "O_CREAT" in line
            sheltered = any(path.startswith(folder + "/") for folder in private)
            mask = umask if "O_CREAT" in line else 0
            if int(match["mode"], 8) & ~mask & 0o077 and not sheltered:
                wide.append(line)
    return wide, made


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_no_secret_file_was_ever_open_to_others(
    umask: int, folder: Path, environment: dict[str, str], record_property: Property
) -> None:
    directory, log = folder / "set", folder / "trace"
    calls = "openat,open,creat,chmod,fchmod,fchmodat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat"
    strace = [need("strace"), "-f", "-qq", "-y", "-s", "300", "-e", f"trace={calls}", "-o", str(log)]
    command = [sys.executable, str(SCRIPTS / "generate.py"), str(folder / "p.yaml"), "-o", str(directory), "-j", "1"]
    done = subprocess.run([*strace, *command], env=environment, umask=umask, capture_output=True, text=True)
    if "ptrace" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr
    trace = log.read_text()
    wide, made = too_wide(trace, umask)
    assert wide == []
    assert made >= 6, "the trace shows secret files being made"
    renamed = [
        line for line in trace.splitlines() if re.search(r"\brename.*\.mintls-commit>, \"[^/]*(key|p12|yaml)\"", line)
    ]
    assert len(renamed) >= 6, "and moved into place"
    expected = {name: "0600" if name.endswith(SECRET_FILES) else "0644" for name in modes(directory)}
    assert modes(directory) == expected
    record_property("secret files watched by strace", made)


def test_the_reading_of_the_trace_can_say_no(tmp_path: Path) -> None:
    code = f"open('{tmp_path}/a.key', 'w').close()"
    log = tmp_path / "trace"
    strace = [need("strace"), "-f", "-qq", "-y", "-e", "trace=openat,open,mkdir", "-o", str(log)]
    done = subprocess.run([*strace, sys.executable, "-c", code], umask=0o022, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("strace may not trace here")
    wide, made = too_wide(log.read_text(), 0o022)
    assert (len(wide), made) == (1, 1)
