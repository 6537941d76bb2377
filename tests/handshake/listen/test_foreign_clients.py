"""Programs that others wrote, in a right and in a wrong configuration, and what each is known for."""

import json
import shlex
from pathlib import Path

import pytest
from handshake_check import HandshakeCheck
from peers import need

pytestmark = pytest.mark.slow

MOSQUITTO = "mosquitto_pub -h {host} -p {port} --cafile {ca} --cert {cert} --key {key} -t a -m b"
REDIS = "redis-cli --tls -h {host} -p {port} --cacert {ca} --cert {cert} --key {key} PING"
WGET = "wget -q -O - -t 1 -T 9 --no-config --ca-certificate={ca} --certificate={cert} --private-key={key}"
PERL = (
    "use IO::Socket::SSL; my ($host, $port, $ca) = @ARGV; my $one = IO::Socket::SSL->new(PeerAddr => $host, "
    'PeerPort => $port, SSL_ca_file => $ca, SSL_verifycn_scheme => "http", %s) or die; print $one "x"; '
)
URL = " https://{host}:{port}/"
ROWS = {"expired", "unknown-ca", "wrong-name", "cn-beside-san"}


def perl(more: str = "") -> str:
    return shlex.join(["perl", "-e", PERL % more, "{host}", "{port}", "{ca}"])


@pytest.mark.parametrize(
    ("command", "accepted"),
    [
        (MOSQUITTO, set()),
        (f"{MOSQUITTO} --insecure", {"wrong-name", "cn-beside-san"}),
        (WGET + URL, set()),
        (f"{WGET} --no-check-certificate{URL}", ROWS),
        (perl(), set()),
        (perl("SSL_verify_mode => SSL_VERIFY_NONE"), ROWS),
        (REDIS, {"wrong-name", "cn-beside-san"}),  # it has no name check
    ],
    ids=["mosquitto", "mosquitto --insecure", "wget", "wget --no-check", "perl", "perl VERIFY_NONE", "redis-cli"],
)
def test_right_and_wrong_are_told_apart(command: str, accepted: set[str], rogue: Path, tmp_path: Path) -> None:
    """mosquitto_pub and Perl reject in a callback, with alert 80 internal_error; wget of GnuTLS by closing."""
    need(command.partition(" ")[0])
    only = [word for row in sorted(ROWS) for word in ("--only", row)]
    words = [str(rogue), "--listen", ":", *only, "--skip", "good-address", "--json", str(tmp_path / "r.json")]
    _, status = HandshakeCheck.run(["x", *words, "--client-cmd", command], exit=False)
    report = json.loads((tmp_path / "r.json").read_text())
    assert {row["case"] for row in report["rows"] if row["outcome"] == "fail"} == accepted
    assert report["counts"]["unknown"] == 0
    assert status == (1 if accepted else 0)
    if "redis-cli" in command:
        assert any("this client has no name check" in row["fix"] for row in report["rows"])
