"""Other openssl binaries: OPENSSL chooses one; what it lacks is done in another way, or told before anything is made.

The shims are the openssl at hand without the options and commands that LibreSSL and OpenSSL 1.1.1 do not have.
"""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import PROFILES, Run, modes
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from fault_injection import check_whole

pytestmark = pytest.mark.torture
OLD = """
    req -CA, req -CAkey, req -noenc, req -copy_extensions, x509 -copy_extensions, ca -crl_lastupdate,
    ca -crl_nextupdate, pkcs12 -legacy, pkcs12 -jdktrust, pkcs12 -noenc, x509 -not_before, x509 -not_after,
    req -not_before, req -not_after, verify -no-CAstore, verify -CAstore
"""
OLDER = """
    storeutl, x509 -ext, x509 -badsig, x509 -force_pubkey, s_client -msgfile, s_server -msgfile, s_server -rev,
    s_client -brief, s_server -brief
"""
LACKS = {
    "LibreSSL 3.3.6": [one.strip() for one in f"{OLD},{OLDER}".split(",")],
    "OpenSSL 1.1.1w  11 Sep 2023": [one.strip() for one in OLD.split(",")],
}
# LibreSSL 3.3.6 writes EC keys without leading zeros, and refuses under name constraints what has no DNS name.
LIBRESSL = r"""
case "$sub" in genpkey)
    "$real" "$@" || exit $?
    out=; for arg do [ "$out" = -out ] && out=$arg && break; [ "$arg" = -out ] && out=-out; done
    [ -f "$out" ] && PYTHON SHORT "$out"
    exit 0;;
pkey)
    case " $* " in *" -out "*|*" -pubout "*) ;; *) "$real" "$@" | PYTHON SHORT; exit 0;; esac;;
verify)
    constrained=
    for arg do
        [ -f "$arg" ] || continue
        "$real" x509 -in "$arg" -noout -text | grep -q "Name Constraints" && constrained=yes
        last=$arg
    done
    if [ "$constrained" ] && "$real" x509 -in "$last" -noout -text | grep -q CA:FALSE &&
            ! "$real" x509 -in "$last" -noout -text | grep -q DNS:; then
        echo "error 47 at 0 depth lookup:permitted subtree violation"; exit 2
    fi;;
esac
"""
CONSTRAINED = """\
defaults: {key: "ec:P-256"}
authorities:
  root: {subject: {CN: Root}}
  sub: {subject: {CN: Sub}, issuer: root, path_length: 0, name_constraints: {permitted: ["DNS:example.org"]}}
clients: {c: {subject: {CN: c}, issuer: sub}}
"""
DATED = """\
defaults: {key: ec:P-256, outputs: [chain, der]}
authorities:
  ca: {subject: {CN: CA}, crl: {days: 30}, not_before: "2020-01-01T00:00:00Z", not_after: "2055-01-01T00:00:00Z"}
  sub: {subject: {CN: Sub}, issuer: ca, key: "rsa:2048", crl: {days: 9}, backdate: 2h}
servers:
  server: {subject: {CN: s}, san: ["DNS:localhost"], issuer: sub, not_after: "2050-01-31T12:00:00Z"}
clients:
  client: {subject: {CN: c}, issuer: sub, outputs: [kubernetes]}
  gone: {subject: {CN: g}, issuer: sub, revoked: keyCompromise}
"""
LOCKED = """\
defaults: {key: ec:P-256, passphrase: {env: WORD}, pkcs12: {password: {env: WORD}}}
authorities: {ca: {subject: {CN: CA}}}
clients: {client: {subject: {CN: c}, outputs: [pkcs12]}}
"""
UNABLE = {
    "ca -crl_lastupdate": "authorities: {ca: {subject: {CN: CA}, crl: {days: 30}, defects: [stale_crl]}}",
    "pkcs12 -jdktrust": "authorities: {ca: {subject: {CN: CA}}}\nclients: {c: {subject: {CN: c}, "
    "outputs: [truststore], pkcs12: {password: {env: WORD}}}}",
    "x509 -badsig": "authorities: {ca: {subject: {CN: CA}}}\n"
    "clients: {c: {subject: {CN: c}, defects: [bad_signature]}}",
    "x509 -force_pubkey": "authorities: {ca: {subject: {CN: CA}}}\nclients: {c: {subject: {CN: c}, csr: c.csr}}",
}


