"""git-config(1), http.*."""

from mintls.configuration.stack import Side, Stack, fixes

STACK = Stack(
    title="git",
    programs=("git",),
    client=Side(
        fixes=fixes(
            verify="http.sslVerify true (the default), and no GIT_SSL_NO_VERIFY",
            trust="http.sslCAInfo ca.crt, and http.sslCAPath an empty directory",
            name="http.sslVerify true, which also checks the name",
        ),
    ),
)
