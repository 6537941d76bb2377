"""How a mistake is fixed in a stack, and which stack a server says that it is."""

import re
from collections.abc import Iterable, Mapping

from mintls.configuration.mistake import Mistake
from mintls.configuration.registry import stack, stacks
from mintls.configuration.stack import Fixes, Stack
from mintls.handshake.cases.case import Verifier

_LONGEST = 8192  # bytes of an answer in which a server's words about itself are looked for


def fix(name: str, verifier: Verifier, mistake: Mistake) -> str:
    """The fix for that side of this stack, or of the stack that it belongs to; empty when there is none."""
    while name:
        one = stack(name)
        if sentence := _fixes(one, verifier).get(mistake, ""):
            return sentence
        name = one.family
    return ""


def fixes_of(verifier: Verifier, mistake: Mistake) -> Mapping[str, str]:
    """The fix by title, of each stack that has one of its own."""
    found = ((one.title, _fixes(one, verifier).get(mistake, "")) for one in stacks().values())
    return {title: sentence for title, sentence in found if sentence}


def guess(answers: Iterable[bytes]) -> tuple[str, str]:
    """The stack that a server says that it is, and its words; both empty when it does not say."""
    for answer in dict.fromkeys(answers):
        text = answer[:_LONGEST].decode("latin-1")
        for name, one in stacks().items():
            for pattern in one.says:
                if found := re.search(pattern, text, re.MULTILINE):
                    return name, found[0].strip()
    return "", ""


def _fixes(one: Stack, verifier: Verifier) -> Fixes:
    side = one.server if verifier is Verifier.SERVER else one.client
    return side.fixes if side else {}
