// Node's HTTPS server, to be examined by the tests: server.js REJECT_UNAUTHORIZED CA CERT KEY
'use strict';
const fs = require('fs');
const https = require('https');

const [reject, ca, cert, key] = process.argv.slice(2);
const options = {
  ca: fs.readFileSync(ca),
  cert: fs.readFileSync(cert),
  key: fs.readFileSync(key),
  requestCert: true,
  rejectUnauthorized: reject === 'true',
};
const server = https.createServer(options, (request, response) => {
  response.end(`node: authorized ${request.socket.authorized}\n`);
});
server.on('tlsClientError', (error) => console.log('tlsClientError', error.code));
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
