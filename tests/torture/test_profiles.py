"""Hostile profiles, and what they point at: bounded time and memory, a sentence, status 2, and nothing is touched."""

import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

from mintls.errors import MintlsError, ProfileError
from mintls.minting.check import check, whole_plan
from mintls.minting.publication import COMMIT
from mintls.plan.selection import Selection
from mintls.plan.shell_script import shell_script
from mintls.profile.load import read_profile

import pytest
from conftest import PROFILES, contents
from deadline import patient
from fault_injection import FULL, copy, files, times
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from processes import SCRIPTS

pytestmark = pytest.mark.torture
Property = Callable[[str, object], None]
MEMORY, PATIENCE = 1 << 30, 60  # bytes of address space, seconds of processor time
BASE = """\
authorities: {{ca: {{subject: {{CN: CA}}, key: ec:P-256}}}}
clients: {{c: {{subject: {{CN: c}}, key: ec:P-256, {}}}}}
"""


def bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE))


def generate(profile: Path, *words: object, **options: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(SCRIPTS / "generate.py"), str(profile), *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, preexec_fn=bounded, timeout=patient(100), cwd=profile.parent, **options
    )  # type: ignore[call-overload, no-any-return]


def check_refused(done: "subprocess.CompletedProcess[str]", status: int = 2) -> None:
    assert (done.returncode, done.stdout) == (status, ""), done.stderr[-2000:]
    assert done.stderr.endswith("\n")
    assert "Traceback" not in done.stderr
    assert done.stderr.replace("\n", "").isprintable()
    assert len(done.stderr) < 1_000_000


# ---- the text

