// What may come: hostile names, large values, narrow windows, a server that goes away.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { accessible, Browser, choose, executionHash, Server, state } from './support.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([Server.start('--no-quotas'), Browser.open()]);
});
after(() => Promise.all([browser.close(), server.close()]));

test('names and values are text, however they look', async () => {
  const arn = await server.run('bad-input', { '<script>alert(1)</script>': '<img src=x onerror=alert(1)>' });
  const page = await browser.page(server, executionHash(arn));
  page.on('dialog', () => page.faults.push('a dialog was opened'));
  await choose(page, /^<script>/);
  await page.getByRole('region', { name: 'Input' }).getByText('<img src=x onerror=alert(1)>').waitFor();
  await choose(page, /^ünï\/cödé/);
  await page
    .getByRole('complementary')
    .getByRole('heading', { name: /^ünï\/cödé/ })
    .waitFor();
  for (const tab of ['Timeline', 'Events', 'Compare', 'Graph']) await page.getByRole('tab', { name: tab }).click();
  await accessible(page);
  await browser.done(page);
});

test('a string of 200 KiB shows its head, 200 levels and long lists are folded or virtual', async () => {
  let deep = 'the bottom';
  for (let level = 0; level < 200; level += 1) deep = { level: deep };
  const arn = await server.run('bad-input', {
    text: 'y'.repeat(200 * 1024),
    deep,
    list: Array.from({ length: 8000 }, (_, index) => index),
  });
  const page = await browser.page(server, executionHash(arn));
  await page.getByRole('button', { name: 'show all 200 KiB' }).first().click();
  assert.equal((await page.getByRole('dialog').locator('pre').textContent()).length, 200 * 1024);
  await page.keyboard.press('Escape');
  assert((await page.locator('*').count()) < 4000, 'too many elements');
  await accessible(page);
  await browser.done(page);
});

for (const width of [375, 2560]) {
  test(`every view at ${width} pixels`, async () => {
    const arn = await server.run('orders', { paid: true, name: 'Ada', items: [{ price: 3 }] });
    const execution = executionHash(arn);
    const page = await browser.page(server, '', { width, height: width === 375 ? 667 : 1440 });
    const views = [
      '#/',
      `${execution}`,
      `${execution}state=%2FStates%2FBoth`,
      `${execution}tab=timeline`,
      `${execution}tab=events`,
      `${execution}tab=compare`,
      '#/callbacks',
      '#/notifications',
      '#/try/jsonpath',
      '#/try/state',
      '#/new',
    ];
    for (const view of views) {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, view);
      await page.waitForTimeout(300);
      await accessible(page);
    }
    await browser.done(page);
  });
}

test('the last of more than 25,000 events is one key away', async () => {
  const arn = await server.run('many', { items: Array.from({ length: 5000 }, (_, index) => index) });
  const page = await browser.page(server, executionHash(arn, { tab: 'events' }));
  const events = page.getByRole('grid', { name: 'Events' });
  await page.getByText(/^3\d,\d{3} events$/).waitFor();
  await events.focus();
  await page.keyboard.press('End');
  await events.getByText('ExecutionSucceeded').waitFor();
  await browser.done(page);
});

test(
  'a server that goes away and comes back',
  { skip: process.env.ASL_CONSOLE_SERVER ? 'the server is given' : false },
  async () => {
    const arn = await server.startExecution('waits', {});
    const page = await browser.page(server, executionHash(arn));
    await state(page, 'Long, Wait, running').waitFor();
    await server.end();
    await page
      .getByRole('alert')
      .getByText(/does not answer/)
      .waitFor();
    await accessible(page);
    await server.again();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await server.call('StopExecution', { executionArn: arn });
    await state(page, 'Long, Wait, aborted').waitFor();
    assert(
      page.faults.every((fault) => /ERR_|503/.test(fault)),
      page.faults.join('\n'),
    );
    await page.context().close();
  },
);

test('a server that takes its time to go refuses what is asked, and is waited for', async () => {
  const arn = await server.startExecution('waits', {});
  const page = await browser.page(server, executionHash(arn));
  await state(page, 'Long, Wait, running').waitFor();
  // The streams end, and are refused when they are opened again.
  const ends = (route) =>
    route.fulfill({ status: 503, json: { __type: 'ServiceUnavailable', message: 'the server ends' } });
  await page.route('**/_asl/*', ends);
  await page.route('**/health', ends);
  await page.reload();
  await page
    .getByRole('alert')
    .getByText(/does not answer/)
    .waitFor();
  await page.unroute('**/_asl/*', ends);
  await page.unroute('**/health', ends);
  await page.getByText(/does not answer/).waitFor({ state: 'detached' });
  await server.call('StopExecution', { executionArn: arn });
  await state(page, 'Long, Wait, aborted').waitFor();
  assert(
    page.faults.every((fault) => /503/.test(fault)),
    page.faults.join('\n'),
  );
  await page.context().close();
});

test('a server with a token', { skip: process.env.ASL_CONSOLE_SERVER ? 'the server is given' : false }, async () => {
  const place = await mkdtemp(join(tmpdir(), 'asl-token-'));
  await writeFile(join(place, 'token'), 'open-sesame-open-sesame-open-sesame');
  const guarded = await Server.start('--auth-token-file', join(place, 'token'));
  try {
    const page = await browser.page(guarded);
    const dialog = page.getByRole('dialog', { name: 'This server wants a token' });
    await dialog.getByLabel('Token').fill('wrong');
    await dialog.getByRole('button').last().click();
    await dialog.getByRole('alert').waitFor();
    await accessible(page);
    await dialog.getByLabel('Token').fill('open-sesame-open-sesame-open-sesame');
    await dialog.getByRole('button').last().click();
    await page.getByRole('navigation', { name: 'State machines' }).getByRole('link', { name: 'orders' }).waitFor();
    await dialog.waitFor({ state: 'detached' });
    assert(
      page.faults.every((fault) => /403/.test(fault)),
      page.faults.join('\n'),
    );
    await page.context().close();
  } finally {
    await guarded.close();
    await rm(place, { recursive: true });
  }
});
