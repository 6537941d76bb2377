"""The JSON Schema of a profile, for editors.

Run `python -m mintls.profile.json_schema > ../profiles/schema.json` in scripts/ to write it.
"""

from typing import Any

from mintls.profile.document import Document

import msgspec


def profile_schema() -> bytes:
    """JSON Schema 2020-12, indented."""
    schema = msgspec.json.schema(Document, schema_hook=_described)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A mintls profile", **schema}
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


def _described(kind: Any) -> dict[str, Any]:
    """The JSON Schema that a scalar type declares."""
    declared: dict[str, Any] = kind.schema
    return declared


if __name__ == "__main__":
    print(profile_schema().decode(), end="")
