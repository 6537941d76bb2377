"""Cases of names that a client must not accept, and of unusual ones that it must (pure).

Each is a way in which a comparison of names goes wrong: RFC 9525 section 6, RFC 6125 section 6, and the CVEs that are
named. In settings `{name}` is the name that the client checks for, `{parent}` and `{above}` the same without its first
one and two labels, and `{nul_san}` a DER extension that has the name, a NUL octet and the name of another host.
"""

from collections.abc import Mapping

from mintls.configuration.mistake import Mistake
from mintls.handshake.cases.case import DEEP, Case, Severity, Verifier
from mintls.handshake.wire.alerts import AlertNumber

OTHER = "DNS:other.example"
OTHER_LOOPBACK = "127.0.0.2"
HOLDERS = "Otherwise the holder of a certificate for such a name can impersonate the server."
HINT = "compare whole names with the SAN, as the TLS library does (RFC 9525 section 6); no custom comparison"


def _case(
    number: str,
    title: str,
    mistake: str,
    san: list[str],
    *,
    raw: str = "",
    subject: Mapping[str, object] | None = None,
    why: str = HOLDERS,
    section: str = "RFC 9525 section 6.3",
    name: str = "localhost",
    severity: Severity = Severity.MUST,
    disputed: bool = False,
) -> Case:
    """A certificate with these names that a client must reject. `raw`: a SAN that a profile cannot express."""
    leaf: dict[str, object] = {"san": san}
    if raw:
        leaf |= {"san": [], "defects": ["no_san"], "extensions": {"subjectAltName": raw}}
    if subject:
        leaf["subject"] = subject
    return Case(
        id=number,
        title=title,
        why=why,
        mistake=mistake,
        kind=Mistake.NAME,
        reference=section,
        hint=HINT,
        verifiers=(Verifier.CLIENT,),
        severity=severity,
        disputed=disputed,
        leaf=leaf,
        name=name,
        errors=(64,) if name.replace(".", "").isdigit() else (62,),
        alerts=(AlertNumber.BAD_CERTIFICATE,),
    )


def _valid(number: str, title: str, mistake: str, san: list[str], name: str = "localhost") -> Case:
    """A certificate with these names that a client should accept; one that does not is too strict."""
    return Case(
        id=number,
        title=title,
        why="A client that rejects it fails with servers that are configured correctly.",
        mistake=mistake,
        kind=Mistake.NAME,
        reference="RFC 9525 section 6.3",
        hint=HINT,
        verifiers=(Verifier.CLIENT,),
        disputed=True,
        leaf={"san": san},
        name=name,
        accepted=True,
    )


