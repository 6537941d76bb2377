"""Real TLS servers, each in the modes that decide whether it enforces mTLS.

Each is a context manager `name(certs, logs, mode)` that yields the Address where it listens. `certs` is a
directory with ca.crt, server.crt and server.key (and perhaps server.chain.crt, which is then what is sent).
What each one does about a missing or an unknown certificate is pinned in test_peers.py.
"""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from .golang import program
from .process import Address, NotReady, need, running, workdir

HERE = Path(__file__).parent
HOST = "127.0.0.1"
ATTEMPTS = 5  # at a port that was free a moment ago

NGINX = """
daemon off;
pid nginx.pid;
error_log stderr notice;
events {{ worker_connections 64; }}
http {{
  access_log access.log;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  ssl_certificate "{chain}";
  ssl_certificate_key "{key}";
  ssl_client_certificate "{ca}";
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:peers:1m;
  default_type text/plain;
  {servers}
}}
"""
NGINX_SERVER = """
  server {{
    listen {host}:{port} ssl{default};
    server_name {name};
    ssl_verify_client {verify};
    location / {{ return 200 "{name}: client $ssl_client_verify\\n"; }}
  }}
"""


def nginx(certs: Path, logs: Path, verify: str = "on") -> AbstractContextManager[Address]:
    """nginx with one server; `verify` is its ssl_verify_client: on, optional, optional_no_ca, off."""
    return _nginx(certs, logs, [("localhost", verify)])


def nginx_two_names(certs: Path, logs: Path, default: str = "localhost") -> AbstractContextManager[Address]:
    """nginx with two names on one port and one session cache: open.localhost asks for no certificate,
    localhost requires one; `default` is the one that answers when SNI names neither."""
    names = sorted([("localhost", "on"), ("open.localhost", "off")], key=lambda server: server[0] != default)
    return _nginx(certs, logs, names)


@contextmanager
def _nginx(certs: Path, logs: Path, names: list[tuple[str, str]]) -> Iterator[Address]:
    binary = need("nginx")
    work = workdir(logs, "nginx")
    with socket.create_server((HOST, 0), backlog=64) as listener:
        port: int = listener.getsockname()[1]
        servers = "".join(
            NGINX_SERVER.format(
                host=HOST, port=port, name=name, verify=verify, default=" default_server" * (index == 0)
            )
            for index, (name, verify) in enumerate(names)
        )
        paths = {"chain": _chain(certs), "key": certs / "server.key", "ca": certs / "ca.crt"}
        (work / "nginx.conf").write_text(NGINX.format(**paths, servers=servers))
        # nginx takes over a listening socket that $NGINX names (its own way to upgrade itself), so the
        # port is never free for another process to take. (It dies of that with `master_process off`.)
        argv = [binary, "-e", "stderr", "-p", f"{work}/", "-c", "nginx.conf"]
        child = running(
            argv,
            r"start worker process \d",
            work,
            env={"NGINX": f"{listener.fileno()};"},
            fds=[listener.fileno()],
        )
        with child:
            listener.close()  # from here on, if nginx dies, a connection is refused
            yield Address(HOST, port)


@contextmanager
def go(certs: Path, logs: Path, mode: str = "RequireAndVerifyClientCert") -> Iterator[Address]:
    """Go's http.Server; `mode` is the name of a tls.ClientAuthType, e.g. RequestClientCert, or OnlyByName:
    it requires a certificate for SNI `localhost` and asks for none without that name."""
    argv: list[str | Path] = [program(), "serve", mode, *_files(certs)]
    with running(argv, r"^listening (\d+)", workdir(logs, "go")) as match:
        yield Address(HOST, int(match[1]))


@contextmanager
def node(certs: Path, logs: Path, reject: bool = True) -> Iterator[Address]:
    """Node's https.createServer with requestCert; `reject` is its rejectUnauthorized."""
    argv: list[str | Path] = [need("node"), HERE / "server.js", str(reject).lower(), *_files(certs)]
    with running(argv, r"^listening (\d+)", workdir(logs, "node")) as match:
        yield Address(HOST, int(match[1]))


def python(certs: Path, logs: Path, mode: str = "required") -> AbstractContextManager[Address]:
    """Python's http.server over ssl; `mode` is required, optional or none: its ssl.CERT_*."""
    return _python("http", certs, logs, mode)


def smtp(certs: Path, logs: Path, mode: str = "required") -> AbstractContextManager[Address]:
    """A small SMTP server with STARTTLS (RFC 3207); `mode` as for `python`. It answers EHLO and NOOP."""
    return _python("smtp", certs, logs, mode)


