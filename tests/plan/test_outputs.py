"""The outputs chain and der, beside what pyca/cryptography and Python's ssl read; and when outputs are made anew."""

import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run, contents, load, mint_profile, modes
from cryptography import x509
from peers import need

TEXT = """\
defaults: {key: "ec:P-256", pkcs12: {password: {file: word}}}
authorities:
  root: {subject: {CN: Root}, outputs: [chain, der]}
  middle: {subject: {CN: Middle}, issuer: root}
  low: {subject: {CN: Low}, issuer: middle, outputs: [chain]}
servers:
  web: {subject: {CN: localhost}, san: ["DNS:localhost"], issuer: low, outputs: [chain, der, pkcs12, kubernetes]}
  bare: {subject: {CN: bare}, san: ["DNS:localhost"], issuer: low}
  direct: {subject: {CN: direct}, san: ["DNS:localhost"], issuer: root, outputs: [chain]}
"""
MADE = {"web.chain.crt", "web.der", "web.p12", "web.secret.yaml"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outputs")
    (folder / "word").write_text("not-a-secret\n")
    (folder / "profile.yaml").write_text(TEXT)
    return mint_profile(folder / "profile.yaml", folder / "set")


@pytest.fixture
def minted(template: Path, tmp_path: Path) -> Path:
    subprocess.run(["cp", "-a", f"{template.parent}/.", str(tmp_path)], check=True)
    return tmp_path / "set"


def again(run: Run, directory: Path, text: str = TEXT, *words: str) -> set[str]:
    """Mint again; the names of the files that changed."""
    before = contents(directory)
    (directory.parent / "profile.yaml").write_text(text)
    done = run("generate.py", directory.parent / "profile.yaml", "-o", directory, *words)
    assert done.returncode == 0, done.stderr
    return {name for name, now in contents(directory).items() if now != before.get(name)} - {"manifest.json"}


def test_a_chain_is_leaf_first_and_has_no_root(template: Path) -> None:
    """RFC 8446 4.4.2: each certifies the one before it, and the anchor is left out."""
    for name, links in (("web", "web low middle"), ("low", "low middle"), ("direct", "direct")):
        chain = x509.load_pem_x509_certificates((template / f"{name}.chain.crt").read_bytes())
        assert chain == [load(template / f"{one}.crt") for one in links.split()]
        above = [*chain[1:], load(template / "root.crt")]
        for below, issuer in zip(chain, above, strict=True):
            below.verify_directly_issued_by(issuer)
    assert not (template / "root.chain.crt").exists()  # nobody sends it
    assert not (template / "bare.chain.crt").exists()
    assert modes(template)["web.chain.crt"] == "0644"


def test_a_server_can_send_it(template: Path) -> None:
    """Python's ssl as both ends: with the chain the client needs the root alone, without it that does not do."""
    for certificate, answer in (("web.chain.crt", True), ("web.crt", False)):
        near, far = ssl.MemoryBIO(), ssl.MemoryBIO()
        server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_context.load_cert_chain(template / certificate, template / "web.key")
        client_context = ssl.create_default_context(cafile=str(template / "root.crt"))
        client = client_context.wrap_bio(near, far, server_hostname="localhost")
        server = server_context.wrap_bio(far, near, server_side=True)
        said = ""
        for end in (client, server, client, server):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                said += str(error)
                break
        assert ("unable to get local issuer certificate" in said) is not answer
        assert bool(client.version() and not said) is answer


def test_der_is_the_same_certificate(template: Path) -> None:
    for name in ("web", "root"):
        assert x509.load_der_x509_certificate((template / f"{name}.der").read_bytes()) == load(template / f"{name}.crt")


def test_no_output_is_made_that_was_not_asked_for(template: Path) -> None:
    assert {path.name for path in template.iterdir() if path.name.startswith("bare")} == {"bare.crt", "bare.key"}


# ---- reruns


@pytest.mark.parametrize("file", ["web.der", "web.chain.crt", "web.p12", "web.secret.yaml"])
def test_a_missing_output_alone_is_made(file: str, minted: Path, run: Run) -> None:
    (minted / file).unlink()
    done = run("generate.py", minted.parent / "profile.yaml", "-o", minted, "--check")
    assert (done.returncode, f"due       web: {file} is missing\n" in done.stdout) == (1, True)
    assert again(run, minted) <= MADE  # the certificate and its key stay
    assert again(run, minted) == set()


def test_outputs_follow_every_authority_above(minted: Path, run: Run) -> None:
    """Also one that is issued again for the same key, so that the leaf itself stays."""
    for authority in ("root", "middle", "low"):
        (minted / f"{authority}.crt").unlink()
        changed = again(run, minted)
        assert changed >= MADE | {f"{authority}.crt"}
        assert "web.crt" not in changed
        chain = x509.load_pem_x509_certificates((minted / "web.chain.crt").read_bytes())
        assert chain == [load(minted / f"{one}.crt") for one in ("web", "low", "middle")]
    assert again(run, minted) == set()


def test_outputs_that_a_partial_run_left_behind(minted: Path, run: Run) -> None:
    (minted / "middle.crt").unlink()
    assert again(run, minted, TEXT, "--only", "middle") == {"middle.crt"}
    changed = again(run, minted)
    assert changed >= MADE | {"low.chain.crt"}
    assert "web.crt" not in changed


def test_outputs_follow_their_settings(minted: Path, run: Run) -> None:
    """The alias and the compatibility; not where the password is found."""
    (minted.parent / "word2").write_text("not-a-secret\n")
    assert again(run, minted, TEXT.replace("{file: word}", "{file: word2}")) == set()
    assert again(run, minted, TEXT.replace("{file: word}", "{file: word}, alias: other")) == MADE
    assert again(run, minted, TEXT.replace("{file: word}", "{file: word}, compatibility: legacy")) == MADE


def test_an_output_that_was_changed_is_not_called_good(minted: Path, run: Run) -> None:
    (minted / "web.der").write_bytes(b"mine")
    done = run("generate.py", minted.parent / "profile.yaml", "-o", minted)
    assert done.returncode == 3
    assert "mintls did not write web.der; move it away" in done.stderr
    (minted / "web.der").unlink()
    assert "web.der" in again(run, minted)


def test_an_output_that_was_not_wanted_for_a_while(minted: Path, run: Run) -> None:
    """mintls knows its file again, even though the certificate has become another meanwhile."""
    again(run, minted, TEXT.replace("[chain, der, pkcs12, kubernetes]", "[chain], days: 99"))
    old = (minted / "web.der").read_bytes()
    assert "web.der" in again(run, minted)
    assert (minted / "web.der").read_bytes() != old
    assert x509.load_der_x509_certificate((minted / "web.der").read_bytes()) == load(minted / "web.crt")


def test_other_names_of_files(tmp_path: Path, mint_text: Callable[[str], Path]) -> None:
    (tmp_path / "word").write_text("not-a-secret\n")
    files = (
        'files: {chain: "{name}-fullchain.pem", der: "{name}.cer", pkcs12: "{name}.pfx", kubernetes: "s-{name}.yml"}\n'
    )
    made = mint_text(files + TEXT)
    assert {"web-fullchain.pem", "web.cer", "web.pfx", "s-web.yml"} <= {path.name for path in made.iterdir()}


def test_openssl_reads_what_it_wrote(template: Path) -> None:
    command = [need("openssl"), "verify", "-CAfile", "root.crt", "-untrusted", "web.chain.crt", "web.crt"]
    assert subprocess.run(command, cwd=template, capture_output=True).returncode == 0
