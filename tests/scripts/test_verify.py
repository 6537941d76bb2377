"""verify.py end to end: mintls's own sets, sets of plain openssl and of others, and files that are not sets."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mintls.openssl.binary import Openssl

import pytest
from conftest import Fake, Run, contents
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from foreign import CLIENT, SERVER, make, revocation_list
from jsonschema import Draft202012Validator
from peers import need
from processes import SCRIPTS, Running, until

CA = make("CA", authority=True)
SUB = make("Sub", CA, authority=True)
LOCAL = [x509.DNSName("localhost")]
SCHEMA = Draft202012Validator(json.loads((SCRIPTS / "schemas" / "verify.schema.json").read_text()))
LEAF = make("leaf", SUB, purposes=SERVER, san=LOCAL)


def walk(nodes: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The JSON's certificates by name, from the roots down."""
    return {name: one for node in nodes for name, one in ({node["name"]: node} | walk(node["issued"])).items()}


def report(run: Run, *words: object, status: int = 0) -> dict[str, Any]:
    done = run("verify.py", *words, "--json", "-")
    assert (done.returncode, done.stderr) == (status, ""), done.stdout + done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    SCHEMA.validate(said)
    assert said["valid"] == (status == 0)
    return said


def write(directory: Path, **data: bytes) -> Path:
    for name, some in data.items():
        (directory / name.replace("_", ".")).write_bytes(some)
        (directory / name.replace("_", ".")).chmod(0o600)
    return directory


# ---- our own sets


def test_a_set_of_ours(dev: Path, run: Run) -> None:
    before = contents(dev)
    done = run("verify.py", dev)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^[└├─│ ]*(\w+\.crt)  (\w+)  (.*)$", done.stdout, re.M) == [
        ("ca.crt", "CA", "CN=mintls development CA"),
        ("client.crt", "client", "CN=dev-client"),
        ("server.crt", "server", "CN=localhost"),
    ]
    assert "valid   server as DNS:localhost, IP:127.0.0.1, IP:::1\n" in done.stdout
    assert f"files   {dev}/server.crt 0644, {dev}/server.key 0600\n" in done.stdout
    assert done.stdout.endswith("3 certificates: all valid\n")
    assert "advice" not in done.stdout
    assert contents(dev) == before


def test_the_json_beside_what_pyca_reads(dev: Path, run: Run) -> None:
    for name, said in walk(report(run, dev)["roots"]).items():
        theirs = x509.load_pem_x509_certificate((dev / name).read_bytes())
        assert int(said["serial"], 16) == theirs.serial_number
        assert bytes.fromhex(said["fingerprint"]) == theirs.fingerprint(hashes.SHA256())
        assert said["not_after"] == theirs.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert said["subject"] == theirs.subject.rfc4514_string()


def test_the_full_text(dev: Path, run: Run) -> None:
    """--text adds what `openssl x509 -text` prints, word for word but for its way to write names."""
    plain, full = (run("verify.py", dev / "ca.crt", *more).stdout for more in ((), ("--text",)))
    command = [need("openssl"), "x509", "-in", "ca.crt", "-noout", "-text", "-nameopt", "RFC2253,utf8,-esc_msb"]
    assert full == plain + subprocess.check_output(command, cwd=dev, text=True) + "\n"


# ---- sets of others

RECIPE = """\
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=Recipe -days 3650
openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -set_serial 1 -days 999 -out server.crt -extfile /dev/null
openssl req -newkey rsa:2048 -nodes -keyout client.key -out client.csr -subj /CN=client
openssl x509 -req -in client.csr -CA ca.crt -CAkey ca.key -set_serial 1 -sha1 -out client.crt -extfile /dev/null
"""


def test_the_common_recipe(tmp_path: Path, run: Run, openssl: Openssl) -> None:
    """What is wrong with it is reported for each certificate; openssl's error numbers are those of verify(1)."""
    need("openssl")
    if openssl.version().startswith("OpenSSL 1."):
        pytest.skip("-x509_strict of OpenSSL 1.1.1 checks less")
    subprocess.run(["sh", "-e", "-c", RECIPE], cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "server.key").chmod(0o644)
    made = walk(report(run, tmp_path, status=1)["roots"])
    assert set(made) == {"ca.crt", "server.crt", "client.crt"}
    assert [len(made[name]["issued"]) for name in ("ca.crt", "server.crt", "client.crt")] == [2, 0, 0]
    for name in ("server.crt", "client.crt"):
        assert all("error 92" in check["error"] or "error 85" in check["error"] for check in made[name]["checks"])
    said = {name: " ".join(one["advice"]) for name, one in made.items()}
    assert "without keyUsage" in said["ca.crt"]
    assert "no subjectAltName" in said["server.crt"]
    assert "valid for 999 days" in said["server.crt"]
    assert "server.key can be read by others (mode 0644)" in said["server.crt"]
    assert "signed with sha1WithRSAEncryption" in said["client.crt"]
    assert "serial 01 was used twice" in said["client.crt"]
    assert "used twice" in said["server.crt"]


