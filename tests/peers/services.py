"""Real services of Debian, each with a right and with wrong configurations of client certificates.

Each is a context manager `name(certs, logs, mode)` that yields the Address where it listens, like those of servers.py.
A service is started on a port that was free a moment ago, in a directory of its own, and ended by its process group.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from deadline import patient

from .process import DEADLINE, GRACE, Address, NotReady, environment, need, need_module, running, workdir
from .servers import HOST, Start

PAUSE = 0.05  # seconds between two looks whether it listens
OWNERS = {"postgres": "postgres"}  # that refuse to be run by root


def free_port() -> int:
    with socket.create_server((HOST, 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def serving(argv: Sequence[str | Path], work: Path, port: int, user: str | None = None) -> Iterator[Address]:
    """Run until the context is left; ready when the port accepts connections. Raises NotReady."""
    with (work / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(word) for word in argv], cwd=work, env=environment(), user=user, stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, port, work / "log")
        yield Address(HOST, port)
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + patient(DEADLINE)
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((HOST, port), 1):
            return
        time.sleep(PAUSE)
    raise NotReady(f"{process.args!r} does not listen; its log:\n{log.read_text(errors='replace')}")


def configured(work: Path, name: str, text: str) -> Path:
    path = work / name
    path.write_text(text)
    return path


APACHE = """
ServerName localhost
PidFile {work}/pid
Listen {host}:{port}
LogLevel warn
ErrorLog {work}/error.log
{modules}
User www-data
Group www-data
SSLSessionCache none
<VirtualHost *:{port}>
  SSLEngine on
  SSLProtocol {protocol}
  SSLCertificateFile {certs}/server.crt
  SSLCertificateKeyFile {certs}/server.key
  SSLCACertificateFile {certs}/ca.crt
  SSLVerifyClient {verify}
  <Location "/">
    SetHandler server-status
    Require all granted
    {location}
  </Location>
</VirtualHost>
"""
MODULES = ("mpm_event", "authz_core", "status", "socache_shmcb", "ssl")


@contextmanager
def apache(certs: Path, logs: Path, verify: str = "require", location: str = "none") -> Iterator[Address]:
    """Apache httpd; `verify` and `location` are the SSLVerifyClient of the host and of the path."""
    binary, work, port = need("apache2"), workdir(logs, "apache"), free_port()
    modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in MODULES)
    more = f"SSLVerifyClient {location}" if location != "none" else ""
    text = APACHE.format(
        work=work, host=HOST, port=port, modules=modules, certs=certs, verify=verify, location=more,
        protocol="-all +TLSv1.2 +TLSv1.3",
    )  # fmt: skip
    with serving([binary, "-X", "-f", configured(work, "apache.conf", text)], work, port) as address:
        yield address


@contextmanager
def haproxy(certs: Path, logs: Path, options: str = "verify required") -> Iterator[Address]:
    """HAProxy; `options` are those of the bind line about client certificates."""
    binary, work, port = need("haproxy"), workdir(logs, "haproxy"), free_port()
    (work / "server.pem").write_text((certs / "server.crt").read_text() + (certs / "server.key").read_text())
    text = (
        "defaults\n mode http\n timeout client 20s\n timeout server 20s\n timeout connect 5s\n"
        f"frontend f\n bind {HOST}:{port} ssl crt {work}/server.pem ca-file {certs}/ca.crt {options}\n"
        " http-request return status 200 content-type text/plain string ok\n"
    )
    with serving([binary, "-db", "-f", configured(work, "haproxy.cfg", text)], work, port) as address:
        yield address


@contextmanager
def caddy(certs: Path, logs: Path, mode: str = "require_and_verify") -> Iterator[Address]:
    """Caddy; `mode` is that of client_auth."""
    binary, work, port = need("caddy"), workdir(logs, "caddy"), free_port()
    text = (
        "{\n admin off\n auto_https off\n}\n"
        f"https://localhost:{port} {{\n bind {HOST}\n tls {certs}/server.crt {certs}/server.key {{\n"
        f"  client_auth {{\n   mode {mode}\n   trusted_ca_cert_file {certs}/ca.crt\n  }}\n }}\n respond ok 200\n}}\n"
    )
    argv = [binary, "run", "--adapter", "caddyfile", "--config", configured(work, "Caddyfile", text)]
    with serving(argv, work, port) as address:
        yield address


@contextmanager
def stunnel(certs: Path, logs: Path, options: str = "verifyChain = yes") -> Iterator[Address]:
    """stunnel before a web server; `options` are those about client certificates."""
    binary, work, port, behind = need("stunnel4"), workdir(logs, "stunnel"), free_port(), free_port()
    lines = "\n".join(options.split("; "))
    text = (
        f"foreground = yes\npid =\n[web]\naccept = {HOST}:{port}\nconnect = {HOST}:{behind}\n"
        f"cert = {certs}/server.crt\nkey = {certs}/server.key\nCAfile = {certs}/ca.crt\n{lines}\n"
    )
    page = configured(work, "index.html", "ok")
    web = [need("python3"), "-m", "http.server", "--bind", HOST, "--directory", page.parent, str(behind)]
    with (
        serving(web, workdir(logs, "web"), behind),
        serving([binary, configured(work, "stunnel.conf", text)], work, port) as address,
    ):
        yield address


@contextmanager
def redis(certs: Path, logs: Path, mode: str = "yes") -> Iterator[Address]:
    """Redis; `mode` is its tls-auth-clients."""
    binary, work, port = need("redis-server"), workdir(logs, "redis"), free_port()
    argv = [binary, "--port", "0", "--tls-port", str(port), "--bind", HOST, "--save", "", "--tls-auth-clients", mode]
    argv += ["--tls-cert-file", str(certs / "server.crt"), "--tls-key-file", str(certs / "server.key")]
    argv += ["--tls-ca-cert-file", str(certs / "ca.crt")]
    with serving(argv, work, port) as address:
        yield address


@contextmanager
def mosquitto(certs: Path, logs: Path, required: str = "true") -> Iterator[Address]:
    """mosquitto; `required` is its require_certificate."""
    binary, work, port = need("mosquitto"), workdir(logs, "mosquitto"), free_port()
    text = (
        f"listener {port} {HOST}\nallow_anonymous true\ncafile {certs}/ca.crt\ncertfile {certs}/server.crt\n"
        f"keyfile {certs}/server.key\nrequire_certificate {required}\nuser root\n"
    )
    with serving([binary, "-c", configured(work, "mosquitto.conf", text)], work, port) as address:
        yield address


def _postgres_program(name: str) -> str:
    """Debian keeps them away from the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else need(name)


