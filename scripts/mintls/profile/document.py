"""The top level of a profile: its sections and defaults; the fields of their entries are in fields.py."""

from typing import Annotated, Literal

from mintls.profile.field_docs import about
from mintls.profile.fields import Authority, Defaults, Leaf
from mintls.profile.file_names import Files

from msgspec import Struct, field


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A profile as written."""

    version: Annotated[Literal[1], about("Version of the profile language.", 1)] = 1
    defaults: Annotated[
        Defaults, about("Defaults for all entries. Mappings merge; anything else is replaced.", {"key": "ec:P-256"})
    ] = field(default_factory=Defaults)
    files: Annotated[Files, about("File names.", {"certificate": "{name}-cert.pem"})] = field(default_factory=Files)
    authorities: Annotated[
        dict[str, Authority], about("CAs by name.", {"ca": {"subject": {"CN": "Test CA"}}}, required="yes")
    ] = field(default_factory=dict)
    servers: Annotated[
        dict[str, Leaf],
        about("TLS servers by name.", {"server": {"subject": {"CN": "localhost"}, "san": ["DNS:localhost"]}}),
    ] = field(default_factory=dict)
    clients: Annotated[dict[str, Leaf], about("TLS clients by name.", {"client": {"subject": {"CN": "client"}}})] = (
        field(default_factory=dict)
    )
    peers: Annotated[
        dict[str, Leaf],
        about(
            "Certificates that are server and client in one, by name.",
            {"web": {"subject": {"CN": "web"}, "san": ["DNS:web"]}},
        ),
    ] = field(default_factory=dict)
    responders: Annotated[
        dict[str, Leaf],
        about("OCSP responders by name, each for its issuer (RFC 6960 section 4.2.2.2).", {"ocsp": {"issuer": "ca"}}),
    ] = field(default_factory=dict)
