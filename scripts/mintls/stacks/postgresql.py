"""PostgreSQL (pg_hba.conf and postgresql.conf), and psql with libpq's connection parameters."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CONF = """
listen_addresses = '127.0.0.1'
port = @port@
unix_socket_directories = ''
data_directory = '@dir@/data'
hba_file = '@dir@/pg_hba.conf'
ssl = on
ssl_min_protocol_version = 'TLSv1.2'
ssl_cert_file = '@chain@'
ssl_key_file = '@key@'
ssl_passphrase_command = 'head -n 1 @passphrase@'
ssl_ca_file = '@ca@'
ssl_crl_file = '@crl@'
"""
HBA = """
# a certificate of the CA whose CN is the name of the user; nothing without TLS
hostssl all all 127.0.0.1/32 trust clientcert=verify-full
"""
STACK = Stack(
    title="PostgreSQL",
    protocol="postgres",
    programs=("psql",),
    server=Side(
        files={"postgresql.conf": CONF, "pg_hba.conf": HBA},
        prepare="initdb -D @dir@/data -A trust && "
        """echo 'CREATE ROLE "@user@" LOGIN' | postgres --single -D @dir@/data postgres""",
        start="postgres -D @dir@/data -c config_file=@dir@/postgresql.conf",
        reload="pg_ctl reload -D @dir@/data",
        port=5432,
        tested="15",
        wrong=(
            Wrong(
                setting="clientcert",
                right=" clientcert=verify-full",
                wrong="",
                effect="no certificate is required",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="hostssl",
                right="hostssl all",
                wrong="host all all 127.0.0.1/32 trust\n#",
                effect="clients without TLS are let in",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="run it as the user that owns the key, never root; Debian's programs are in /usr/lib/postgresql/*/bin",
        fixes=fixes(
            require="pg_hba.conf: hostssl in each line, with clientcert=verify-full (or the method cert)",
            verify="pg_hba.conf: clientcert=verify-full; ssl_ca_file must be set",
            trust="ssl_ca_file with only the root",
            others={
                Mistake.TLS_ONLY: "pg_hba.conf: hostssl, not host",
                Mistake.REVOCATION: "ssl_crl_file with a CRL of each CA of the chain; reload after each new CRL",
                Mistake.IDENTITY: "ssl_cert_file: the leaf first, then its intermediates",
                Mistake.NEW_VERSIONS: "ssl_min_protocol_version = 'TLSv1.2'",
                Mistake.STRENGTH: "ssl_ciphers = 'DEFAULT:@SECLEVEL=2'",
            },
        ),
    ),
    client=Side(
        start="psql 'host=@host@ port=@port@ dbname=postgres user=@user@ sslmode=verify-full sslrootcert=@ca@ "
        "sslcert=@chain@ sslkey=@key@' -c 'select 1'",
        options="--offer-starttls postgres",
        port=5432,
        accepts=("address-by-wildcard",),
        tested="15",
        wrong=(
            Wrong(
                setting="sslmode=verify-full",
                right="sslmode=verify-full",
                wrong="sslmode=verify-ca",
                effect="any server of the CA is believed, whatever its name",
                mistake=Mistake.NAME,
            ),
            Wrong(
                setting="sslmode=verify-full",
                right="sslmode=verify-full sslrootcert=@ca@",
                wrong="sslmode=require",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="a name with a wildcard may stand for an address; a passphrase only as text (sslpassword)",
        fixes=fixes(
            verify="sslmode=verify-full: require and lower do not verify the certificate",
            trust="sslrootcert=ca.crt, not sslrootcert=system",
            name="sslmode=verify-full: verify-ca does not check the name",
            others={Mistake.REVOCATION: "sslcrl=FILE with a CRL of each CA of the chain"},
        ),
    ),
)
