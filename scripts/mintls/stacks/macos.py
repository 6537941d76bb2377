"""The keychain of macOS (security(1)); not tested here."""

from mintls.configuration.stack import Stack, TrustStore

STACK = Stack(
    title="macOS",
    trust=TrustStore(
        add="sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain @ca@",
        remove=(
            "sudo security remove-trusted-cert -d @ca@ && sudo security delete-certificate -t -Z $(openssl x509 -in "
            "@ca@ -noout -fingerprint -sha1 | tr -d : | cut -d= -f2) /Library/Keychains/System.keychain"
        ),
        keys=("rsa", "ec"),
        limits="server certificates of at most 825 days, with a SAN and the purpose serverAuth",
    ),
)
