"""The whole program with each version of openssl that fetch.py has: `tox -e versions`, or `-- -k 3.5` for one of them.

Judges are pyca/cryptography, the system's openssl, keytool, tshark, nginx and curl. A version that cannot be fetched
skips its tests, or fails them with MINTLS_REQUIRE_PEERS=1.
"""

import fcntl
import json
import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import PROFILES
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs12
from foreign import named
from peers import clients, need, servers
from peers.process import running
from processes import run_script
from versions import fetch

ACCEPT = r"^ACCEPT .*:(\d+)"
WORD = "not-a-secret"
WRONG = ("wrong", "forged")  # by name, those with a defect of the signature
AES_256 = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a"  # its OID, and RC2-40's (RFC 8018, RFC 7292 appendix C)
RC2_40 = b"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x06"
SET = """\
defaults: {key: "ec:P-256", pkcs12: {password: {file: word}}}
authorities:
  ca: {subject: {CN: CA}, key: "rsa:2048", passphrase: {file: word}, crl: {days: 30}}
  sub: {subject: {CN: Sub}, issuer: ca, crl: {days: 9}, not_after: "2050-01-01T00:00:00Z"}
servers:
  s: {subject: {CN: s}, san: ["DNS:localhost"], issuer: sub, outputs: [chain, der, kubernetes]}
  asked: {subject: {CN: asked}, san: ["DNS:localhost"], issuer: sub, csr: their.csr}
clients:
  rsa: {subject: {CN: rsa}, issuer: ca, key: "rsa:2048", outputs: [pkcs12]}
  locked: {subject: {CN: locked}, issuer: sub, key: "rsa:2048", passphrase: {file: word}, outputs: [pkcs12]}
  legacy: {subject: {CN: legacy}, issuer: sub, outputs: [pkcs12], pkcs12: {compatibility: legacy}}
  p521: {subject: {CN: p521}, issuer: sub, key: "ec:P-521"}
  ed: {subject: {CN: ed}, issuer: sub, key: ed25519, passphrase: {file: word}}
  gone: {subject: {CN: gone}, issuer: sub, revoked: keyCompromise}
  wrong: {subject: {CN: wrong}, issuer: ca, defects: [bad_signature]}
  past: {subject: {CN: past}, issuer: ca, not_before: "2020-01-01T00:00:00Z"}
"""
ML_DSA = """\
defaults: {key: ml-dsa-%s}
authorities: {ca: {subject: {CN: CA}, crl: {}}}
servers: {server: {subject: {CN: s}, san: ["DNS:localhost", "IP:127.0.0.1"]}}
clients: {client: {subject: {CN: c}}, plain: {subject: {CN: p}, key: "ec:P-256"}}
"""
COMPRESSION = "-cert_comp"  # of s_server: it compresses beforehand, and asks for compression anyway


