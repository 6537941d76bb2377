"""GNU Wget (wget(1)), which Debian builds with GnuTLS."""

from mintls.configuration.stack import Side, Stack, fixes

STACK = Stack(
    title="wget",
    programs=("wget",),
    family="gnutls",
    client=Side(
        fixes=fixes(
            verify="no --no-check-certificate",
            trust="--ca-certificate=ca.crt, and an empty directory for --ca-directory",
            name="no --no-check-certificate",
        ),
    ),
)
