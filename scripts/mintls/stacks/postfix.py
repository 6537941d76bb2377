"""Postfix (postconf(5), TLS_README)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

MAIN = """
compatibility_level = 3.6
queue_directory = @dir@/queue
data_directory = @dir@/data
maillog_file = @dir@/mail.log
maillog_file_prefixes = @dir@
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
mydestination = localhost
local_recipient_maps =
alias_maps =
smtpd_peername_lookup = no
smtpd_relay_restrictions = reject_unauth_destination
# these are about mTLS
smtpd_tls_security_level = encrypt
smtpd_tls_mandatory_protocols = >=TLSv1.2
smtpd_tls_cert_file = @chain@
smtpd_tls_key_file = @key@
smtpd_tls_CAfile = @ca@
smtpd_tls_req_ccert = yes
"""
MASTER = """
@port@ inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
error unix - - n - - error
"""
STACK = Stack(
    title="Postfix",
    protocol="smtp",
    server=Side(
        files={"main.cf": MAIN, "master.cf": MASTER},
        prepare="mkdir -p @dir@/queue @dir@/data && chown postfix @dir@/data && postfix -c @dir@ check",
        start="postfix -c @dir@ start-fg",
        reload="postfix -c @dir@ reload",
        options="--starttls smtp",
        port=2525,
        tested="3.7",
        wrong=(
            Wrong(
                setting="smtpd_tls_req_ccert",
                right="smtpd_tls_req_ccert",
                wrong="smtpd_tls_ask_ccert",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="only root can start it; a rejected client is told after the handshake; no CRL and no encrypted key",
        fixes=fixes(
            require="smtpd_tls_req_ccert = yes with smtpd_tls_security_level = encrypt; smtpd_tls_ask_ccert asks only",
            verify="smtpd_tls_req_ccert = yes; with smtpd_tls_ask_ccert restrict by permit_tls_all_clientcerts, reject",
            trust="smtpd_tls_CAfile with only the root, no smtpd_tls_CApath, tls_append_default_CA = no",
            others={
                Mistake.TLS_ONLY: "smtpd_tls_security_level = encrypt: no mail before STARTTLS",
                Mistake.IDENTITY: "smtpd_tls_cert_file: the leaf first, then its intermediates",
                Mistake.NEW_VERSIONS: "smtpd_tls_mandatory_protocols = >=TLSv1.2",
            },
        ),
    ),
)