@contextmanager
def postgres(certs: Path, logs: Path, options: str = "clientcert=verify-full") -> Iterator[Address]:
    """PostgreSQL, which trusts each user; `options` are those of the hostssl line."""
    initdb, binary, port = _postgres_program("initdb"), _postgres_program("postgres"), free_port()
    user = "postgres" if os.geteuid() == 0 else None
    work = Path(f"/dev/shm/mintls-postgres-{os.getpid()}-{port}")  # where that user may read, and paths are short
    work.mkdir(mode=0o755)
    try:
        for name in ("server.crt", "server.key", "ca.crt"):
            shutil.copy(certs / name, work)
            if user:
                shutil.chown(work / name, user)
        (work / "server.key").chmod(0o600)
        if user:
            shutil.chown(work, user)
        data = work / "data"
        subprocess.run([initdb, "-D", data, "-A", "trust", "-N"], check=True, user=user, cwd=work, capture_output=True)
        (data / "pg_hba.conf").write_text(f"hostssl all all 127.0.0.1/32 trust {options}\n")
        settings = {
            "port": port, "listen_addresses": HOST, "unix_socket_directories": "", "ssl": "on", "fsync": "off",
            "ssl_cert_file": work / "server.crt", "ssl_key_file": work / "server.key", "ssl_ca_file": work / "ca.crt",
        }  # fmt: skip
        argv = [binary, "-D", data, *(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))]
        with serving(argv, work, port, user) as address:
            yield address
    finally:
        shutil.rmtree(work)


@contextmanager
def slapd(certs: Path, logs: Path, mode: str = "demand") -> Iterator[Address]:
    """OpenLDAP's slapd on ldaps; `mode` is its TLSVerifyClient."""
    binary, work, port = need("slapd"), workdir(logs, "slapd"), free_port()
    text = (
        f"TLSCACertificateFile {certs}/ca.crt\nTLSCertificateFile {certs}/server.crt\n"
        f"TLSCertificateKeyFile {certs}/server.key\nTLSVerifyClient {mode}\nTLSProtocolMin 3.3\npidfile {work}/pid\n"
    )
    argv = [binary, "-d", "0", "-h", f"ldaps://{HOST}:{port}/", "-f", configured(work, "slapd.conf", text)]
    with serving(argv, work, port) as address:
        yield address


