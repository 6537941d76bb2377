"""How a field of the profile is documented, for the reference and the JSON Schema."""

from msgspec import Meta


def about(meaning: str, *examples: object, required: str = "", ge: int | None = None, le: int | None = None) -> Meta:
    """Documentation of a field for the reference and the JSON Schema: meaning, examples, when required, bounds."""
    extra = {"required": required} if required else None
    return Meta(description=meaning, examples=list(examples), extra=extra, ge=ge, le=le)
