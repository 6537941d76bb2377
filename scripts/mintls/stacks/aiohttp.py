"""aiohttp, a server and client of asyncio for Python."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong

SERVER = """
import ssl

from aiohttp import web

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(
    "@chain@",
    "@key@",
    password=open("@passphrase@").readline().rstrip("\\n"),
)
context.load_verify_locations("@ca@")
context.load_verify_locations("@crl@"); context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
context.verify_mode = ssl.CERT_REQUIRED


async def page(request):
    return web.Response(text=f"client {request.transport.get_extra_info('peercert')}\\n")


app = web.Application()
app.router.add_get("/", page)
web.run_app(app, host="127.0.0.1", port=@port@, ssl_context=context)
"""
CLIENT = """
import asyncio
import ssl
import sys

import aiohttp

context = ssl.create_default_context(cafile="@ca@")
context.load_verify_locations("@crl@"); context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
context.load_cert_chain(
    "@chain@",
    "@key@",
    password=open("@passphrase@").readline().rstrip("\\n"),
)


async def main():
    async with aiohttp.ClientSession() as session:
        async with session.get(f"https://{sys.argv[1]}:{sys.argv[2]}/", ssl=context) as response:
            print(response.status, await response.text())


asyncio.run(main())
"""
STACK = Stack(
    title="aiohttp",
    says=(r"^Server: Python/\S* aiohttp/\S*",),
    family="python",
    server=Side(
        files={"server.py": SERVER},
        start="python3 @dir@/server.py",
        tested="3.14",
        wrong=(
            Wrong(
                setting="CERT_REQUIRED",
                right="ssl.CERT_REQUIRED",
                wrong="ssl.CERT_OPTIONAL",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
        ),
    ),
    client=Side(
        files={"client.py": CLIENT},
        start="python3 @dir@/client.py @host@ @port@",
        tested="3.14",
        wrong=(
            Wrong(
                setting="ssl=context",
                right="ssl=context",
                wrong="ssl=False",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        fixes={Mistake.VERIFY: "ssl=context with ssl.create_default_context(cafile=...), and no ssl=False"},
    ),
)
