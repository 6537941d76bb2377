"""SMTP (RFC 5321): a recipient that every server has to accept, because Postfix rejects there and not before.

It has a domain: Postfix accepts the bare `postmaster` from any client, whatever its restrictions are.
"""

from mintls.errors import UsageError
from mintls.handshake.connect.probe import NO_SUCH_HOST, Exchange, Probe
from mintls.handshake.connect.protocols.protocol import Protocol, Request
from mintls.handshake.connect.protocols.replies import begins_with, by_pattern, ends_with, greeting

_END = ends_with(rb"\d{3} ")
_READ = by_pattern(accepted=rb"^2\d\d[ -]", refused=rb"^(4|5)\d\d[ -]")


def _domain(host: str) -> str:
    """The host as an address has it after its @ (RFC 5321 section 4.1.3)."""
    return f"[{host.strip('[]')}]" if ":" in host or host.replace(".", "").isdigit() else host


def _probe(request: Request) -> Probe:
    host = request.authority.rsplit(":", 1)[0] if not request.authority.endswith("]") else request.authority
    recipient = request.value or f"postmaster@{_domain(host)}"
    if any(character in "<> \r\n" or not character.isprintable() for character in recipient):
        raise UsageError(f"--probe smtp:{recipient}: write a recipient such as postmaster@example.com")
    lines = (f"EHLO {NO_SUCH_HOST}", "MAIL FROM:<>", f"RCPT TO:<{recipient}>")
    steps = tuple(Exchange(f"{line}\r\n".encode(), _END, begins_with(b"2")) for line in lines)
    return Probe("smtp", steps if request.greeted else (greeting(b"2"), *steps), _READ)


SMTP = Protocol(
    name="smtp",
    about="EHLO, MAIL and RCPT TO the postmaster of the host, or smtp:RECIPIENT; nothing is sent",
    probe=_probe,
    starttls="smtp",
    ports=(465,),
    starttls_ports=(25, 587),
    greeting=b"220 ",
)
