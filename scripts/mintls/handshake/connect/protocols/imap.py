"""IMAP (RFC 9051): a login with a wrong password, which Dovecot rejects for the certificate before the password."""

from mintls.handshake.connect.probe import Exchange, Probe
from mintls.handshake.connect.protocols.protocol import Protocol, Request
from mintls.handshake.connect.protocols.replies import by_pattern, ends_with, greeting

# A password that is wrong shows that the certificate was accepted (RFC 9051 section 7.1: the codes).
_READ = by_pattern(accepted=rb"^a OK|AUTHENTICATIONFAILED|PREAUTH", refused=rb"certificate|^\* BYE")


def _probe(request: Request) -> Probe:
    login = Exchange(b'a LOGIN "mintls" "mintls"\r\n', ends_with(rb"(a |\* BYE)"))
    return Probe("imap", (login,) if request.greeted else (greeting(b"* "), login), _READ)


IMAP = Protocol(
    name="imap",
    about="LOGIN with a wrong password: rejected for the certificate, or for the password",
    probe=_probe,
    starttls="imap",
    ports=(993,),
    starttls_ports=(143,),
    greeting=b"* ",
)
