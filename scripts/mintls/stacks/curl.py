"""curl as a client, with its options in a file (curl(1))."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong

CONFIG = """
# curl -K FILE reads it; a passphrase is better here than on the command line
cacert = "@ca@"
cert = "@chain@"
key = "@key@"
crlfile = "@crl@"
"""
CLIENT_FIXES = {
    Mistake.TRUST: "--cacert ca.crt",
    Mistake.DEPTH: "no change: it uses the chain that is sent",
    Mistake.ANCHOR_ALONE: "--cacert with only the root: it treats each certificate in it as an anchor",
    Mistake.VERIFY: "no -k (--insecure)",
    Mistake.OWN_AUTHORITY: "--cacert ca.crt, and --capath with an empty directory where the build has a default one",
    Mistake.PROOF: "no -k; --pinnedpubkey is an addition, not a replacement",
    Mistake.CHAIN: "no -k",
    Mistake.TIME: "no -k",
    Mistake.PURPOSE: "no -k",
    Mistake.DEMAND_PURPOSE: "no option: issue with only serverAuth",
    Mistake.DEMAND_LEAF: "no option: control what the CA issues",
    Mistake.REVOCATION: "--crlfile with a CRL of each CA of the chain",
    Mistake.STRENGTH: "--ciphers DEFAULT@SECLEVEL=2",
    Mistake.NAME: "no -k; --connect-to connects to a different address with the same name",
    Mistake.NAMES_IN_SAN: "no option: issue with a SAN",
    Mistake.NEW_VERSIONS: "--tlsv1.2",
}
STACK = Stack(
    title="curl",
    programs=("curl",),
    client=Side(
        files={"curl.conf": CONFIG},
        start="curl -q -sS --noproxy '*' --max-time 10 -K @dir@/curl.conf https://@host@:@port@/",
        tested="7.88",
        wrong=(
            Wrong(
                setting="-k",
                right='cacert = "@ca@"',
                wrong="insecure",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="the passphrase of a key can only be written into the file itself: pass = TEXT",
        fixes=CLIENT_FIXES,
    ),
)
