"""generate.py as people and programs use it; and what it mints, judged by the verifiers of others."""

import base64
import hashlib
import json
import os
import shlex
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from conftest import PROFILES, Fake, Run, contents, load
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import verification
from deadline import patient
from peers import need
from processes import SCRIPTS

DEV = PROFILES / "dev.yaml"
FILES = ["ca.crt", "ca.key", "client.crt", "client.key", "manifest.json", "server.crt", "server.key"]


# ---- the command line


def test_by_default_it_mints_below_certs(tmp_path: Path, run: Run) -> None:
    done = run("generate.py", DEV, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "issued    ca: new", "issued    server: new", "issued    client: new", "certs/dev: 3 issued, 3 in all",
    ]  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "certs" / "dev").iterdir()) == FILES


def test_json_and_quiet(dev: Path, run: Run) -> None:
    done = run("generate.py", DEV, "-o", dev, "--json", "-")
    report = json.loads(done.stdout)
    assert (done.returncode, report["version"], report["directory"]) == (0, 1, str(dev))
    assert [(one["name"], one["action"]) for one in report["certificates"]] == [
        ("ca", "kept"), ("server", "kept"), ("client", "kept"),
    ]  # fmt: skip
    quiet = run("generate.py", DEV, "-o", dev, "-q")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_json_into_a_file(dev: Path, tmp_path: Path, run: Run) -> None:
    done = run("generate.py", DEV, "-o", dev, "--json", tmp_path / "report.json")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"{dev}: 0 issued, 3 in all")
    assert json.loads((tmp_path / "report.json").read_text())["current"] is True
    done = run("generate.py", DEV, "-o", dev, "--json", tmp_path / "none" / "report.json")
    assert (done.returncode, done.stderr) == (
        3, f"{tmp_path}/none/report.json: No such file or directory; name a file that can be written\n",
    )  # fmt: skip


def test_on_a_terminal_it_ends_with_what_to_do_next(dev: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "generate.py"), str(DEV), "-o", str(dev)]

    def last_line(*more: str) -> str:
        ours, theirs = os.openpty()
        try:
            assert subprocess.run([*command, *more], stdin=subprocess.DEVNULL, stdout=theirs).returncode == 0
            os.write(theirs, b"end\n")
            text = b""
            while not text.endswith(b"end\r\n"):
                text += os.read(ours, 4096)
            return "".join(text.decode().splitlines()[-2:-1])
        finally:
            os.close(ours)
            os.close(theirs)

    files = f"{dev}/server.crt and {dev}/server.key, trusting {dev}/ca.crt"
    assert last_line() == (f"next: give the server {files}; configure.py nginx {dev} prints how, and how to prove it")
    assert last_line("-q") == ""
    assert "next:" not in subprocess.run(command, capture_output=True, text=True).stdout


def test_a_warning_is_told_unless_quiet(tmp_path: Path, run: Run) -> None:
    profile = tmp_path / "p.yaml"
    profile.write_text("authorities: {ca: {subject: {CN: a}, days: 9}}\nclients: {c: {subject: {CN: c}, days: 10}}")
    assert "p.yaml:2: clients.c.days: " in run("generate.py", profile, "--dry-run").stderr
    assert run("generate.py", profile, "--dry-run", "-q").stderr == ""