TEN = [", ".join([f"*x{n}"] * 10) for n in range(30)]
ALIASES = "\n".join(["x0: &x0 [a]", *(f"x{n}: &x{n} [{TEN[n - 1]}]" for n in range(1, 30))])
MERGES = "\n".join(["x0: &x0 {a: {subject: {CN: a}}}", *(f"x{n}: &x{n} {{<<: [{TEN[n - 1]}]}}" for n in range(1, 30))])
BOMBS: dict[str, bytes] = {
    "lists in lists": b"authorities: " + b"[" * 100_000,
    "maps in maps": b"authorities: " + b"{a: " * 100_000,
    "indented": b"".join(b" " * n + b"a:\n" for n in range(500)),
    "aliases of aliases": f"{ALIASES}\nauthorities: *x29".encode(),
    "aliases in a subject": f"{ALIASES}\nauthorities: {{ca: {{subject: {{CN: *x29}}}}}}".encode(),
    "aliases as names": f"{ALIASES}\nservers: {{s: {{subject: {{CN: s}}, san: *x29}}}}".encode(),
    "merges of merges": f"{MERGES}\nauthorities: {{<<: *x29}}".encode(),
    "a count too large": BASE.format("count: 99999999999999999999").encode(),
    "a fleet of fleets": "\n".join(
        ["clients:", *(f"  f{n}: {{subject: {{CN: f}}, count: 100000}}" for n in range(2000))]
    ).encode(),
    "a long number": BASE.format(f"serial: {'9' * 1_000_000}").encode(),
    "a long word": BASE.format(f"key: {'x' * 1_000_000}").encode(),
    "a long key": b"a" * 1_000_000 + b": 1",
    "a long alternative name": BASE.format(f"san: ['DNS:{'a.' * 500_000}b']").encode(),
    "an address of digits": BASE.format(f"san: ['IP:{'1' * 1_000_000}']").encode(),
    "many names that are wrong": BASE.format(f"san: [{', '.join(['x'] * 20_000)}]").encode(),
    "many keys twice": b"a: 1\n" * 50_000,
    "many anchors": b"".join(b"- &a%d x\n" % n for n in range(50_000)),
    "a circle of issuers": b"authorities:\n"
    + b"".join(b"  a%d: {subject: {CN: a}, issuer: a%d}\n" % (n, (n + 1) % 300) for n in range(300)),
    "NUL": b"authorities: {ca: {subject: {CN: \x00}}}",
    "an escaped NUL": rb'authorities: {ca: {subject: {CN: "\0"}}}',
    "escape sequences": rb'authorities: {"\e]0;x\a": {subject: {"\e[31m": "\e[2J"}}}',
    "turned round": 'authorities: {"\u202etxt": {subject: {CN: a}, "\u2066k": 1}}'.encode(),
    "a line that ends the script": rb"""
        authorities: {ca: {subject: {CN: "x\u2028END\u2028touch pwned\u2028cat <<'END'\u2028y"}}}""",
    "a paragraph that ends the script": rb"""
        authorities: {ca: {subject: {CN: "x\u2029END\u2029touch pwned\u2029cat <<'END'\u2029y"}}}""",
    "a name turned round": rb'authorities: {ca: {subject: {CN: "\u202egro.elgoog"}}}',
    "not UTF-8": b"authorities: {ca: {subject: {CN: \xff\xfe}}}",
    "UTF-16": BASE.format("").encode("utf-16"),
    "a lone surrogate": rb'authorities: {ca: {subject: {CN: "\ud800"}}}',
    "larger than a profile": b"# " + b"x" * (17 << 20),
    "an object": b"authorities: !!python/object/apply:os.system [touch pwned]",
    "a module": b"!!python/module:os {}",
    "an object in a name": b'authorities: {ca: {subject: {CN: !!python/object/new:os.system ["touch pwned"]}}}',
    "a path as a name": b'authorities: {"../up": {subject: {CN: a}}}',
    "a rooted path as a name": b'authorities: {"/tmp/pwned": {subject: {CN: a}}}',
    "an option as a name": b'authorities: {"-out": {subject: {CN: a}}}',
    "a hidden name": b'authorities: {".mintls-commit": {subject: {CN: a}}}',
    "a name with a line": rb'authorities: {"a\nb": {subject: {CN: a}}}',
    "a name of dots": b'authorities: {"..": {subject: {CN: a}}}',
    "a path as a pattern": b"files: {key: '../{name}.key'}\n" + BASE.format("").encode(),
    "a rooted pattern": b"files: {key: '/tmp/{name}.key'}\n" + BASE.format("").encode(),
    "a pattern that hides": b"files: {key: '.mintls-commit{name}'}\n" + BASE.format("").encode(),
    "a pattern without a name": b"files: {key: 'ca.crt'}\n" + BASE.format("").encode(),
    "patterns that collide": b"files: {key: '{name}', certificate: '{name}'}\n" + BASE.format("").encode(),
    "the manifest as a name": b"files: {key: '{name}.json'}\nauthorities: {manifest: {subject: {CN: a}}}",
    "a command in a name": b"authorities: {'$(touch pwned)': {subject: {CN: a}}}",
    "a command in an extension": BASE.format('extensions: {"1.2.3.4`touch pwned`": "DER:0500"}').encode(),
    "a file in an extension": BASE.format('extensions: {certificatePolicies: "@/etc/passwd"}').encode(),
    "a policy from a file": BASE.format(
        'extensions: {proxyCertInfo: "critical,language:id-ppl-anyLanguage,policy:file:/etc/passwd"}'
    ).encode(),
    "a passphrase in the place of its name": BASE.format('passphrase: {env: "s3cr3t word"}').encode(),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_profile_that_attacks(name: str, tmp_path: Path, record_property: Property) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "p.yaml").write_bytes(BOMBS[name])
    before = contents(folder)
    done = generate(folder / "p.yaml", "-o", folder / "set", "--dry-run" if name == "larger" else "-q")
    check_refused(done)
    assert "s3cr3t" not in done.stderr
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["here"]
    record_property("hostile inputs, refused", 1)


