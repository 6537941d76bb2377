"""What a plan consists of: files to write first, commands to run, and files to publish (pure)."""

from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

PUBLIC_MODE = 0o644


class Config(Struct, frozen=True):
    """A file to write before any command runs."""

    name: str
    text: str


class Output(Struct, frozen=True):
    """A file to publish, and its mode whatever the umask; `group` is "" for the user's own.

    secret: whether it contains a private key, whatever its mode.
    """

    name: str
    mode: int
    group: str = ""
    secret: bool = False


class EcKey(NamedTuple):
    """The curve of a new EC key, and openssl's options for its passphrase."""

    curve: str
    passin: tuple[str, ...]


class Step(Struct, frozen=True):
    """One command, ready to run: its words, the files that it needs and those that it creates.

    program: openssl; or cat, whose words are the files to join; or sh, whose one word is a script.
    makes is its result, also lists further results, litter its temporary files; folder is created before it runs.
    """

    title: str
    argv: tuple[str, ...]
    needs: tuple[str, ...] = ()
    makes: str = ""
    also: tuple[str, ...] = ()
    litter: tuple[str, ...] = ()
    folder: str = ""
    program: Literal["openssl", "cat", "sh"] = "openssl"
    ec_key: EcKey | None = None

    def step(self) -> "Step":
        return self


class Action(Protocol):
    """Something to do, described by its parameters; its command line is rendered last."""

    @property
    def makes(self) -> str:
        """The file that it creates."""

    def step(self) -> Step:
        """The command."""
