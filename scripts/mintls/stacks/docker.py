"""The Docker daemon and its client (dockerd(8), docker(1))."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

DAEMON = """
{
  "hosts": ["tcp://127.0.0.1:@port@"],
  "tlsverify": true,
  "tlscacert": "@ca@",
  "tlscert": "@chain@",
  "tlskey": "@key@",
  "data-root": "@dir@/data",
  "exec-root": "@dir@/run",
  "pidfile": "@dir@/pid",
  "iptables": false,
  "bridge": "none",
  "storage-driver": "vfs"
}
"""
STACK = Stack(
    title="Docker",
    says=(r"^Server: Docker/\S*",),
    programs=("docker",),
    family="go",
    server=Side(
        files={"daemon.json": DAEMON},
        start="dockerd --config-file @dir@/daemon.json",
        reload="systemctl restart docker",
        port=2376,
        tested="20.10",
        wrong=(
            Wrong(
                setting="tlsverify",
                right='"tlsverify": true,',
                wrong='"tls": true, "tlsverify": false,',
                effect="no certificate is requested: anyone who reaches the port is root",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="what follows tlskey is for a try beside another daemon; with systemd remove -H from its ExecStart",
        fixes=fixes(
            require='"tlsverify": true (--tlsverify); false requests no certificate, even with "tls": true',
            verify='"tlsverify": true (--tlsverify)',
            trust='"tlscacert" with only the root',
            others={Mistake.TLS_ONLY: "no tcp:// of its own in `hosts` or -H without tlsverify"},
        ),
    ),
    client=Side(
        start="docker -H tcp://@host@:@port@ --tlsverify --tlscacert @ca@ --tlscert @chain@ --tlskey @key@ version",
        port=2376,
        tested="20.10",
        wrong=(
            Wrong(
                setting="--tlsverify",
                right="--tlsverify",
                wrong="--tls",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="no encrypted key",
        fixes=fixes(
            verify="--tlsverify, or DOCKER_TLS_VERIFY=1; --tls alone believes any server",
            trust="--tlscacert ca.crt, or ca.pem in DOCKER_CERT_PATH",
            name="--tlsverify, and a name of the certificate in -H",
        ),
    ),
)
