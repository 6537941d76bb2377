"""GNU Wget (wget(1)), which Debian builds with GnuTLS."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

STACK = Stack(
    title="wget",
    programs=("wget",),
    family="gnutls",
    client=Side(
        start="wget -q -O - -t 1 -T 9 --no-config --no-proxy --ca-certificate=@ca@ --certificate=@chain@ "
        "--private-key=@key@ https://@host@:@port@/",
        accepts=("wrong-purpose", "code-signing", "ca-as-leaf"),
        tested="1.21",
        wrong=(
            Wrong(
                setting="--no-check-certificate",
                right="--ca-certificate=@ca@",
                wrong="--no-check-certificate",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="it does not check the purpose of a certificate; no encrypted key",
        fixes=fixes(
            verify="no --no-check-certificate",
            trust="--ca-certificate=ca.crt, and an empty directory for --ca-directory",
            name="no --no-check-certificate",
        ),
    ),
)
