"""IMAP (RFC 9051): the beginning of a login, which Dovecot rejects without a certificate before a password."""

from mintls.handshake.connect.probe import Exchange, Probe
from mintls.handshake.connect.protocols.protocol import Protocol, Request
from mintls.handshake.connect.protocols.replies import by_pattern, ends_with, greeting

# It ends where the password is asked for: a wrong one would slow down the logins that follow.
_READ = by_pattern(accepted=rb"^\+|^a OK|PREAUTH", refused=rb"certificate|^\* BYE")


def _probe(request: Request) -> Probe:
    login = Exchange(b"a AUTHENTICATE PLAIN\r\n", ends_with(rb"(\+|a |\* BYE)"))
    return Probe("imap", (login,) if request.greeted else (greeting(b"* "), login), _READ)


IMAP = Protocol(
    name="imap",
    about="begins a login: rejected for the certificate, or asked for a password",
    probe=_probe,
    starttls="imap",
    ports=(993,),
    starttls_ports=(143,),
    greeting=b"* ",
)
