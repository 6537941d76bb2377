"""Dovecot 2.3 (its ssl settings and service definitions)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CONF = """
base_dir = @dir@/run
state_dir = @dir@/state
log_path = @dir@/dovecot.log
listen = 127.0.0.1
protocols = imap
mail_location = mbox:@dir@/mail
# these are about mTLS
ssl = required
ssl_min_protocol = TLSv1.2
ssl_cert = <@chain@
ssl_key = <@key@
ssl_ca = <@ca@
ssl_require_crl = no
ssl_verify_client_cert = yes
auth_ssl_require_client_cert = yes
auth_failure_delay = 0
passdb {
  driver = static
  args = password=right
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = @port@
    ssl = yes
  }
}
"""
STACK = Stack(
    title="Dovecot",
    protocol="imap",
    says=(r"^\* OK .*Dovecot.*",),
    server=Side(
        files={"dovecot.conf": CONF},
        start="dovecot -F -c @dir@/dovecot.conf",
        reload="doveadm -c @dir@/dovecot.conf reload",
        port=9993,
        tested="2.3",
        wrong=(
            Wrong(
                setting="auth_ssl_require_client_cert",
                right="auth_ssl_require_client_cert = yes",
                wrong="auth_ssl_require_client_cert = no",
                effect="clients without a certificate may log in",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits=(
            "a rejected client is told at its login, after the handshake; an encrypted key only with ssl_key_password"
        ),
        fixes=fixes(
            require="auth_ssl_require_client_cert = yes, with ssl_verify_client_cert = yes, which asks only",
            verify="ssl_verify_client_cert = yes and auth_ssl_require_client_cert = yes",
            trust="ssl_ca with only the root (and its CRL)",
            others={
                Mistake.TLS_ONLY: "ssl = required, and no plain listener: no login before TLS",
                Mistake.REVOCATION: "ssl_ca with the CRL after the certificate, and ssl_require_crl = yes",
                Mistake.IDENTITY: "ssl_cert: the leaf first, then its intermediates",
                Mistake.NEW_VERSIONS: "ssl_min_protocol = TLSv1.2",
            },
        ),
    ),
)
