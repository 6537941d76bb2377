"""The trust store of Firefox and other programs with NSS (certutil of libnss3-tools)."""

from mintls.configuration.stack import Stack, TrustStore

STACK = Stack(
    title="Firefox, NSS",
    trust=TrustStore(
        add="certutil -A -d sql:$PROFILE -n @label@ -t C,, -i @ca@",
        remove="certutil -D -d sql:$PROFILE -n @label@",
        keys=("rsa", "ec"),
        tested="3.87",
        limits="$PROFILE is the profile's folder (about:profiles); that of Chromium on Linux is ~/.pki/nssdb",
    ),
)