@pytest.mark.parametrize(
    ("words", "status", "part"),
    [
        (["none.yaml"], 2, "none.yaml: No such file"),
        (["."], 2, "Is a directory"),
        ([DEV, "-o", "file"], 3, "file: Not a directory; choose a different directory"),
        ([DEV, "-o", "file/below"], 3, "choose a different directory"),
        ([DEV, "-o", "/proc/x"], 3, "choose a different directory"),
        (["bad.yaml"], 2, "bad.yaml:1: clients.c.issuer: issuer is missing"),
        (["binary.yaml"], 2, "binary.yaml:1: is not UTF-8 text"),
        ([], 2, "name a profile such as profiles/dev.yaml, or host names"),
        ([DEV, DEV], 2, "dev.yaml is a profile: give one profile, or only host names"),
        ([DEV, "--nope"], 2, "--nope"),
        (["local_host.", "a"], 2, "'local_host.' is neither a file nor a host name or address: "),
        (["dve.yaml", "localhost"], 2, "dve.yaml is a profile: give one profile, or only host names"),
        (["--init", "file"], 3, "file: File exists; write to a different file"),
        (["--init", "new.yaml", "a b"], 2, "'a b' is neither a file nor a host name or address: "),
        ([DEV, "-j", "0"], 2, "-j 0: write a whole number from 1 to 512"),
    ],
    ids=lambda value: None if isinstance(value, int) else str(value),
)
def test_what_a_user_can_get_wrong(words: list[object], status: int, part: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "bad.yaml").write_text("clients: {c: {subject: {CN: c}}}")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe")
    before = contents(tmp_path)
    done = run("generate.py", *words, cwd=tmp_path)
    assert done.returncode == status
    assert part in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert contents(tmp_path) == before


@pytest.mark.parametrize("more", [{"PATH": "/nowhere"}, {"OPENSSL": "/nowhere/openssl"}, {"OPENSSL": "/etc/hostname"}])
def test_without_openssl_it_says_so(more: dict[str, str], tmp_path: Path, run: Run) -> None:
    done = run("generate.py", DEV, "-o", tmp_path / "set", env={**os.environ, **more})
    assert (done.returncode, done.stdout) == (3, "")
    assert "openssl" in done.stderr or "cannot be started" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "set").exists()


def test_without_its_packages_it_says_what_to_install() -> None:
    command = [sys.executable, "-S", str(SCRIPTS / "generate.py"), str(DEV)]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("mintls needs msgspec and plumbum and pyyaml; install with: ")
    assert done.stderr.endswith(" -m pip install 'msgspec>=0.20,<1' 'plumbum>=2.0.1,<3' pyyaml\n")
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_leaves_early() -> None:
    command = f"{shlex.quote(sys.executable)} {SCRIPTS / 'generate.py'} {DEV} --dry-run | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("#!/bin/sh\n", "")


