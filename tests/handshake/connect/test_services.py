"""Services of Debian, set right and set wrong, told apart with no option but --connect, from three files alone."""

import json
from pathlib import Path

import pytest
from handshake_check import HandshakeCheck
from peers import Address, servers, services

pytestmark = pytest.mark.peers


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def check(user: Path, address: Address, *options: str) -> tuple[int, dict[str, set[str]]]:
    """The exit status, and the cases by outcome."""
    line = ["handshake_check.py", str(user), "--connect", f"localhost:{address.port}", "--json", "report.json"]
    line += ["-j", "8"]  # some of them wait a second before they reply
    _, status = HandshakeCheck.run([*line, *options], exit=False)
    found: dict[str, set[str]] = {}
    for row in json.loads(Path("report.json").read_text())["rows"]:
        found.setdefault(row["outcome"], set()).add(row["case"])
    return status, found


@pytest.mark.parametrize("name", services.RIGHT)
def test_a_service_that_is_set_right(name: str, dev: Path, user: Path, tmp_path: Path) -> None:
    with services.RIGHT[name](dev, tmp_path) as address:
        status, found = check(user, address)
    assert (status, found.get("fail"), found.get("unknown")) == (0, None, None)
    assert {"good", "none", "self-signed", "unknown-ca", "stolen"} <= found["pass"]


@pytest.mark.parametrize("name", services.WRONG)
def test_a_service_that_is_set_wrong(name: str, dev: Path, user: Path, tmp_path: Path) -> None:
    with services.WRONG[name](dev, tmp_path) as address:
        status, found = check(user, address)
    assert status == 1
    assert found["fail"] & {"none", "certificate-request", "self-signed"}
    assert "good" in found["pass"]


@pytest.mark.parametrize(
    ("name", "accepts"),
    [
        ("apache require in a location", set()),
        ("postgres verify-full", set()),
        ("dovecot imap demand", set()),
        ("slapd demand", {"wrong-purpose", "code-signing"}),  # Debian's is of GnuTLS, which is not told the purpose
    ],
)
def test_with_the_key_of_the_ca(name: str, accepts: set[str], dev: Path, tmp_path: Path) -> None:
    with services.RIGHT[name](dev, tmp_path) as address:
        status, found = check(dev, address, "--tls", "1.3")
    assert (status, found.get("fail", set()), found.get("unknown")) == (bool(accepts), accepts, None)
    assert {"good-fresh", "expired", "not-yet-valid", "none"} <= found["pass"]


def test_a_pinned_key_is_reported_and_does_not_fail(dev: Path, user: Path, tmp_path: Path) -> None:
    """stunnel compares the key of the certificate with one that it knows: only its owner can present others of it."""
    ca = dev / "client.crt"
    options = f"verifyPeer = yes; verifyChain = no; CAfile = {ca}"
    with services.stunnel(dev, tmp_path, options) as address:
        status, found = check(user, address)
    assert status == 0
    assert {"bad-signature", "bad-body"} <= found["info"]
    assert {"self-signed", "unknown-ca", "same-name-ca", "stolen"} <= found["pass"]
    rows = json.loads(Path("report.json").read_text())["rows"]
    reasons = [row["reason"] for row in rows if row["case"] == "bad-body"]
    assert all(reason.startswith("the server pins the key of your certificate") for reason in reasons)
    assert "ca-names" in found["warn"], "the one name that it sends is not that of a CA"


@pytest.mark.parametrize("verify", ["on", "optional"])
def test_http_2(dev: Path, user: Path, tmp_path: Path, verify: str) -> None:
    with services.nginx_http2(dev, tmp_path, verify) as address:
        status, found = check(user, address, "--probe", "h2")
    assert status == (verify != "on")
    assert ("none" in found["pass"]) is (verify == "on")
    assert "good" in found["pass"]


@pytest.mark.parametrize("verify", [True, False])
def test_a_server_that_never_replies(dev: Path, user: Path, tmp_path: Path, verify: bool) -> None:
    """Without tickets TLS 1.3 shows nothing either: a connection that stays open is accepted."""
    with servers.quiet(dev, tmp_path, verify) as address:
        status, found = check(
            user, address, "--probe", "syslog", "--only", "good*", "--only", "none", "--only", "self*"
        )
    assert status == (0 if verify else 1)
    assert ("self-signed" in found["pass"]) is verify
