"""A profile for given host names and addresses: what `generate.py NAME ...` mints and `--init` writes (pure)."""

import ipaddress
from collections.abc import Sequence

from mintls.profile.names import ATTRIBUTES, GeneralName

LOCAL = ("localhost", "127.0.0.1", "::1")
_TEXT = """\
# A CA, a server and a client. Every field: profiles/README.md
#   generate.py {file}      creates certs/{name}/
version: 1

# Defaults for all certificates below. An entry can override them.
defaults:
  key: rsa:2048 # or ec:P-256, ed25519 ...
  days: 365

# A CA without `issuer` is a root: server and client must trust it (ca.crt).
authorities:
  ca:
    subject: {{CN: mintls development CA}}
    days: 3650 # longer than the certificates that it signs
    path_length: 0 # it signs leaves, but no CA

# Clients compare the name that they connect to with the names in `san`.
servers:
  server:
    subject: {{CN: {common_name}}}
    san: [{san}]
    # outputs: [chain, combined, pkcs12]

clients:
  client:
    subject: {{CN: dev-client}}
    san: ["DNS:client.localhost"]
"""


def name_of(argument: str) -> GeneralName:
    """A host name, address, URI or email address, with its kind. Raises ValueError."""
    try:
        return GeneralName(f"IP:{ipaddress.ip_address(argument.strip('[]'))}")
    except ValueError:
        kind = "URI" if "://" in argument else "email" if "@" in argument else "DNS"
        return GeneralName.parse(f"{kind}:{argument}")


def starter(names: Sequence[GeneralName], file: str, name: str) -> str:
    """The text of a profile for these names; `file` and `name` are for its comment."""
    common_name = next((one.value for one in names if len(one.value) <= ATTRIBUTES["CN"]), "server")
    san = ", ".join(f'"{one}"' for one in names)
    return _TEXT.format(file=file, name=name, common_name=f'"{common_name}"', san=san)


def set_name(names: Sequence[GeneralName]) -> str:
    """The name of the output directory: the first name, without what is special in a file name."""
    return names[0].value.replace("*", "_").replace(":", "-").replace("/", "-")
