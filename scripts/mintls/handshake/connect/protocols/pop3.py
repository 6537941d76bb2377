"""POP3 (RFC 1939): the beginning of a login, which Dovecot rejects without a certificate before a password."""

from mintls.handshake.connect.probe import Exchange, Probe
from mintls.handshake.connect.protocols.protocol import Protocol, Request
from mintls.handshake.connect.protocols.replies import by_pattern, greeting

# It ends where the password is asked for (RFC 5034): a wrong one would slow down the logins that follow.
_READ = by_pattern(accepted=rb"^\+", refused=rb"certificate")


def _probe(request: Request) -> Probe:
    login = Exchange(b"AUTH PLAIN\r\n")
    return Probe("pop3", (login,) if request.greeted else (greeting(b"+OK"), login), _READ)


POP3 = Protocol(
    name="pop3",
    about="begins a login: rejected for the certificate, or asked for a password",
    probe=_probe,
    starttls="pop3",
    ports=(995,),
    starttls_ports=(110,),
    greeting=b"+OK",
)
