"""OpenLDAP: slapd.conf(5), ldap.conf(5)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CONF = """
TLSCACertificateFile @ca@
TLSCertificateFile @chain@
TLSCertificateKeyFile @key@
TLSVerifyClient demand
TLSProtocolMin 3.3
pidfile @dir@/pid
"""
STACK = Stack(
    title="OpenLDAP",
    protocol="ldap",
    programs=("ldapsearch", "ldapwhoami"),
    server=Side(
        files={"slapd.conf": CONF},
        start="slapd -d 0 -h ldaps://127.0.0.1:@port@/ -f @dir@/slapd.conf",
        port=6360,
        accepts=("wrong-purpose", "code-signing"),
        tested="2.5",
        wrong=(
            Wrong(
                setting="TLSVerifyClient",
                right="TLSVerifyClient demand",
                wrong="TLSVerifyClient try",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="TLSVerifyClient",
                right="TLSVerifyClient demand",
                wrong="TLSVerifyClient allow",
                effect="clients without a certificate, or of any CA, are served",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="no encrypted key; Debian's, with GnuTLS, does not check the purpose of a certificate",
        fixes=fixes(
            require="TLSVerifyClient demand; try and allow let clients without one in",
            verify="TLSVerifyClient demand; allow ignores what it cannot verify",
            trust="TLSCACertificateFile with only the root, and no TLSCACertificatePath",
            others={
                Mistake.TLS_ONLY: "listen on ldaps:// alone, or `security tls=1`",
                Mistake.REVOCATION: "TLSCRLCheck all (OpenSSL), TLSCRLFile (GnuTLS)",
                Mistake.IDENTITY: "TLSCertificateFile: the leaf first, then its intermediates",
                Mistake.NEW_VERSIONS: "TLSProtocolMin 3.3, which is TLS 1.2",
            },
        ),
    ),
    client=Side(
        start="env LDAPTLS_CACERT=@ca@ LDAPTLS_CERT=@chain@ LDAPTLS_KEY=@key@ LDAPTLS_REQCERT=demand "
        "ldapsearch -x -o nettimeout=5 -H ldaps://@host@:@port@ -b '' -s base",
        port=6360,
        limits="for `localhost` it checks the machine's own name, so --listen proves it with another name only; "
        "no encrypted key",
        fixes=fixes(
            verify="TLS_REQCERT demand in ldap.conf, or LDAPTLS_REQCERT=demand",
            trust="TLS_CACERT ca.crt in ldap.conf, or LDAPTLS_CACERT; with GnuTLS it checks this machine's own name in "
            "place of localhost: --name HOSTNAME --listen ADDRESS:0",
            name="TLS_REQCERT demand: allow and never do not check the name",
        ),
    ),
)
