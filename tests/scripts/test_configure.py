"""configure.py: what it prints and writes, and how it says what a set lacks."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import Run

if TYPE_CHECKING:
    from mintls.pytest_plugin import Mint

LEAVES = """
servers: {{server: {{issuer: ca, subject: {{CN: localhost}}, san: ["DNS:localhost"]{more}}}}}
clients: {{client: {{issuer: ca, subject: {{CN: dev-client}}, san: ["DNS:client.localhost"]{more}}}}}
"""
DEEP = """
defaults: {key: ec:P-256}
authorities: {root: {subject: {CN: Root}}, ca: {subject: {CN: CA}, issuer: root}}
"""
TWO = """
defaults: {key: ec:P-256}
authorities: {ca: {subject: {CN: CA}, crl: {days: 30}}}
servers: {a: {san: ["DNS:a.example"]}, b: {san: ["DNS:b.example"]}}
clients: {client: {subject: {CN: dev-client}}}
"""


def test_a_configuration_with_real_paths(elliptic: Path, run: Run, tmp_path: Path) -> None:
    done = run("configure.py", "nginx", elliptic, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("nginx, server side, tested with 1.22\n\n==> nginx.conf <==\n")
    assert f'ssl_client_certificate "{elliptic}/ca.crt";' in done.stdout
    assert "ssl_crl" not in done.stdout, "the set has no CRL"
    assert f"start     nginx -e stderr -p {tmp_path}/ -c {tmp_path}/nginx.conf\n" in done.stdout
    assert re.search(
        rf"^prove .*handshake_check.py {elliptic} --connect localhost:8443 --stack nginx$", done.stdout, re.M
    )
    assert "wrong     ssl_verify_client optional;: clients without a certificate are served\n" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_files_are_written(elliptic: Path, run: Run, tmp_path: Path) -> None:
    done = run("configure.py", "go", elliptic, "-o", tmp_path / "new", "--port", 9443, "--client")
    assert (done.returncode, done.stderr) == (0, "")
    assert "file      client.go\n" in done.stdout
    assert (tmp_path / "new" / "client.go").read_text().startswith("package main\n")
    assert f"run       {tmp_path}/new/client localhost 9443\n" in done.stdout
    assert "--listen : --stack go --client-cmd" in done.stdout


def test_a_chain_is_used_where_an_intermediate_signs(mint: "Mint", run: Run) -> None:
    certs = mint(DEEP + LEAVES.format(more=", outputs: [chain]")).directory
    text = run("configure.py", "nginx", certs).stdout
    assert f'ssl_certificate "{certs}/server.chain.crt";' in text
    assert f'ssl_client_certificate "{certs}/root.crt";' in text


def test_what_the_set_lacks_is_told_with_the_line_to_add(mint: "Mint", elliptic: Path, run: Run) -> None:
    done = run("configure.py", "haproxy", elliptic)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "haproxy needs the output combined of server: add `outputs: [combined]` to servers.server in the profile, and "
        "mint again\n"
    )
    certs = mint(DEEP + LEAVES.format(more=", outputs: [combined]")).directory
    done = run("configure.py", "nginx", certs)
    assert done.returncode == 2
    assert "the output chain of server: add `outputs: [chain, combined]` to servers.server" in done.stderr


def test_an_encrypted_key_has_its_passphrase_in_a_file(mint: "Mint", run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    secret.chmod(0o600)
    flat = "defaults: {key: ec:P-256}\nauthorities: {ca: {subject: {CN: CA}}}\n"
    certs = mint(flat + LEAVES.format(more=f", outputs: [combined], passphrase: {{file: {secret}}}")).directory
    done = run("configure.py", "nginx", certs)
    assert done.returncode == 2
    assert done.stderr == "the key of server is encrypted: --key-pass file:PATH names its passphrase\n"
    done = run("configure.py", "nginx", certs, "--key-pass", f"file:{secret}")
    assert f'ssl_password_file "{secret}";' in done.stdout
    done = run("configure.py", "haproxy", certs, "--key-pass", f"file:{secret}")
    assert done.returncode == 2
    assert done.stderr == "haproxy cannot read an encrypted key by itself: remove `passphrase` from servers.server\n"
    done = run("configure.py", "nginx", certs, "--key-pass", "correct horse")
    assert done.stderr == "--key-pass: write file:PATH, a file whose first line is the passphrase\n"


def test_a_trust_store_that_cannot_use_the_key_says_so(mint: "Mint", run: Run) -> None:
    certs = mint("authorities: {ca: {subject: {CN: CA}, key: ed25519}}\n").directory
    done = run("configure.py", "firefox", certs)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "firefox needs a key of kind rsa or ec; ca has ed25519: set `key` of authorities.ca\n"
    done = run("configure.py", "debian", certs)
    assert f"add       cp {certs}/ca.crt /usr/local/share/ca-certificates/mintls-" in done.stdout


def test_one_of_several_entries(mint: "Mint", run: Run) -> None:
    certs = mint(TWO).directory
    assert "server_name a.example;" in run("configure.py", "nginx", certs).stdout
    text = run("configure.py", "nginx", certs, "--entry", "b").stdout
    assert "server_name b.example;" in text
    assert f'ssl_crl "{certs}/ca.crl";' in text
    assert "--connect 127.0.0.1:8443 --sni b.example --stack nginx" in text
    done = run("configure.py", "nginx", certs, "--entry", "c")
    assert done.stderr == "--entry c: 'c' is not known; write one of a, b\n"


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        ((), 2, "name a stack, such as nginx; --list shows all of them"),
        (("ngnix",), 2, "the stack 'ngnix' is not known; did you mean nginx?"),
        (("curl", "--trust"), 2, "curl is not a trust store; --list shows which stacks are"),
        (("haproxy", "--client"), 2, "haproxy has no client side; --list shows what each stack has"),
        (("nginx", "nowhere"), 3, "nowhere has no manifest.json; mint a set: generate.py PROFILE -o nowhere"),
    ],
)
def test_mistakes(words: tuple[str, ...], status: int, sentence: str, run: Run, tmp_path: Path) -> None:
    done = run("configure.py", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", f"{sentence}\n")


def test_a_path_that_programs_misread_is_refused(elliptic: Path, run: Run, tmp_path: Path) -> None:
    done = run("configure.py", "nginx", elliptic, "-o", tmp_path / "my files")
    assert done.returncode == 2
    assert "not every program can read a path with ' '" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_list_has_all_sides(run: Run) -> None:
    lines = [line.split(maxsplit=2) for line in run("configure.py", "--list").stdout.splitlines()[1:]]
    assert ["nginx", "server", "1.22"] in lines
    assert ["curl", "client", "7.88"] in lines


def test_a_stack_that_is_named_is_in_the_report(elliptic: Path, run: Run, tmp_path: Path) -> None:
    done = run("handshake_check.py", elliptic, "--listen", ":", "--client-cmd", "curl -k https://{host}:{port}/",
               "--only", "client/1.3/expired", "--json", "-", cwd=tmp_path)  # fmt: skip
    report = json.loads(done.stdout)
    assert report["stack"] == "curl"
    assert {row["fix"] for row in report["rows"] if row["outcome"] == "fail"} == {"no -k"}