@contextmanager
def mariadb(certs: Path, logs: Path, required: str = "X509") -> Iterator[Address]:
    """MariaDB with a user that has the name of the client; `required` is what it REQUIREs: X509 or SSL."""
    binary, install, port = need("mariadbd"), need("mariadb-install-db"), free_port()
    work = Path(f"/dev/shm/mintls-mariadb-{os.getpid()}-{port}")
    work.mkdir(mode=0o700)
    me = pwd.getpwuid(os.geteuid()).pw_name
    try:
        common = ["--no-defaults", f"--datadir={work}/data", f"--user={me}"]
        subprocess.run([install, *common, "--skip-test-db"], check=True, capture_output=True, cwd=work)
        init = configured(work, "init.sql", f"CREATE USER 'dev-client'@'%' REQUIRE {required};\n")
        argv = [
            binary,
            *common,
            f"--init-file={init}",
            f"--port={port}",
            f"--bind-address={HOST}",
            "--skip-name-resolve",
        ]
        argv += [f"--socket={work}/socket", f"--pid-file={work}/pid", f"--ssl-ca={certs}/ca.crt"]
        argv += [f"--ssl-cert={certs}/server.crt", f"--ssl-key={certs}/server.key"]
        with serving(argv, work, port) as address:
            yield address
    finally:
        shutil.rmtree(work)


DOVECOT = """
base_dir = {work}/run
state_dir = {work}/state
log_path = {work}/dovecot.log
listen = 127.0.0.1
protocols = imap pop3
disable_plaintext_auth = yes
ssl = required
ssl_cert = <{certs}/server.crt
ssl_key = <{certs}/server.key
ssl_ca = <{certs}/ca.crt
ssl_verify_client_cert = yes
ssl_require_crl = no
auth_ssl_require_client_cert = {demand}
auth_failure_delay = 0
mail_location = mbox:{work}/mail
passdb {{
  driver = static
  args = password=right
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
"""


@contextmanager
def dovecot(certs: Path, logs: Path, listener: str = "imaps", demand: str = "yes") -> Iterator[Address]:
    """Dovecot; `listener` is imap, imaps or pop3, `demand` its auth_ssl_require_client_cert."""
    binary, work = need("dovecot"), Path(f"/dev/shm/mintls-dovecot-{os.getpid()}-{free_port()}")
    ports = {name: free_port() for name in ("imap", "imaps", "pop3")}
    work.mkdir(mode=0o755)
    try:
        text = DOVECOT.format(work=work, certs=certs, demand=demand, **ports)
        argv = [binary, "-F", "-c", configured(work, "dovecot.conf", text)]
        with serving(argv, work, ports[listener]) as address:
            yield address
    finally:
        shutil.rmtree(work, ignore_errors=True)


POSTFIX = """
compatibility_level = 3.6
queue_directory = {work}/queue
data_directory = {work}/data
maillog_file = {work}/mail.log
maillog_file_prefixes = /dev/shm
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
mydestination = localhost
local_recipient_maps =
alias_maps =
smtpd_tls_security_level = {level}
smtpd_tls_cert_file = {work}/server.crt
smtpd_tls_key_file = {work}/server.key
smtpd_tls_CAfile = {work}/ca.crt
smtpd_tls_{asks}_ccert = yes
smtpd_relay_restrictions = {restrictions}
smtpd_peername_lookup = no
"""
MASTER = """
{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
error unix - - n - - error
"""


