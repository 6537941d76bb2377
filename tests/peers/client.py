"""Python's HTTPS client, to be examined by the tests: client.py full|any-name|nothing HOST PORT CA CERT KEY.

The first argument is what it verifies: everything, all but the name (check_hostname off), or nothing.
"""

import http.client
import ssl
import sys

verifies, host, port, ca, certificate, key = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.load_cert_chain(certificate, key)
context.check_hostname = verifies == "full"
if verifies == "nothing":
    context.verify_mode = ssl.CERT_NONE
connection = http.client.HTTPSConnection(host, int(port), timeout=10, context=context)
try:
    connection.request("GET", "/", headers={"Connection": "close"})
    response = connection.getresponse()
    print(response.status, response.read().decode())
except (OSError, http.client.HTTPException) as error:
    sys.exit(f"{type(error).__name__}: {error}")
finally:
    connection.close()