class Version(NamedTuple):
    """One openssl, and the scripts run with it."""

    name: str
    binary: str

    def __call__(self, script: str, *words: object) -> "subprocess.CompletedProcess[str]":
        return run_script(script, *words, env={**os.environ, "OPENSSL": self.binary}, timeout=300)

    def proves(self, *words: object) -> str:
        """What handshake_check.py -v prints: it has to end with 0, and know what came of each row."""
        done = self("handshake_check.py", "-v", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert not re.search(r"(?m)^  (fail|unknown) ", done.stdout)
        return done.stdout

    def can(self, command: str, option: str) -> bool:
        told = subprocess.run([self.binary, command, "-help"], capture_output=True, text=True)
        return re.search(rf"(?m)^ *{option}\b", told.stdout + told.stderr) is not None


def fetched(name: str) -> str:
    """The binary's path; processes that want it at once wait for one that fetches it."""
    where = fetch.directory()
    where.mkdir(parents=True, exist_ok=True)
    with (where / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return str(fetch.fetch(name, where))
        except fetch.FetchError as error:
            if os.environ.get("MINTLS_REQUIRE_PEERS") == "1":
                pytest.fail(str(error))
            pytest.skip(str(error))


@pytest.fixture(params=[*fetch.SOURCES], scope="session")
def version(request: pytest.FixtureRequest) -> Version:
    return Version(request.param, fetched(request.param))


@pytest.fixture(scope="session")
def dev_of(version: Version, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp(version.name) / "dev"
    done = version("generate.py", PROFILES / "dev.yaml", "-o", directory, "-q")
    assert done.returncode == 0, done.stderr
    return directory


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def check_set(directory: Path) -> None:
    """Signatures, fingerprints and validity by pyca, the chain by the system's openssl; every key is PKCS#8."""
    records = {one["name"]: one for one in json.loads((directory / "manifest.json").read_text())["certificates"]}
    read = {name: certificate(directory / one["files"]["certificate"]) for name, one in records.items()}
    roots = directory.parent / "roots.pem"
    roots.write_bytes(b"".join((directory / one["files"]["certificate"]).read_bytes() for one in records.values()))
    now = datetime.now(UTC)
    post_quantum = any(one["key"].startswith("ml-dsa") for one in records.values())
    for name, one in records.items():
        if one["name"] in WRONG:
            continue
        read[name].verify_directly_issued_by(read[one["issuer"] or name])
        assert read[name].fingerprint(hashes.SHA256()).hex().upper() == one["fingerprint"]
        if not post_quantum and read[name].not_valid_after_utc > now:  # for the former the system's may be too old
            argv = [need("openssl"), "verify", "-CAfile", roots, "-x509_strict"]
            done = subprocess.run([*argv, directory / one["files"]["certificate"]], capture_output=True, text=True)
            assert done.stdout.endswith(": OK\n"), done.stdout + done.stderr
        if "key" in one["files"]:
            text = (directory / one["files"]["key"]).read_text()
            kind = "ENCRYPTED PRIVATE KEY" if one["encrypted"] else "PRIVATE KEY"
            assert text.startswith(f"-----BEGIN {kind}-----\n")


@pytest.mark.parametrize("name", ["dev", "classic", "step-by-step", "showcase"])
def test_profile(name: str, version: Version, tmp_path: Path) -> None:
    """Minted, verified, kept by a second run, and made again by the printed script."""
    profile, directory = PROFILES / f"{name}.yaml", tmp_path / "set"
    done = version("generate.py", profile, "-o", directory)
    assert done.returncode == 0, done.stderr
    check_set(directory)
    assert version("generate.py", profile, "-o", directory, "--check").returncode == 0
    inspected = version("verify.py", directory, "--json", "-")
    by_system = Version("system", need("openssl"))("verify.py", directory, "--json", "-")
    spelt = re.compile('"otherName:.*"')  # which each version prints in another way
    assert spelt.sub("", inspected.stdout) == spelt.sub("", by_system.stdout)
    assert inspected.returncode == (1 if name == "showcase" else 0)  # that one has what is expired, or refused
    prints = set(re.findall(r'"fingerprint": "([0-9A-F]{64})"', inspected.stdout))
    records = json.loads((directory / "manifest.json").read_text())["certificates"]
    files = [directory / one["files"]["certificate"] for one in records]
    assert prints == {certificate(file).fingerprint(hashes.SHA256()).hex().upper() for file in files}
    script = version("generate.py", profile, "--dry-run").stdout
    (tmp_path / "printed").mkdir()
    made = subprocess.run(
        ["sh", "-s"],
        input=script,
        cwd=tmp_path / "printed",
        env={**os.environ, "OPENSSL": version.binary},
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    assert {path.name for path in directory.glob("*.crt")} == {
        path.name for path in (tmp_path / "printed").glob("*.crt")
    }


def test_everything_else_of_a_profile(version: Version, tmp_path: Path) -> None:
    """Passphrases, PKCS#12 both ways, a CRL, a signing request, dates, defects: read by pyca."""
    (tmp_path / "word").write_text(f"{WORD}\n")  # one line, for the passphrase and the password
    key = make_request(tmp_path / "their.csr")
    (tmp_path / "p.yaml").write_text(SET)
    directory = tmp_path / "set"
    done = version("generate.py", tmp_path / "p.yaml", "-o", directory)
    assert done.returncode == 0, done.stderr
    check_set(directory)
    assert version("generate.py", tmp_path / "p.yaml", "-o", directory, "--check").returncode == 0
    for name, aes in (("rsa", True), ("locked", True), ("legacy", False)):
        data = (directory / f"{name}.p12").read_bytes()
        found = pkcs12.load_pkcs12(data, WORD.encode())
        assert found.cert
        assert found.cert.certificate == certificate(directory / f"{name}.crt")
        assert (AES_256 in data, RC2_40 in data) == (aes, False)
        argv = [need("openssl"), "pkcs12", "-in", directory / f"{name}.p12", "-passin", f"pass:{WORD}", "-noout"]
        if aes:
            assert subprocess.run(argv, capture_output=True).returncode == 0
    for name in ("ca", "locked", "ed"):
        private = load_pem_private_key((directory / f"{name}.key").read_bytes(), WORD.encode())
        assert private.public_key() == certificate(directory / f"{name}.crt").public_key()
    assert load_pem_private_key((directory / "p521.key").read_bytes(), None)
    assert certificate(directory / "asked.crt").public_key() == key
    revocations = x509.load_pem_x509_crl((directory / "sub.crl").read_bytes())
    assert revocations.is_signature_valid(certificate(directory / "sub.crt").public_key())  # type: ignore[arg-type]
    gone = certificate(directory / "gone.crt").serial_number
    assert [one.serial_number for one in revocations] == [gone]
    with pytest.raises(Exception, match=r"|"):
        certificate(directory / "wrong.crt").verify_directly_issued_by(certificate(directory / "ca.crt"))
    (tmp_path / "their.csr").write_bytes((tmp_path / "their.csr").read_bytes().replace(b"M", b"N", 1))
    refused = version("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "other")
    assert refused.returncode == 2
    assert "not a signing request, or its signature is wrong" in refused.stderr


def make_request(request: Path) -> object:
    """Writes a signing request, and gives its public key."""
    private = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder(named("theirs"))
    request.write_bytes(builder.sign(private, hashes.SHA256()).public_bytes(Encoding.PEM))
    return private.public_key()


def test_the_matrix(version: Version, tmp_path: Path) -> None:
    """No row is unknown; what this openssl cannot make is skipped, with the reason."""
    said = version.proves(PROFILES / "dev.yaml")
    skipped = re.findall(r"(?m)^  skip +(\S+) ", said)
    assert set(skipped) == (set() if version.can("ca", "-crl_lastupdate") else {"crl-stale"})
    system = Version("system", need("openssl")).proves(PROFILES / "dev.yaml")
    passed = [len(re.findall(r"(?m)^  pass ", one)) for one in (said, system)]
    assert passed == [passed[1] - len(skipped), passed[1]]
    assert passed[1] >= 144


def test_a_foreign_server(version: Version, dev_of: Path, tmp_path: Path) -> None:
    with servers.nginx(dev_of, tmp_path) as address:
        assert version.proves(dev_of, "--connect", f"localhost:{address.port}")
    with servers.nginx(dev_of, tmp_path, "optional") as address:
        done = version("handshake_check.py", dev_of, "--connect", f"localhost:{address.port}")
        assert done.returncode == 1, done.stdout
        assert re.search(r"(?m)^  fail +none ", done.stdout)


def test_a_foreign_client(version: Version, dev_of: Path) -> None:
    assert version.proves(dev_of, "--listen", ":", "--client-cmd", clients.template("curl"))
    done = version("handshake_check.py", dev_of, "--listen", ":", "--client-cmd", clients.template("curl -k"))
    assert done.returncode == 1, done.stdout


def test_what_is_seen_on_the_wire(version: Version, dev_of: Path, tmp_path: Path) -> None:
    """Every message by name, and a capture that tshark decrypts."""
    said = version.proves(dev_of, "--only", "server/*/set-client", "--messages", "--pcap", tmp_path / "pcap")
    for protocol in ("1.2", "1.3"):
        part = said.partition(f"server/{protocol}/set-client: accepted")[2].partition("\n\n")[0]
        names = [line.split()[3] for line in part.splitlines() if line.startswith("  client ")]
        assert [name for name in names if name == "ApplicationData"] == ["ApplicationData"] * 2, part
        assert names.count("Certificate") == 2
        assert " client presents its certificate" in part
        argv = [need("tshark"), "-n", "-r", tmp_path / f"pcap/server-{protocol}-set-client.pcapng", "-Y", "tls"]
        environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "LC_ALL": "C", "HOME": str(tmp_path)}
        shown = subprocess.run(
            [*argv, "-T", "fields", "-e", "tls.handshake.type"], capture_output=True, text=True, env=environment
        )
        assert {"11", "15", "20"} <= set(re.split(r"[,\s]+", shown.stdout))


@pytest.mark.parametrize("size", ["44", "65", "87"])
def test_post_quantum_keys(size: str, version: Version, tmp_path: Path) -> None:
    """CA, server and client; the handshake in TLS 1.3, with skipped rows for 1.2; keys that pyca reads."""
    (tmp_path / "p.yaml").write_text(ML_DSA % size)
    done = version("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    if done.returncode == 2 and "openssl 3.5 or newer makes it" in done.stderr:
        pytest.skip(f"OpenSSL {version.name} makes no ML-DSA keys, and says so")
    assert done.returncode == 0, done.stderr
    check_set(tmp_path / "set")
    assert load_pem_private_key((tmp_path / "set/client.key").read_bytes(), None)
    assert version("verify.py", tmp_path / "set").returncode == 0
    said = version.proves(tmp_path / "set", "--only", "set-*")
    outcomes = re.findall(r"(?m)^  (pass|skip) +set-(client|server|plain) ", said)
    assert sorted(outcomes) == sorted(
        [
            ("pass", "client"),
            ("pass", "server"),
            ("skip", "client"),
            ("skip", "server"),
            ("pass", "plain"),
            ("pass", "plain"),
        ]
    )
    argv = [version.binary, "s_server", "-accept", "127.0.0.1:0", "-www", "-Verify", "5", "-verify_return_error"]
    files = ("-CAfile", "ca.crt", "-cert", "server.crt", "-key", "server.key")
    with running(
        [*argv, *(str(tmp_path / "set" / one) if "." in one else one for one in files)], ACCEPT, tmp_path
    ) as at:
        assert version.proves(tmp_path / "set", "--connect", f"localhost:{at[1]}", "--probe", "http")


def test_a_truststore(version: Version, tmp_path: Path) -> None:
    if not version.can("pkcs12", "-jdktrust"):
        pytest.skip(f"OpenSSL {version.name} has no pkcs12 -jdktrust")
    (tmp_path / "word").write_text(WORD)
    (tmp_path / "p.yaml").write_text(
        "authorities: {ca: {subject: {CN: CA}, key: ed25519, outputs: [truststore], "
        "pkcs12: {password: {file: word}}}}\n"
    )
    done = version("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    assert done.returncode == 0, done.stderr
    argv = [need("keytool"), "-list", "-keystore", tmp_path / "set/ca.truststore.p12", "-storepass:file"]
    listed = subprocess.run([*argv, tmp_path / "word"], capture_output=True, text=True)
    assert "trustedCertEntry" in listed.stdout


def test_a_server_that_asks_for_compressed_certificates(version: Version, dev_of: Path, tmp_path: Path) -> None:
    """RFC 8879: the verdicts are those that the system's openssl comes to, of the same server."""
    binary = fetched("3.5")
    files = ("-CAfile", dev_of / "ca.crt", "-cert", dev_of / "server.crt", "-key", dev_of / "server.key")
    argv = [binary, "s_server", "-accept", "127.0.0.1:0", "-www", "-Verify", "5", "-verify_return_error", COMPRESSION]
    system = Version("system", need("openssl"))
    told = {}
    with running([*argv, *map(str, files)], ACCEPT, tmp_path) as at:
        for one in (system, version):
            said = one.proves(dev_of, "--connect", f"localhost:{at[1]}", "-j", "1")
            told[one.name] = re.findall(r"(?m)^  (pass|warn|info|skip) +(\S+) +(accepted|refused|not tried)", said)
    assert told[version.name] == told["system"]
