"""A certificate's settings -> the text of its openssl configuration: the subject and the extensions.

The text is an injection surface (a newline adds lines, $ reads the environment, # cuts, a comma adds names), so
every value is quoted and every list of names stands in a section of its own: config(5), x509v3_config(5).
"""

from collections.abc import Iterator

from mintls.names import GeneralName
from mintls.settings import Authority, Entry

EXTENSIONS = "extensions"  # the section's name, as commands refer to it


def config_text(entry: Entry) -> str:
    """One file for both commands: `req -config` reads [req] and [subject], `x509 -extfile` reads [extensions]."""
    return "\n".join(
        [
            *_section("req", req_lines()),
            *_section("subject", subject_lines(entry)),
            *_section(EXTENSIONS, extension_lines(entry)),
            *(_section("san", san_lines(entry)) if entry.settings.san else ()),
        ]
    )


def quoted(value: str) -> str:
    """A value that openssl takes literally: within quotes only the quote and the backslash are special."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def req_lines() -> Iterator[str]:
    yield "prompt = no"
    yield "utf8 = yes"
    yield "string_mask = utf8only"
    yield "distinguished_name = subject"


def subject_lines(entry: Entry) -> Iterator[str]:
    """The number before the dot keeps attributes of one kind apart; openssl ignores it."""
    for index, (attribute, value) in enumerate(entry.settings.subject):
        yield f"{index}.{attribute} = {quoted(value)}"


def extension_lines(entry: Entry) -> Iterator[str]:
    """The key identifiers stand in this order: the issuer's is copied from its subject key identifier."""
    settings = entry.settings
    yield f"basicConstraints = critical,{_basic_constraints(entry)}"
    yield "subjectKeyIdentifier = hash"
    if settings.authority_key_identifier != "none" and entry.issuer is not None:
        yield f"authorityKeyIdentifier = {settings.authority_key_identifier}"
    if entry.key_usage:
        yield f"keyUsage = critical,{','.join(entry.key_usage)}"
    if entry.extended_key_usage:
        yield f"extendedKeyUsage = {','.join(entry.extended_key_usage)}"
    if settings.san:
        yield "subjectAltName = @san"
    if settings.netscape and settings.netscape.cert_type:
        yield f"nsCertType = {','.join(settings.netscape.cert_type)}"
    if settings.netscape and settings.netscape.comment:
        yield f"nsComment = {quoted(settings.netscape.comment)}"


def san_lines(entry: Entry) -> Iterator[str]:
    for index, name in enumerate(entry.settings.san):
        yield f"{name.kind}.{index} = {quoted(_san_value(name))}"


def _san_value(name: GeneralName) -> str:
    """Without its FORMAT, ASN1_generate_nconf(3) takes UTF-8 for Latin-1."""
    return name.value.replace(";UTF8:", ";FORMAT:UTF8,UTF8:", 1) if name.kind == "otherName" else name.value


def _basic_constraints(entry: Entry) -> str:
    if not isinstance(entry.settings, Authority):
        return "CA:FALSE"
    limit = entry.settings.path_length
    return "CA:TRUE" if limit is None else f"CA:TRUE,pathlen:{limit}"


def _section(name: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"[ {name} ]"
    yield from lines
    yield ""
