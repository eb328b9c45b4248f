// A server with executions to look at, and a browser to look at them.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { appendFile, copyFile, cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const IMAGES = join(HERE, '../../definitions/download-images');
const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const CHROMIUM = process.env.ASL_CHROMIUM ?? '/usr/bin/chromium';

/** How long a test waits for what has to come, in milliseconds: what fails never comes, and a loaded machine is slow. */
export const PATIENCE = 60_000;

export const ARN = 'arn:aws:states:us-east-1:000000000000';
export const machine = (name) => `${ARN}:stateMachine:${name}`;
export const executionHash = (arn, parameters = {}) =>
  `#/executions/${encodeURIComponent(arn)}?${new URLSearchParams(parameters)}`;

/** As the server sends it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** What the tests add to the routes of download-images: whom its topic tells, and a function that nobody serves. */
const MORE_ROUTES = `
[mail]
server = "smtp://127.0.0.1:1"
from = "workflows@example.com"

[[subscriptions]]
topic = "arn:aws:sns:*:*:failedDownloads"
email = "someone@example.com"

[[routes]]
resource = "arn:aws:lambda:*:*:function:flaky"
handler = "http"
url = "http://127.0.0.1:9/"
`;

/** A folder with the definitions of the tests and those of download-images. */
export async function folder() {
  const made = await mkdtemp(join(tmpdir(), 'asl-console-'));
  await cp(join(HERE, 'definitions'), made, { recursive: true });
  for (const name of [
    'definition.json',
    'definition.test.yaml',
    'routes.toml',
    'success.input.json',
    'fail.input.json',
  ])
    await copyFile(join(IMAGES, name), join(made, name));
  await appendFile(join(made, 'routes.toml'), MORE_ROUTES);
  return made;
}

/** The site with the images. */
export async function site() {
  const server = createServer((request, response) => {
    const file = createReadStream(join(IMAGES, 'flags', new URL(request.url, 'http://site').pathname));
    file.on('error', () => response.writeHead(404).end());
    file.on('open', () => file.pipe(response.writeHead(200, { 'Content-Type': 'image/gif' })));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** A server: the one that is given (`ASL_CONSOLE_SERVER`, which has a folder as above), or one of the program `ASL_PROGRAM`. */
export class Server {
  static async start(...more) {
    const server = new Server();
    server.token = '';
    if (process.env.ASL_CONSOLE_SERVER) {
      server.url = process.env.ASL_CONSOLE_SERVER.replace(/\/$/, '');
      server.isGiven = true;
      return server;
    }
    assert(process.env.ASL_PROGRAM, 'ASL_PROGRAM or ASL_CONSOLE_SERVER is wanted');
    server.folder = await folder();
    server.more = more;
    await server.begin('0');
    return server;
  }

  async begin(port) {
    const data = join(this.folder, '.asl');
    this.process = spawn(
      process.env.ASL_PROGRAM,
      ['serve', this.folder, '--listen', `127.0.0.1:${port}`, '--data', data, '--json', ...this.more],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.url = await new Promise((resolve) => {
      let told = '';
      this.process.stdout.on('data', (chunk) => {
        told += chunk;
        if (told.includes('\n')) resolve(/http:\/\/127\.0\.0\.1:\d+/.exec(told)?.[0]);
      });
      this.process.on('exit', () => resolve(undefined));
    });
    assert(this.url, 'the server did not start');
  }

  async end() {
    if (!this.process) return;
    this.process.kill('SIGTERM');
    await once(this.process, 'exit');
    this.process = undefined;
  }

  /** Starts again at the same address. */
  again() {
    return this.begin(new URL(this.url).port);
  }

  async close() {
    await this.end();
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }

  async call(operation, parameters) {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: {
        'X-Amz-Target': `AWSStepFunctions.${operation}`,
        'Content-Type': 'application/x-amz-json-1.0',
        Authorization: `Bearer ${this.token}`,
      },
      body: JSON.stringify(parameters),
    });
    const body = await response.json();
    assert(response.ok, `${operation}: ${JSON.stringify(body)}`);
    return body;
  }

  async startExecution(name, input, execution) {
    return (
      await this.call('StartExecution', {
        stateMachineArn: machine(name),
        input: JSON.stringify(input),
        name: execution,
      })
    ).executionArn;
  }

  async ended(executionArn) {
    for (;;) {
      const description = await this.call('DescribeExecution', { executionArn });
      if (description.status !== 'RUNNING') return description;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Starts an execution and waits until it has ended. */
  async run(name, input, execution) {
    const arn = await this.startExecution(name, input, execution);
    await this.ended(arn);
    return arn;
  }
}

/** Shows the page of a folder, such as `dist`, in the place of the one in the program, which then need not be built anew. */
async function serveBuild(page, dist) {
  const shown = (route, name) =>
    route.fulfill({ path: join(dist, name), headers: { 'Content-Security-Policy': POLICY } });
  await page.route(/^[^#]*:\d+\/(#.*)?$/, (route) =>
    route.request().method() === 'GET' ? shown(route, 'index.html') : route.continue(),
  );
  await page.route('**/_asl/assets/*', (route) =>
    shown(route, `assets/${new URL(route.request().url()).pathname.split('/').pop()}`),
  );
}

/** A browser whose pages tell of every error. */
export class Browser {
  static async open() {
    const browser = new Browser();
    const quiet = [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ];
    browser.chromium = await chromium.launch({ executablePath: CHROMIUM, args: quiet, timeout: PATIENCE });
    return browser;
  }

  async page(server, hash = '', { theme = 'light', width = 1280, height = 800 } = {}) {
    const context = await this.chromium.newContext({
      colorScheme: theme,
      viewport: { width, height },
      reducedMotion: 'reduce',
    });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await context.newPage();
    if (process.env.ASL_CONSOLE_DIST) await serveBuild(page, process.env.ASL_CONSOLE_DIST);
    page.setDefaultTimeout(PATIENCE);
    page.faults = [];
    page.on('console', (message) => message.type() === 'error' && page.faults.push(message.text()));
    page.on('pageerror', (error) => page.faults.push(String(error.stack)));
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) =>
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
      );
    });
    await page.goto(`${server.url}/${hash}`);
    return page;
  }

  /** Closes a page that must have had no errors. */
  async done(page) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }

  close() {
    return this.chromium.close();
  }
}

/** A state in the graph, by its accessible name. */
export const state = (page, name) =>
  page.getByRole('group', { name: /^Graph of the state machine/ }).getByRole('button', { name });

/** Chooses a state as the keyboard does. */
export async function choose(page, name) {
  await state(page, name).focus();
  await page.keyboard.press('Enter');
}

/** Nothing in the way of anybody, in both themes, and no scrolling sideways. */
export async function accessible(page) {
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme });
    const findings = await audit(page);
    assert.deepEqual(findings, [], `axe, ${theme}, ${page.url()}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert(sideways <= 0, `${sideways} px beyond the window at ${page.url()}`);
}

/** axe runs by the debugger, as the page's policy lets no other script in. */
async function audit(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary}`),
    );
  });
}
