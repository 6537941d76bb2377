"""The user's own client, as a command with placeholders: parsed once, then started for each connection.

It runs without a shell. Its exit status is shown and is no evidence.
"""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from mintls.errors import UsageError
from mintls.processes import Process, Processes

PLACEHOLDERS = ("host", "port", "ca", "cert", "key")
_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")
_NEAR = 0.7  # awk's {print} is no slip of {port}, and {hst} is one of {host}
_WORD = re.compile(r"(?<![%${])\{([A-Za-z_]+)\}")  # what curl, a shell and templates write themselves is no slip


class ClientCommand:
    """A command line such as `curl --cacert {ca} https://{host}:{port}/`, split into words as a shell would.

    Other braces stay as they are. Raises UsageError when it cannot be split, has no {port}, names no program, or has
    a word in braces that is a slip of a placeholder.
    """

    def __init__(self, line: str) -> None:
        try:
            self._words = shlex.split(line)
        except ValueError as error:
            raise UsageError(f"--client-cmd {line}: {error}") from None
        for word in _WORD.findall(line):
            meant = get_close_matches(word.lower(), PLACEHOLDERS, 1, _NEAR)
            if meant and word not in PLACEHOLDERS:
                known = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
                sentence = f"{{{word}}} is not known; did you mean {{{meant[0]}}}? There are {known}"
                raise UsageError(f"--client-cmd {line}: {sentence}")
        if "{port}" not in line:
            raise UsageError(f"--client-cmd {line}: has no {{port}}; write where the client shall connect to")
        if not shutil.which(self._words[0]):
            raise UsageError(f"--client-cmd {line}: there is no program {self._words[0]!r}; no shell is used")

    def argv(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The words with the values of PLACEHOLDERS filled in; a value stays within its word."""
        return tuple(_PLACEHOLDER.sub(lambda found: values[found[1]], word) for word in self._words)

    @contextmanager
    def running(self, argv: tuple[str, ...], log: Path, processes: Processes) -> Iterator[Process]:
        """The client, in a group of its own; what it says goes to `log`. Raises MintlsError when it does not start."""
        with log.open("wb") as said:

            def start() -> Process:
                return subprocess.Popen(
                    argv, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
                )

            with processes.running(argv[0], start) as process:
                yield process