def shim(folder: Path, version: str, lacks: list[str]) -> Path:
    """The real openssl, which knows nothing of these: an option is refused and not in -help."""
    program = folder / "bin" / "other-openssl"
    program.parent.mkdir()
    refusals = "|".join(f'"{one}{"" if " " in one else " "}"' for one in lacks)  # a command, or an option of one
    libressl = LIBRESSL.replace("PYTHON", sys.executable).replace(
        "SHORT", str(Path(__file__).parents[1] / "short_ec_key.py")
    )
    program.write_text(
        f"#!/bin/sh\nreal={shutil.which('openssl')}\nsub=$1\n"
        f'[ "$1" = version ] && {{ echo "{version}"; exit 0; }}\n'
        f'case "$1 " in {refusals}) echo "openssl:Error: \'$1\' is an invalid command." >&2; exit 1;; esac\n'
        'if [ "$2" = -help ]; then\n    $real "$@" 2>&1 | while IFS= read -r line; do\n'
        "        set -- $line\n"
        f'        case "$sub $1" in {refusals}) ;; *) printf "%s\\n" "$line";; esac\n    done\n    exit 0\nfi\n'
        + (libressl if "LibreSSL" in version else "")
        + "for arg do\n"
        f'    case "$sub $arg" in {refusals}) echo "unknown option $arg" >&2; exit 1;; esac\ndone\n'
        'exec "$real" "$@"\n'
    )
    program.chmod(0o755)
    return program


@pytest.fixture(params=[*LACKS])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def environment(version: str, tmp_path: Path) -> dict[str, str]:
    """Chosen by OPENSSL; another openssl, first on PATH, would fail."""
    bad = tmp_path / "path"
    bad.mkdir()
    (bad / "openssl").write_text("#!/bin/sh\nexit 9\n")
    (bad / "openssl").chmod(0o755)
    program = shim(tmp_path, version, LACKS[version])
    return {**os.environ, "OPENSSL": str(program), "WORD": "a word", "PATH": f"{bad}:{os.environ['PATH']}"}


def test_the_shim_lacks_what_it_should(version: str, environment: dict[str, str]) -> None:
    program = environment["OPENSSL"]
    refused = subprocess.run([program, "req", "-x509", "-CA", "x"], capture_output=True, text=True)
    assert (refused.returncode, refused.stderr) == (1, "unknown option -CA\n")
    told = subprocess.run([program, "req", "-help"], capture_output=True, text=True).stdout.split()
    assert "-config" in told
    assert "-CA" not in told


