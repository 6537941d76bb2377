"""Cross certificates, with which peers that trust one of two roots verify what either of them signs."""

import json
import ssl
import subprocess
from pathlib import Path

from mintls.openssl.binary import Openssl

import pytest
from conftest import Run, contents, load, mint_profile
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

TEXT = """\
defaults: {key: ec:P-256, days: 90}
authorities:
  old: {subject: {CN: Root 2020}, crl: {}}
  new: {subject: {O: Example, CN: Root 2030}, key: ec:P-384, digest: sha384, subject_key_identifier: 0a0b0c0d, crl: {}}
  new-by-old: {cross_signs: new, issuer: old, days: 365}
  old-by-new: {cross_signs: old, issuer: new, days: 365}
servers:
  server: {san: ["DNS:localhost"], issuer: new-by-old, outputs: [chain, ca-bundle, crl-bundle]}
  plain: {san: ["DNS:localhost"], issuer: new}
clients:
  client: {subject: {CN: client}, san: ["DNS:client"], issuer: old-by-new, outputs: [chain]}
  lost: {subject: {CN: lost}, issuer: new-by-old, revoked: superseded}
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cross")
    (folder / "profile.yaml").write_text(TEXT)
    return mint_profile(folder / "profile.yaml", folder / "set")


@pytest.fixture
def minted(template: Path, tmp_path: Path) -> Path:
    subprocess.run(["cp", "-a", f"{template.parent}/.", str(tmp_path)], check=True)
    return tmp_path / "set"


def test_it_has_name_and_key_of_the_one_and_the_signature_of_the_other(template: Path) -> None:
    old, new = load(template / "old.crt"), load(template / "new.crt")
    for name, subject, issuer in (("new-by-old", new, old), ("old-by-new", old, new)):
        cross = load(template / f"{name}.crt")
        assert (cross.subject, cross.public_key()) == (subject.subject, subject.public_key())
        cross.verify_directly_issued_by(issuer)
        with pytest.raises((InvalidSignature, ValueError, TypeError)):
            cross.verify_directly_issued_by(subject)
        assert cross.serial_number != subject.serial_number
        identifiers = [
            one.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value for one in (cross, subject)
        ]
        assert identifiers[0] == identifiers[1]
        assert not (template / f"{name}.key").exists()
    manifest = json.loads((template / "manifest.json").read_text())
    record = {one["name"]: one for one in manifest["certificates"]}["new-by-old"]
    assert record["files"] == {"certificate": "new-by-old.crt", "key": "new.key"}


@pytest.mark.parametrize("anchor", ["old", "new"])
@pytest.mark.parametrize("leaf", ["server", "client"])
def test_either_root_alone_is_enough(leaf: str, anchor: str, template: Path) -> None:
    """For pyca and openssl; and without the cross certificate only the root that signed it is."""
    chain = x509.load_pem_x509_certificates((template / f"{leaf}.chain.crt").read_bytes())
    builder = PolicyBuilder().store(Store([load(template / f"{anchor}.crt")]))
    verify = (
        builder.build_server_verifier(x509.DNSName("localhost"))
        if leaf == "server"
        else builder.build_client_verifier()
    ).verify
    own = {"server": "new", "client": "old"}[leaf]
    verify(chain[0], chain[1:])
    words = ("verify", "-x509_strict", "-no-CAfile", "-no-CApath", "-trusted", f"{anchor}.crt")
    assert Openssl().ask((*words, "-untrusted", f"{leaf}.chain.crt", f"{leaf}.crt"), cwd=template).status == 0
    if anchor == own:
        verify(chain[0], [])
    else:
        with pytest.raises(VerificationError):
            verify(chain[0], [])
    assert (Openssl().ask((*words, f"{leaf}.crt"), cwd=template).status == 0) == (anchor == own)


@pytest.mark.parametrize("anchor", ["old", "new"])
def test_a_client_with_one_root_connects(anchor: str, template: Path) -> None:
    near, far = ssl.MemoryBIO(), ssl.MemoryBIO()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(template / "server.chain.crt", template / "server.key")
    client_context = ssl.create_default_context(cafile=str(template / f"{anchor}.crt"))
    client = client_context.wrap_bio(near, far, server_hostname="localhost")
    server = server_context.wrap_bio(far, near, server_side=True)
    for end in (client, server, client):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert client.version()


def test_what_it_signed_is_revoked_by_the_ca_whose_key_it_has(template: Path) -> None:
    revocations = x509.load_pem_x509_crl((template / "new.crl").read_bytes())
    assert [one.serial_number for one in revocations] == [load(template / "lost.crt").serial_number]
    assert len((template / "server.crl-bundle.pem").read_bytes().split(b"-----BEGIN")) == 3
    words = ("verify", "-crl_check_all", "-CAfile", "server.ca-bundle.pem", "-CRLfile", "server.crl-bundle.pem")
    assert Openssl().ask((*words, "server.crt"), cwd=template).status == 0
    assert Openssl().ask((*words, "lost.crt"), cwd=template).status != 0


def test_a_rerun_keeps_all_and_renews_what_must_follow(minted: Path, run: Run) -> None:
    before = contents(minted)
    words = ("generate.py", minted.parent / "profile.yaml", "-o", minted)
    assert run(*words).returncode == 0
    assert run(*words, "--check").returncode == 0
    assert contents(minted) == before
    (minted / "new-by-old.crt").unlink()
    done = run(*words)
    assert "renewed   new-by-old: new-by-old.crt is missing" in done.stdout
    changed = {name for name, now in contents(minted).items() if now != before[name]}
    bundles = {"server.chain.crt", "server.ca-bundle.pem", "server.crl-bundle.pem"}
    assert changed == {"new-by-old.crt", "manifest.json"} | bundles
    assert run(*words, "--check").returncode == 0
    for name in ("new.crt", "new.key"):
        (minted / name).unlink()
    done = run(*words)
    assert done.returncode == 0, done.stderr
    assert "renewed   new-by-old: new has a new key or subject" in done.stdout
    cross = load(minted / "new-by-old.crt")
    assert cross.public_key() == load(minted / "new.crt").public_key() != load(minted / "old.crt").public_key()
    load(minted / "server.crt").verify_directly_issued_by(cross)
    assert run(*words, "--check").returncode == 0


def test_without_the_key_that_it_is_for_nothing_is_made(minted: Path, run: Run) -> None:
    for name in ("new.key", "new-by-old.crt"):
        (minted / name).unlink()
    before = contents(minted)
    done = run("generate.py", minted.parent / "profile.yaml", "-o", minted)
    assert (done.returncode, done.stderr) == (
        3, "new-by-old must be issued (new-by-old.crt is missing), but new.key is missing; restore it\n",
    )  # fmt: skip
    assert contents(minted) == before


def test_the_commands_alone_make_it_too(template: Path, tmp_path: Path, run: Run) -> None:
    script = run("generate.py", template.parent / "profile.yaml", "--dry-run").stdout
    done = subprocess.run(["sh"], input=script, text=True, cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in template.iterdir()} - {"manifest.json"}
    cross = load(tmp_path / "new-by-old.crt")
    cross.verify_directly_issued_by(load(tmp_path / "old.crt"))
    assert cross.public_key() == load(tmp_path / "new.crt").public_key()


def test_the_set_passes_what_checks_sets(template: Path, run: Run) -> None:
    done = run("verify.py", template)
    assert done.stdout.splitlines()[-1] == "8 certificates: lost.crt invalid"  # it is revoked
    assert run("handshake_check.py", template, "--only", "*set-*", "--tls", "1.3").returncode == 0


ROOTS = "authorities:\n  old: {subject: {CN: A}}\n  new: {subject: {CN: B}}\n"


@pytest.mark.parametrize(
    ("fields", "messages"),
    [
        ("cross_signs: nwe, issuer: old", ["cross_signs: there is no CA 'nwe'; write one of old, new"]),
        ("cross_signs: new", ["issuer: is missing; write the CA that signs the key of new"]),
        ("cross_signs: new, issuer: new", ["issuer: new cannot cross-sign itself; write the other CA"]),
        ("cross_signs: x, issuer: old", ["cross_signs: names itself; write the CA whose subject and key this "
                                         "certificate is for"]),
        (
            "cross_signs: new, issuer: old, subject: {CN: C}, key: ed25519",
            [f"{field}: the CA that is cross-signed decides this; remove it" for field in ("subject", "key")],
        ),
        ("cross_signs: new, issuer: old, outputs: [combined]",
         ["outputs: the key is that of new; write combined there"]),
        ("cross_signs: new, issuer: old, files: {key: a}", ["files: the key is that of new; name it there"]),
    ],
)  # fmt: skip
def test_what_cannot_be_cross_signed(fields: str, messages: list[str], tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(f"{ROOTS}  x: {{{fields}}}\n")
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    assert done.returncode == 2
    assert [line.partition(" authorities.x.")[2] for line in done.stderr.splitlines()] == messages
    assert not (tmp_path / "set").exists()


def test_a_ca_below_its_own_cross_certificate(tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(
        "authorities:\n  b: {subject: {CN: B}, issuer: d}\n  d: {subject: {CN: D}, issuer: a}\n"
        "  a: {cross_signs: b, issuer: c}\n  c: {subject: {CN: C}}\n"
    )
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    sentence = "b is below this certificate, so neither can be first; choose a different issuer for b"
    assert (done.returncode, done.stderr) == (2, f"{tmp_path}/p.yaml:4: authorities.a.cross_signs: {sentence}\n")


def test_a_cross_certificate_of_a_cross_certificate(tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(
        f"{ROOTS}  x: {{cross_signs: new, issuer: old}}\n  y: {{cross_signs: x, issuer: old}}\n"
    )
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    assert "authorities.y.cross_signs: x is a cross certificate; write new, whose key it has" in done.stderr
