"""HTTPX, a client for Python."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong

CLIENT = """
import ssl
import sys

import httpx

context = ssl.create_default_context(cafile="@ca@")
context.load_verify_locations("@crl@"); context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
context.load_cert_chain(
    "@chain@",
    "@key@",
    password=open("@passphrase@").readline().rstrip("\\n"),
)
with httpx.Client(verify=context, trust_env=False, timeout=10) as client:
    response = client.get(f"https://{sys.argv[1]}:{sys.argv[2]}/")
    print(response.status_code, response.text)
"""
STACK = Stack(
    title="HTTPX",
    family="python",
    client=Side(
        files={"client.py": CLIENT},
        start="python3 @dir@/client.py @host@ @port@",
        tested="0.28",
        wrong=(
            Wrong(
                setting="verify=",
                right="verify=context",
                wrong="verify=False",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        fixes={Mistake.VERIFY: "verify=context with ssl.create_default_context(cafile=...), and no verify=False"},
    ),
)
