"""Each stack that can be installed is started with what configure.py prints, and handshake_check.py proves it.

With each of its wrong settings it fails, and the fix names the setting. `-k nginx` for one of them.
"""

import json
import shlex
import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mintls.configuration.registry import stacks
from mintls.configuration.stack import Side, Stack, Wrong
from mintls.configuration.template import OPTIONAL, placeholders

import pytest
from deadline import patient
from msgspec.structs import replace
from peers.process import free_port
from processes import run_script
from stacks.running import check_programs, configure, place, prepare, started, variables

if TYPE_CHECKING:
    from mintls.pytest_plugin import Mint

pytestmark = pytest.mark.peers
PROFILE = """
defaults: {key: ec:P-256, outputs: [chain, combined]}
authorities: {ca: {subject: {CN: Stack CA}}}
servers: {server: {subject: {CN: localhost}, san: ["DNS:localhost", "IP:127.0.0.1", "IP:::1"]}}
clients: {client: {subject: {CN: dev-client}, san: ["DNS:client.localhost"]}}
"""
DEEP = """
defaults: {key: ec:P-256, outputs: [chain, combined]}
authorities: {root: {subject: {CN: Stack Root}}, ca: {subject: {CN: Stack CA}, issuer: root}}
servers: {server: {issuer: ca, subject: {CN: localhost}, san: ["DNS:localhost", "IP:127.0.0.1", "IP:::1"]}}
clients: {client: {issuer: ca, subject: {CN: dev-client}, san: ["DNS:client.localhost"]}}
"""
REVOKED = """
defaults: {key: ec:P-256}
authorities: {ca: {subject: {CN: Stack CA}, crl: {days: 30}}}
servers: {server: {subject: {CN: localhost}, san: ["DNS:localhost", "IP:127.0.0.1"]SECRET}}
clients: {client: {subject: {CN: dev-client}SECRET}, old: {subject: {CN: dev-client}, revoked: keyCompromise}}
"""
# of a server that is set wrong: where it is set right, all cases are tried
OF_SERVER = ("none", "self-signed", "unknown-ca", "stolen", "certificate-request")
# of a client that is set right; all of them take minutes
MORE = ("wrong-purpose", "address-by-wildcard", "address-in-cn", "name-as-prefix", "subdomain")
OF_CLIENT = ("expired", "unknown-ca", "self-signed", "wrong-name", "cn-beside-san", "client/1.3/wrong-address")


def settings(side: Side | None) -> list[Wrong | None]:
    return [None, *side.wrong] if side and side.tested and side.start else []


def title(wrong: Wrong | None) -> str:
    return f"{wrong.wrong or 'without'} {wrong.setting}".replace("\n", " ")[-60:] if wrong else "right"


def parameters(role: str) -> list[object]:
    return [
        pytest.param(name, wrong, id=f"{name} {title(wrong)}")
        for name, stack in stacks().items()
        for wrong in settings(getattr(stack, role))
    ]


def spoil(monkeypatch: pytest.MonkeyPatch, name: str, role: str, wrong: Wrong | None) -> None:
    """The stack with the wrong setting in the place of the right one."""
    if wrong is None:
        return
    stack: Stack = stacks()[name]
    side: Side = getattr(stack, role)
    texts = (*side.files.values(), side.start, side.prepare)
    assert any(wrong.right in text for text in texts), f"{wrong.right!r} is nowhere in {name}"
    changed = replace(
        side,
        files={file: text.replace(wrong.right, wrong.wrong) for file, text in side.files.items()},
        start=side.start.replace(wrong.right, wrong.wrong),
        prepare=side.prepare.replace(wrong.right, wrong.wrong),
    )
    module = f"mintls.stacks.{name.replace('-', '_')}"
    monkeypatch.setattr(f"{module}.STACK", replace(stack, **{role: changed}))


