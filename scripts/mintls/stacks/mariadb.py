"""MariaDB, and MySQL's client."""

from mintls.configuration.stack import Side, Stack, fixes

STACK = Stack(
    title="MySQL",
    programs=("mysql", "mariadb"),
    client=Side(
        fixes=fixes(
            verify=(
                "mysql: --ssl-mode=VERIFY_IDENTITY --ssl-ca=ca.crt; mariadb: --ssl-verify-server-cert --ssl-ca=ca.crt"
            ),
            trust="--ssl-ca=ca.crt, and no --ssl-capath",
            name=(
                "mysql: --ssl-mode=VERIFY_IDENTITY, as VERIFY_CA does not check the name; mariadb: --ssl-verify-"
                "server-cert"
            ),
        ),
    ),
)
