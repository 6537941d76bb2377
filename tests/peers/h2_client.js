// Node's HTTP/2 client, to be examined by the tests: h2_client.js REJECT_UNAUTHORIZED URL CA CERT KEY
'use strict';
const fs = require('fs');
const http2 = require('http2');

const [reject, url, ca, cert, key] = process.argv.slice(2);
const session = http2.connect(url, {
  ca: fs.readFileSync(ca),
  cert: fs.readFileSync(cert),
  key: fs.readFileSync(key),
  rejectUnauthorized: reject === 'true',
});
session.on('error', (error) => {
  console.error(`error: ${error.code || error.message}`);
  process.exit(1);
});
const request = session.request({ ':path': '/' });
request.on('response', (headers) => {
  console.log(headers[':status']);
  session.close();
});
request.on('error', () => {});
request.end();
