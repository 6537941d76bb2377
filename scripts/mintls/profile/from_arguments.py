"""The profile that the arguments of generate.py name: a file, standard input, or host names and addresses instead."""

import os
from collections.abc import Sequence
from pathlib import Path

from mintls.errors import UsageError
from mintls.profile import starter
from mintls.profile.fleets import Numbers, every
from mintls.profile.load import load_profile, read_profile
from mintls.profile.model import Profile
from mintls.profile.names import GeneralName
from mintls.profile.yaml_nodes import MAX_BYTES

STDIN = "-"


def profile_of(arguments: Sequence[str], numbers: Numbers = every) -> Profile:
    """Of one argument that is a file, or - for standard input, else of names; `numbers`: see read_profile.

    Raises UsageError, ProfileError.
    """
    files = [argument for argument in arguments if is_file(argument)]
    if list(arguments) == [STDIN]:
        with open(0, "rb", closefd=False) as file:
            return read_profile(file.read(MAX_BYTES + 1), "standard input", "stdin", numbers=numbers)
    if len(files) == len(arguments) == 1:
        return load_profile(Path(files[0]), numbers)
    if not arguments:
        raise UsageError("name a profile such as profiles/dev.yaml, or host names and addresses: localhost 127.0.0.1")
    if files:
        raise UsageError(f"{files[0]} is a profile: give one profile, or only host names and addresses")
    names = [general_name(argument) for argument in arguments]
    name = starter.set_name(names)
    return read_profile(starter.starter(names, name, name).encode(), "the profile of these names", name)


def is_file(argument: str) -> bool:
    """Whether an argument is meant as the path of a profile."""
    named_so = argument == STDIN or argument.endswith((".yaml", ".yml")) or ("/" in argument and "://" not in argument)
    return named_so or os.path.lexists(argument)


def general_name(argument: str) -> GeneralName:
    """Raises UsageError."""
    try:
        return starter.name_of(argument)
    except ValueError as error:
        raise UsageError(f"{argument!r} is neither a file nor a host name or address: {error}") from None
