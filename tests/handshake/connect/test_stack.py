"""The stack of a server: named with --stack, or guessed from its own words, which the report quotes."""

import json
from pathlib import Path

import pytest
from peers import servers
from processes import run_script

pytestmark = pytest.mark.slow
ONLY = ("--only", "server/1.3/none", "-j", 4)


def test_it_is_guessed_from_the_header_and_the_guess_is_said(dev: Path, user: Path, tmp_path: Path) -> None:
    with servers.nginx(dev, tmp_path, "optional") as address:
        done = run_script("handshake_check.py", user, "--connect", f"localhost:{address.port}", *ONLY)
    assert done.returncode == 1
    assert "The fixes are those of nginx, because the server says 'Server: nginx/" in done.stdout
    assert "    fix for nginx: ssl_verify_client on, in each server block" in done.stdout


def test_one_that_is_named_is_not_guessed(dev: Path, user: Path, tmp_path: Path) -> None:
    with servers.nginx(dev, tmp_path, "optional") as address:
        line = [user, "--connect", f"localhost:{address.port}", *ONLY, "--stack", "haproxy"]
        done = run_script("handshake_check.py", *line)
    assert "because the server says" not in done.stdout
    assert "    fix for haproxy: verify required in each bind line" in done.stdout


def test_a_server_that_does_not_say_gets_the_fix_of_each(dev: Path, user: Path, tmp_path: Path) -> None:
    with servers.go(dev, tmp_path, "VerifyClientCertIfGiven") as address:
        done = run_script("handshake_check.py", user, "--connect", f"localhost:{address.port}", *ONLY)
    assert done.returncode == 1
    assert "    fix for each stack: --explain none" in done.stdout


def test_the_protocol_is_that_of_the_stack(dev: Path, user: Path, tmp_path: Path) -> None:
    """Otherwise it is found out, with more connections; s_server answers PING in a way of its own."""
    with servers.s_server(dev, tmp_path, "-rev") as address:
        line = [user, "--connect", f"localhost:{address.port}", *ONLY, "--timeout", 1, "--json", "-"]
        done = run_script("handshake_check.py", *line, "--stack", "redis")
        report = json.loads(done.stdout)
        assert report["stack"] == "redis"
        assert "probe:" not in done.stderr, "nothing was found out"
        done = run_script("handshake_check.py", *line, "--stack", "redis", "--probe", "none")
        assert "probe:" not in done.stderr
        done = run_script("handshake_check.py", *line)
        assert "probe:" in done.stderr


def test_an_unknown_stack_is_refused(user: Path) -> None:
    done = run_script("handshake_check.py", user, "--connect", "localhost:1", "--stack", "ngnix")
    assert (done.returncode, done.stderr) == (2, "the stack 'ngnix' is not known; did you mean nginx?\n")
