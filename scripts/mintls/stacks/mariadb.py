"""MariaDB, its client, and MySQL's."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CONF = """
[mariadbd]
datadir = @dir@/data
socket = @dir@/socket
pid-file = @dir@/pid
port = @port@
bind-address = 127.0.0.1
skip-name-resolve
init-file = @dir@/users.sql
require-secure-transport = ON
tls-version = TLSv1.2,TLSv1.3
ssl-ca = @ca@
ssl-cert = @chain@
ssl-key = @key@
ssl-crl = @crl@
"""
USERS = """
CREATE USER IF NOT EXISTS '@user@'@'%' REQUIRE X509;
"""
STACK = Stack(
    title="MariaDB, MySQL",
    protocol="mysql",
    programs=("mysql", "mariadb"),
    server=Side(
        files={"my.cnf": CONF, "users.sql": USERS},
        prepare="mariadb-install-db --no-defaults --datadir=@dir@/data --user=$(id -un) --skip-test-db",
        start="mariadbd --defaults-file=@dir@/my.cnf --user=$(id -un)",
        port=3306,
        tested="10.11",
        wrong=(
            Wrong(
                setting="REQUIRE X509",
                right="REQUIRE X509",
                wrong="REQUIRE SSL",
                effect="the user needs no certificate",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="each user has to be created with REQUIRE X509 (or SUBJECT, ISSUER): the server has no setting for all",
        fixes=fixes(
            require="CREATE USER ... REQUIRE X509, or SUBJECT '/CN=...'; REQUIRE SSL asks for no certificate",
            verify="REQUIRE X509, with ssl-ca set",
            trust="ssl-ca with only the root, and no ssl-capath",
            others={
                Mistake.TLS_ONLY: "require-secure-transport = ON, and REQUIRE X509 for each user",
                Mistake.REVOCATION: "ssl-crl with a CRL of each CA of the chain; FLUSH SSL after each new one",
                Mistake.IDENTITY: "ssl-cert: the leaf first, then its intermediates",
                Mistake.NEW_VERSIONS: "tls-version = TLSv1.2,TLSv1.3",
            },
        ),
    ),
    client=Side(
        start="mariadb --no-defaults --protocol=tcp -h @host@ -P @port@ -u @user@ --ssl-ca=@ca@ --ssl-cert=@chain@ "
        "--ssl-key=@key@ --ssl-verify-server-cert -e 'select 1'",
        options="--offer-starttls mysql",
        port=3306,
        accepts=("address-by-wildcard", "address-in-cn"),
        tested="10.11",
        limits="the CN, and a name with a wildcard, may stand for an address",
        wrong=(
            Wrong(
                setting="--ssl-verify-server-cert",
                right=" --ssl-verify-server-cert",
                wrong="",
                effect="any server is believed, or any of the CA, whatever its name",
                mistake=Mistake.NAME,
            ),
        ),
        fixes=fixes(
            verify=(
                "mysql: --ssl-mode=VERIFY_IDENTITY --ssl-ca=ca.crt; mariadb: --ssl-verify-server-cert --ssl-ca=ca.crt"
            ),
            trust="--ssl-ca=ca.crt, and no --ssl-capath",
            name=(
                "mysql: --ssl-mode=VERIFY_IDENTITY, as VERIFY_CA does not check the name; mariadb: "
                "--ssl-verify-server-cert"
            ),
            others={Mistake.REVOCATION: "--ssl-crl=FILE with a CRL of each CA of the chain"},
        ),
    ),
)