def test_a_locale_that_is_not_utf8(tmp_path: Path, run: Run) -> None:
    profile = tmp_path / "p.yaml"
    profile.write_text("authorities: {ca: {subject: {CN: Ålice}, key: ec:P-256}}", encoding="utf-8")
    ascii_only = {**os.environ, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    printed = run("generate.py", profile, "--dry-run", env=ascii_only)
    assert (printed.returncode, "Ålice" in printed.stdout) == (0, True)
    done = run("generate.py", profile, "-o", tmp_path / "set", env=ascii_only)
    assert done.returncode == 0, done.stderr
    subject = x509.load_pem_x509_certificate((tmp_path / "set" / "ca.crt").read_bytes()).subject
    assert subject.rfc4514_string() == "CN=Ålice"


def test_no_secret_in_arguments_or_output(tmp_path: Path, run: Run, fake_openssl: Fake) -> None:
    environment = fake_openssl(f'echo "$*" >> {tmp_path}/argv; env >> {tmp_path}/argv; exec $REAL "$@"')
    done = run("generate.py", DEV, "-o", tmp_path / "set", env=environment)
    seen = (tmp_path / "argv").read_text() + done.stdout + done.stderr + (tmp_path / "set/manifest.json").read_text()
    assert "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out ca.key" in seen
    assert "PRIVATE" not in seen
    for key in (tmp_path / "set").glob("*.key"):
        assert not [line for line in key.read_text().splitlines()[1:-1] if line in seen]


def test_nothing_ambient_is_inherited(elliptic_profile: Path, tmp_path: Path, hostile_conf: Path, run: Run) -> None:
    environment = {**os.environ, "OPENSSL_CONF": str(hostile_conf), "HOME": str(tmp_path)}
    done = run("generate.py", elliptic_profile, "-o", tmp_path / "set", env=environment)
    assert done.returncode == 0, done.stderr
    for name in ("ca", "server", "client"):
        certificate = x509.load_pem_x509_certificate((tmp_path / "set" / f"{name}.crt").read_bytes())
        assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is (name == "ca")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["openssl.cnf", "set"]


# ---- without a profile


def facts(directory: Path) -> dict[str, object]:
    """What two sets have in common that differ in their keys."""
    found = {}
    for name in ("ca", "server", "client"):
        one = x509.load_pem_x509_certificate((directory / f"{name}.crt").read_bytes())
        length = one.not_valid_after_utc - one.not_valid_before_utc
        extensions = [(e.oid, e.critical) for e in one.extensions]
        found[name] = (one.subject, one.issuer, length, extensions, one.public_key().key_size)  # type: ignore[union-attr]
    server = x509.load_pem_x509_certificate((directory / "server.crt").read_bytes())
    return {**found, "san": server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value}


def test_names_instead_of_a_profile(dev: Path, tmp_path: Path, run: Run) -> None:
    done = run("generate.py", "localhost", "127.0.0.1", "::1", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "certs/localhost: 3 issued, 3 in all"
    assert facts(tmp_path / "certs" / "localhost") == facts(dev)
    again = run("generate.py", "localhost", "127.0.0.1", "::1", "--check", cwd=tmp_path)
    assert again.returncode == 0
    other = run("generate.py", "*.example.org", "spiffe://a/b", "a@example.org", "--dry-run", cwd=tmp_path)
    assert other.returncode == 0, other.stderr
    for line in ('DNS.0 = "*.example.org"', 'URI.1 = "spiffe://a/b"', 'email.2 = "a@example.org"'):
        assert line in other.stdout


def test_a_profile_to_start_from(dev: Path, tmp_path: Path, run: Run) -> None:
    done = run("generate.py", "--init", "new.yaml", "localhost", "127.0.0.1", "::1", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "new.yaml: edit it, then run generate.py new.yaml\n")
    assert run("generate.py", "new.yaml", cwd=tmp_path).returncode == 0
    assert facts(tmp_path / "certs" / "new") == facts(dev)
    before = (tmp_path / "new.yaml").read_text()
    assert run("generate.py", "--init", "new.yaml", cwd=tmp_path).returncode == 3
    assert (tmp_path / "new.yaml").read_text() == before
    printed = run("generate.py", "--init", "-", "localhost", "127.0.0.1", "::1", cwd=tmp_path).stdout
    assert printed.replace("-/", "new/").splitlines()[2:] == before.splitlines()[2:]


# ---- for test processes


def test_paths_as_variables(dev: Path, elliptic_profile: Path, tmp_path: Path, run: Run) -> None:
    directory = tmp_path / "it's $HOME"
    assert run("generate.py", elliptic_profile, "-o", directory, "--env", tmp_path / "my.env").returncode == 0
    command = f'. {shlex.quote(str(tmp_path / "my.env"))} && cat "$SERVER_CERTIFICATE" "$CA_CERTIFICATE" "$CLIENT_KEY"'
    done = subprocess.run(["sh", "-eu", "-c", command], capture_output=True, text=True)
    assert done.stdout == "".join((directory / name).read_text() for name in ("server.crt", "ca.crt", "client.key"))
    printed = run("generate.py", DEV, "-o", dev, "--env", "-").stdout.splitlines()
    assert printed == [
        f"{name}_{what}={dev}/{name.lower()}.{end}"
        for name in ("CA", "SERVER", "CLIENT")
        for what, end in (("CERTIFICATE", "crt"), ("KEY", "key"))
    ]


def test_pins_in_the_manifest(dev: Path) -> None:
    """RFC 8705 section 3.1, RFC 7469 section 2.4."""
    for record in json.loads((dev / "manifest.json").read_text())["certificates"]:
        certificate = x509.load_pem_x509_certificate((dev / record["files"]["certificate"]).read_bytes())
        digest = certificate.fingerprint(hashes.SHA256())
        assert record["fingerprint"] == digest.hex().upper()
        assert base64.urlsafe_b64decode(record["x5t_s256"] + "=") == digest
        spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert base64.b64decode(record["pin_sha256"]) == hashlib.sha256(spki).digest()


# ---- four verifiers of others: each says yes to the right purpose and name, and no to its twins

QUESTIONS = [
    # certificate, purpose asked for, name asked for, the answer
    ("server", "server", "localhost", True),
    ("server", "server", "127.0.0.1", True),
    ("server", "server", "::1", True),
    ("client", "client", "", True),
    ("server", "client", "", False),
    ("client", "server", "client.localhost", False),
    ("server", "server", "example.org", False),
    ("server", "server", "127.0.0.2", False),
]
GO = """
package main

import ("crypto/x509"; "encoding/pem"; "fmt"; "os")

func read(path string) *x509.Certificate {
	data, _ := os.ReadFile(path)
	block, _ := pem.Decode(data)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil { panic(err) }
	return certificate
}

func main() {
	roots := x509.NewCertPool()
	roots.AddCert(read(os.Args[1]))
	usage := map[string]x509.ExtKeyUsage{"server": x509.ExtKeyUsageServerAuth, "client": x509.ExtKeyUsageClientAuth}
	options := x509.VerifyOptions{Roots: roots, DNSName: os.Args[4], KeyUsages: []x509.ExtKeyUsage{usage[os.Args[3]]}}
	_, err := read(os.Args[2]).Verify(options)
	fmt.Println(err == nil, err)
}
"""


def ask_pyca(directory: Path, certificate: str, purpose: str, name: str) -> bool:
    load = x509.load_pem_x509_certificate
    leaf, root = load((directory / f"{certificate}.crt").read_bytes()), load((directory / "ca.crt").read_bytes())
    builder = verification.PolicyBuilder().store(verification.Store([root])).time(datetime.now(UTC))
    try:
        if purpose == "client":
            builder.build_client_verifier().verify(leaf, [])
        elif name[0] in "1:":
            address = x509.IPAddress(ip_address(name))
            builder.build_server_verifier(address).verify(leaf, [])
        else:
            builder.build_server_verifier(x509.DNSName(name)).verify(leaf, [])
    except verification.VerificationError:
        return False
    return True


def ask_gnutls(directory: Path, certificate: str, purpose: str, name: str) -> bool:
    oid = {"server": "1.3.6.1.5.5.7.3.1", "client": "1.3.6.1.5.5.7.3.2"}[purpose]
    command = [need("certtool"), "--verify", "--load-ca-certificate", "ca.crt", "--infile", f"{certificate}.crt"]
    command += ["--verify-profile=medium", f"--verify-purpose={oid}", *([f"--verify-hostname={name}"] if name else [])]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    assert "Verified." in done.stdout or "Not verified." in done.stdout, done.stdout + done.stderr
    return "Not verified." not in done.stdout


@pytest.fixture(scope="module")
def go_verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler, folder = need("go"), tmp_path_factory.mktemp("go")
    (folder / "main.go").write_text(GO)
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "GO111MODULE": "off", "GOPROXY": "off"}
    command = [compiler, "build", "-o", "verify", "main.go"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "verify"


@pytest.mark.parametrize(("certificate", "purpose", "name", "answer"), QUESTIONS)
@pytest.mark.parametrize("ask", [ask_pyca, ask_gnutls])
def test_other_verifiers(
    ask: Callable[..., bool], certificate: str, purpose: str, name: str, answer: bool, dev: Path
) -> None:
    assert ask(dev, certificate, purpose, name) is answer


@pytest.mark.parametrize(("certificate", "purpose", "name", "answer"), QUESTIONS)
def test_go(certificate: str, purpose: str, name: str, answer: bool, dev: Path, go_verifier: Path) -> None:
    words = [str(go_verifier), "ca.crt", f"{certificate}.crt", purpose, name]
    done = subprocess.run(words, cwd=dev, capture_output=True, text=True)
    assert done.stdout.split()[0] == str(answer).lower(), done.stdout + done.stderr


def handshake(directory: Path, server: str, client: str, name: str) -> bool:
    """A mutual TLS handshake on 127.0.0.1 and a byte each way; strict as Python 3.13 is by default."""

    def context(protocol: int, own: str) -> ssl.SSLContext:
        made = ssl.SSLContext(protocol)
        made.verify_flags |= ssl.VERIFY_X509_STRICT
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_verify_locations(directory / "ca.crt")
        made.load_cert_chain(directory / f"{own}.crt", directory / f"{own}.key")
        return made

    def serve() -> None:
        try:
            with listener.accept()[0] as raw, server_side.wrap_socket(raw, server_side=True) as tls:
                tls.sendall(tls.recv(4)[::-1])
        except (ssl.SSLError, ConnectionError) as error:
            refusals.append(error)

    server_side, client_side = context(ssl.PROTOCOL_TLS_SERVER, server), context(ssl.PROTOCOL_TLS_CLIENT, client)
    refusals: list[Exception] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(patient(20))
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            raw = socket.create_connection(listener.getsockname(), 20)
            with raw, client_side.wrap_socket(raw, server_hostname=name) as tls:
                tls.sendall(b"ping")
                return tls.recv(4) == b"gnip"
        except (ssl.SSLError, ConnectionError) as error:
            refusals.append(error)
        finally:
            thread.join(20)
    assert any("CERTIFICATE_VERIFY_FAILED" in str(error) for error in refusals), refusals
    return False


@pytest.mark.parametrize(
    ("server", "client", "name", "answer"),
    [
        ("server", "client", "localhost", True),
        ("server", "client", "127.0.0.1", True),
        ("server", "client", "example.org", False),
        ("server", "server", "localhost", False),
        ("client", "client", "client.localhost", False),
    ],
)
def test_pythons_ssl(server: str, client: str, name: str, answer: bool, dev: Path) -> None:
    assert handshake(dev, server, client, name) is answer


def test_a_profile_on_standard_input(tmp_path: Path) -> None:
    """Its paths are relative to the current directory; it is never a set of names."""

    def run(*words: str, input: str) -> "subprocess.CompletedProcess[str]":
        argv = [sys.executable, str(SCRIPTS / "generate.py"), *words]
        return subprocess.run(argv, input=input, cwd=tmp_path, capture_output=True, text=True)

    (tmp_path / "word").write_text("a passphrase\n")
    text = "authorities: {ca: {subject: {CN: CA}, key: ec:P-256, passphrase: {file: word}}}\n"
    done = run("-", "-o", "set", input=text)
    assert (done.returncode, done.stderr) == (0, "")
    assert load(tmp_path / "set" / "ca.crt").subject.rfc4514_string() == "CN=CA"
    assert b"ENCRYPTED" in (tmp_path / "set" / "ca.key").read_bytes()
    assert run("-", "-o", "set", "--check", input=text).returncode == 0
    script = run("--dry-run", "-", input=text)
    assert script.stdout.splitlines()[1] == "# standard input, as mintls mints it"
    wrong = run("-", "-o", "other", input=text + "clients: {c: {}}\n")
    assert (wrong.returncode, wrong.stderr) == (
        2, "standard input:2: clients.c.subject: is missing; write subject: {CN: c}\n",
    )  # fmt: skip
    assert run("-", input="").stderr.startswith("standard input:1: is empty")
    both = run("-", "localhost", input=text)
    assert both.stderr == "- is a profile: give one profile, or only host names and addresses\n"
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    "script", ["generate.py", "verify.py", "handshake_check.py", "https_server.py", "https_client.py"]
)
def test_help_and_version_are_answers(script: str, run: Run) -> None:
    told = run(script, "--help")
    assert (told.returncode, told.stderr) == (0, "")
    assert f"{script} [OPTIONS]" in told.stdout
    assert run(script, "--version").returncode == 0
