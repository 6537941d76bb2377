"""What the user has is read from a set of ours, from three files, or from files named one by one."""

import shutil
from pathlib import Path

from mintls.errors import UsageError
from mintls.handshake.connect.client_files import FilePaths, files_of, read_client_files
from mintls.openssl.binary import Openssl

import pytest
from conftest import mint_profile
from msgspec import structs

DEEP = """
defaults: {key: "ec:P-256"}
authorities: {root: {subject: {CN: root}}, issuing: {subject: {CN: issuing}, issuer: root, path_length: 0}}
servers: {web: {subject: {CN: web}, san: ["DNS:web.example"], issuer: root}}
clients: {zoe: {subject: {CN: zoe}, issuer: root}, client: {subject: {CN: the client}, issuer: issuing}}
"""


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("deep")
    (directory / "deep.yaml").write_text(DEEP)
    return mint_profile(directory / "deep.yaml", directory / "set")


def test_a_set_with_an_intermediate(openssl: Openssl, deep: Path) -> None:
    files = files_of(deep)
    assert (files.ca, files.certificate, files.key) == (deep / "root.crt", deep / "client.crt", deep / "client.key")
    held = read_client_files(files, {}, openssl)
    assert held.good.leaf.subject == "CN=the client"
    assert held.good.issuers == (deep / "issuing.crt").read_text()
    assert held.authority.subject == "CN=issuing", "it has its key"
    assert held.authority_key == deep / "issuing.key"
    assert held.authority_issuers == held.good.issuers, "the server knows only the root"
    assert held.depth == 0


def test_without_the_key_the_anchor_is_the_authority(openssl: Openssl, deep: Path) -> None:
    files = files_of(deep)
    held = read_client_files(FilePaths(ca=files.ca).over(files), {}, openssl)
    assert (held.authority.subject, held.authority_key, held.authority_issuers, held.depth) == (
        "CN=root",
        None,
        "",
        None,
    )


def test_three_files_and_perhaps_a_fourth(openssl: Openssl, dev: Path, tmp_path: Path) -> None:
    for name in ("ca.crt", "client.crt", "client.key"):
        shutil.copy(dev / name, tmp_path)
    assert read_client_files(files_of(tmp_path), {}, openssl).authority_key is None
    shutil.copy(dev / "ca.key", tmp_path)
    held = read_client_files(files_of(tmp_path), {}, openssl)
    assert (held.authority_key, held.depth, held.authority_issuers) == (tmp_path / "ca.key", 0, "")


def test_what_stands_in_the_certificates_file_is_sent_along(openssl: Openssl, deep: Path, tmp_path: Path) -> None:
    chain = tmp_path / "client.pem"
    chain.write_text((deep / "client.crt").read_text() + (deep / "issuing.crt").read_text())
    files = FilePaths(ca=deep / "root.crt", certificate=chain, key=deep / "client.key")
    held = read_client_files(files, {"old": files}, openssl)
    assert held.good.issuers == (deep / "issuing.crt").read_text()
    assert held.authority.subject == "CN=root"
    assert held.bad["old"].leaf == held.good.leaf


def encrypted(openssl: Openssl, key: Path, directory: Path) -> Path:
    (directory / "word").write_text("secret\n")
    path = directory / "encrypted.key"
    argv = ("pkey", "-in", str(key), "-aes256", "-passout", f"file:{directory / 'word'}", "-out", str(path))
    openssl.run(argv)
    return path


LOCKED = DEEP.replace("CN: issuing}", "CN: issuing}, passphrase: {env: OF_ISSUING}")


def test_a_set_whose_ca_has_a_passphrase(openssl: Openssl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With it the CA's key is used, in a copy of the user's own; without it the set is as one without that key."""
    monkeypatch.setenv("OF_ISSUING", "a long one")
    (tmp_path / "p.yaml").write_text(LOCKED)
    made = mint_profile(tmp_path / "p.yaml", tmp_path / "set")
    (scratch := tmp_path / "scratch").mkdir(0o700)
    held = read_client_files(files_of(made), {}, openssl, scratch)
    assert (held.authority.subject, held.authority_key) == ("CN=issuing", scratch / "ca-key.pem")
    assert (scratch / "ca-key.pem").stat().st_mode & 0o777 == 0o600
    assert "ENCRYPTED" not in (scratch / "ca-key.pem").read_text()
    monkeypatch.delenv("OF_ISSUING")
    assert read_client_files(files_of(made), {}, openssl, scratch).authority_key is None


def test_the_passphrase_that_is_given_is_also_that_of_the_cas_key(openssl: Openssl, dev: Path, tmp_path: Path) -> None:
    locked = encrypted(openssl, dev / "ca.key", tmp_path)
    source = f"file:{tmp_path / 'word'}"
    both = FilePaths(
        ca=dev / "ca.crt", certificate=dev / "client.crt", key=dev / "client.key", ca_key=locked, key_pass=source
    )
    assert read_client_files(both, {}, openssl, tmp_path).authority_key == tmp_path / "ca-key.pem"
    with pytest.raises(UsageError, match=r"encrypted\.key is encrypted; give its passphrase: --key-pass"):
        read_client_files(structs.replace(both, key_pass=""), {}, openssl, tmp_path)


def test_what_does_not_fit_is_told(openssl: Openssl, dev: Path, rogue: Path, tmp_path: Path) -> None:
    good = FilePaths(ca=dev / "ca.crt", certificate=dev / "client.crt", key=dev / "client.key")
    (tmp_path / "empty").write_text("")
    (tmp_path / "damaged.crt").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    locked = encrypted(openssl, dev / "client.key", tmp_path)
    for files, sentence in (
        (FilePaths(key=rogue / "client.key"), r"client\.key is not the key of .*client\.crt"),
        (FilePaths(ca_key=rogue / "ca.key"), r"ca\.key does not match any certificate in .*ca\.crt"),
        (FilePaths(ca=tmp_path / "empty"), "empty does not contain a certificate"),
        (FilePaths(ca=tmp_path / "damaged.crt"), r"damaged\.crt: cannot read this certificate"),
        (FilePaths(key=tmp_path / "empty"), "empty is not a private key"),
        (FilePaths(key=tmp_path / "absent"), "absent: No such file or directory"),
        (FilePaths(key=locked), r"encrypted\.key is encrypted; give its passphrase"),
    ):
        with pytest.raises(UsageError, match=sentence):
            read_client_files(files.over(good), {}, openssl)
    with pytest.raises(UsageError, match="--connect needs DIR"):
        read_client_files(FilePaths(ca=dev / "ca.crt"), {}, openssl)