@contextmanager
def postfix(
    certs: Path, logs: Path, asks: str = "req", restrictions: str = "reject_unauth_destination", level: str = "encrypt"
) -> Iterator[Address]:
    """Postfix; `asks` is ask or req: its smtpd_tls_..._ccert. Only root can start it."""
    binary, port = need("postfix"), free_port()
    if os.geteuid():
        pytest.skip("only root can start Postfix")
    work = Path(f"/dev/shm/mintls-postfix-{os.getpid()}-{port}")
    work.mkdir(mode=0o755)
    try:
        for name in ("server.crt", "server.key", "ca.crt"):
            shutil.copy(certs / name, work)
        for name, owner in (("queue", "root"), ("data", "postfix")):
            (work / name).mkdir()
            shutil.chown(work / name, owner)
        text = POSTFIX.format(work=work, asks=asks, restrictions=restrictions, level=level)
        configured(work, "main.cf", text)
        configured(work, "master.cf", MASTER.format(port=port))
        subprocess.run([binary, "-c", work, "check"], check=True, capture_output=True)
        with serving([binary, "-c", work, "start-fg"], work, port) as address:
            yield address
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def grpc(certs: Path, logs: Path, mode: str = "required") -> Iterator[Address]:
    """grpcio's server; `mode` is required or optional, which requests no certificate at all."""
    need_module("grpc")
    argv: list[str | Path] = [sys.executable, "-u", Path(__file__).parent / "grpc_server.py", mode]
    argv += [certs / "ca.crt", certs / "server.crt", certs / "server.key"]
    with running(argv, r"^listening (\d+)", workdir(logs, "grpc")) as match:
        yield Address(HOST, int(match[1]))


@contextmanager
def nginx_http2(certs: Path, logs: Path, verify: str = "on") -> Iterator[Address]:
    """nginx that is asked by HTTP/2."""
    binary, work, port = need("nginx"), workdir(logs, "nginx"), free_port()
    temporary = " ".join(
        f"{name}_temp_path {work}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = (
        f"daemon off; pid {work}/pid; error_log stderr;\nevents {{}}\nhttp {{ access_log off; {temporary}\n"
        f"server {{ listen {HOST}:{port} ssl http2; ssl_certificate {certs}/server.crt;\n"
        f"ssl_certificate_key {certs}/server.key; ssl_client_certificate {certs}/ca.crt; ssl_verify_client {verify};\n"
        "location / { return 200 ok; } } }\n"
    )
    argv = [binary, "-e", "stderr", "-p", work, "-c", configured(work, "nginx.conf", text)]
    with serving(argv, work, port) as address:
        yield address


RIGHT: dict[str, Start] = {
    "postfix req_ccert": postfix,
    "postfix ask_ccert with a restriction": partial(
        postfix, asks="ask", restrictions="permit_tls_all_clientcerts, reject"
    ),
    "grpc required": grpc,
    "apache require": apache,
    "apache require in a location": partial(apache, verify="none", location="require"),
    "haproxy required": haproxy,
    "caddy require_and_verify": caddy,
    "stunnel verifyChain": stunnel,
    "redis yes": redis,
    "mosquitto true": mosquitto,
    "postgres verify-full": postgres,
    "postgres verify-ca": partial(postgres, options="clientcert=verify-ca"),
    "slapd demand": slapd,
    "mariadb REQUIRE X509": mariadb,
    "dovecot imaps demand": dovecot,
    "dovecot imap demand": partial(dovecot, listener="imap"),
    "dovecot pop3 demand": partial(dovecot, listener="pop3"),
}
WRONG: dict[str, Start] = {
    "postfix ask_ccert": partial(postfix, asks="ask"),
    "grpc optional": partial(grpc, mode="optional"),
    "apache optional": partial(apache, verify="optional"),
    "haproxy optional": partial(haproxy, options="verify optional"),
    "haproxy crt-ignore-err all": partial(haproxy, options="verify required crt-ignore-err all ca-ignore-err all"),
    "caddy require": partial(caddy, mode="require"),
    "caddy request": partial(caddy, mode="request"),
    "stunnel requireCert alone": partial(stunnel, options="requireCert = yes; verifyChain = no"),
    "redis optional": partial(redis, mode="optional"),
    "mosquitto false": partial(mosquitto, required="false"),
    "postgres no clientcert": partial(postgres, options=""),
    "slapd try": partial(slapd, mode="try"),
    "slapd allow": partial(slapd, mode="allow"),
    "mariadb REQUIRE SSL": partial(mariadb, required="SSL"),
    "dovecot imaps verify alone": partial(dovecot, demand="no"),
    "dovecot imap verify alone": partial(dovecot, listener="imap", demand="no"),
    "dovecot pop3 verify alone": partial(dovecot, listener="pop3", demand="no"),
}
