"""Requests, a client for Python."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, TrustStore, Wrong, fixes

CLIENT = """
import sys

import requests

session = requests.Session()
session.trust_env = False  # no proxy, no other CAs of the environment
session.verify = "@ca@"
session.cert = ("@chain@", "@key@")
response = session.get(f"https://{sys.argv[1]}:{sys.argv[2]}/", timeout=10)
print(response.status_code, response.text)
"""
STACK = Stack(
    title="Requests",
    family="python",
    client=Side(
        files={"client.py": CLIENT},
        start="python3 @dir@/client.py @host@ @port@",
        tested="2.34",
        wrong=(
            Wrong(
                setting="verify",
                right='session.verify = "@ca@"',
                wrong="session.verify = False",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="no CRL and no encrypted key",
        fixes=fixes(
            verify='session.verify = "ca.crt", and no verify=False',
            trust=(
                'session.verify = "ca.crt"; with verify=True the CAs of certifi, or of REQUESTS_CA_BUNDLE, are trusted'
            ),
            name="no verify=False, and no adapter with assert_hostname=False",
        ),
    ),
    trust=TrustStore(
        add=("cp $(python3 -m certifi) @label@.pem && cat @ca@ >>@label@.pem && export REQUESTS_CA_BUNDLE=@label@.pem"),
        remove="unset REQUESTS_CA_BUNDLE; rm @label@.pem",
        tested="2.34",
        limits="for processes with that variable: it replaces the CAs of certifi, so that the file begins with them",
    ),
)
