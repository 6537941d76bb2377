"""POP3 (RFC 1939): a login with a wrong password, which Dovecot rejects for the certificate before the password."""

from mintls.handshake.connect.probe import Exchange, Probe
from mintls.handshake.connect.protocols.protocol import Protocol, Request
from mintls.handshake.connect.protocols.replies import begins_with, by_pattern, greeting

# A password that is wrong shows that the certificate was accepted (RFC 3206 section 4: the code AUTH).
_READ = by_pattern(accepted=rb"^\+OK|\[AUTH\]", refused=rb"certificate")


def _probe(request: Request) -> Probe:
    steps = (Exchange(b"USER mintls\r\n", proceeds=begins_with(b"+OK")), Exchange(b"PASS mintls\r\n"))
    return Probe("pop3", steps if request.greeted else (greeting(b"+OK"), *steps), _READ)


POP3 = Protocol(
    name="pop3",
    about="USER and a wrong PASS: rejected for the certificate, or for the password",
    probe=_probe,
    starttls="pop3",
    ports=(995,),
    starttls_ports=(110,),
    greeting=b"+OK",
)
