"""Which stack a client's command uses, found by its program, also behind env, timeout, sh -c and paths (pure)."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import groupby

from mintls.configuration.registry import stacks

WRAPPERS = {"env", "timeout", "nice", "nohup", "time", "stdbuf", "setsid", "sudo", "exec", "xvfb-run", "command"}
SHELLS = {"sh", "bash", "dash", "zsh", "ksh", "busybox"}
_SEPARATOR = re.compile(r"[|&;()]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_SUFFIX = re.compile(r"[-0-9.]*(\.exe)?$")  # python3.11, php8.2, java.exe


def stack_of(line: str) -> str:
    """The stack of a command line, e.g. `wget` of `env LANG=C timeout 9 /usr/bin/wget URL`; empty if not known."""
    with suppress(ValueError):
        return next((stack for program in _programs(shlex.split(line)) if (stack := _stack(program))), "")
    return ""


@cache
def _known() -> Mapping[str, str]:
    """The stack of each program."""
    return {program: stack for stack, one in stacks().items() for program in one.programs}


def _stack(program: str) -> str:
    name = program.rpartition("/")[2]
    known = _known()
    return known.get(name) or known.get(_SUFFIX.sub("", name), "")


def _programs(words: Sequence[str]) -> Iterator[str]:
    """The program of the command, or of a wrapper each word that may be one; of a shell those of its script."""
    first = next((index for index, word in enumerate(words) if not _ASSIGNMENT.match(word)), len(words))
    words = words[first:]
    if not words:
        return
    name = words[0].rpartition("/")[2]
    if name in SHELLS:
        script = next((words[index + 1] for index, word in enumerate(words[:-1]) if re.fullmatch("-[a-z]*c", word)), "")
        lexer = shlex.shlex(script, posix=True, punctuation_chars="|&;()")
        lexer.whitespace_split = True
        for separates, command in groupby(lexer, lambda word: bool(_SEPARATOR.fullmatch(word))):
            if not separates:
                yield from _programs(list(command))
    elif name in WRAPPERS:
        # an option's value may stand before the program: each word that can be the program is tried
        for index, word in enumerate(words[1:], 1):
            if word.rpartition("/")[2] in SHELLS | WRAPPERS:
                yield from _programs(words[index:])
                return
            if _stack(word):
                yield word
                return
    else:
        yield words[0]
