"""Apache httpd with mod_ssl."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CONF = """
# A complete file to try, with Debian's paths of modules; in a configuration of yours the virtual host is what counts.
ServerName @host@
PidFile @dir@/httpd.pid
ErrorLog @dir@/error.log
Listen 127.0.0.1:@port@
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule status_module /usr/lib/apache2/modules/mod_status.so
LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
User www-data
Group www-data
SSLSessionCache shmcb:@dir@/sessions(65536)
<VirtualHost *:@port@>
    SSLEngine on
    SSLProtocol -all +TLSv1.2 +TLSv1.3
    SSLCertificateFile "@chain@"
    SSLCertificateKeyFile "@key@"
    SSLCACertificateFile "@ca@"
    SSLCARevocationFile "@crl@"
    SSLCARevocationCheck leaf@crl?@
    SSLVerifyClient require
    SSLVerifyDepth 3
    <Location "/">
        SetHandler server-status
        Require all granted
    </Location>
</VirtualHost>
"""
STACK = Stack(
    title="Apache",
    says=(r"^Server: Apache\S*",),
    server=Side(
        files={"apache.conf": CONF},
        start="apache2 -X -f @dir@/apache.conf",
        reload="apache2 -f @dir@/apache.conf -k graceful",
        tested="2.4",
        limits="it reads the passphrase of a key from a program alone (SSLPassPhraseDialog exec:)",
        wrong=(
            Wrong(
                setting="SSLVerifyClient",
                right="SSLVerifyClient require",
                wrong="SSLVerifyClient optional",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="SSLVerifyClient",
                right="SSLVerifyClient require",
                wrong="SSLVerifyClient optional_no_ca",
                effect="certificates of any CA are accepted",
                mistake=Mistake.VERIFY,
            ),
        ),
        fixes=fixes(
            require="SSLVerifyClient require, in the virtual host or in each location; optional serves any client",
            verify=(
                "SSLVerifyClient require; optional_no_ca verifies nothing; SSLVerifyDepth 2 or more for intermediates"
            ),
            trust="SSLCACertificateFile with only the root, and no SSLCACertificatePath",
            others={
                Mistake.REVOCATION: "SSLCARevocationFile, and SSLCARevocationCheck chain; reload after each new CRL",
                Mistake.IDENTITY: "SSLCertificateFile: the leaf first, then its intermediates",
                Mistake.NEW_VERSIONS: "SSLProtocol -all +TLSv1.2 +TLSv1.3",
                Mistake.REAL_CIPHERS: "SSLCipherSuite HIGH:!aNULL:!eNULL",
                Mistake.STRENGTH: "SSLCipherSuite DEFAULT:@SECLEVEL=2",
                Mistake.SAME_HOST: "SSLStrictSNIVHostCheck on, and 2.4.64 or newer",
                Mistake.OWN_HEADERS: "RequestHeader unset X-SSL-Client-Verify, then set it from %{SSL_CLIENT_VERIFY}s",
                Mistake.CA_NAMES: "SSLCADNRequestFile ca.crt, or SSLCACertificateFile alone",
            },
        ),
    ),
)
