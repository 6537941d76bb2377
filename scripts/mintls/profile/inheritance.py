"""What an entry inherits from the defaults, and how the two are merged (pure)."""

from collections import abc

from mintls.profile.choices import Role
from mintls.profile.yaml_nodes import Mapping, Node

ONE_PLACE = ("passphrase", "password")  # a secret is an env or a file: the two never merge
# What can be written for an existing CA
WITH_EXISTING = (
    "existing", "passphrase", "crl", "outputs", "pkcs12", "digest", "issuer", "defects", "files", "kubernetes",
)  # fmt: skip
NOT_FOR_CAS = ("issuer", "days", "lifetime", "key_mode", "key_group")  # which authorities do not inherit
# What a field of an entry replaces of the inherited ones
REPLACES = {"days": ("lifetime", "not_after"), "lifetime": ("days", "not_after"), "not_after": ("lifetime",)}


def inherited(defaults: abc.Mapping[str, Node], role: Role, own: Mapping) -> dict[str, Node]:
    """The defaults that apply to an entry with these fields of its own."""
    dropped = {old for key in own.items for old in REPLACES.get(key, ())}
    dropped |= set(NOT_FOR_CAS) if role == "authority" else set()
    dropped |= set(defaults) - set(WITH_EXISTING) if "existing" in own.items else set()
    return {key: node for key, node in defaults.items() if key not in dropped}


def merge(defaults: Mapping, own: Mapping) -> Mapping:
    """Mappings merge over the defaults, at every depth; anything else, and a secret, replaces them."""
    items = dict(defaults.items)
    for key, node in own.items.items():
        below = items.get(key) if key not in ONE_PLACE else None
        items[key] = merge(below, node) if isinstance(below, Mapping) and isinstance(node, Mapping) else node
    return Mapping(items, own.line)