def test_a_sound_foreign_set_in_every_shape(tmp_path: Path, run: Run) -> None:
    """One bundle of several certificates, a chain, DER, an encrypted key, a CRL, and files that are none of these."""
    write(tmp_path, all_pem=SUB.pem + CA.pem, leaf_cer=LEAF.der, chain_pem=LEAF.pem + SUB.pem,
          leaf_key=LEAF.encrypted_key(b"secret"), ca_crl=revocation_list(CA), notes_txt=b"\xff\x00", empty=b"",
          leaf_csr=b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n")  # fmt: skip
    (tmp_path / "folder.pem").mkdir()
    made = walk(report(run, tmp_path)["roots"])
    assert made["leaf.cer"]["checks"] == [
        {"outcome": "pass", "purpose": "server", "name": "DNS:localhost", "error": "", "server": ""}
    ]
    assert {file["path"] for file in made["leaf.cer"]["files"]} == {
        str(tmp_path / f) for f in ("leaf.cer", "chain.pem", "leaf.key")
    }
    assert set(made) == {"all.pem[1]", "all.pem[2]", "leaf.cer"}


def test_files_instead_of_a_directory(tmp_path: Path, run: Run) -> None:
    write(tmp_path, a_pem=CA.pem, b_pem=SUB.pem, c_pem=LEAF.pem)
    paths = [tmp_path / name for name in ("a.pem", "b.pem", "c.pem")]
    assert report(run, *paths)["certificates"] == 3
    without = walk(report(run, *paths[::2], status=1)["roots"])
    assert "error 20" in without["c.pem"]["checks"][0]["error"]
    assert without["c.pem"]["issuer"] == "CN=Sub"
    done = run("verify.py", *paths[::2])
    assert "issuer  CN=Sub, not read: name its file as well, as in verify.py leaf.crt ca.crt\n" in done.stdout
    assert "name its file as well" not in run("verify.py", *paths).stdout
    assert done.stdout.endswith("2 certificates: c.pem invalid\n")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("leaf.key", make("other").key_pem, "leaf.key does not match"),
        ("sub.crl", revocation_list(SUB, LEAF.certificate), "INVALID server as DNS:localhost: certificate revoked"),
        ("sub.crl", revocation_list(SUB, days=(-9, -1)), "CRL has expired"),
        ("old.crt", make("old", SUB, purposes=CLIENT, san=LOCAL, days=(-9, -1.5)).pem, "expired 1 days ago"),
        ("cut.crt", LEAF.pem[:-30], "unreadable: "),
        ("wrong.crl", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "cannot read this CRL"),
    ],
)
def test_one_thing_that_is_wrong(name: str, data: bytes, said: str, tmp_path: Path, run: Run) -> None:
    write(tmp_path, ca_crt=CA.pem, sub_crt=SUB.pem, leaf_crt=LEAF.pem)
    good = run("verify.py", tmp_path)
    assert (good.returncode, good.stdout[-26:]) == (0, "3 certificates: all valid\n")
    (tmp_path / name).write_bytes(data)
    bad = run("verify.py", tmp_path)
    assert (bad.returncode, bad.stderr) == (1, "")
    assert said in bad.stdout
    assert "all valid" not in bad.stdout


def test_a_hostile_set(tmp_path: Path, run: Run) -> None:
    """Names that steer a terminal, that imitate openssl's text, and file names that are no text."""
    escape = "\x1b[2J\x1b]0;title\x07\r\n\u202e"
    san = [x509.DNSName("a\n            X509v3 Basic Constraints: critical\n                CA:TRUE"),
           x509.DNSName("\x1b[2J"), x509.UniformResourceIdentifier("urn:\x1b]0;t\x07")]  # fmt: skip
    hostile = make(escape, CA, purposes=CLIENT, san=san)
    write(tmp_path, ca_crt=CA.pem)
    (tmp_path / "\x1b[2J.crt").write_bytes(hostile.pem)
    Path(os.fsdecode(bytes(tmp_path) + b"/\xff\xfe.crt")).write_bytes(make("x", CA, purposes=CLIENT, san=LOCAL).pem)
    for more in ((), ("--text",)):
        done = run("verify.py", tmp_path, *more)
        assert (done.returncode, done.stderr) == (0, "")
        assert all(character.isprintable() or character == "\n" for character in done.stdout)
    made = walk(report(run, tmp_path)["roots"])
    assert set(made) == {"ca.crt", "\x1b[2J.crt", "\\udcff\\udcfe.crt"}
    assert made["\x1b[2J.crt"]["role"] == "client"


