// Node's HTTPS client, to be examined by the tests: client.js REJECT_UNAUTHORIZED URL CA CERT KEY
'use strict';
const fs = require('fs');
const https = require('https');

const [reject, url, ca, cert, key] = process.argv.slice(2);
const options = {
  ca: fs.readFileSync(ca),
  cert: fs.readFileSync(cert),
  key: fs.readFileSync(key),
  rejectUnauthorized: reject === 'true',
  agent: false,
  timeout: 10000,
};
const request = https.get(url, options, (response) => {
  console.log(response.statusCode);
  response.pipe(process.stdout);
});
request.on('timeout', () => request.destroy(new Error('no answer in 10 s')));
request.on('error', (error) => {
  console.error(error.code || error.message);
  process.exitCode = 1;
});
