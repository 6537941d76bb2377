"""A certificate's settings -> the text of its openssl configuration: the subject and the extensions.

The text is an injection surface (a newline adds lines, $ reads the environment, # cuts, a comma adds names), so
every value is quoted and every list of names has its own section: config(5), x509v3_config(5).
"""

import ipaddress
from collections.abc import Iterator

from mintls.profile.fields import Authority
from mintls.profile.model import Entry
from mintls.profile.names import GeneralName, Subtree

EXTENSIONS = "extensions"  # the section's name, as commands refer to it
Lists = dict[str, list[str]]  # sections with a list of names, by the section's name


def config_text(entry: Entry) -> str:
    """One file for both commands: `req -config` reads [req] and [subject], `x509 -extfile` reads [extensions]."""
    lists = list_sections(entry)
    sections = {"req": req_lines(), "subject": subject_lines(entry), EXTENSIONS: extension_lines(entry, lists)}
    sections |= {name: lines for name, lines in lists.items() if lines}
    return "\n".join(line for name, lines in sections.items() for line in (f"[ {name} ]", *lines, ""))


def quoted(value: str) -> str:
    """A value that openssl takes literally: within quotes only the quote and the backslash are special."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def req_lines() -> list[str]:
    """No questions, UTF-8 in and UTF-8 out (req(1))."""
    return ["prompt = no", "utf8 = yes", "string_mask = utf8only", "distinguished_name = subject"]


def subject_lines(entry: Entry) -> list[str]:
    """The number before the dot allows several attributes of one kind; openssl ignores it."""
    return [f"{index}.{name} = {quoted(value)}" for index, (name, value) in enumerate(entry.settings.subject)]


def extension_lines(entry: Entry, lists: Lists) -> list[str]:
    """Our extensions, subjectKeyIdentifier before authorityKeyIdentifier, then the raw ones of the profile."""
    raw = entry.settings.extensions
    own = {name: value for name, value in _extensions(entry, lists) if value and name not in raw}
    return [f"{name} = {value}" for name, value in own.items()] + [f"{name} = {quoted(raw[name])}" for name in raw]


def list_sections(entry: Entry) -> Lists:
    """Lists of names have sections of their own, one name per line, where a comma is literal."""
    settings = entry.settings
    constraints = settings.name_constraints if isinstance(settings, Authority) else None
    permitted = [("permitted;", subtree) for subtree in constraints.permitted] if constraints else []
    excluded = [("excluded;", subtree) for subtree in constraints.excluded] if constraints else []
    return {
        "san": [f"{name.kind}.{index} = {quoted(_san_value(name))}" for index, name in enumerate(settings.san)],
        "names": [
            f"{how}{subtree.kind}.{index} = {quoted(_netmask(subtree))}"
            for index, (how, subtree) in enumerate(permitted + excluded)
        ],
        "crl": [f"URI.{index} = {quoted(uri)}" for index, uri in enumerate(settings.crl_distribution_points)],
        "ocsp": [
            f"{method};URI.{index} = {quoted(uri)}"
            for method, uris in (("OCSP", settings.ocsp), ("caIssuers", settings.ca_issuers))
            for index, uri in enumerate(uris)
        ],
    }


def _extensions(entry: Entry, lists: Lists) -> Iterator[tuple[str, str]]:
    settings = entry.settings
    netscape = settings.netscape
    yield "basicConstraints", f"critical,{_basic_constraints(entry)}"
    # none must be explicit: openssl 3 adds the two identifiers if they are not mentioned
    yield "subjectKeyIdentifier", settings.subject_key_identifier
    if entry.issuer is not None and "self_signed" not in settings.defects:
        yield "authorityKeyIdentifier", settings.authority_key_identifier
    yield "keyUsage", (entry.key_usage and f"critical,{','.join(entry.key_usage)}") or ""
    yield "extendedKeyUsage", ",".join(entry.extended_key_usage)
    critical = "" if settings.subject else "critical,"  # RFC 5280 4.1.2.6: an empty subject
    yield "subjectAltName", f"{critical}@san" if lists["san"] else ""
    yield "nameConstraints", "critical,@names" if lists["names"] else ""
    yield "certificatePolicies", ",".join(settings.certificate_policies)
    yield "crlDistributionPoints", "@crl" if lists["crl"] else ""
    yield "authorityInfoAccess", "@ocsp" if lists["ocsp"] else ""
    yield "tlsfeature", "status_request" if settings.must_staple else ""
    yield "noCheck", "ignored" if entry.role == "responder" else ""  # RFC 6960 section 4.2.2.2.1
    yield "nsCertType", ",".join(netscape.cert_type) if netscape else ""
    yield "nsComment", quoted(netscape.comment) if netscape and netscape.comment else ""


def _basic_constraints(entry: Entry) -> str:
    if not isinstance(entry.settings, Authority) or "ca_false" in entry.settings.defects:
        return "CA:FALSE"
    limit = entry.settings.path_length
    return "CA:TRUE" if limit is None else f"CA:TRUE,pathlen:{limit}"


def _netmask(subtree: Subtree) -> str:
    """openssl requires the netmask in full."""
    if subtree.kind != "IP":
        return subtree.value
    network = ipaddress.ip_network(subtree.value)
    return f"{network.network_address}/{network.netmask}"


def _san_value(name: GeneralName) -> str:
    """Without its FORMAT, ASN1_generate_nconf(3) takes UTF-8 for Latin-1."""
    return name.value.replace(";UTF8:", ";FORMAT:UTF8,UTF8:", 1) if name.kind == "otherName" else name.value
