"""A template and the names in it (pure)."""

import re
from collections.abc import Iterable, Mapping

_PLACE = re.compile(r"@([a-z][a-z0-9-]*)(\??)@")
OPTIONAL = ("crl", "passphrase")  # a line with one, or with `@crl?@`, is left out where there is none
NAMES = (
    "ca",  # the trust anchor: the root certificate
    "certificate",  # the leaf alone
    "chain",  # the leaf, and its intermediates if it has some: what is sent
    "combined",  # leaf, intermediates and key in one file
    "key",
    *OPTIONAL,  # the CRLs of the other side's chain; a file with the passphrase of the key
    "host",  # the server's name in its certificate
    "port",
    "user",  # the CN of the client's certificate
    "dir",  # the directory that the files are written to
    "label",  # how a trust store names the root certificate
    "unlock",  # the passphrase file again, where the key of the other side is encrypted: to prove it
)


def placeholders(texts: Iterable[str]) -> set[str]:
    """The names that the templates use."""
    return {name for text in texts for name, _ in _PLACE.findall(text)}


def render(template: str, values: Mapping[str, str]) -> str:
    """The text with each name replaced by its value. Raises KeyError for one without a value."""
    lines = template.removeprefix("\n").splitlines(keepends=True)
    absent = {name for name in OPTIONAL if not values.get(name)}
    kept = (line for line in lines if not absent & placeholders([line]))
    return _PLACE.sub(lambda match: "" if match[2] else values[match[1]], "".join(kept))