def test_its_good_twin_is_minted(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(BASE.format("days: 3"))
    done = generate(tmp_path / "p.yaml", "-o", tmp_path / "set")
    assert done.returncode == 0, done.stderr


def judge(data: bytes, source: str = "p.yaml") -> bool:
    """Whether it is a profile. If so its plan names plain files alone; if not, each complaint is a safe line."""
    start, complaints = time.process_time(), ()
    try:
        profile = read_profile(data, source, "p")
    except ProfileError as error:
        complaints = error.complaints
    finally:
        assert time.process_time() - start < 10
    if complaints:
        assert all(line.startswith(f"{source}:") and line.isprintable() for line in "\n".join(complaints).split("\n"))
        return False
    assert all(warning.isprintable() for warning in profile.warnings)
    if len(profile.entries) < 50:
        plan = whole_plan(profile)
        names = [output.name for output in plan.outputs] + [config.name for config in plan.configs]
        assert all("/" not in name and not name.startswith((".", "-")) and name.isprintable() for name in names)
        assert all(name.isascii() and " " not in name for name in names)
        assert shell_script(plan, "p").startswith("#!/bin/sh\n")
        for config in plan.configs:
            assert config.text.splitlines() == config.text.removesuffix("\n").split("\n")[: config.text.count("\n")]
            assert "\u202e" not in config.text
    return True


WORDS = [
    b"&a ", b"*a", b"<<: *a", b"!!python/object:os.system", b"count: 3\n", b"'", b'"', b"{", b"}", b"[", b"]", b"\n",
    b"\t", b"\x00", b"\xff", b"\xe2\x80\xae", b"- ", b": ", b"{index}", b"{index:04d}", b"../", b"$(x)",
    b"${ENV::HOME}", b"#", b"|\n", b">\n", b"? ", b"%YAML 9.9\n", b"---\n", b"99999999999", b"-1", b"1e9", b"~",
    b"@x", b"\\", b"critical,", b"revoked: keyCompromise", b"defects: [stolen_key]", b"outputs: [pkcs12]",
    b"csr: /dev/zero", b"issuer: ca",
]  # fmt: skip


def mutated(draw: random.Random, data: bytes) -> bytes:
    """One to six small changes: bytes, words of the language, lines twice, lines away, pieces moved."""
    for _ in range(draw.randint(1, 6)):
        here, there = sorted(draw.randrange(len(data) + 1) for _ in range(2))
        lines = data.splitlines(keepends=True) or [b""]
        match draw.randrange(6):
            case 0:
                data = data[:here] + bytes([draw.randrange(256)]) + data[here + 1 :]
            case 1:
                data = data[:here] + draw.choice(WORDS) + data[here:]
            case 2:
                data = data[:here] + data[min(there, here + 40) :]
            case 3:
                lines.insert(draw.randrange(len(lines)), draw.choice(lines))
                data = b"".join(lines)
            case 4:
                del lines[draw.randrange(len(lines))]
                data = b"".join(lines)
            case _:
                piece = data[here : min(there, here + 60)]
                data = data[:there] + piece + data[there:]
    return data


@pytest.mark.parametrize("name", ["classic", "dev", "showcase", "step-by-step"])
def test_profiles_with_mistakes_of_chance(name: str, record_property: Property) -> None:
    data = (PROFILES / f"{name}.yaml").read_bytes()
    sound = b"\n".join(line for line in data.split(b"\n") if not line.lstrip().startswith(b"#"))
    draw, tried, good = random.Random(name), times(5000, 60), 0
    for _ in range(tried):
        text = mutated(draw, sound)
        try:
            good += judge(text)
        except BaseException:
            print(text)  # what to try again
            raise
    assert good < tried
    assert good or not FULL, "some are still profiles"
    record_property("mutated profiles", tried)


TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from([
        "ca", "localhost", "ec:P-256", "rsa:2048", "DNS:localhost", "IP:::1", "email:a@b.c", "otherName:1.2;UTF8:x",
        "URI:a://b", "RID:1.2.3", "2030-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00", "5m", "9999999w", "0x01",
        "keyid:always,issuer:always", "{index}", "{name}.x", "sslCA", "CA:TRUE", "1.2.3.4", "IP:10.0.0.0/8",
    ]),
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=8,
)
FIELDS = [
    "subject", "key", "digest", "days", "not_before", "not_after", "backdate", "issuer", "authority_key_identifier",
    "netscape", "crl_distribution_points", "ocsp", "certificate_policies", "outputs", "passphrase", "pkcs12", "san",
    "key_usage", "extended_key_usage", "serial", "subject_key_identifier", "extensions", "revoked", "csr", "defects",
    "path_length", "name_constraints", "crl", "count",
]  # fmt: skip
SUBJECTS = st.dictionaries(st.one_of(TEXTS, st.sampled_from(["CN", "O", "C", "1.2.3"])), VALUES, max_size=3)
ENTRIES = st.builds(
    lambda subject, more: {"subject": subject, **more},
    st.one_of(st.just({"CN": "x"}), SUBJECTS),
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4),
)
PROFILE = st.fixed_dictionaries(
    {"authorities": st.dictionaries(st.one_of(st.just("ca"), TEXTS), ENTRIES, max_size=2)},
    optional={
        "clients": st.dictionaries(TEXTS, ENTRIES, max_size=2),
        "servers": st.dictionaries(TEXTS, ENTRIES, max_size=2),
        "defaults": ENTRIES,
        "files": st.dictionaries(st.sampled_from(["key", "certificate", "chain", "nonsense"]), VALUES, max_size=2),
        "version": VALUES,
        "more": VALUES,
    },
)
TRIED = times(4000, 40)


def test_profiles_of_the_right_shape(record_property: Property) -> None:
    tried = 0

    @settings(
        max_examples=TRIED, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
    )
    @given(PROFILE)
    def try_one(profile: object) -> None:
        nonlocal tried
        tried += 1
        judge(json.dumps(profile, ensure_ascii=False).encode(errors="replace"))

    try_one()
    record_property("generated profiles", tried)


# ---- what a profile points at


def fifo(path: Path) -> None:
    os.mkfifo(path)