@contextmanager
def _python(protocol: str, certs: Path, logs: Path, mode: str) -> Iterator[Address]:
    argv: list[str | Path] = [sys.executable, "-u", HERE / "server.py", protocol, mode, *_files(certs)]
    with running(argv, r"^listening (\d+)", workdir(logs, f"python-{protocol}")) as match:
        yield Address(HOST, int(match[1]))


@contextmanager
def s_server(certs: Path, logs: Path, answer: str = "-www", return_error: bool = True) -> Iterator[Address]:
    """`openssl s_server -Verify 5`; `answer` is -www (an HTTP page) or -rev (each line reversed).

    Only with -verify_return_error (`return_error`) does it refuse what it cannot verify. It serves one
    connection at a time.
    """
    argv: list[str | Path] = [need("openssl"), "s_server", "-accept", f"{HOST}:0", answer, "-Verify", "5"]
    argv += ["-CAfile", certs / "ca.crt", "-no-CApath"]
    argv += ["-cert", certs / "server.crt", "-cert_chain", _chain(certs), "-key", certs / "server.key"]
    argv += ["-verify_return_error"] * return_error
    with running(argv, r"^ACCEPT .*:(\d+)", workdir(logs, "s_server")) as match:
        yield Address(HOST, int(match[1]))


@contextmanager
def quiet(certs: Path, logs: Path, verify: bool = True) -> Iterator[Address]:
    """`openssl s_server -quiet` without session tickets: it never says anything. Only with `verify` does it refuse."""
    argv: list[str | Path] = [need("openssl"), "s_server", "-accept", f"{HOST}:0", "-Verify", "1", "-num_tickets", "0"]
    argv += ["-verify_return_error"] * verify
    argv += ["-CAfile", certs / "ca.crt", "-cert", certs / "server.crt", "-key", certs / "server.key"]
    with running(argv, r"^ACCEPT .*:(\d+)", workdir(logs, "quiet"), endless_input=True) as match:
        yield Address(HOST, int(match[1]))


@contextmanager
def gnutls(certs: Path, logs: Path, verify: bool = True) -> Iterator[Address]:
    """`gnutls-serv --http --require-client-cert`; only with --verify-client-cert (`verify`) does it verify.

    It listens on every address, for it has no option to choose one.
    """
    argv: list[str | Path] = [need("gnutls-serv"), "--http", "--require-client-cert"]
    argv += ["--verify-client-cert"] * verify
    argv += ["--x509cafile", certs / "ca.crt", "--x509certfile", _chain(certs)]
    argv += ["--x509keyfile", certs / "server.key"]
    for attempt in range(ATTEMPTS):
        with socket.create_server((HOST, 0)) as free:
            port: int = free.getsockname()[1]
        child = running([*argv, "--port", str(port)], rf"IPv4 .* port {port}\.\.\.done", workdir(logs, "gnutls"))
        try:
            child.__enter__()
        except NotReady:
            if attempt == ATTEMPTS - 1:
                raise
            continue
        break
    try:
        yield Address(HOST, port)
    finally:
        child.__exit__(None, None, None)


def _files(certs: Path) -> list[Path]:
    return [certs / "ca.crt", _chain(certs), certs / "server.key"]


def _chain(certs: Path) -> Path:
    chain = certs / "server.chain.crt"
    return chain if chain.exists() else certs / "server.crt"


Start = Callable[[Path, Path], AbstractContextManager[Address]]

RIGHT: dict[str, Start] = {
    "nginx on": nginx,
    "go RequireAndVerifyClientCert": go,
    "node rejectUnauthorized": node,
    "python CERT_REQUIRED": python,
    "s_server -www -verify_return_error": s_server,
    "s_server -rev -verify_return_error": partial(s_server, answer="-rev"),
    "gnutls-serv --verify-client-cert": gnutls,
    "smtp CERT_REQUIRED": smtp,
}
WRONG: dict[str, Start] = {
    "nginx optional": partial(nginx, verify="optional"),
    "nginx optional_no_ca": partial(nginx, verify="optional_no_ca"),
    "go RequestClientCert": partial(go, mode="RequestClientCert"),
    "go RequireAnyClientCert": partial(go, mode="RequireAnyClientCert"),
    "go VerifyClientCertIfGiven": partial(go, mode="VerifyClientCertIfGiven"),
    "go OnlyByName": partial(go, mode="OnlyByName"),
    "node rejectUnauthorized=false": partial(node, reject=False),
    "python CERT_OPTIONAL": partial(python, mode="optional"),
    "python CERT_NONE": partial(python, mode="none"),
    "s_server -www": partial(s_server, return_error=False),
    "s_server -rev": partial(s_server, answer="-rev", return_error=False),
    "gnutls-serv": partial(gnutls, verify=False),
    "smtp CERT_OPTIONAL": partial(smtp, mode="optional"),
    "smtp CERT_NONE": partial(smtp, mode="none"),
}
SERVERS = {**RIGHT, **WRONG}
