"""The text of a certificate, for people, as openssl prints it."""

from mintls.openssl.binary import Openssl


def full_text(openssl: Openssl, pem: str) -> str:
    """What `openssl x509 -text` prints, without what would control a terminal."""
    output = openssl.run(("x509", "-noout", "-text", "-nameopt", "RFC2253,utf8,-esc_msb"), stdin=pem.encode()).stdout
    return "".join(character if character.isprintable() or character == "\n" else "?" for character in output)