NAMES: tuple[Case, ...] = (
    Case(
        id="wrong-name",
        title="a valid certificate of a different host",
        why="Otherwise every holder of a certificate of the same CA can impersonate every server.",
        mistake="The chain is verified, the name is not: the default of s_client and of several libraries.",
        kind=Mistake.NAME,
        reference="RFC 9525 section 6.3",
        hint="check the name of the server (s_client: -verify_hostname): a valid certificate is not enough",
        verifiers=(Verifier.CLIENT,),
        leaf={"san": ["DNS:other.example"]},
        errors=(62,),
        alerts=(AlertNumber.BAD_CERTIFICATE,),
    ),
    Case(
        id="wrong-address",
        title="a valid certificate of a different address",
        why="Otherwise every holder of a certificate of the same CA can impersonate every server.",
        mistake="The chain is verified, the address is not, or only DNS names are compared.",
        kind=Mistake.NAME,
        reference="RFC 9525 section 6.4",
        hint="check the address of the server (s_client: -verify_ip)",
        verifiers=(Verifier.CLIENT,),
        leaf={"san": ["DNS:localhost", "IP:192.0.2.1"]},
        name="127.0.0.1",
        errors=(64,),
        alerts=(AlertNumber.BAD_CERTIFICATE,),
    ),
    Case(
        id="other-address",
        title="a valid certificate, at an address that it does not contain",
        why="Otherwise every holder of a certificate of the same CA can impersonate every server.",
        mistake="The chain is verified, the address is not.",
        kind=Mistake.NAME,
        reference="RFC 9525 section 6.4",
        hint="check the address of the server (s_client: -verify_ip)",
        verifiers=(Verifier.CLIENT,),
        needs_ca_key=False,
        name=OTHER_LOOPBACK,
        errors=(64,),
        alerts=(AlertNumber.BAD_CERTIFICATE,),
    ),
    Case(
        id="cn-only",
        title="a certificate with the host's name in its CN and no SAN",
        why="CN is free text, and name constraints on DNS names do not always apply to it.",
        mistake="The verifier falls back to CN for old certificates.",
        kind=Mistake.NAMES_IN_SAN,
        reference="RFC 9525 section 2",
        hint="OpenSSL falls back to the CN (Go and browsers do not): put each name into the SAN",
        verifiers=(Verifier.CLIENT,),
        severity=Severity.POLICY,
        leaf={"subject": {"CN": "{name}"}, "san": [], "defects": ["no_san"]},
        errors=(62,),
        alerts=(AlertNumber.BAD_CERTIFICATE,),
    ),
    _case(
        "cn-beside-san",
        "a certificate with the host's name in its CN, and a different one in its SAN",
        "The CN is compared although there is a SAN: HAProxy 3486, MariaDB Connector/J CONJ-230.",
        [OTHER],
        subject={"CN": "{name}"},
        why="CN is free text that a CA need not check; RFC 6125 allowed it only without a SAN, RFC 9525 never.",
        section="RFC 9525 section 2",
    ),
    _case(
        "name-as-prefix",
        "a certificate for a name that begins with the host's name",
        "Only the beginning of the name is compared, or a pattern has no end anchor.",
        ["DNS:{name}.other.example"],
    ),
    _case(
        "name-as-suffix",
        "a certificate for a name that ends with the host's name, without a dot",
        "Only the end of the name is compared.",
        ["DNS:other-{name}"],
    ),
    _case(
        "name-within",
        "a certificate for a name that contains the host's name",
        "The name is searched for as a substring, such as with strstr or `in`.",
        ["DNS:other-{name}-other.example"],
    ),
    _case(
        "subdomain",
        "a certificate for a subdomain of the host",
        "Names are compared from the right, and extra labels are ignored.",
        ["DNS:www.{name}"],
    ),
    _case(
        "parent-domain",
        "a certificate for the parent domain of the host",
        "Names are compared from the right, and missing labels are ignored.",
        ["DNS:{parent}"],
        name=DEEP,
    ),
    _case(
        "wildcard-labels",
        "a wildcard certificate for the domain two levels above the host",
        "The wildcard matches several labels, as in a shell or a regular expression: pgjdbc-ng 484.",
        ["DNS:*.{above}"],
        name=DEEP,
    ),
    _case(
        "wildcard-inside",
        "a certificate with a wildcard that is not the leftmost label",
        "The wildcard is accepted in any label.",
        [],
        raw="DNS:api.*.{above}",
        name=DEEP,
    ),
    _case(
        "wildcard-twice",
        "a certificate with two wildcard labels",
        "Each label is compared by itself, and each may be a wildcard.",
        [],
        raw="DNS:*.*.{above}",
        name=DEEP,
    ),
    _case(
        "wildcard-no-label",
        "a wildcard certificate for subdomains of the host",
        "The wildcard matches the empty label too.",
        ["DNS:*.{name}"],
        name=DEEP,
    ),
    _case(
        "wildcard-alone",
        "a certificate whose SAN is only a wildcard",
        "The wildcard matches everything, as in a shell; Go lets it match a name of one label.",
        [],
        raw="DNS:*",
        disputed=True,
    ),
    _case(
        "wildcard-prefix",
        "a certificate with a wildcard that is part of a label",
        "The wildcard is accepted beside other characters, which RFC 6125 allowed and RFC 9525 does not.",
        [],
        raw="DNS:a*.{parent}",
        name=DEEP,
        severity=Severity.POLICY,
    ),
    _case(
        "name-with-nul",
        "a certificate for the host's name, a NUL octet and the name of another host",
        "The name is compared as a C string that ends at the NUL: CVE-2009-2408, CVE-2013-4248, CVE-2014-0139.",
        [],
        raw="DER:{nul_san}",
    ),
    _case(
        "name-in-uri",
        "a certificate with the host's name in a URI only",
        "Every kind of alternative name is compared, or their text is searched: CVE-2021-44531.",
        ["URI:https://{name}/"],
    ),
    _case(
        "name-in-uri-text",
        "a certificate with a URI that reads like a further DNS name",
        "The SAN is printed as text and the text is split at commas: CVE-2021-44532.",
        ["URI:http://other.example/,DNS:{name}"],
    ),
    _case(
        "name-in-email",
        "a certificate with the host's name in an email address only",
        "Every kind of alternative name is compared, or their text is searched.",
        ["email:root@{name}"],
    ),
    _case(
        "name-in-organization",
        "a certificate with the host's name in its O, and a different one in its SAN",
        "The text of the subject is searched for the name.",
        [OTHER],
        subject={"O": "{name}", "CN": "other"},
    ),
    _case(
        "name-in-subject-text",
        "a certificate with an O that reads like a CN with the host's name",
        "The subject is printed as text and parsed again: CVE-2021-44533, Apache HttpClient's CVE-2014-3577.",
        [OTHER],
        subject={"O": "x/CN={name}, CN={name}", "CN": "other"},
    ),
    _case(
        "address-as-dns-name",
        "a certificate with the address as a DNS name",
        "The address is compared as text with every DNS name.",
        [],
        raw="DNS:127.0.0.1",
        section="RFC 9525 section 6.4",
        name="127.0.0.1",
        disputed=True,
    ),
    _case(
        "address-by-wildcard",
        "a certificate with a wildcard that looks like the address",
        "The address is compared as text, and a wildcard stands for its first number.",
        [],
        raw="DNS:*.0.0.1",
        section="RFC 9525 section 6.4",
        name="127.0.0.1",
    ),
    _case(
        "address-as-prefix",
        "a certificate for an address that begins like the host's",
        "The text of the address is searched in that of the SAN.",
        ["IP:127.0.0.10", "IP:127.0.0.100"],
        section="RFC 9525 section 6.4",
        name="127.0.0.1",
    ),
    _case(
        "address-in-cn",
        "a certificate with the address in its CN, and a different one in its SAN",
        "The CN is compared although there is a SAN.",
        ["IP:192.0.2.1"],
        subject={"CN": "127.0.0.1"},
        section="RFC 9525 section 6.4",
        name="127.0.0.1",
    ),
    _case(
        "address-in-uri",
        "a certificate with the address in a URI only",
        "Every kind of alternative name is compared, or their text is searched.",
        ["URI:https://127.0.0.1/"],
        section="RFC 9525 section 6.4",
        name="127.0.0.1",
    ),
    _valid(
        "wildcard",
        "a wildcard certificate for the host's domain",
        "Wildcards are not supported, or compared as text.",
        ["DNS:*.{parent}"],
        DEEP,
    ),
    _valid(
        "name-in-capitals",
        "a certificate with the host's name in capitals",
        "Names are compared with regard to case.",
        ["DNS:{capitals}"],
    ),
    _valid(
        "name-among-others",
        "a certificate with the host's name as the last of thirty",
        "Only the first name is compared, or there is a limit.",
        [*(f"DNS:host{number}.other.example" for number in range(29)), "DNS:{name}"],
    ),
)
