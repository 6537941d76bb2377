"""The Secret of type kubernetes.io/tls, parsed and compared with the set."""

from base64 import b64decode
from pathlib import Path

import pytest
import yaml
from conftest import Fake, Run, mint_profile, modes

TEXT = """\
defaults: {key: "ec:P-256", outputs: [kubernetes]}
authorities:
  root: {subject: {CN: Root}}
  sub: {subject: {CN: Sub}, issuer: root, outputs: []}
servers:
  web-1.example: {subject: {CN: web}, san: ["DNS:web"], issuer: sub}
clients:
  direct: {subject: {CN: direct}, issuer: root, key: "rsa:2048"}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kubernetes")
    (folder / "profile.yaml").write_text(TEXT)
    return mint_profile(folder / "profile.yaml", folder / "set")


@pytest.mark.parametrize(("name", "links"), [
    ("web-1.example", ["web-1.example", "sub"]), ("direct", ["direct"]), ("root", ["root"]),
])  # fmt: skip
def test_the_secret_holds_the_set(name: str, links: list[str], made: Path) -> None:
    """As cert-manager makes them: the chain without the root, the key, and the root by itself."""
    secret = yaml.safe_load((made / f"{name}.secret.yaml").read_text())
    data = {key: b64decode(value, validate=True) for key, value in secret.pop("data").items()}
    assert secret == {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "kubernetes.io/tls"}
    assert data == {
        "tls.crt": b"".join((made / f"{one}.crt").read_bytes() for one in links),
        "tls.key": (made / f"{name}.key").read_bytes(),
        "ca.crt": (made / "root.crt").read_bytes(),
    }


def test_it_is_as_private_as_the_key(made: Path) -> None:
    assert {mode for name, mode in modes(made).items() if name.endswith(".yaml")} == {"0600"}


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("direct:", "Direct:", "is not a valid name of a Kubernetes Secret"),
        ("direct:", "a_b:", "is not a valid name of a Kubernetes Secret"),
        ("direct:", "a..b:", "is not a valid name of a Kubernetes Secret"),
        ("direct:", "a.-b:", "is not a valid name of a Kubernetes Secret"),
        ('"rsa:2048"', '"rsa:2048", passphrase: {env: X}', "a Kubernetes Secret cannot contain an encrypted key"),
    ],
)
def test_mistakes(old: str, new: str, part: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "p.yaml").write_text(TEXT.replace(old, new))
    done = run("generate.py", tmp_path / "p.yaml", "--dry-run")
    assert (done.returncode, done.stdout) == (2, "")
    assert part in done.stderr


def test_a_secret_without_its_key_is_not_published(tmp_path: Path, run: Run, fake_openssl: Fake) -> None:
    """When openssl cannot write one of its fields, the others do not stand alone."""
    (tmp_path / "p.yaml").write_text(TEXT)
    fake = fake_openssl('case "$*" in *base64*direct.key*) echo no >&2; exit 1;; *) exec $REAL "$@";; esac')
    done = run("generate.py", tmp_path / "p.yaml", "-o", tmp_path / "set", env=fake)
    assert done.returncode == 3
    assert not (tmp_path / "set").exists()
