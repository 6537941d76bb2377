"""A responder's certificate and the index of a CA: `openssl ocsp` answers from them, and pyca and openssl read it."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from mintls.openssl.binary import Openssl

import pytest
from conftest import Run, contents, load, mint_profile
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPCertStatus, OCSPRequestBuilder, OCSPResponse, load_der_ocsp_response
from cryptography.x509.oid import ExtendedKeyUsageOID
from deadline import patient
from processes import until

TEXT = """\
defaults: {key: ec:P-256, days: 90}
authorities:
  root: {subject: {CN: Root}}
  ca: {subject: {CN: CA}, issuer: root, crl: {}, outputs: [ocsp-index]}
servers:
  server: {san: ["DNS:localhost"], issuer: ca, ocsp: ["http://ocsp.example"]}
  lost: {san: ["DNS:lost"], issuer: ca, revoked: keyCompromise}
  elsewhere: {san: ["DNS:e"], issuer: root}
responders:
  ocsp: {issuer: ca}
"""
INDEX = "ca.index.txt"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ocsp")
    (folder / "profile.yaml").write_text(TEXT)
    return mint_profile(folder / "profile.yaml", folder / "set")


@pytest.fixture
def minted(template: Path, tmp_path: Path) -> Path:
    subprocess.run(["cp", "-a", f"{template.parent}/.", str(tmp_path)], check=True)
    return tmp_path / "set"


@contextmanager
def responder(directory: Path, signer: str = "ocsp") -> Iterator[int]:
    """`openssl ocsp -port`, as the cookbook says; its port, which before 3.0 cannot be 0.

    It is not asked whether it listens: a connection without a request would keep it busy for ever.
    """
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    argv = ["openssl", "ocsp", "-index", INDEX, "-CA", "ca.crt", "-rsigner", f"{signer}.crt", "-rkey", f"{signer}.key"]
    with TemporaryFile("w+") as said:
        process = subprocess.Popen([*argv, "-port", str(port)], cwd=directory, stdout=said, stderr=said)
        try:
            until(lambda: process.poll() is not None or "aiting for OCSP" in text_of(said), "openssl ocsp")
            assert process.poll() is None, text_of(said)
            yield port
        finally:
            process.kill()
            process.wait()


def text_of(file: IO[str]) -> str:
    """What a process has written into it: read without moving where it writes."""
    return os.pread(file.fileno(), 100_000, 0).decode()


def answer(port: int, directory: Path, certificate: x509.Certificate) -> OCSPResponse:
    """Of the responder about a certificate, as pyca asks and reads it."""
    request = OCSPRequestBuilder().add_certificate(certificate, load(directory / "ca.crt"), SHA1()).build()
    connection = HTTPConnection("127.0.0.1", port, timeout=patient(20))
    headers = {"Content-Type": "application/ocsp-request"}
    connection.request("POST", "/", request.public_bytes(Encoding.DER), headers)
    response = load_der_ocsp_response(connection.getresponse().read())
    connection.close()
    return response


def statuses(directory: Path, *certificates: x509.Certificate) -> list[str]:
    with responder(directory) as port:
        return [answer(port, directory, one).certificate_status.name for one in certificates]


def lines(directory: Path) -> dict[str, str]:
    """V or R by the name of the entry."""
    text = (directory / INDEX).read_text()
    assert all(re.fullmatch(r"[VR]\t[0-9]{12}Z\t[^\t]*\t[0-9A-F]+\tunknown\t/CN=[^\t]+", x) for x in text.splitlines())
    return {re.findall("/CN=([^/]*)", line)[0]: line[0] for line in text.splitlines()}


def test_the_responders_certificate(template: Path) -> None:
    """RFC 6960 4.2.2.2: issued by the CA that it answers for, with the purpose, and not to be asked about itself."""
    one = load(template / "ocsp.crt")
    one.verify_directly_issued_by(load(template / "ca.crt"))
    purposes = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert not one.extensions.get_extension_for_class(x509.OCSPNoCheck).critical
    usage = one.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_encipherment) == (True, False)
    assert one.subject.rfc4514_string() == "CN=ocsp"
    with pytest.raises(x509.ExtensionNotFound):
        load(template / "server.crt").extensions.get_extension_for_class(x509.OCSPNoCheck)


def test_the_responder_answers(template: Path) -> None:
    with responder(template) as port:
        good, revoked, unknown = (answer(port, template, load(template / f"{name}.crt"))
                                  for name in ("server", "lost", "elsewhere"))  # fmt: skip
        assert good.certificate_status == OCSPCertStatus.GOOD
        assert revoked.certificate_status == OCSPCertStatus.REVOKED
        assert revoked.revocation_reason == x509.ReasonFlags.key_compromise
        assert unknown.certificate_status == OCSPCertStatus.UNKNOWN
        (signer,) = good.certificates
        assert signer == load(template / "ocsp.crt")
        key = signer.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert good.signature_hash_algorithm
        key.verify(good.signature, good.tbs_response_bytes, ec.ECDSA(good.signature_hash_algorithm))
        assert (asked := client(port, template)).stdout.startswith("server.crt: good\n"), asked.stderr
        assert "Response verify OK" in asked.stderr


def test_a_certificate_without_the_purpose_is_no_responder(template: Path) -> None:
    with responder(template, "server") as port:
        assert "Response Verify Failure" in client(port, template).stderr


def client(port: int, directory: Path) -> "subprocess.CompletedProcess[str]":
    """`openssl ocsp` as a client that trusts the root alone."""
    words = ["openssl", "ocsp", "-issuer", "ca.crt", "-cert", "server.crt", "-url", f"http://127.0.0.1:{port}"]
    return subprocess.run([*words, "-CAfile", "root.crt"], cwd=directory, capture_output=True, text=True)


def test_a_rerun_keeps_it_and_follows_what_changes(minted: Path, run: Run) -> None:
    """A certificate that was replaced is still answered for; one that is revoked from now on is revoked."""
    profile, before = minted.parent / "profile.yaml", contents(minted)
    words = ("generate.py", profile, "-o", minted)
    assert lines(minted) == {"server": "V", "lost": "R", "ocsp": "V"}
    assert run(*words).returncode == 0
    assert contents(minted) == before
    replaced = load(minted / "server.crt")
    (minted / "server.crt").unlink()
    done = run(*words)
    assert "completed ca: server is issued" in done.stdout
    assert statuses(minted, replaced, load(minted / "server.crt"), load(minted / "lost.crt")) == [
        "GOOD", "GOOD", "REVOKED",
    ]  # fmt: skip
    profile.write_text(TEXT.replace('ocsp.example"]', 'ocsp.example"], revoked: superseded'))
    done = run(*words, "--check")
    assert (done.returncode, "due       ca: ca.crl is reissued" in done.stdout) == (1, True)
    assert run(*words).returncode == 0
    assert statuses(minted, load(minted / "server.crt"), replaced) == ["REVOKED", "GOOD"]
    (minted / INDEX).unlink()
    assert "completed ca: ca.index.txt is missing" in run(*words).stdout
    assert statuses(minted, load(minted / "server.crt"), replaced) == ["REVOKED", "UNKNOWN"]
    assert run(*words, "--check").returncode == 0


def test_an_index_of_a_partial_run_is_completed(minted: Path, run: Run) -> None:
    profile = minted.parent / "profile.yaml"
    profile.write_text(TEXT + "clients: {late: {subject: {CN: late}, issuer: ca}}\n")
    words = ("generate.py", profile, "-o", minted)
    assert run(*words, "--only", "late").returncode == 0
    assert "late" not in lines(minted)
    done = run(*words, "--check")
    assert (done.returncode, "due       ca: its contents changed" in done.stdout) == (1, True)
    assert run(*words).returncode == 0
    assert lines(minted)["late"] == "V"


def test_what_was_revoked_and_removed_stays_revoked(minted: Path, run: Run) -> None:
    gone = load(minted / "lost.crt")
    profile = minted.parent / "profile.yaml"
    profile.write_text("".join(line for line in TEXT.splitlines(keepends=True) if "lost" not in line))
    (minted / INDEX).unlink()
    assert run("generate.py", profile, "-o", minted, "--prune").returncode == 0
    assert not (minted / "lost.crt").exists()
    assert statuses(minted, gone, load(minted / "server.crt")) == ["REVOKED", "GOOD"]


def test_an_index_that_was_changed_is_not_overwritten(minted: Path, run: Run) -> None:
    (minted / INDEX).write_text("mine\n")
    done = run("generate.py", minted.parent / "profile.yaml", "-o", minted)
    assert done.returncode == 3
    assert f"mintls did not write {INDEX}" in done.stderr
    assert (minted / INDEX).read_text() == "mine\n"


def test_it_lists_what_a_cross_certificate_issued(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("""\
defaults: {key: ec:P-256}
authorities:
  old: {subject: {CN: Old}}
  ca: {subject: {CN: New}, outputs: [ocsp-index]}
  cross: {cross_signs: ca, issuer: old}
