"""The stacks by name, found by listing mintls/stacks/; each is imported when it is asked for."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import mintls.stacks
from mintls.configuration.stack import Stack
from mintls.errors import UsageError, not_known


@cache
def names() -> tuple[str, ...]:
    """The names of all stacks, in alphabetical order."""
    return tuple(sorted(module.name.replace("_", "-") for module in iter_modules(mintls.stacks.__path__)))


def stack(name: str) -> Stack:
    """Raises UsageError, with a guess, for a name that is not known."""
    if name not in names():
        raise UsageError(f"the stack {not_known(name, names())}")
    found = import_module(f"mintls.stacks.{name.replace('-', '_')}").STACK
    assert isinstance(found, Stack)
    return found


@cache
def stacks() -> Mapping[str, Stack]:
    """All stacks by name: this imports each of them."""
    return {name: stack(name) for name in names()}
