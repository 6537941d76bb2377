"""The one small tree of errors, each with the exit status that a script ends with.

Exit status of all scripts: 0 holds, 1 does not hold, 2 usage or profile, 3 could not run,
130 interrupted. An error's text is a sentence that tells the user what to do.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from shlex import join

from mintls.escape import printable

DOES_NOT_HOLD, USAGE, COULD_NOT_RUN, INTERRUPTED = 1, 2, 3, 130
TOLD = 500  # mistakes of a profile that are told
LONGEST = 500  # characters of a line of openssl that are shown


class MintlsError(Exception):
    """Something the user can mend; its text says how."""

    status = COULD_NOT_RUN


class UsageError(MintlsError):
    """A word on the command line that cannot be followed."""

    status = USAGE


class ProfileError(MintlsError):
    """Every mistake of a profile at once, a line each; of thousands the first."""

    status = USAGE

    def __init__(self, complaints: Sequence[str]) -> None:
        more = [f"... and {len(complaints) - TOLD} more"] if len(complaints) > TOLD else []
        super().__init__("\n".join([*complaints[:TOLD], *more]))
        self.complaints = tuple(complaints)


class OutputError(MintlsError):
    """The output directory cannot take what would be written; nothing was."""


class VerificationError(MintlsError):
    """A certificate that was issued does not verify, so nothing was published."""

    status = DOES_NOT_HOLD


class RefusedError(MintlsError):
    """One end of a handshake refused the other."""

    status = DOES_NOT_HOLD


class OpensslError(MintlsError):
    """An openssl process that failed: the command, how it ended, and what it said."""

    def __init__(self, argv: Sequence[str], ended: str, said: str) -> None:
        lines = [printable(line[:LONGEST]) for line in said.splitlines() if line.strip()][-8:]
        super().__init__("\n    ".join([f"{join(argv)}: {ended}", *lines]))


def closest(word: str, known: Iterable[str]) -> str | None:
    """That of those known for which it may be a slip, in either case of letters; None where nothing is near."""
    folded = {candidate.lower(): candidate for candidate in known}
    guess = get_close_matches(word.lower(), folded, 1)
    return folded[guess[0]] if guess else None


def guessed(word: str, known: Iterable[str], otherwise: str) -> str:
    """What is told beside a word that is none of those known: a guess, or something else to do."""
    guess = closest(word, known)
    return f"did you mean {guess}?" if guess else otherwise


def not_known(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """The sentence about a word that is none of those known: a guess, or the list of them."""
    known = tuple(known)
    listed = f"write one of {', '.join(known)} {otherwise}".rstrip()
    return f"{word!r} is not known; {guessed(word, known, listed)}"