servers: {server: {san: ["DNS:s"], issuer: cross}}
responders: {ocsp: {issuer: ca}}
""")
    minted = mint_profile(tmp_path / "p.yaml", tmp_path / "set")
    assert lines(minted) == {"server": "V", "ocsp": "V"}
    assert statuses(minted, load(minted / "server.crt"), load(minted / "cross.crt")) == ["GOOD", "UNKNOWN"]


def test_the_commands_alone_make_it_too(template: Path, tmp_path: Path, run: Run) -> None:
    script = run("generate.py", template.parent / "profile.yaml", "--dry-run").stdout
    done = subprocess.run(["sh"], input=script, text=True, cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in template.iterdir()} - {"manifest.json"}
    assert statuses(tmp_path, load(tmp_path / "server.crt"), load(tmp_path / "lost.crt")) == ["GOOD", "REVOKED"]
    again = subprocess.run(["sh"], input=script, text=True, cwd=tmp_path, capture_output=True)
    assert (again.returncode, "already exists" in again.stderr) == (1, True)


def test_openssl_ca_reads_it(template: Path) -> None:
    """It is the database of ca(1), also for its other commands."""
    (config := template.parent / "ca.cnf").write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={INDEX}\n")
    serial = f"{load(template / 'server.crt').serial_number:040X}"
    said = Openssl().ask(("ca", "-config", str(config), "-status", serial), cwd=template)
    assert f"{serial}=Valid (V)" in said.stdout + said.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("servers: {s: {san: ['DNS:s'], outputs: [ocsp-index]}}",
         "servers.s.outputs: a server issues nothing; write ocsp-index for the CA"),
        ("responders: {r: {extended_key_usage: [serverAuth]}}",
         "responders.r.extended_key_usage: a responder needs OCSPSigning here, or every verifier rejects it"),
        ("responders: {r: {crl: {}}}", "responders.r.crl: only a CA has this field; remove it"),
        ("responder: {r: {}}", "responder: 'responder' is not known; did you mean responders?"),
        ("responders: {r: {issuer: other}}", "responders.r.issuer: there is no CA 'other'; write one of ca"),
        ("servers: {s: {san: ['DNS:s'], outputs: [ocsp_index]}}",
         "servers.s.outputs[0]: 'ocsp_index' is not known; did you mean ocsp-index?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(text: str, message: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(f"authorities: {{ca: {{subject: {{CN: CA}}}}}}\n{text}\n")
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    assert (done.returncode, done.stderr) == (2, f"{tmp_path}/p.yaml:2: {message}\n")
    assert not (tmp_path / "set").exists()