@pytest.mark.parametrize("profile", [None, PROFILES / "classic.yaml"], ids=["P-256", "classic"])
def test_the_usual_profiles(
    profile: Path | None,
    elliptic_profile: Path,
    version: str,
    environment: dict[str, str],
    tmp_path: Path,
    run: Run,
) -> None:
    words = (profile or elliptic_profile, "-o", tmp_path / "set")
    done = run("generate.py", *words, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    check_whole(tmp_path / "set")
    assert f'"{version}"' in (tmp_path / "set" / "manifest.json").read_text()
    again = run("generate.py", *words, env=environment)
    assert again.stdout.endswith(": 0 issued, 3 in all\n")
    verified = run("verify.py", tmp_path / "set", env=environment)
    assert (verified.returncode, verified.stderr) == (0, "")


def test_dates_lists_and_outputs(environment: dict[str, str], tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(DATED)
    directory = tmp_path / "set"
    done = run("generate.py", tmp_path / "p.yaml", "-o", directory, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    certificate = x509.load_pem_x509_certificate((directory / "server.crt").read_bytes())
    assert certificate.not_valid_after_utc == datetime(2050, 1, 31, 12, tzinfo=UTC)
    root = x509.load_pem_x509_certificate((directory / "ca.crt").read_bytes())
    assert root.not_valid_before_utc == datetime(2020, 1, 1, tzinfo=UTC)
    gone = x509.load_pem_x509_certificate((directory / "gone.crt").read_bytes())
    listed = x509.load_pem_x509_crl((directory / "sub.crl").read_bytes())
    assert listed.get_revoked_certificate_by_serial_number(gone.serial_number)
    assert modes(directory)["client.secret.yaml"] == "0600"
    assert (directory / "client.crt").exists()
    assert run("generate.py", tmp_path / "p.yaml", "-o", directory, "--check", env=environment).returncode == 0


def test_passphrases(environment: dict[str, str], tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(LOCKED)
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set", env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert load_pem_private_key((tmp_path / "set" / "client.key").read_bytes(), b"a word")
    assert pkcs12.load_key_and_certificates((tmp_path / "set" / "client.p12").read_bytes(), b"a word")[0]


def test_the_printed_script(environment: dict[str, str], tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(DATED)
    (tmp_path / "empty").mkdir()
    script = run("generate.py", tmp_path / "p.yaml", "--dry-run", env=environment)
    assert script.returncode == 0
    done = subprocess.run(
        ["sh", "-s"], input=script.stdout, cwd=tmp_path / "empty", env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "empty" / "gone.crt").exists()


@pytest.mark.parametrize("option", [*UNABLE])
def test_what_it_lacks_is_told_before_anything_is_made(
    option: str, version: str, environment: dict[str, str], tmp_path: Path, run: Run
) -> None:
    (tmp_path / "p.yaml").write_text(UNABLE[option])
    key = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=c"]
    subprocess.run([*key, "-keyout", os.devnull, "-out", tmp_path / "c.csr"], check=True, capture_output=True)
    for more in (["-o", tmp_path / "set"], ["--dry-run"]):
        done = run("generate.py", tmp_path / "p.yaml", *more, env=environment)
        if option in LACKS[version]:
            assert (done.returncode, done.stdout) == (2, ""), done.stderr
            assert f"this openssl has no `{option}` ({version}); " in done.stderr
            assert done.stderr.endswith(", or set OPENSSL to a different one\n")
            assert not (tmp_path / "set").exists()
        else:
            assert done.returncode == 0, done.stderr


def test_the_handshake_check(version: str, environment: dict[str, str], dev: Path, run: Run) -> None:
    """A binary that cannot prove says so in a sentence, whatever is proved; what one cannot make is skipped."""
    if "LibreSSL" not in version:
        done = run("handshake_check.py", dev, "-v", "--only", "crl-stale", "--only", "set-*", env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        skipped = [line for line in done.stdout.splitlines() if line.startswith("  skip")]
        assert [line.split()[1] for line in skipped] == ["crl-stale"] * 4
        assert all(f"`ca -crl_lastupdate` ({version})" in line for line in skipped)
        return
    for words in (["--only", "set-*"], [], ["--connect", "localhost:1"], ["--listen", ":"]):
        done = run("handshake_check.py", dev, *words, env=environment)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr == f"handshake_check.py needs OpenSSL; this is {version}; set OPENSSL to an OpenSSL\n"


def test_ec_keys_have_their_leading_zeros(version: str, environment: dict[str, str], tmp_path: Path, run: Run) -> None:
    """Of a LibreSSL that leaves them out, only those keys are taken that have none."""
    entries = [f"c{number}: {{subject: {{CN: c}}}}" for number in range(5)]
    text = 'defaults: {key: "ec:P-521"%s}\nauthorities: {ca: {subject: {CN: CA}}}\nclients: {%s}\n'
    for folder, passphrase in (("plain", ""), ("locked", ", passphrase: {env: WORD}")):
        (tmp_path / "p.yaml").write_text(text % (passphrase, ", ".join(entries)))
        done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / folder, env=environment)
        assert (done.returncode, done.stderr) == (0, "")
        for path in (tmp_path / folder).glob("*.key"):
            key = load_pem_private_key(path.read_bytes(), b"a word" if passphrase else None)
            if "LibreSSL" in version:
                assert key.private_numbers().private_value.bit_length() > 520  # type: ignore[union-attr]


def test_a_refusal_names_the_judge(version: str, environment: dict[str, str], tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(CONSTRAINED)
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set", env=environment)
    if "LibreSSL" not in version:
        assert (done.returncode, done.stderr) == (0, "")
        return
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{version}: a new certificate failed to verify as ")
    assert "LibreSSL is stricter than RFC 5280 section 4.2.1.10" in done.stderr
    assert not (tmp_path / "set" / "c.crt").exists()
