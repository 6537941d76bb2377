"""Node's https and tls."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, TrustStore, Wrong

SERVER = """
const fs = require('fs');
const https = require('https');

const options = {
  minVersion: 'TLSv1.2',
  cert: fs.readFileSync('@chain@'),
  key: fs.readFileSync('@key@'),
  passphrase: fs.readFileSync('@passphrase@', 'utf8').split('\\n')[0],
  ca: fs.readFileSync('@ca@'),
  crl: fs.readFileSync('@crl@'),
  requestCert: true,
  rejectUnauthorized: true,
};
https.createServer(options, (request, response) => {
  response.end(`client ${JSON.stringify(request.socket.getPeerCertificate().subject)}\\n`);
}).listen(@port@, '127.0.0.1');
"""
CLIENT = """
const fs = require('fs');
const https = require('https');

const [host, port] = process.argv.slice(2);
const options = {
  host,
  port,
  cert: fs.readFileSync('@chain@'),
  key: fs.readFileSync('@key@'),
  passphrase: fs.readFileSync('@passphrase@', 'utf8').split('\\n')[0],
  ca: fs.readFileSync('@ca@'),
  crl: fs.readFileSync('@crl@'),
  rejectUnauthorized: true,
};
https.get(options, (response) => {
  console.log(response.statusCode);
  response.pipe(process.stdout);
}).on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
"""
SERVER_FIXES = {
    Mistake.TRUST: 'ca: fs.readFileSync("ca.crt")',
    Mistake.DEPTH: "no change: it uses the chain that is sent; the client appends it to `cert`, leaf first",
    Mistake.ANCHOR_ALONE: "`ca` with only the root",
    Mistake.REQUIRE: "requestCert: true, rejectUnauthorized: true",
    Mistake.VERIFY: "rejectUnauthorized: true; with false, end each socket whose `authorized` is not true",
    Mistake.OWN_AUTHORITY: "`ca`: your CA; without it a list of public ones is trusted",
    Mistake.PROOF: "rejectUnauthorized: true, and look at socket.authorized before getPeerCertificate()",
    Mistake.CHAIN: "rejectUnauthorized: true; no custom walk along issuerCertificate",
    Mistake.TIME: "rejectUnauthorized: true; do not ignore CERT_HAS_EXPIRED in tlsClientError or authorizationError",
    Mistake.PURPOSE: "rejectUnauthorized: true, which requires clientAuth",
    Mistake.DEMAND_PURPOSE: "reject when getPeerCertificate().ext_key_usage is undefined",
    Mistake.DEMAND_LEAF: "reject when getPeerX509Certificate().ca",
    Mistake.REVOCATION: 'crl: fs.readFileSync("ca.crl"); setSecureContext() loads a new one',
    Mistake.STRENGTH: 'ciphers: "DEFAULT:@SECLEVEL=2"',
    Mistake.NEW_VERSIONS: 'minVersion: "TLSv1.2" (the default since 12)',
    Mistake.REAL_CIPHERS: 'leave the default, or end `ciphers` with ":!aNULL:!eNULL"',
    Mistake.IDENTITY: "`cert`: the leaf first, then its intermediates",
    Mistake.EVERY_NAME: (
        "requestCert and rejectUnauthorized in the options of createServer, which apply to each addContext"
    ),
    Mistake.SHORT_SESSIONS: "a short sessionTimeout (seconds); secureOptions: SSL_OP_NO_TICKET",
    Mistake.SESSIONS_APART: (
        "a server with ticketKeys and sessionIdContext of its own for each name with different rules"
    ),
    Mistake.SAME_HOST: "compare req.headers.host with req.socket.servername",
    Mistake.OWN_HEADERS: "socket.getPeerCertificate(), not a header; or a socket that only the proxy can reach",
    Mistake.TLS_ONLY: "https.createServer, without httpolyglot",
    Mistake.CA_NAMES: "ca: its subjects are sent",
}
CLIENT_FIXES = {
    Mistake.TRUST: 'ca: fs.readFileSync("ca.crt")',
    Mistake.DEPTH: "no change: it uses the chain that is sent; the server appends it to `cert`, leaf first",
    Mistake.ANCHOR_ALONE: "`ca` with only the root",
    Mistake.VERIFY: "no rejectUnauthorized: false, no NODE_TLS_REJECT_UNAUTHORIZED=0",
    Mistake.OWN_AUTHORITY: "`ca`: your CA; without it a list of public ones is trusted",
    Mistake.PROOF: "no rejectUnauthorized: false; checkServerIdentity is an addition, not a replacement",
    Mistake.CHAIN: "no rejectUnauthorized: false; no custom walk along issuerCertificate",
    Mistake.TIME: "no rejectUnauthorized: false; do not ignore CERT_HAS_EXPIRED",
    Mistake.PURPOSE: "no rejectUnauthorized: false",
    Mistake.DEMAND_PURPOSE: "checkServerIdentity: reject when the certificate's ext_key_usage is undefined",
    Mistake.DEMAND_LEAF: "after secureConnect: reject when getPeerX509Certificate().ca",
    Mistake.REVOCATION: 'crl: fs.readFileSync("ca.crl")',
    Mistake.STRENGTH: 'ciphers: "DEFAULT:@SECLEVEL=2"',
    Mistake.NAME: "no checkServerIdentity that always returns undefined; host: NAME",
    Mistake.NAMES_IN_SAN: "checkServerIdentity: reject when the certificate's subjectaltname is undefined",
    Mistake.NEW_VERSIONS: 'minVersion: "TLSv1.2" (the default since 12)',
}
STACK = Stack(
    title="Node",
    programs=("node", "nodejs", "npx"),
    server=Side(
        files={"server.js": SERVER},
        start="node @dir@/server.js",
        tested="18",
        wrong=(
            Wrong(
                setting="rejectUnauthorized",
                right="rejectUnauthorized: true",
                wrong="rejectUnauthorized: false",
                effect="clients without a certificate, or of any CA, are served",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="a rejected client is disconnected without an alert",
        fixes=SERVER_FIXES,
    ),
    client=Side(
        files={"client.js": CLIENT},
        start="node @dir@/client.js @host@ @port@",
        tested="18",
        wrong=(
            Wrong(
                setting="rejectUnauthorized",
                right="rejectUnauthorized: true",
                wrong="rejectUnauthorized: false",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        fixes=CLIENT_FIXES,
    ),
    trust=TrustStore(
        add="export NODE_EXTRA_CA_CERTS=@ca@",
        remove="unset NODE_EXTRA_CA_CERTS",
        tested="18",
        limits="for processes with that variable, and only those that set no `ca` of their own",
    ),
)
