"""Mode and group of the files with a private key: only those that the profile names, and from the first moment."""

import grp
import os
import subprocess
import sys
from pathlib import Path

from mintls.minting.output_directory import missing_group

import pytest
from conftest import Run, contents, load, mint_profile, modes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from processes import SCRIPTS

MINE = {*os.getgroups(), os.getegid()}
GROUPS = [one for one in grp.getgrall() if os.geteuid() == 0 or one.gr_gid in MINE]
GROUP = next((one for one in GROUPS if one.gr_gid != os.getegid()), GROUPS[0])  # another one than new files have
TEXT = f"""\
defaults: {{key: ec:P-256, pkcs12: {{password: {{empty: true}}}}, key_mode: "0640"}}
authorities: {{ca: {{subject: {{CN: CA}}}}}}
servers:
  db:
    san: ["DNS:db"]
    key_group: {GROUP.gr_name}
    files: {{certificate: server.crt, key: server.key}}
    outputs: [combined, pkcs12, key-der, chain]
clients:
  open: {{subject: {{CN: open}}, key_mode: 0644}}
  shut: {{subject: {{CN: shut}}, key_mode: 0400}}
  usual: {{subject: {{CN: usual}}, key_mode: 0600}}
"""
MODES = {
    "ca.key": "0600", "server.key": "0640", "db.combined.pem": "0640", "db.p12": "0640", "db.key.der": "0640",
    "open.key": "0644", "shut.key": "0400", "usual.key": "0600",
}  # fmt: skip


@pytest.fixture
def minted(tmp_path: Path) -> Path:
    (tmp_path / "p.yaml").write_text(TEXT)
    return mint_profile(tmp_path / "p.yaml", tmp_path / "set")


def test_what_the_profile_names_and_nothing_more(minted: Path) -> None:
    public = {name: "0644" for name in modes(minted) if name not in MODES}
    assert modes(minted) == {**public, **MODES}
    assert {(minted / name).stat().st_gid for name in MODES if MODES[name] == "0640"} == {GROUP.gr_gid}


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_never_more_for_a_moment(umask: int, tmp_path: Path) -> None:
    """Each chmod of a file that holds a key is seen by an audit hook: in a directory that nobody else can enter."""
    (tmp_path / "p.yaml").write_text(TEXT)
    hook = tmp_path / "hook.py"
    hook.write_text(
        "import os, runpy, sys\n"
        "def seen(event, arguments):\n"
        "    if event == 'os.rename' and arguments[0] in ('server.key', 'open.key'):\n"
        "        folder = os.stat('.' if arguments[3] == -1 else arguments[3])\n"
        "        print(arguments[0], oct(folder.st_mode & 0o777))\n"
        "sys.addaudithook(seen)\n"
        f"sys.path.insert(0, {str(SCRIPTS)!r})\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    argv = [sys.executable, hook, SCRIPTS / "generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set", "-q"]
    done = subprocess.run(argv, capture_output=True, text=True, umask=umask)
    assert done.returncode == 0, done.stderr
    moved = [line.split() for line in done.stdout.splitlines()]
    assert dict(reversed(moved)) == {"server.key": "0o700", "open.key": "0o700"}


def test_a_rerun_keeps_them_and_a_new_mode_changes_nothing_else(minted: Path, run: Run) -> None:
    words = ("generate.py", minted.parent / "p.yaml", "-o", minted)
    before = contents(minted)
    assert run(*words).returncode == 0
    assert contents(minted) == before
    (minted.parent / "p.yaml").write_text(TEXT.replace("key_mode: 0644", "key_mode: 0600"))
    done = run(*words, "--check")
    assert (done.returncode, "due       open: the mode of open.key must be 0600" in done.stdout) == (1, True)
    assert contents(minted) == before
    assert run(*words).returncode == 0
    assert modes(minted)["open.key"] == "0600"
    bytes_of = {name: data for name, (_, data) in contents(minted).items() if name != "manifest.json"}
    assert bytes_of == {name: data for name, (_, data) in before.items() if name != "manifest.json"}
    assert run(*words, "--check").returncode == 0


def test_a_renewed_certificate_with_a_new_mode_of_its_key(minted: Path, run: Run) -> None:
    key = (minted / "open.key").read_bytes()
    (minted.parent / "p.yaml").write_text(TEXT.replace("{CN: open}, key_mode: 0644", "{CN: new}"))
    words = ("generate.py", minted.parent / "p.yaml", "-o", minted)
    assert run(*words).returncode == 0
    assert (modes(minted)["open.key"], (minted / "open.key").read_bytes()) == ("0640", key)
    private = load_pem_private_key(key, None)
    assert private.public_key() == load(minted / "open.crt").public_key()
    assert run(*words, "--check").returncode == 0


def test_the_commands_alone_set_them_too(minted: Path, tmp_path: Path, run: Run) -> None:
    script = run("generate.py", minted.parent / "p.yaml", "--dry-run").stdout
    (tmp_path / "hand").mkdir()
    done = subprocess.run(["sh"], input=script, text=True, cwd=tmp_path / "hand", capture_output=True)
    assert done.returncode == 0, done.stderr
    expected = modes(minted)
    del expected["manifest.json"]
    assert modes(tmp_path / "hand") == expected


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("key_mode: 644", "key_mode: '644' is not known; did you mean 0644?"),
        ("key_mode: 0777", "key_mode: '0777' is not known; "),
        ("key_group: root", "key_group: with mode 0600 the group cannot read the key; write key_mode: 0640"),
        ("key_mode: 0640, key_group: Some One",
         "key_group: 'Some One' is not a group: write its name in lowercase letters, or its number"),
        ("key_mode: 0640, key_group: no-such-group",
         "key_group: there is no group 'no-such-group' on this machine; create it, or write its number"),
        ("mode: 0640", "mode: 'mode' is not known; did you mean key_mode?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(fields: str, message: str, tmp_path: Path, run: Run) -> None:
    head = "authorities: {ca: {subject: {CN: CA}}}\n"
    (tmp_path / "p.yaml").write_text(f"{head}clients: {{c: {{subject: {{CN: c}}, {fields}}}}}\n")
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set")
    assert done.returncode == 2
    assert f"p.yaml:2: clients.c.{message}" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "set").exists()


def test_a_group_of_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is made, for chown(2) would fail at the end."""
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    monkeypatch.setattr(os, "getegid", lambda: 1234)
    monkeypatch.setattr(os, "getgroups", lambda: [1234, 4321])
    assert missing_group("4321") == ""
    assert missing_group("77") == "only a member of the group '77' can give it a file; run this as one, or as root"
