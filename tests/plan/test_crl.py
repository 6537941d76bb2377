"""Revocation lists: honoured by others, and never forgetting."""

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mintls.manifest import decode_manifest
from mintls.openssl.binary import Openssl
from mintls.plan.crl import make_crls
from mintls.plan.renewal import decide
from mintls.plan.selection import Selection
from mintls.profile.load import load_profile

import pytest
from conftest import Run, contents, load, mint_profile
from cryptography import x509
from cryptography.x509 import ReasonFlags
from deadline import patient
from peers import need

TEXT = """\
defaults: {key: "ec:P-256"}
authorities:
  ca: {subject: {CN: CA}, crl: {days: 7}}
  quiet: {subject: {CN: Quiet}, issuer: ca, crl: {}, key: ed25519}
servers:
  server: {subject: {CN: localhost}, san: ["DNS:localhost"], issuer: ca}
clients:
  good: {subject: {CN: good}, issuer: ca}
  gone: {subject: {CN: gone}, issuer: ca, revoked: keyCompromise}
"""
REASONS = {
    "unspecified": ReasonFlags.unspecified, "keyCompromise": ReasonFlags.key_compromise,
    "CACompromise": ReasonFlags.ca_compromise, "affiliationChanged": ReasonFlags.affiliation_changed,
    "superseded": ReasonFlags.superseded, "cessationOfOperation": ReasonFlags.cessation_of_operation,
    "certificateHold": ReasonFlags.certificate_hold,
}  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("revocation")
    (folder / "profile.yaml").write_text(TEXT)
    return mint_profile(folder / "profile.yaml", folder / "set")


@pytest.fixture
def minted(template: Path, tmp_path: Path) -> Path:
    subprocess.run(["cp", "-a", str(template), str(tmp_path / "set")], check=True)
    (tmp_path / "profile.yaml").write_text(TEXT)
    return tmp_path / "set"


def crl(directory: Path, name: str = "ca") -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl((directory / f"{name}.crl").read_bytes())


def number(listed: x509.CertificateRevocationList) -> int:
    return listed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def reasons(listed: x509.CertificateRevocationList) -> dict[int, ReasonFlags]:
    return {one.serial_number: one.extensions.get_extension_for_class(x509.CRLReason).value.reason for one in listed}


def again(directory: Path, text: str) -> None:
    (directory.parent / "profile.yaml").write_text(text)
    mint_profile(directory.parent / "profile.yaml", directory)


def test_a_list_as_pyca_reads_it(template: Path) -> None:
    listed, issuer = crl(template), load(template / "ca.crt")
    assert listed.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    assert listed.issuer == issuer.subject
    identifier = listed.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert identifier == issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert (number(listed), reasons(listed)) == (
        1,
        {load(template / "gone.crt").serial_number: ReasonFlags.key_compromise},
    )
    assert listed.next_update_utc
    assert listed.next_update_utc - listed.last_update_utc == timedelta(7)
    assert abs(listed.last_update_utc - datetime.now(UTC)) < timedelta(minutes=10)
    (one,) = listed
    assert abs(one.revocation_date_utc - listed.last_update_utc) < timedelta(minutes=1)


def test_an_empty_list_is_a_list(template: Path) -> None:
    listed = crl(template, "quiet")
    assert (len(listed), number(listed)) == (0, 1)
    assert listed.is_signature_valid(load(template / "quiet.crt").public_key())  # type: ignore[arg-type]
    assert listed.next_update_utc
    assert listed.next_update_utc - listed.last_update_utc == timedelta(30)


@pytest.mark.parametrize(("name", "answer"), [("good", True), ("gone", False)])
def test_gnutls_honours_it(name: str, answer: bool, template: Path) -> None:
    command = [
        need("certtool"),
        "--verify",
        "--load-ca-certificate=ca.crt",
        "--load-crl=ca.crl",
        f"--infile={name}.crt",
    ]
    done = subprocess.run(command, cwd=template, capture_output=True, text=True)
    assert ("Not verified." not in done.stdout and "Verified." in done.stdout) is answer, done.stdout + done.stderr
    assert ("revoked" in done.stdout) is not answer