# ---- files that are not sets, and what cannot run


@pytest.mark.parametrize(
    ("words", "status", "part"),
    [
        (["absent"], 2, "absent: no such file or directory"),
        (["empty"], 2, "no certificate in empty"),
        (["text"], 2, "no certificate in text"),
        (["text", "ca.crt", "absent"], 2, "absent: no such file"),
        (["cut.crt"], 2, "cut.crt is cut off"),
        (["/dev/null"], 2, "no certificate in /dev/null"),
        ([], 2, "positional argument"),
        (["ca.crt", "--nope"], 2, "--nope"),
        (["ca.crt", "-j", "0"], 2, "-j 0: write a whole number from 1 to 512"),
    ],
    ids=str,
)
def test_what_a_user_can_get_wrong(words: list[str], status: int, part: str, tmp_path: Path, run: Run) -> None:
    write(tmp_path, text=b"text", cut_crt=CA.pem[:-30], ca_crt=CA.pem)
    (tmp_path / "empty").mkdir()
    done = run("verify.py", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, "")
    assert part in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("more", [{"PATH": "/nowhere"}, {"OPENSSL": "/nowhere/openssl"}, {"OPENSSL": "/etc/hostname"}])
def test_without_openssl(more: dict[str, str], dev: Path, run: Run) -> None:
    done = run("verify.py", dev, env={**os.environ, **more})
    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1


def test_an_openssl_that_verifies_nothing(dev: Path, run: Run, fake_openssl: Fake) -> None:
    """Neither its silence nor its exit status alone is an answer."""
    for lines in ("exit 0", "echo fine; exit 0", "echo x: OK; exit 2"):
        fake = fake_openssl(f'case "$1" in verify) {lines};; *) exec $REAL "$@";; esac')
        done = run("verify.py", dev, env=fake)
        assert (done.returncode, "all valid" in done.stdout) == (1, False)


@pytest.mark.parametrize("command", ["verify", "pkey", "s_client"])
def test_interrupted_it_ends_what_it_started(
    command: str, tmp_path: Path, fake_openssl: Fake, start: Callable[..., Running]
) -> None:
    write(tmp_path, ca_crt=CA.pem, leaf_key=LEAF.encrypted_key(b"x"))
    environment = fake_openssl(
        f'[ "$1" = {command} ] && {{ echo $$ > {tmp_path}/pid; exec sleep 60; }}; exec $REAL "$@"'
    )
    (tmp_path / "word.txt").write_bytes(b"y")
    words = ["ca.crt", "leaf.key", "--password-file", "word.txt", *(["localhost:1"] if command == "s_client" else [])]
    script = start("env", *(f"{key}={value}" for key, value in environment.items()), sys.executable,
                   SCRIPTS / "verify.py", *(tmp_path / one if "." in one else one for one in words))  # fmt: skip
    pid = int(str(until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), "its process")))
    assert script.end(signal.SIGINT) == 130
    assert (script.stdout, script.stderr) == ("", "interrupted\n")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_set_in_shards_is_one(tmp_path: Path, run: Run) -> None:
    """And a manifest that names its issuers in a loop decides nothing: the certificates do."""
    write(
        tmp_path,
        p_yaml=b"""\
defaults: {key: "ec:P-256"}
authorities: {ca: {subject: {CN: CA}}}
clients: {c: {subject: {CN: c}, san: ["DNS:c{index}.example"], count: 4}}
""",
    )
    for words in ((), ("--shard", "1/2"), ("--shard", "2/2")):
        assert run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set", "-q", *words).returncode == 0
    assert report(run, tmp_path / "set")["certificates"] == 5
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    manifest["certificates"][0]["issuer"] = manifest["certificates"][0]["name"]
    (tmp_path / "set" / "manifest.json").write_text(json.dumps(manifest))
    assert report(run, tmp_path / "set")["certificates"] == 5


def test_a_directory_that_may_not_be_read(tmp_path: Path) -> None:
    """As a user other than root, who may read everything."""
    (tmp_path / "closed").mkdir(0)
    command = ["env", f"PATH={os.environ['PATH']}", str(SCRIPTS / "verify.py"), str(tmp_path / "closed")]
    if os.geteuid() == 0:
        pytest.skip("root may read everything, so that nothing is refused")
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "")
    assert "Permission denied" in done.stderr
