"""Fetches other versions of openssl with apt, each into a directory of its own; the system is not changed.

`python tests/versions/fetch.py [DIR] [VERSION ...]` leaves DIR/VERSION/openssl for each version: a wrapper that starts
Debian's binary with the loader, the libraries and the provider modules fetched with it. DIR is `.openssls`, or what
`MINTLS_OPENSSLS` names. A version that exists is kept. See apt.conf(5) for the options and apt-secure(8) for how the
packages are authenticated.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR = "http://deb.debian.org/debian"
LIBRARIES = ("libc6", "libzstd1", "zlib1g")


class Source(NamedTuple):
    """Where Debian has a version: the suites, oldest first, and the packages."""

    suites: str
    packages: tuple[str, ...]


SOURCES = {
    "1.1.1": Source("bullseye", ("openssl", "libssl1.1", "libc6")),
    "3.5": Source("trixie", ("openssl", "libssl3t64", "openssl-provider-legacy", *LIBRARIES)),
    "3.6": Source("forky", ("openssl", "libssl3t64", "openssl-provider-legacy", *LIBRARIES)),
    "4.0": Source(
        "sid experimental",
        ("openssl/experimental", "libssl4/experimental", "openssl-provider-legacy/experimental", *LIBRARIES),
    ),
}


class FetchError(Exception):
    """Why a version is not here, as a sentence."""


def directory() -> Path:
    """Where the versions are."""
    return Path(os.environ.get("MINTLS_OPENSSLS") or Path(__file__).parents[2] / ".openssls").absolute()


def binary(version: str, where: Path) -> Path:
    """The wrapper to run."""
    return where / version / "openssl"


def fetch(version: str, where: Path) -> Path:
    """Fetch a version unless it exists, and return its wrapper. Raises FetchError without apt, network or package."""
    if binary(version, where).exists():
        return binary(version, where)
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb") and KEYRING.exists()):
        raise FetchError(f"OpenSSL {version} cannot be fetched: this is not a Debian with apt-get and dpkg-deb")
    where.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=where) as temporary:
        stage = Path(temporary)
        _download(version, stage)
        root = stage / "root"
        for package in sorted(stage.glob("*.deb")):
            _run(["dpkg-deb", "-x", str(package), str(root)], stage, version)
        # the wrapper names the place where it will be in the end
        final = where / version
        (stage / "openssl").write_text(_wrapper(root, final / "root"), encoding="utf-8")
        (stage / "openssl").chmod(0o755)
        result = stage / "result"
        result.mkdir()
        root.rename(result / "root")
        (stage / "openssl").rename(result / "openssl")
        result.rename(final)
    return binary(version, where)


def _download(version: str, stage: Path) -> None:
    """The packages, with lists, cache and status of our own."""
    source = SOURCES[version]
    sources = stage / "debian.sources"
    sources.write_text(
        f"Types: deb\nURIs: {MIRROR}\nSuites: {source.suites}\nComponents: main\nSigned-By: {KEYRING}\n",
        encoding="utf-8",
    )
    for name in ("none", "lists/partial", "cache/archives/partial"):
        (stage / name).mkdir(parents=True)
    (stage / "status").touch()
    options = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": stage / "none",
        "Dir::Etc::preferencesparts": stage / "none",
        "Dir::State::lists": stage / "lists",
        "Dir::State::status": stage / "status",
        "Dir::Cache": stage / "cache",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",  # the account _apt could not write here
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    _run([*apt, "update"], stage, version)
    _run([*apt, "download", *source.packages], stage, version)


def _run(argv: list[str], cwd: Path, version: str) -> None:
    result = subprocess.run(argv, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    warned = [line for line in result.stderr.splitlines() if line.startswith(("E:", "W: Failed"))]
    if result.returncode or warned:
        said = "; ".join(warned) or result.stderr.strip() or f"exit status {result.returncode}"
        raise FetchError(f"OpenSSL {version} cannot be fetched: {Path(argv[0]).name} reported {said}")


def _wrapper(root: Path, final: Path) -> str:
    """A POSIX shell script: no library of the system may come in, nor may the caller's library path."""
    loaders = [*root.glob("lib/*/ld-*.so*"), *root.glob("usr/lib/*/ld-*.so*")]
    loader = next(path for path in sorted(loaders) if path.resolve().is_file() and not path.is_symlink())
    folders = sorted({path.parent.relative_to(root) for path in root.rglob("lib*.so*") if "gconv" not in str(path)})
    libraries = ":".join(
        str(final / folder) for folder in folders if folder.name not in ("ossl-modules", "engines-1.1", "audit")
    )
    modules = next((path.relative_to(root) for path in sorted(root.rglob("ossl-modules"))), None)
    lines = ["#!/bin/sh", "unset LD_LIBRARY_PATH"]
    if modules:
        lines.append(f"export OPENSSL_MODULES={shlex.quote(str(final / modules))}")
    command = [str(final / loader.relative_to(root)), "--library-path", libraries, str(final / "usr/bin/openssl")]
    lines.append(f'exec {shlex.join(command)} "$@"')
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Fetch what is named, by default all; a sentence on stderr for each that cannot be had."""
    known = [name for name in arguments if name in SOURCES]
    rest = [name for name in arguments if name not in SOURCES]
    where = Path(rest[0]).absolute() if rest else directory()

    def one(version: str) -> int:
        try:
            print(fetch(version, where))
        except FetchError as error:
            print(error, file=sys.stderr)
            return 1
        return 0

    with ThreadPoolExecutor() as pool:
        return max(pool.map(one, known or SOURCES))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