def unreadable(path: Path) -> None:
    path.write_text("a word\n")
    path.chmod(0o000)


THINGS: dict[str, Callable[[Path], object]] = {
    "a pipe": fifo,
    "a device without an end": lambda path: path.symlink_to("/dev/zero"),
    "a device without a word": lambda path: path.symlink_to("/dev/null"),
    "a directory": lambda path: path.mkdir(),
    "nothing": lambda path: None,
    "a link to itself": lambda path: path.symlink_to(path),
    "an empty file": lambda path: path.write_bytes(b""),
    "a huge file": lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 1 << 40),
    "rubbish": lambda path: path.write_bytes(random.Random(1).randbytes(50_000)),
    "a huge line": lambda path: path.write_bytes(b"x" * 3_000_000),
}
POINTERS = {
    "csr": "csr: thing",
    "passphrase": "passphrase: {file: thing}",
    "password": "outputs: [pkcs12], pkcs12: {password: {file: thing}}",
}
HARMLESS = {("passphrase", "rubbish"), ("password", "rubbish")}  # a word of odd bytes is a word


@pytest.mark.parametrize(("pointer", "thing"), [*product(POINTERS, THINGS)])
def test_a_file_that_is_none(pointer: str, thing: str, tmp_path: Path, record_property: Property) -> None:
    if (pointer, thing) in HARMLESS:
        return
    THINGS[thing](tmp_path / "thing")
    (tmp_path / "p.yaml").write_text(BASE.format(POINTERS[pointer]))
    check_refused(generate(tmp_path / "p.yaml", "-o", tmp_path / "set"))
    assert not (tmp_path / "set").exists()
    record_property("hostile inputs, refused", 1)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom"])
def test_a_profile_without_an_end(device: str, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").symlink_to(device)
    check_refused(generate(tmp_path / "p.yaml"))


# ---- the output directory, as somebody else has prepared it


def test_a_commit_directory_that_is_a_link_is_not_followed(dev: Path, tmp_path: Path) -> None:
    """Else the files of whatever it points at would be moved into the set."""
    directory, mine = copy(dev, tmp_path / "set"), tmp_path / "mine"
    mine.mkdir()
    (mine / "id_rsa").write_text("mine")
    (directory / COMMIT).symlink_to(mine)
    (directory / ".mintls-old").symlink_to(mine)
    done = generate(PROFILES / "dev.yaml", "-o", directory, "-q")
    check_refused(done, 3)
    assert f"{directory / COMMIT} is not a directory that only this user can write" in done.stderr
    assert [path.name for path in mine.iterdir()] == ["id_rsa"]
    (directory / COMMIT).unlink()
    assert generate(PROFILES / "dev.yaml", "-o", directory, "-q").returncode == 0
    assert files(directory) == files(dev)
    assert (directory / ".mintls-old").is_symlink()


@pytest.mark.parametrize(
    ("value", "field"),
    [*product(("../../pwned", "/tmp/pwned", "a\x1b[31mb", ""), ("name", "certificate", "key"))],
)
def test_a_manifest_that_leads_astray(field: str, value: str, dev: Path, tmp_path: Path) -> None:
    directory = copy(dev, tmp_path / "set")
    manifest = json.loads((directory / "manifest.json").read_text())
    record = manifest["certificates"][1]
    if field == "name":
        record["name"] = value
    else:
        record["files"][field] = value
    (directory / "manifest.json").write_text(json.dumps(manifest))
    for name, words in (("generate.py", [PROFILES / "dev.yaml", "-o", directory]), ("handshake_check.py", [directory])):
        command = [sys.executable, str(SCRIPTS / name), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        check_refused(done, 3)
        assert "manifest.json is not a manifest written by mintls" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_manifests_with_mistakes_of_chance(showcase: Path, tmp_path: Path, record_property: Property) -> None:
    """generate.py --check, in this process: an answer or a sentence."""
    directory = copy(showcase, tmp_path / "set")
    profile = read_profile((PROFILES / "showcase.yaml").read_bytes(), "p", "showcase")
    sound, draw, refused = (directory / "manifest.json").read_bytes(), random.Random(1), 0
    tried = times(2000, 30)
    for _ in range(tried):
        text = bytearray(sound)
        for _ in range(draw.randint(1, 3)):
            text[draw.randrange(len(text))] = draw.choice(b'0123456789TZ:-"{}[],.\\/\x00\xffnullX')
        (directory / "manifest.json").write_bytes(text)
        said = ""
        try:
            check(profile, directory, Selection())
        except MintlsError as error:
            refused += 1
            said = str(error)
        assert said.isprintable()
    assert 0 < refused < tried
    record_property("mutated manifests", tried)