def shake_hands(directory: Path, client: str, listed: Path) -> str:
    """A handshake with Python's ssl as server, which asks the list; what it said of a client that it refused."""
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.verify_mode, server_side.verify_flags = ssl.CERT_REQUIRED, ssl.VERIFY_CRL_CHECK_LEAF
    server_side.load_verify_locations(directory / "ca.crt")
    server_side.load_verify_locations(listed)
    server_side.load_cert_chain(directory / "server.crt", directory / "server.key")
    client_side = ssl.create_default_context(cafile=str(directory / "ca.crt"))
    client_side.load_cert_chain(directory / f"{client}.crt", directory / f"{client}.key")
    said: list[str] = []

    def serve() -> None:
        try:
            with listener.accept()[0] as raw, server_side.wrap_socket(raw, server_side=True) as tls:
                tls.sendall(tls.recv(4)[::-1])
        except (ssl.SSLError, ConnectionError) as error:
            said.append(str(error))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(patient(20))
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with socket.create_connection(listener.getsockname(), 20) as raw, \
                    client_side.wrap_socket(raw, server_hostname="localhost") as tls:  # fmt: skip
                tls.sendall(b"ping")
                assert said or tls.recv(4) in (b"gnip", b"")
        except (ssl.SSLError, ConnectionError):
            pass
        finally:
            thread.join(20)
    return "".join(said)


def test_pythons_ssl_honours_it(template: Path) -> None:
    assert shake_hands(template, "good", template / "ca.crl") == ""
    assert "certificate revoked" in shake_hands(template, "gone", template / "ca.crl")
    assert "unable to get certificate CRL" in shake_hands(template, "good", template / "quiet.crl")


def test_every_reason(mint_text: Callable[[str], Path]) -> None:
    clients = "".join(f"  {name}: {{subject: {{CN: x}}, issuer: ca, revoked: {name}}}\n" for name in REASONS)
    made = mint_text(TEXT.partition("clients:")[0] + "clients:\n" + clients)
    listed = {one.serial_number: one for one in crl(made)}
    assert len(listed) == len(REASONS)
    for name, flag in REASONS.items():
        extensions = listed[load(made / f"{name}.crt").serial_number].extensions
        if name == "unspecified":  # RFC 5280 5.3.1: it should rather be absent
            assert len(extensions) <= 1
        else:
            assert extensions.get_extension_for_class(x509.CRLReason).value.reason == flag


def steps() -> Iterator[tuple[str, str]]:
    """A profile's life, and what happens to the certificate that was revoked first."""
    yield "stays as it is", TEXT
    yield "leaves the profile", TEXT.replace("  gone: {subject: {CN: gone}, issuer: ca, revoked: keyCompromise}\n", "")
    yield "is no longer revoked", TEXT.replace(", revoked: keyCompromise", "")
    yield "is another", TEXT.replace("CN: gone}", "CN: gone2}")
    yield "has another issuer", TEXT.replace("gone}, issuer: ca", "gone}, issuer: quiet")
    yield "is revoked beside another", TEXT.replace("good}, issuer: ca", "good}, issuer: ca, revoked: superseded")
    yield "stands below an authority of other settings", TEXT.replace("CN: CA}", "CN: CA, O: Other}")


def test_no_rerun_forgets_a_revocation(minted: Path) -> None:
    """Step after step on one set: the first serial stays listed, with its date, and the numbers only grow."""
    first, seen = load(minted / "gone.crt").serial_number, set()
    (date,) = [one.revocation_date_utc for one in crl(minted)]
    before = number(crl(minted))
    for what, text in steps():
        again(minted, text)
        listed = {one.serial_number: one for one in crl(minted)}
        assert first in listed, what
        assert listed[first].revocation_date_utc == date
        assert seen <= set(listed), what
        seen |= set(listed)
        now = number(crl(minted))
        assert now >= before, what
        before = now
        gone = minted / "gone.crt"
        revoked = "gone}" in text and ("revoked: keyCompromise}" in text and "issuer: quiet" not in text)
        assert (load(minted / "gone.crt").serial_number in listed) == (
            revoked or "leaves" in what or "gone2" in text
        ), what
        assert gone.exists()


def test_without_a_list_for_a_while_nothing_is_forgotten_either(minted: Path) -> None:
    first = load(minted / "gone.crt").serial_number
    without = TEXT.replace(", crl: {days: 7}", ", days: 3000").replace(", revoked: keyCompromise", "")
    again(minted, without)  # the authority is issued again, and has no list
    again(minted, TEXT.replace(", revoked: keyCompromise", ""))
    listed = crl(minted)
    assert first in [one.serial_number for one in listed]
    assert number(listed) == 2


def test_one_that_is_no_longer_revoked_is_another(minted: Path, run: Run) -> None:
    """A list cannot take back what it said; a key that was compromised is not used again."""
    old, key = load(minted / "gone.crt"), (minted / "gone.key").read_bytes()
    (minted.parent / "profile.yaml").write_text(TEXT.replace(", revoked: keyCompromise", ""))
    words = ("generate.py", minted.parent / "profile.yaml", "-o", minted, "--json", "-")
    asked = run(*words, "--check")
    assert asked.returncode == 1
    done = run(*words)
    for report in (asked, done):
        (work,) = [one for one in json.loads(report.stdout)["certificates"] if one["action"] != "kept"]
        assert (work["name"], work["action"]) == ("gone", "renewed")
        assert work["why"].endswith("was revoked for keyCompromise")
    assert load(minted / "gone.crt").serial_number != old.serial_number
    assert (minted / "gone.key").read_bytes() != key
    assert subprocess.run(
        [need("openssl"), "verify", "-crl_check", "-CAfile", "ca.crt", "-CRLfile", "ca.crl", "gone.crt"],
        cwd=minted, capture_output=True,
    ).returncode == 0  # fmt: skip


