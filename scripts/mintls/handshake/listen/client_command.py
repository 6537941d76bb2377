"""The user's own client, as a command with placeholders: parsed once, then started for each connection.

It runs without a shell. Its exit status is reported and is not evidence.
"""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path

from mintls.errors import UsageError
from mintls.openssl.processes import Process, Processes

PLACEHOLDERS = ("host", "port", "ca", "cert", "key")
_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")
MASK = "***"
_OPTION = re.compile(r"--?[A-Za-z0-9][A-Za-z0-9_-]*|--?")
_GLUED = re.compile(r"-[uUp](?=.*[^a-z_-])")  # curl -uNAME:SECRET, mysql -pSECRET1; openssl's options are lowercase
_USER, _QUERY = re.compile(r"//[^/@]*@"), re.compile(r"\?.*")
_NEAR = 0.7  # awk's {print} is not a typo of {port}, but {hst} is one of {host}
_WORD = re.compile(r"(?<![%${])\{([A-Za-z_]+)\}")  # the syntax of curl, shells and templates is not a typo


def masked(words: Sequence[str]) -> list[str]:
    """The words of a command without possible secrets: the program, option names, existing files and words with a
    placeholder are kept, all else is MASK, also the user and the query of a URL.
    """
    return [*words[:1], *(_masked(word) for word in words[1:])]


def _masked(word: str) -> str:
    if any(character.isspace() for character in word):  # a command within a command, as of sh -c; or a header
        with suppress(ValueError):
            inner = shlex.split(word)
            return " ".join(masked(inner)) if _PLACEHOLDER.search(word) and ":" not in inner[0] else MASK
        return MASK
    if _GLUED.match(word):
        return word[:2] + MASK
    if word.startswith("-"):
        name, equals, value = word.partition("=")
        return f"{name}{equals}{_masked(value)}" if equals else word if _OPTION.fullmatch(word) else MASK
    if _PLACEHOLDER.search(word):
        return _QUERY.sub("?" + MASK, _USER.sub(f"//{MASK}@", word))
    return word if os.path.exists(word) else MASK


def _filled(words: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(_PLACEHOLDER.sub(lambda found: values[found[1]], word) for word in words)


class ClientCommand:
    """A command line such as `curl --cacert {ca} https://{host}:{port}/`, split into words as a shell would.

    Other braces stay as they are. Raises UsageError when it cannot be split, has no {port}, names no program, or has
    a word in braces that is a typo of a placeholder.
    """

    def __init__(self, line: str) -> None:
        try:
            self._words = shlex.split(line)
        except ValueError as error:
            raise UsageError(f"--client-cmd: {error}; quote it as for a shell") from None
        shown = shlex.join(masked(self._words))
        for number, words in enumerate(map(_WORD.findall, self._words), 1):
            for word in words:
                meant = get_close_matches(word.lower(), PLACEHOLDERS, 1, _NEAR)
                if meant and word not in PLACEHOLDERS:  # what stands beside it may be a secret
                    known = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
                    sentence = (
                        f"{{{word}}} in word {number} is not known; did you mean {{{meant[0]}}}? There are {known}"
                    )
                    raise UsageError(f"--client-cmd: {sentence}")
        if "{port}" not in line:
            raise UsageError(f"--client-cmd {shown}: has no {{port}}; write where the client must connect")
        if not shutil.which(self._words[0]):
            raise UsageError(
                f"--client-cmd {shown}: program {self._words[0]!r} not found; the command runs without a shell"
            )

    def argv(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The words with the values of PLACEHOLDERS filled in; a value stays within its word."""
        return _filled(self._words, values)

    def shown(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The same without secrets, for a report: see `masked`."""
        return _filled(masked(self._words), values)

    @contextmanager
    def running(self, argv: tuple[str, ...], log: Path, processes: Processes) -> Iterator[Process]:
        """The client, in its own process group; its output goes to `log`. Raises MintlsError when it does not start."""
        with log.open("wb") as output:

            def start() -> Process:
                return subprocess.Popen(
                    argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
                )

            with processes.running(argv[0], start) as process:
                yield process
