"""The errors, each with the exit status of the script.

Exit status of all scripts: 0 pass, 1 fail, 2 wrong usage or profile, 3 could not run or inconclusive,
130 interrupted. An error's text is a sentence that tells the user what to do.
"""

import difflib
import shlex
from collections.abc import Iterable, Sequence

from mintls.escape import printable

DOES_NOT_HOLD, USAGE, COULD_NOT_RUN, INTERRUPTED = 1, 2, 3, 130
REPORTED = 500  # mistakes of a profile that are reported
SHORT = 5  # letters
LONGEST = 500  # characters of a line of openssl's messages


class MintlsError(Exception):
    """Something that the user can fix; the text says how."""

    status = COULD_NOT_RUN


class UsageError(MintlsError):
    """A wrong word on the command line."""

    status = USAGE


class ProfileError(MintlsError):
    """All mistakes of a profile, a line each; of thousands only the first."""

    status = USAGE

    def __init__(self, complaints: Sequence[str]) -> None:
        more = [f"... and {len(complaints) - REPORTED} more"] if len(complaints) > REPORTED else []
        super().__init__("\n".join([*complaints[:REPORTED], *more]))
        self.complaints = tuple(complaints)


class OutputError(MintlsError):
    """The output cannot be written; nothing was."""


class VerificationError(MintlsError):
    """A certificate that was issued does not verify, so nothing was published."""

    status = DOES_NOT_HOLD


class RefusedError(MintlsError):
    """One peer of a handshake rejected the other."""

    status = DOES_NOT_HOLD


class OpensslError(MintlsError):
    """An openssl process that failed: its command, exit status and messages."""

    def __init__(self, argv: Sequence[str], ended: str, messages: str) -> None:
        lines = [printable(line[:LONGEST]) for line in messages.splitlines() if line.strip()][-8:]
        super().__init__("\n    ".join([f"{shlex.join(argv)}: {ended}", *lines]))


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that it may be a misspelling of, in either case; None when none is close."""
    folded = {candidate.lower(): candidate for candidate in known}
    guess = difflib.get_close_matches(word.lower(), folded, 1)
    if not guess and len(word) <= SHORT:  # two letters exchanged are much of a short word
        folded = {"".join(sorted(name)): candidate for name, candidate in folded.items() if len(name) <= SHORT}
        guess = difflib.get_close_matches("".join(sorted(word.lower())), folded, 1, 0.8)
    return folded[guess[0]] if guess else None


def guessed(word: str, known: Iterable[str], otherwise: str) -> str:
    """The hint for an unknown word: a guess, or what to do otherwise."""
    guess = closest(word, known)
    shown = repr(guess) if guess == "none" else guess  # a word of the sentence otherwise
    return f"did you mean {shown}?" if guess else otherwise


def not_known(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """The sentence for an unknown word: a guess, or the list of known words."""
    known = tuple(known)
    listed = f"write one of {', '.join(known)} {otherwise}".rstrip()
    return f"{word!r} is not known; {guessed(word, known, listed)}"