def prove(line: str, report: Path, cases: tuple[str, ...], env: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """The command that is printed, with some cases."""
    words = shlex.split(line)[2:]
    only = [word for case in cases for word in ("--only", case)]
    done = run_script("handshake_check.py", *words, *only, "-j", 4, "--timeout", patient(10), "--json", report, env=env)
    assert not done.stderr.startswith("Traceback"), done.stderr
    assert report.exists(), done.stderr
    return done.returncode, json.loads(report.read_text())


def judge(status: int, report: dict[str, Any], wrong: Wrong | None, log: str) -> None:
    rows: list[dict[str, str]] = report["rows"]
    seen = [f"{row['id']} {row['outcome']}: {row['reason']}; {row['fix']}" for row in rows if row["outcome"] != "pass"]
    failed = [row for row in rows if row["outcome"] == "fail"]
    if wrong is None:
        assert (status, failed) == (0, []), "\n".join([*seen[:30], log[-3000:]])
    else:
        assert status == 1, "\n".join([*seen[:30], log[-3000:]])
        assert any(wrong.setting in row["fix"] for row in failed), "\n".join(seen)


@pytest.mark.parametrize(("name", "wrong"), parameters("server"))
def test_server(name: str, wrong: Wrong | None, mint: "Mint", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told apart by three files alone; where it is set right, also with the CA's key."""
    spoil(monkeypatch, name, "server", wrong)
    certs, port = mint(PROFILE).directory, free_port()
    with place(name) as directory:
        printed = configure(name, certs, directory, "--port", port)
        check_programs(printed)
        line, log = printed.commands["prove"], directory / "log"
        with started(name, printed, port):
            program, script, _, *words = shlex.split(line)
            alone = shlex.join([program, script, str(three_files(certs, tmp_path)), *words])
            for command, cases in ((alone, OF_SERVER), *(() if wrong else ((line, ()),))):
                status, report = prove(command, tmp_path / "report.json", cases, variables(name))
                judge(status, report, wrong, log.read_text(errors="replace"))


def three_files(certs: Path, tmp_path: Path) -> Path:
    """ca.crt, client.crt and client.key."""
    directory = tmp_path / "three"
    directory.mkdir()
    for name in ("ca.crt", "client.crt", "client.key"):
        shutil.copy(certs / name, directory)
    return directory


def uses(side: Side | None, name: str) -> bool:
    return bool(side and side.tested and name in placeholders((*side.files.values(), side.start)))


WITH_MORE = [
    (name, role)
    for name, stack in stacks().items()
    for role in ("server", "client")
    if any(uses(getattr(stack, role), one) for one in OPTIONAL)
]


@pytest.mark.parametrize(("name", "role"), WITH_MORE)
def test_an_encrypted_key_and_a_crl(name: str, role: str, mint: "Mint", tmp_path: Path) -> None:
    """What can read a passphrase from a file starts with it; what reads a CRL rejects a revoked client."""
    side: Side = getattr(stacks()[name], role)
    port = free_port()
    with place(name) as directory:
        secret = directory / "secret"
        secret.write_text("correct horse\n")
        profile = REVOKED.replace("SECRET", f", passphrase: {{file: {secret}}}" if uses(side, "passphrase") else "")
        more = ["--key-pass", f"file:{secret}"] if uses(side, "passphrase") else []
        more += ["--client"] if role == "client" else ["--port", str(port)]
        cases: tuple[str, ...] = ("none", "self-signed", *(["bad-*"] if uses(side, "crl") else []))
        printed = configure(name, mint(profile).directory, directory, *more)
        check_programs(printed)
        with started(name, printed, port) if role == "server" else nullcontext(prepare(name, printed)):
            status, report = prove(printed.commands["prove"], tmp_path / "report.json", cases, variables(name))
        log = directory / "log"
        judge(status, report, None, log.read_text(errors="replace") if log.exists() else "")
    passed = {row["case"] for row in report["rows"] if row["outcome"] == "pass"}
    assert "good" in passed
    assert any(case.startswith("bad-revoked") for case in passed) or role == "client" or not uses(side, "crl")


ASKED = [name for name, one in stacks().items() if one.server and one.server.tested and one.protocol != "nats"]


@pytest.mark.parametrize("name", ASKED)
def test_server_of_an_intermediate(name: str, mint: "Mint") -> None:
    """With only the root, a client can build the chain from what the server sends (NATS has a line before TLS)."""
    certs, port = mint(DEEP).directory, free_port()
    upgrade = {"smtp": ["--starttls", "smtp"], "postgres": ["--starttls", "postgres"], "mysql": ["--starttls", "mysql"]}
    with place(name) as directory:
        printed = configure(name, certs, directory, "--port", port)
        check_programs(printed)
        with started(name, printed, port):
            words = [f"localhost:{port}", "--trust", certs / "root.crt", *upgrade.get(stacks()[name].protocol, [])]
            done = run_script("verify.py", *words)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.parametrize(("name", "wrong"), parameters("client"))
def test_client(name: str, wrong: Wrong | None, mint: "Mint", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch, name, "client", wrong)
    with place(name) as directory:
        printed = configure(name, mint(PROFILE).directory, directory, "--client")
        check_programs(printed)
        prepare(name, printed)
        cases = OF_CLIENT if wrong else (*OF_CLIENT, *(f"client/1.3/{case}" for case in MORE))
        status, report = prove(printed.commands["prove"], tmp_path / "report.json", cases, variables(name))
    judge(status, report, wrong, "")