def test_one_that_was_only_held_keeps_its_key(minted: Path) -> None:
    again(minted, TEXT.replace("keyCompromise", "certificateHold"))
    key, old = (minted / "gone.key").read_bytes(), load(minted / "gone.crt").serial_number
    again(minted, TEXT.replace(", revoked: keyCompromise", ""))
    # it had been compromised before, and that reason was replaced
    assert (minted / "gone.key").read_bytes() == key
    assert load(minted / "gone.crt").serial_number != old


def test_a_rerun_touches_no_list(minted: Path) -> None:
    before = contents(minted)
    again(minted, TEXT)
    assert contents(minted) == before


def test_a_list_that_is_missing_or_ends_soon_is_made_again(minted: Path, run: Run) -> None:
    (minted / "quiet.crl").unlink()
    words = ("generate.py", minted.parent / "profile.yaml", "-o", minted)
    asked = run(*words, "--check")
    assert asked.returncode == 1
    assert "due       quiet.crl: 0 revoked\n" in asked.stdout
    assert "1 due, 5 in all" in asked.stdout
    assert "listed    quiet.crl: 0 revoked\n" in run(*words).stdout
    assert number(crl(minted, "quiet")) == 2
    assert number(crl(minted)) == 1
    profile = load_profile(minted.parent / "profile.yaml")
    manifest = decode_manifest((minted / "manifest.json").read_bytes(), "manifest")
    digests = {name: digest for record in manifest.certificates for name, digest in record.sha256.items()}
    for days, due in ((6, []), (6.4, ["ca.crl"]), (28, ["ca.crl", "quiet.crl"])):
        now = datetime.now(UTC) + timedelta(days)
        assert not any(one.work for one in decide(profile, manifest, digests, now, Selection()))
        authorities = tuple(entry for entry in profile.entries if entry.is_authority)
        made = make_crls(profile, authorities, manifest, {}, digests, now)
        assert [(one.file, one.record.number) for one in made] == [
            (name, {"ca.crl": 2, "quiet.crl": 3}[name]) for name in due
        ]


def test_a_list_whose_key_is_elsewhere(minted: Path, run: Run) -> None:
    (minted / "ca.key").rename(minted.parent / "ca.key")
    words = ("generate.py", minted.parent / "profile.yaml", "-o", minted)
    assert run(*words).returncode == 0
    (minted / "ca.crl").unlink()
    before = contents(minted)
    done = run(*words)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "ca.crl must be issued, but ca.key is missing; restore it\n"
    assert contents(minted) == before


def test_a_foreign_list_is_not_overwritten(minted: Path, run: Run) -> None:
    (minted / "ca.crl").write_text("mine")
    (minted.parent / "profile.yaml").write_text(TEXT.replace("keyCompromise", "superseded"))
    done = run("generate.py", minted.parent / "profile.yaml", "-o", minted)
    assert done.returncode == 3
    assert "mintls did not write ca.crl" in done.stderr
    assert (minted / "ca.crl").read_text() == "mine"


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        (", crl: {days: 7}", "", "clients.gone.revoked: ca has no CRL; write crl: {} there"),
        ("crl: {days: 7}", "revoked: superseded, crl: {}", "authorities.ca.revoked: a root cannot be revoked"),
        ("keyCompromise", "whim", "clients.gone.revoked: "),
        ("days: 7", "days: 0", "authorities.ca.crl.days: "),
    ],
)
def test_mistakes(old: str, new: str, part: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(TEXT.replace(old, new, 1))
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    assert (done.returncode, done.stdout) == (2, "")
    assert part in done.stderr


def test_a_list_that_is_meant_to_be_stale(tmp_path: Path, openssl: Openssl) -> None:
    if not openssl.can("ca", "-crl_lastupdate"):
        pytest.skip("OpenSSL before 3.0 cannot date a CRL")
    (tmp_path / "profile.yaml").write_text(TEXT.replace("crl: {days: 7}", "crl: {days: 7}, defects: [stale_crl]"))
    made = mint_profile(tmp_path / "profile.yaml", tmp_path / "set")
    listed = crl(made)
    assert listed.next_update_utc
    assert listed.next_update_utc < datetime.now(UTC)
    assert listed.next_update_utc - listed.last_update_utc == timedelta(7)
    before = contents(made)
    mint_profile(tmp_path / "profile.yaml", tmp_path / "set")
    assert contents(made) == before
