"""Stacks in other settings than the printed ones: as right, or as wrong, and told apart just as well."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mintls.configuration.registry import stacks
from mintls.configuration.stack import Side

import pytest
from msgspec.structs import replace
from peers.process import free_port
from stacks.running import check_programs, configure, place, prepare, started, variables
from stacks.test_run import OF_CLIENT, PROFILE, prove

if TYPE_CHECKING:
    from mintls.pytest_plugin import Mint

pytestmark = pytest.mark.peers
DEMAND = ("auth_ssl_require_client_cert = yes", "auth_ssl_require_client_cert = no")
IMAP = (("    port = @port@\n    ssl = yes", "    port = 0"), ("imap {\n    port = 0", "imap {\n    port = @port@"))
POP3 = (*IMAP, ("imap", "pop3"))
LOCATION = (("SSLVerifyClient require\n    SSLVerifyDepth", "SSLVerifyClient none\n    SSLVerifyDepth"),)
HTTP2 = (("ssl;", "ssl http2;"),)


class Variant(NamedTuple):
    """The changes of the files, and the options in the place of those of the stack."""

    stack: str
    changes: tuple[tuple[str, str], ...]
    options: str = ""
    right: bool = True


VARIANTS = {
    "apache, for a location": Variant("apache", (*LOCATION, ("granted", "granted\n        SSLVerifyClient require"))),
    "apache, for no location": Variant("apache", LOCATION, right=False),
    "caddy, request": Variant("caddy", (("mode require_and_verify", "mode request"),), right=False),
    "dovecot, imap with STARTTLS": Variant("dovecot", IMAP, "--starttls imap"),
    "dovecot, imap with STARTTLS, not demanded": Variant("dovecot", (*IMAP, DEMAND), "--starttls imap", right=False),
    "dovecot, pop3 with STARTTLS": Variant("dovecot", POP3, "--probe pop3 --starttls pop3"),
    "dovecot, pop3, not demanded": Variant("dovecot", (*POP3, DEMAND), "--probe pop3 --starttls pop3", right=False),
    "nginx, HTTP/2": Variant("nginx", HTTP2, "--probe h2"),
    "nginx, HTTP/2, optional": Variant("nginx", (*HTTP2, ("client on", "client optional")), "--probe h2", right=False),
    "postfix, asked, with a restriction": Variant(
        "postfix",
        (("tls_req_ccert", "tls_ask_ccert"), ("reject_unauth_destination", "permit_tls_all_clientcerts, reject")),
        "--starttls smtp",
    ),
    "postgresql, verify-ca": Variant("postgresql", (("clientcert=verify-full", "clientcert=verify-ca"),)),
}


def changed(side: Side, changes: tuple[tuple[str, str], ...], options: str) -> Side:
    files = dict(side.files)
    for old, new in changes:
        assert any(old in text for text in files.values()), old
        files = {name: text.replace(old, new) for name, text in files.items()}
    return replace(side, files=files, options=options)


def change(monkeypatch: pytest.MonkeyPatch, variant: Variant) -> None:
    stack = stacks()[variant.stack]
    assert stack.server
    side = changed(stack.server, variant.changes, variant.options)
    monkeypatch.setattr(f"mintls.stacks.{variant.stack}.STACK", replace(stack, server=side))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant(name: str, mint: "Mint", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variant, port = VARIANTS[name], free_port()
    change(monkeypatch, variant)
    with place(variant.stack) as directory:
        printed = configure(variant.stack, mint(PROFILE).directory, directory, "--port", port)
        check_programs(printed)
        with started(variant.stack, printed, port):
            cases = () if variant.right else ("none", "self-signed", "certificate-request")
            status, report = prove(printed.commands["prove"], tmp_path / "r.json", cases, variables(variant.stack))
    wrong = [f"{row['id']} {row['reason']}" for row in report["rows"] if row["outcome"] in ("fail", "unknown")]
    assert status == (0 if variant.right else 1), wrong
    assert bool(wrong) is not variant.right


def test_a_pinned_key_is_reported_and_does_not_fail(
    mint: "Mint", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """stunnel compares the key of the certificate with one that it knows: only its owner can present others of it."""
    certs, port = mint(PROFILE).directory, free_port()
    peer = f"CAfile = {certs}/client.crt\nverifyPeer = yes"
    change(monkeypatch, Variant("stunnel", (("CAfile = @ca@", peer), ("verifyChain = yes", "verifyChain = no"))))
    with place("stunnel") as directory:
        printed = configure("stunnel", certs, directory, "--port", port)
        check_programs(printed)
        with started("stunnel", printed, port):
            line = re.sub(r"(handshake_check\.py) \S+", rf"\1 --ca {certs}/ca.crt --cert {certs}/client.crt "
                          rf"--key {certs}/client.key", printed.commands["prove"])  # fmt: skip
            status, report = prove(line, tmp_path / "r.json", (), variables("stunnel"))
    found = {(row["outcome"], row["case"]) for row in report["rows"]}
    assert status == 0
    assert {("info", "bad-signature"), ("info", "bad-body")} <= found
    assert {("pass", case) for case in ("self-signed", "unknown-ca", "same-name-ca", "stolen")} <= found
    reasons = [row["reason"] for row in report["rows"] if row["case"] == "bad-body"]
    assert all(reason.startswith("the server pins the key of your certificate") for reason in reasons)
    assert ("warn", "ca-names") in found, "the one name that it sends is not that of a CA"


UPSTREAM = (
    ("    server {\n", "    upstream behind { server @host@:@port@; }\n    server {\n"),
    ("proxy_pass https://@host@:@port@;", "proxy_pass https://behind;"),
)
NAMED = ("proxy_ssl_server_name on;", "proxy_ssl_server_name on; proxy_ssl_name localhost;")
OF_REQUEST = (NAMED[0], "proxy_ssl_server_name on; proxy_ssl_name $host;")
AGAIN = (  # as some fall back when the first try fails
    ("location / {", "error_page 502 = @again;\n        location / {"),
    (
        "proxy_ssl_server_name on;\n        }",
        "proxy_ssl_server_name on;\n        }\n        location @again { proxy_pass https://@host@:@port@; }",
    ),
)


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        pytest.param((*UPSTREAM, NAMED), 0, "application data", id="an upstream, and proxy_ssl_name"),
        pytest.param(UPSTREAM, 3, 'does not match "behind"', id="an upstream alone"),
        pytest.param((OF_REQUEST,), 3, 'does not match "front.example"', id="the name of the request"),
        pytest.param(AGAIN, 1, "in connection 2 of 2", id="again, without verification"),
    ],
)
def test_nginx_as_a_client(
    changes: tuple[tuple[str, str], ...],
    status: int,
    words: str,
    mint: "Mint",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It verifies the name in proxy_pass, which may be that of an upstream. With a name that the server does not have
    nothing is accepted and nothing judged: the report has nginx's own words and the directive.
    """
    stack = stacks()["nginx"]
    assert stack.client
    side = changed(stack.client, changes, "--tls 1.2")
    monkeypatch.setattr("mintls.stacks.nginx.STACK", replace(stack, client=side))
    with place("nginx") as directory:
        printed = configure("nginx", mint(PROFILE).directory, directory, "--client")
        check_programs(printed)
        prepare("nginx", printed)
        found, report = prove(printed.commands["prove"], tmp_path / "r.json", OF_CLIENT, variables("nginx"))
    rows = {row["case"]: row for row in report["rows"]}
    assert found == status, rows
    worst = {row["outcome"] for row in rows.values()} - {"pass", "warn", "skip"}
    assert worst == {0: set(), 1: {"fail"}, 3: {"unknown"}}[status]
    judged = rows["expired" if status == 1 else "good"]
    assert words in judged["reason"]
    assert status != 3 or "proxy_ssl_name" in judged["fix"]
