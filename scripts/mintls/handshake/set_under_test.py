"""The set that is tested: the directory named, or what a profile mints into a temporary one."""

from pathlib import Path

from mintls.command_line.script import Progress
from mintls.manifest import MANIFEST
from mintls.minting.mint import mint
from mintls.openssl.binary import Openssl
from mintls.profile.load import load_profile

from msgspec import Struct

MINTED = Path("certs/dev")
DEV = Path(__file__).resolve().parents[3] / "profiles" / "dev.yaml"


class SetUnderTest(Struct, frozen=True):
    """Where the set is, and how reports name it."""

    directory: Path
    name: str


def set_under_test(path: str, scratch: Path, openssl: Openssl) -> SetUnderTest:
    """The directory `path`, or the profile `path` minted into `scratch`; by default certs/dev or profiles/dev.yaml."""
    if path and Path(path).is_dir():
        return SetUnderTest(Path(path), path)
    if not path and (MINTED / MANIFEST).exists():
        return SetUnderTest(MINTED, str(MINTED))
    mint(load_profile(Path(path or DEV)), scratch, openssl, Progress())
    return SetUnderTest(scratch, path or str(DEV))
