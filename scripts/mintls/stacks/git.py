"""git by HTTPS (git-config(1), http.*)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

STACK = Stack(
    title="git",
    programs=("git",),
    client=Side(
        start="env -u GIT_SSL_CAINFO -u GIT_SSL_NO_VERIFY git -c http.proxy= -c http.sslVerify=true "
        "-c http.sslCAInfo=@ca@ -c http.sslCert=@chain@ -c http.sslKey=@key@ "
        "ls-remote https://@host@:@port@/repository.git",
        accepts=("wrong-purpose", "code-signing", "ca-as-leaf"),
        tested="2.39",
        wrong=(
            Wrong(
                setting="http.sslVerify",
                right="http.sslVerify=true",
                wrong="http.sslVerify=false",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits=(
            "Debian's, with GnuTLS, does not check the purpose of a certificate; it asks for the passphrase of a key "
            "(http.sslCertPasswordProtected)"
        ),
        fixes=fixes(
            verify="http.sslVerify true (the default), and no GIT_SSL_NO_VERIFY",
            trust="http.sslCAInfo ca.crt (GIT_SSL_CAINFO goes before it), and http.sslCAPath an empty directory",
            name="http.sslVerify true, which also checks the name",
        ),
    ),
)
