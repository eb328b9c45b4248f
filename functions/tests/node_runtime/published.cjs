// Stands in for the native part of aws-lambda-ric, `rapid-client.node`, which is an HTTP client: `next` does not wait, `done` and
// `error` do (src/rapid-client.cc of the package).

const http = require('node:http');
const Module = require('node:module');
const { Worker } = require('node:worker_threads');

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const base = '/2018-06-01/runtime/invocation';

// Sends what it is told to, and wakes the thread that waits for it.
const sender = new Worker(
  `const { parentPort } = require('node:worker_threads');
   const http = require('node:http');
   parentPort.on('message', ({ options, body, done }) => {
     const wake = () => { Atomics.store(done, 0, 1); Atomics.notify(done, 0); };
     const request = http.request(options, (response) => response.resume().on('end', wake));
     request.on('error', wake);
     request.end(body);
   });`,
  { eval: true, execArgv: [] },
);
// It does not keep the process from ending.
sender.unref();

function post(path, body) {
  const done = new Int32Array(new SharedArrayBuffer(4));
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  sender.postMessage({ options: { hostname, port, path, method: 'POST', headers }, body, done });
  Atomics.wait(done, 0, 0);
}

function texts(...values) {
  if (values.some((value) => typeof value !== 'string')) throw new TypeError('Wrong arguments');
}

const client = {
  next: () =>
    new Promise((resolve, reject) => {
      const request = http.get({ hostname, port, path: `${base}/next` }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve({ bodyJson: Buffer.concat(chunks).toString(), headers: response.headers }));
      });
      request.on('error', reject);
    }),
  done(id, body) {
    texts(id, body);
    post(`${base}/${id}/response`, body);
    return null;
  },
  error(id, body, xray) {
    texts(id, body, xray);
    post(`${base}/${id}/error`, body);
    return null;
  },
};

const find = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) =>
  request.endsWith('rapid-client.node') ? __filename : find.call(Module, request, ...rest);
module.exports = client;
