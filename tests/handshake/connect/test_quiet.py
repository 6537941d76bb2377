"""A server that never replies: the connection itself is the evidence."""

import json
from pathlib import Path

import pytest
from peers import servers
from processes import run_script

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("verify", [True, False])
def test_a_server_that_never_replies(dev: Path, user: Path, tmp_path: Path, verify: bool) -> None:
    """Without tickets TLS 1.3 shows nothing either: a connection that stays open is accepted."""
    only = [word for case in ("good*", "none", "self*") for word in ("--only", case)]
    with servers.quiet(dev, tmp_path, verify) as address:
        line = [user, "--connect", f"localhost:{address.port}", "--probe", "syslog", *only, "-j", 8, "--json", "-"]
        done = run_script("handshake_check.py", *line, cwd=tmp_path)
    passed = {row["case"] for row in json.loads(done.stdout)["rows"] if row["outcome"] == "pass"}
    assert done.returncode == (0 if verify else 1)
    assert ("self-signed" in passed) is verify
