"""The trust store of Fedora and Red Hat Enterprise Linux (update-ca-trust(8)); not tested here."""

from mintls.configuration.stack import Stack, TrustStore

STACK = Stack(
    title="Fedora, RHEL",
    trust=TrustStore(
        add="cp @ca@ /etc/pki/ca-trust/source/anchors/@label@.pem && update-ca-trust",
        remove="rm /etc/pki/ca-trust/source/anchors/@label@.pem && update-ca-trust",
        limits="Firefox, Java, Node and Python's Requests have stores of their own",
    ),
)
