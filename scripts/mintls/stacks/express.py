"""Express on Node's https."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong

SERVER = """
const fs = require('fs');
const https = require('https');
const express = require('express');

const app = express();
app.get('/', (request, response) => {
  response.send(`client ${JSON.stringify(request.socket.getPeerCertificate().subject)}\\n`);
});
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
https.createServer(options, app).listen(@port@, '127.0.0.1');
"""
STACK = Stack(
    title="Express",
    says=(r"^X-Powered-By: Express",),
    family="node",
    server=Side(
        files={"server.js": SERVER},
        start="node @dir@/server.js",
        tested="5",
        wrong=(
            Wrong(
                setting="rejectUnauthorized",
                right="rejectUnauthorized: true",
                wrong="rejectUnauthorized: false",
                effect="clients without a certificate, or of any CA, are served",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="it needs the package express (npm install express)",
    ),
)
