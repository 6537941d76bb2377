"""PostgreSQL (pg_hba.conf, libpq)."""

from mintls.configuration.stack import Side, Stack, fixes

STACK = Stack(
    title="PostgreSQL",
    programs=("psql",),
    client=Side(
        fixes=fixes(
            verify="sslmode=verify-full: require and lower do not verify the certificate",
            trust="sslrootcert=ca.crt, not sslrootcert=system",
            name="sslmode=verify-full: verify-ca does not check the name",
        ),
    ),
)
