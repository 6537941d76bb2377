"""The certificate store of Windows (certutil), of the current user; not tested here."""

from mintls.configuration.stack import Stack, TrustStore

STACK = Stack(
    title="Windows",
    trust=TrustStore(
        add="certutil -user -addstore Root @ca@",
        remove="certutil -user -delstore Root $(openssl x509 -in @ca@ -noout -serial | cut -d= -f2)",
        keys=("rsa", "ec"),
        limits="copy the file there first; without -user, as administrator, for all users",
    ),
)
