"""The trust store of Debian and Ubuntu (update-ca-certificates(8))."""

from mintls.configuration.stack import Stack, TrustStore

STACK = Stack(
    title="Debian, Ubuntu",
    trust=TrustStore(
        add="cp @ca@ /usr/local/share/ca-certificates/@label@.crt && update-ca-certificates",
        remove="rm /usr/local/share/ca-certificates/@label@.crt && update-ca-certificates --fresh",
        tested="12",
        limits="Firefox, Java, Node and Python's Requests have stores of their own",
    ),
)
